-- Gives the payments of the temporary table moving, whose groups are locked and released, groups that wait: one for each group
-- that they leave. They have no orders. since and until bound the months that are looked at when the statements are planned.

-- step: statistics
ANALYZE moving

-- step: ids of groups
-- After the last one of its delivery, and never among the next one's.
UPDATE moving m SET own = q.own
FROM (SELECT w.payment_id, l.last + dense_rank() OVER (PARTITION BY delivery_of(w.payment_id) ORDER BY p.group_id) AS own
    FROM moving w JOIN payment p ON p.month = w.month AND p.month BETWEEN @since::date AND @until::date AND p.id = w.payment_id
    JOIN (SELECT g.delivery_id AS id, max(g.id) AS last FROM release_group g
        WHERE g.delivery_id IN (SELECT delivery_of(payment_id) FROM moving) GROUP BY 1) l ON l.id = delivery_of(w.payment_id)) q
WHERE q.payment_id = m.payment_id

-- step: groups
INSERT INTO release_group (id, undone_by, payments, ore, delivery_id, month, agreement, debit_account, requested_on,
    debit_text, agreement_id, bank_centre, los_unit, no_account, salary, executes_on, release_at, state)
SELECT q.own, @decision::bigint, q.payments, q.ore, g.delivery_id, g.month, g.agreement, g.debit_account, g.requested_on,
    g.debit_text, g.agreement_id, g.bank_centre, g.los_unit, g.no_account, g.salary, g.executes_on, g.release_at, 'waiting'
FROM (SELECT m.own, p.group_id, count(*) AS payments, sum(p.ore) AS ore FROM moving m
    JOIN payment p ON p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id GROUP BY 1, 2) q
JOIN release_group g ON g.id = q.group_id ORDER BY q.own

-- step: tally
INSERT INTO fact_tally (group_id, kind, payments, ore)
SELECT v.group_id, q.kind, v.sign * q.payments, v.sign * q.ore
FROM (SELECT m.own, p.group_id, s.kind, count(*) AS payments, sum(p.ore) AS ore FROM moving m
    JOIN payment p ON p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id
    JOIN standing s ON s.month = m.month AND s.month BETWEEN @since::date AND @until::date AND s.payment_id = m.payment_id AND s.kind IS NOT NULL GROUP BY 1, 2, 3) q
CROSS JOIN LATERAL (VALUES (q.group_id, -1), (q.own, 1)) AS v (group_id, sign)

-- step: groups that they leave
UPDATE release_group g SET payments = g.payments - q.payments, ore = g.ore - q.ore
FROM (SELECT p.group_id, count(*) AS payments, sum(p.ore) AS ore FROM moving m
    JOIN payment p ON p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id GROUP BY 1) q
WHERE g.id = q.group_id

-- step: payments
UPDATE payment p SET group_id = m.own FROM moving m
WHERE p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id
