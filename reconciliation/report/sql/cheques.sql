-- The cheques that were ordered, by where they stand.
WITH lines AS (
    SELECT a.authority, i.agreement, i.bank, i.executes_on, i.state AS interchange, l.* FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id AND l.type = 4
    WHERE i.kind = 'PAYMUL' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date) AND (@authority::text = '' OR a.authority = @authority::text)
      AND (@day::date IS NULL OR i.executes_on = @day::date)),
parts AS (
    SELECT authority, agreement, bank, executes_on, state_of(NULL, 'released', type, state, interchange) AS state, payments - later_payments AS payments, ore - later_ore AS ore FROM lines
    UNION ALL
    SELECT l.authority, l.agreement, l.bank, l.executes_on, state_of(CASE WHEN f.sign > 0 THEN t.kind END, 'released', l.type, l.state, l.interchange), f.sign * t.payments, f.sign * t.ore
    FROM lines l JOIN fact_tally t ON t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin CROSS JOIN (VALUES (1), (-1)) AS f (sign))
SELECT authority, agreement, bank, executes_on, state, sum(payments)::bigint AS payments, sum(ore)::bigint AS ore,
    jsonb_build_object('authority', authority, 'agreement', agreement, 'bank', bank, 'executes', executes_on, 'state', state, 'cheque', 'yes')::text AS ref
FROM parts GROUP BY 1, 2, 3, 4, 5 HAVING sum(payments) <> 0 OR sum(ore) <> 0 ORDER BY 1, 2, 3, 4, 5
