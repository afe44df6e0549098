-- What responses must still tell, by kind.
SELECT v.kind::text, coalesce(a.n, 0), coalesce(a.age, 0) FROM (VALUES (5), (7), (8), (9)) v (kind)
LEFT JOIN (SELECT kind, sum(payments)::bigint AS n, extract(epoch FROM $1 - min(first_at))::bigint AS age
    FROM (SELECT kind, payments, first_at FROM answer_waiting UNION ALL SELECT kind, payments, first_at FROM answer_due_tally) w GROUP BY 1) a USING (kind)
