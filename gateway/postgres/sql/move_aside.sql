-- Gives the waiting payments of the temporary table moving, whose groups are locked, groups of their own, in which they wait while
-- the others go. One without room keeps its group. since and until bound the months that are looked at when the statements are
-- planned.

-- step: statistics
ANALYZE moving

-- step: ids of groups
-- After the last one of its delivery, and never among the next one's.
UPDATE moving m SET own = q.last + q.n
FROM (SELECT w.payment_id, d.last, row_number() OVER (PARTITION BY d.id ORDER BY w.payment_id) AS n FROM moving w
    JOIN (SELECT g.delivery_id AS id, max(g.id) AS last FROM release_group g
        WHERE g.delivery_id IN (SELECT delivery_of(payment_id) FROM moving) GROUP BY 1) d ON d.id = delivery_of(w.payment_id)) q
WHERE q.payment_id = m.payment_id AND (q.last & @maxgroups::bigint) + q.n <= @maxgroups::bigint

-- step: groups
INSERT INTO release_group (id, held_payment, payments, ore, delivery_id, month, agreement, debit_account, requested_on,
    debit_text, agreement_id, bank_centre, los_unit, no_account, salary, executes_on, release_at, foretold_on, replanned_at, state)
SELECT m.own, p.id, 1, p.ore, g.delivery_id, g.month, g.agreement, g.debit_account, g.requested_on,
    g.debit_text, g.agreement_id, g.bank_centre, g.los_unit, g.no_account, g.salary, g.executes_on, g.release_at, g.foretold_on, g.replanned_at, g.state
FROM moving m JOIN payment p ON p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id
JOIN release_group g ON g.id = p.group_id
WHERE m.own IS NOT NULL ORDER BY m.own

-- step: groups that they leave
UPDATE release_group g SET payments = g.payments - q.payments, ore = g.ore - q.ore
FROM (SELECT p.group_id, count(*) AS payments, sum(p.ore) AS ore FROM moving m
    JOIN payment p ON p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id
    WHERE m.own IS NOT NULL GROUP BY 1) q
WHERE g.id = q.group_id

-- step: payments
UPDATE payment p SET group_id = m.own FROM moving m
WHERE p.month = m.month AND p.month BETWEEN @since::date AND @until::date AND p.id = m.payment_id AND m.own IS NOT NULL
