-- What a node tells of its lines. A line that is bad stays so since it was good, whoever tells; one that was up and of which nobody told is
-- bad since then.
INSERT INTO line AS l (kind, name, node, owner, state, since, good_at, told_at, trouble, error, limit_seconds, held)
SELECT t.kind, t.name, t.node, $1, t.state, t.since, t.good_at, $2, t.trouble, t.error, t.limit_seconds, t.held
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::bigint[], $13::jsonb[])
    t (kind, name, node, state, since, good_at, trouble, error, limit_seconds, held)
ON CONFLICT (kind, name, node) DO UPDATE SET
    owner = excluded.owner, state = excluded.state, good_at = greatest(l.good_at, excluded.good_at), told_at = excluded.told_at,
    trouble = excluded.trouble, error = excluded.error, limit_seconds = excluded.limit_seconds, held = excluded.held,
    since = CASE
        WHEN l.state IN ('down', 'unknown') AND excluded.state IN ('down', 'unknown') THEN l.since
        WHEN l.state = excluded.state AND (l.state = 'closed' OR l.told_at > $3) THEN l.since
        WHEN l.state = 'up' AND excluded.state = 'down' AND l.told_at <= $3 THEN l.told_at
        ELSE excluded.since END
-- A statement that was given up may still come after the next one.
WHERE l.owner <> excluded.owner OR l.told_at <= excluded.told_at
