-- Ends what was to be ordered by a choice, but for what waits: what has an order by now stands by it, what could not be is settled
-- otherwise, and what has moved on by itself is given up.

-- step: later orders
INSERT INTO new_attempt (month, payment_id, attempt, order_month)
SELECT w.payment_month, w.payment_id, w.attempt, @order_month::date FROM obligation w
CROSS JOIN LATERAL (SELECT FROM bank_order b WHERE b.month = @order_month::date AND b.payment_id = w.payment_id AND b.attempt = w.attempt LIMIT 1) o
WHERE w.payment_id = ANY (@payments::bigint[]) AND w.state = 'open'

-- step: orders before
CREATE TEMP TABLE order_before ON COMMIT DROP AS
SELECT w.payment_id, w.attempt, p.ore, i.id AS interchange_id, i.bank, o.message_no, o.lin FROM obligation w
CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = w.payment_month AND q.id = w.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT * FROM release_group e WHERE e.id = p.group_id LIMIT 1) g
LEFT JOIN LATERAL (SELECT * FROM standing t WHERE t.month = w.payment_month AND t.payment_id = w.payment_id LIMIT 1) s ON true
CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = w.payment_id AND b.attempt = w.attempt - 1 LIMIT 1) o
CROSS JOIN LATERAL (SELECT * FROM interchange e WHERE e.id = o.interchange_id LIMIT 1) i
WHERE w.payment_id = ANY (@payments::bigint[]) AND w.state = 'open'

-- step: what counts in a later attempt
UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
FROM (SELECT b.interchange_id, b.message_no, b.lin, count(*) AS payments, sum(b.ore) AS ore FROM order_before b JOIN new_attempt a USING (payment_id) GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin

-- step: what could not be ordered is settled otherwise
INSERT INTO settle_due (cause, bank, interchange_id, message_no, lin, payment_month, payment_id, fact_n, fact_month, given_back, why)
SELECT w.cause, b.bank, b.interchange_id, b.message_no, b.lin, w.payment_month, w.payment_id, w.cause_n, w.cause_month, w.ore, g.why
FROM unnest(@given_back::bigint[], @why::text[]) g (payment_id, why) JOIN obligation w ON w.payment_id = g.payment_id AND w.state = 'open'
JOIN order_before b ON b.payment_id = w.payment_id

-- step: what waits for its account as it did
UPDATE obligation SET due_on = hold_until + 1 WHERE payment_id = ANY (@waits::bigint[]) AND state = 'open' AND due_on <= hold_until

-- step: obligations
UPDATE obligation w SET ended_at = @now::timestamptz, register_counter = @counter::bigint,
    state = CASE WHEN EXISTS (SELECT FROM new_attempt a WHERE a.payment_id = w.payment_id) THEN 'ordered' ELSE 'given_up' END::obligation_state
WHERE w.payment_id = ANY (@payments::bigint[]) AND w.state = 'open' AND w.payment_id <> ALL (@waiting::bigint[])
