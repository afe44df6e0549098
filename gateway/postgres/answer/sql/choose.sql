-- The next answer to be closed, by one look into an index for each rule. Each part is asked only where those before it have
-- none.
WITH late AS (SELECT delivery_id, kind FROM answer_waiting WHERE first_at <= @deadline AND delivery_id <> ALL (@over::bigint[])
    ORDER BY first_at, delivery_id, kind LIMIT 1 FOR UPDATE SKIP LOCKED),
full_up AS (SELECT delivery_id, kind FROM answer_waiting WHERE payments >= @most AND delivery_id <> ALL (@over::bigint[])
    ORDER BY payments DESC LIMIT 1 FOR UPDATE SKIP LOCKED),
quiet AS (SELECT delivery_id, kind FROM answer_waiting WHERE last_at <= @quiet AND delivery_id <> ALL (@over::bigint[])
    ORDER BY last_at, delivery_id, kind LIMIT 1 FOR UPDATE SKIP LOCKED)
SELECT * FROM late UNION ALL SELECT * FROM full_up UNION ALL SELECT * FROM quiet LIMIT 1
