-- What came in, by groups less what of them stands by itself; and what is settled, by the lines of the interchanges.
WITH some_groups AS (
    SELECT g.id, d.authority, g.agreement, coalesce(g.bank_centre, '') AS bank, g.state, g.payments, g.ore
    FROM release_group g JOIN delivery d ON d.id = g.delivery_id AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
    WHERE g.month >= @first::date AND (@after::date IS NULL OR g.month < @after::date) AND (@authority::text = '' OR d.authority = @authority::text)
      AND (@day::date IS NULL OR (d.received_at AT TIME ZONE @zone::text)::date = @day::date)),
some_lines AS (
    SELECT a.authority, i.agreement, i.bank, i.state AS interchange, l.* FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id
    WHERE i.kind = 'PAYMUL' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date) AND (@authority::text = '' OR a.authority = @authority::text)
      AND (@day::date IS NULL OR i.executes_on = @day::date)),
parts AS (
    SELECT 'received' AS side, g.authority, g.agreement, g.bank, CASE WHEN g.state = 'released' THEN 'ordered' ELSE state_of(NULL, g.state, NULL, NULL, NULL) END AS state,
        g.payments::bigint, g.ore FROM some_groups g
    UNION ALL
    SELECT 'received', g.authority, g.agreement, g.bank, CASE WHEN g.state = 'released' AND (f.sign < 0 OR t.kind IN ('freed', 'stop_undone')) THEN 'ordered'
        ELSE state_of(CASE WHEN f.sign > 0 THEN t.kind END, g.state, NULL, NULL, NULL) END, f.sign * t.payments, f.sign * t.ore
    FROM some_groups g JOIN fact_tally t ON t.group_id = g.id CROSS JOIN (VALUES (1), (-1)) AS f (sign)
    UNION ALL
    SELECT 'settled', l.authority, l.agreement, l.bank, state_of(NULL, 'released', l.type, l.state, l.interchange), l.payments - l.later_payments, l.ore - l.later_ore FROM some_lines l
    UNION ALL
    SELECT 'settled', l.authority, l.agreement, l.bank, state_of(CASE WHEN f.sign > 0 THEN t.kind END, 'released', l.type, l.state, l.interchange), f.sign * t.payments, f.sign * t.ore
    FROM some_lines l JOIN fact_tally t ON t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin CROSS JOIN (VALUES (1), (-1)) AS f (sign))
SELECT side, authority, agreement, bank, state, sum(payments)::bigint AS payments, sum(ore)::bigint AS ore, jsonb_strip_nulls(CASE side
    WHEN 'received' THEN jsonb_build_object('received', @day::date, 'authority', authority, 'agreement', agreement, 'centre', bank,
        'state', CASE WHEN state <> 'ordered' THEN state END, 'ordered', CASE WHEN state = 'ordered' THEN 'yes' ELSE 'no' END)
    ELSE jsonb_build_object('executes', coalesce(@day::text, '..'), 'authority', authority, 'agreement', agreement, 'bank', bank, 'state', state) END)::text AS ref
FROM parts GROUP BY 1, 2, 3, 4, 5 HAVING sum(payments) <> 0 OR sum(ore) <> 0 ORDER BY 1, 2, 3, 4, 5
