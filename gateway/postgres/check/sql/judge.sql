-- Carries out what the checks have found.

-- step: rejected payments
INSERT INTO payment_event (month, payment_id, attempt, kind, code, at)
SELECT DISTINCT ON (payment_id) @month::date, payment_id, 0, 'rejected'::event_kind, code, @now::timestamptz
FROM fault ORDER BY payment_id, rank

-- step: groups
UPDATE release_group g SET state = CASE
        WHEN g.reject_code IS NULL AND coalesce(r.rejected, 0) < g.payments
        THEN 'waiting'::group_state ELSE 'rejected'::group_state END
FROM release_group o LEFT JOIN (SELECT p.group_id, count(*) AS rejected
    FROM fault f JOIN bundle p ON p.id = f.payment_id WHERE f.told GROUP BY 1) r ON r.group_id = o.id
WHERE o.id = g.id AND g.delivery_id = @delivery AND g.state = 'unchecked'
