-- Takes in that what was to be ordered anew is ordered, by the orders of an interchange that are here now.

-- step: later orders
INSERT INTO new_attempt (month, payment_id, attempt, order_month)
SELECT w.payment_month, w.payment_id, w.attempt, b.month FROM interchange i JOIN bank_order b ON b.month = i.month AND b.interchange_id = i.id
JOIN obligation w ON w.payment_id = b.payment_id AND w.attempt = b.attempt AND w.state = 'open' WHERE i.id = @interchange::bigint

-- step: what counts in a later attempt
UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
FROM (SELECT o.interchange_id, o.message_no, o.lin, count(*) AS payments, sum(p.ore) AS ore FROM new_attempt a
    JOIN payment p ON p.month = a.month AND p.id = a.payment_id
    JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing s ON s.month = a.month AND s.payment_id = a.payment_id
    JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = a.payment_id AND o.attempt = a.attempt - 1 GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin

-- step: obligations
UPDATE obligation w SET ended_at = i.prepared_at, register_counter = c.counter, state = 'ordered'
FROM new_attempt a, interchange i, register_counter c WHERE i.id = @interchange::bigint AND w.payment_id = a.payment_id AND w.attempt = a.attempt AND w.state = 'open'
