-- Answers that are owed for longer than they may be, and those that nobody has fetched.
WITH due AS (
    SELECT delivery_id, kind, payments, first_at FROM answer_waiting UNION ALL SELECT delivery_id, kind, payments, first_at FROM answer_due_tally)
SELECT 'owed' AS what, d.supplier, coalesce(d.authority, '') AS authority, w.kind::text AS answer, min(w.first_at) AS since, sum(w.payments)::bigint AS number,
    jsonb_build_object('supplier', d.supplier, 'authority', d.authority, 'due', w.kind::text)::text AS ref
FROM due w CROSS JOIN LATERAL (SELECT e.* FROM delivery e WHERE e.id = w.delivery_id LIMIT 1) d
WHERE (@authority::text = '' OR d.authority = @authority::text) AND (@of_supplier::text = '' OR d.supplier = @of_supplier::text)
GROUP BY 2, 3, 4, d.authority HAVING min(w.first_at) < @late::timestamptz AND sum(w.payments) <> 0
UNION ALL
SELECT 'not fetched', u.supplier, '', a.kind::text, min(u.made_at), count(*), ''
FROM answer_uncollected u CROSS JOIN LATERAL (SELECT b.kind, b.delivery_id FROM answer b WHERE b.id = u.answer_id LIMIT 1) a
WHERE u.made_at < @late::timestamptz AND (@of_supplier::text = '' AND @authority::text = '' OR u.supplier = @of_supplier::text) GROUP BY 2, 4
ORDER BY 1 DESC, 2, 3, 4
