-- Adds to a dry run's faults what an answer leaves out, and the duplicates.

-- step: used ids
-- An EndToEndId again in the bundle, or one that is used up. Sorted once, for both.
INSERT INTO used (id, e2e, again, stored)
SELECT b.id, b.e2e, b.again, k.payment_id IS NOT NULL
FROM (SELECT id, e2e, coalesce(lag(e2e) OVER (ORDER BY e2e) = e2e, false) AS again FROM bundle) b
LEFT JOIN payment_key k ON k.payer_id = @payer AND k.e2e = b.e2e
WHERE b.again OR k.payment_id IS NOT NULL

-- step: statistics of used ids
ANALYZE used

-- step: duplicates
-- As the keys are taken: of the payments without an error the first takes the id, unless it was taken before; every other
-- payment with that id is a duplicate, whatever else is wrong with it.
WITH same AS (
    SELECT b.id, b.e2e, NOT EXISTS (SELECT FROM fault f WHERE f.payment_id = b.id) AS good
    FROM bundle b WHERE b.e2e IN (SELECT u.e2e FROM used u WHERE u.again)),
first AS (SELECT e2e, min(id) AS id FROM same WHERE good GROUP BY e2e)
INSERT INTO fault (payment_id, code, rank)
SELECT d.id, r.code, r.rank FROM (
    SELECT u.id FROM used u WHERE u.stored
    UNION SELECT s.id FROM same s JOIN first f ON f.e2e = s.e2e WHERE s.id <> f.id) d
JOIN code_rank r ON r.code = @duplicate

-- step: further errors
INSERT INTO fault (payment_id, code, rank)
SELECT b.id, r.code, r.rank FROM bundle b CROSS JOIN LATERAL unnest(string_to_array(b.more, ',')) AS m (code)
JOIN code_rank r ON r.code = m.code WHERE b.more IS NOT NULL

-- step: fault statistics
ANALYZE fault
