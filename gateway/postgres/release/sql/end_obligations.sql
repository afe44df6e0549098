-- Ends the obligations of void interchanges, but for those that wait.

-- step: later orders
INSERT INTO new_attempt (month, payment_id, attempt, order_month)
SELECT w.payment_month, w.payment_id, w.attempt, @order_month::date FROM obligation w
CROSS JOIN LATERAL (SELECT FROM bank_order b WHERE b.month = @order_month::date AND b.payment_id = w.payment_id AND b.attempt = w.attempt LIMIT 1) o
WHERE w.cause_interchange = ANY (@void::bigint[]) AND w.cause IS NULL AND w.state = 'open'

-- step: what counts in a later attempt
UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
FROM (SELECT cause_interchange, cause_message, cause_lin, count(*) AS payments, sum(p.ore) AS ore
    FROM obligation b JOIN payment p ON p.month = b.payment_month AND p.id = b.payment_id
    WHERE cause_interchange = ANY (@void::bigint[]) AND cause IS NULL AND state = 'open' AND payment_id <> ALL (@waiting::bigint[]) GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.cause_interchange AND l.message_no = o.cause_message AND l.lin = o.cause_lin

-- step: obligations
UPDATE obligation w SET ended_at = @now::timestamptz, register_counter = @counter::bigint,
    state = CASE WHEN EXISTS (SELECT FROM new_attempt a WHERE a.payment_id = w.payment_id) THEN 'ordered' ELSE 'given_up' END::obligation_state
WHERE w.cause_interchange = ANY (@void::bigint[]) AND w.cause IS NULL AND w.state = 'open' AND w.payment_id <> ALL (@waiting::bigint[])
