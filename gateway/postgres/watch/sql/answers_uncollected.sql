-- Answers that lie ready, by door.
SELECT v.door, coalesce(a.n, 0), coalesce(a.age, 0) FROM (VALUES ('sftp'), ('mq'), ('rasp')) v (door)
LEFT JOIN (SELECT door, count(*) AS n, extract(epoch FROM $1 - min(made_at))::bigint AS age
    FROM answer_uncollected GROUP BY 1) a USING (door)
