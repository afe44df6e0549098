-- What waits for its release, or is held, by the day for which it is planned.
WITH some_groups AS (
    SELECT g.*, d.authority FROM release_group g JOIN delivery d ON d.id = g.delivery_id AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
    WHERE g.month >= @first::date AND (@after::date IS NULL OR g.month < @after::date) AND g.state IN ('unchecked', 'waiting') AND (@authority::text = '' OR d.authority = @authority::text)
      AND (@day::date IS NULL OR g.executes_on = @day::date)),
parts AS (
    SELECT g.authority, g.agreement, coalesce(g.bank_centre, '') AS bank, g.executes_on, state_of(NULL, g.state, NULL, NULL, NULL) AS state, g.payments::bigint, g.ore FROM some_groups g
    UNION ALL
    SELECT g.authority, g.agreement, coalesce(g.bank_centre, ''), g.executes_on, state_of(CASE WHEN f.sign > 0 THEN t.kind END, g.state, NULL, NULL, NULL), f.sign * t.payments, f.sign * t.ore
    FROM some_groups g JOIN fact_tally t ON t.group_id = g.id CROSS JOIN (VALUES (1), (-1)) AS f (sign))
SELECT authority, agreement, bank, executes_on, state, sum(payments)::bigint AS payments, sum(ore)::bigint AS ore, jsonb_build_object('authority', authority, 'agreement', agreement,
    'centre', bank, 'planned', coalesce(executes_on::text, ''), 'state', state, 'ordered', 'no')::text AS ref
FROM parts WHERE state IN ('unread', 'waiting', 'held') GROUP BY 1, 2, 3, 4, 5 HAVING sum(payments) <> 0 OR sum(ore) <> 0 ORDER BY 4, 1, 2, 3, 5
