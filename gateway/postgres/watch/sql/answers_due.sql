-- What responses must still tell, by kind.
SELECT v.kind::text, coalesce(a.n, 0), coalesce(a.age, 0) FROM (VALUES (5), (7), (8), (9)) v (kind)
LEFT JOIN (SELECT kind, count(*) AS n, extract(epoch FROM $1 - min(caused_at))::bigint AS age
    FROM answer_due WHERE answer_id IS NULL GROUP BY 1) a USING (kind)
