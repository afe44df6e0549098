-- Exceptions that wait for a person, by kind. One of another version has a row, too.
SELECT kind, coalesce(e.n, 0), coalesce(e.age, 0) FROM unnest($2::text[]) v (kind)
FULL JOIN (SELECT kind, count(*) AS n, extract(epoch FROM $1 - min(raised_at))::bigint AS age
    FROM exception WHERE closed_at IS NULL GROUP BY 1) e USING (kind)
