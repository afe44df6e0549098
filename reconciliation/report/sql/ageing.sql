-- How long what has not come to its end has been there: before it is ordered since it came, and then since its order was frozen.
WITH some_groups AS (
    SELECT g.id, g.state, g.payments, g.ore, d.authority, @today::date - (d.received_at AT TIME ZONE @zone::text)::date AS days
    FROM release_group g JOIN delivery d ON d.id = g.delivery_id AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
    WHERE g.month >= @first::date AND (@after::date IS NULL OR g.month < @after::date) AND g.state IN ('unchecked', 'waiting') AND (@authority::text = '' OR d.authority = @authority::text)),
some_lines AS (
    SELECT l.*, i.state AS interchange, a.authority, @today::date - (i.prepared_at AT TIME ZONE @zone::text)::date AS days
    FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id
    WHERE i.kind = 'PAYMUL' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date) AND (@authority::text = '' OR a.authority = @authority::text)),
parts AS (
    SELECT true AS early, authority, days, state_of(NULL, state, NULL, NULL, NULL) AS state, payments::bigint, ore FROM some_groups
    UNION ALL
    SELECT true, g.authority, g.days, state_of(CASE WHEN f.sign > 0 THEN t.kind END, g.state, NULL, NULL, NULL), f.sign * t.payments, f.sign * t.ore
    FROM some_groups g JOIN fact_tally t ON t.group_id = g.id CROSS JOIN (VALUES (1), (-1)) AS f (sign)
    UNION ALL
    SELECT false, authority, days, state_of(NULL, 'released', type, state, interchange), payments - later_payments, ore - later_ore FROM some_lines
    UNION ALL
    SELECT false, l.authority, l.days, state_of(CASE WHEN f.sign > 0 THEN t.kind END, 'released', l.type, l.state, l.interchange), f.sign * t.payments, f.sign * t.ore
    FROM some_lines l JOIN fact_tally t ON t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin CROSS JOIN (VALUES (1), (-1)) AS f (sign)),
classes (no, name, since, until) AS (VALUES (1, '0-1', 0, 1), (2, '2-3', 2, 3), (3, '4-7', 4, 7), (4, '8-30', 8, 30), (5, '31-', 31, NULL::int))
SELECT p.authority, p.state, c.name AS age, sum(p.payments)::bigint AS payments, sum(p.ore)::bigint AS ore, jsonb_build_object('authority', p.authority, 'state', p.state,
    CASE WHEN p.early THEN 'received' ELSE 'prepared' END, coalesce((@today::date - c.until)::text, '') || '..' || (@today::date - c.since)::text,
    'ordered', CASE WHEN p.early THEN 'no' ELSE 'yes' END)::text AS ref
FROM parts p JOIN classes c ON greatest(p.days, 0) >= c.since AND (c.until IS NULL OR greatest(p.days, 0) <= c.until)
WHERE NOT is_final(p.state) GROUP BY p.authority, p.early, p.state, c.no, c.name, c.since, c.until HAVING sum(p.payments) <> 0 ORDER BY 1, p.state, c.no
