-- Owes response 9 for every order of the rejected lines of some interchanges, but for what ended by itself before.
-- A query of interchanges is put where they are named.
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, status, code, text, caused_at)
    SELECT @response, delivery_of(o.payment_id), o.month, o.payment_id, o.attempt, @status, @code, l.text, @now::timestamptz
    FROM order_line l CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.interchange_id = l.interchange_id
        AND b.message_no = l.message_no AND b.lin = l.lin OFFSET 0) o
    WHERE l.state = 'rejected' AND l.interchange_id IN (/*interchanges*/)
      AND NOT EXISTS (SELECT 1 FROM payment_event e WHERE e.month = o.month AND e.payment_id = o.payment_id AND e.attempt = o.attempt)
    ON CONFLICT DO NOTHING RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2
