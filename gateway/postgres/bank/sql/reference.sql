-- Finds the orders that references name, those of the temporary table named. Each lookup is by a whole key: LATERAL with LIMIT keeps it
-- that, however little the planner knows of tables that have just grown. since and until bound the months that are looked at when the
-- statements are planned.

-- step: by reference
INSERT INTO by_reference
SELECT s.n, o.interchange_id, o.message_no, o.lin, o.seq, d.month, o.payment_id, o.attempt, o.ore
FROM named s
JOIN bank_reference r ON r.head = left(s.reference, 8)
JOIN delivery d ON d.id = r.delivery_id
CROSS JOIN LATERAL (SELECT k.payment_id FROM payment_key k
    WHERE k.payer_id = d.payer_id AND k.e2e = substr(s.reference, 9) LIMIT 1) k
CROSS JOIN LATERAL (SELECT CASE r.attempt WHEN 1 THEN (SELECT g.order_month FROM payment p JOIN release_group g ON g.id = p.group_id
        WHERE p.month = d.month AND p.month BETWEEN @since::date AND @until::date AND p.id = k.payment_id)
    ELSE (SELECT t.order_month FROM standing t WHERE t.month = d.month AND t.month BETWEEN @since::date AND @until::date AND t.payment_id = k.payment_id AND t.attempt = r.attempt) END AS month) f
CROSS JOIN LATERAL (SELECT b.* FROM bank_order b
    WHERE b.month = f.month AND b.month BETWEEN @since::date AND @until::date AND b.payment_id = k.payment_id AND b.attempt = r.attempt LIMIT 1) o
JOIN interchange i ON i.id = o.interchange_id AND i.bank = @bank AND may_have_left(i.state, i.attempt)
WHERE delivery_of(k.payment_id) = d.id

-- step: by the hash of a reference
-- What is about a payment whose month is dropped names it, and no more can follow.
INSERT INTO by_dropped
SELECT s.n, (SELECT h.payment_id FROM payment_key_hash h
    WHERE h.e2e_hash = keyed_hash(substr(s.reference, 9), @inner, @outer) AND delivery_of(h.payment_id) = r.delivery_id LIMIT 1)
FROM named s JOIN bank_reference r ON r.head = left(s.reference, 8)
WHERE month_of(r.delivery_id) < first_kept()
