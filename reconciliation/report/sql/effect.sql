-- Orders that would have been executed to an account that had changed by then, found on the day.
SELECT f.found_at, f.authority, g.agreement, i.bank, f.payment_id AS payment, left(o.account, -4) || 'xxxx' AS account, f.effect_on, f.executes_on, CASE f.done WHEN 'recalled' THEN 'asked back' ELSE f.done END AS done, o.ore, '' AS ref
FROM effect_finding f
CROSS JOIN LATERAL (SELECT e.supplier FROM delivery e WHERE e.id = delivery_of(f.payment_id) LIMIT 1) d
CROSS JOIN LATERAL (SELECT t.bank, t.month FROM interchange t WHERE t.id = f.interchange_id LIMIT 1) i
CROSS JOIN LATERAL (SELECT t.account, t.ore FROM bank_order t WHERE t.month = i.month AND t.payment_id = f.payment_id AND t.attempt = f.attempt LIMIT 1) o
CROSS JOIN LATERAL (SELECT t.group_id FROM payment t WHERE t.month = f.month AND t.id = f.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT t.agreement FROM release_group t WHERE t.id = p.group_id LIMIT 1) g
WHERE f.month >= @since::date AND (@after::date IS NULL OR f.month < @after::date) AND (@authority::text = '' OR f.authority = @authority::text)
  AND (@of_supplier::text = '' OR d.supplier = @of_supplier::text) AND (@day::date IS NULL OR (f.found_at AT TIME ZONE @zone::text)::date = @day::date)
ORDER BY f.id
