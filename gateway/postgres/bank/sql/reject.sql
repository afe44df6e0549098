-- Ends what the bank refuses; of several statuses about one order or line the first counts.

-- step: reject orders
WITH refused AS (
    INSERT INTO payment_event (month, payment_id, attempt, kind, code, text, at, source)
    SELECT DISTINCT ON (w.payment_id, w.attempt) w.month, w.payment_id, w.attempt, 'bank_rejected'::event_kind, w.code, w.text,
        @now::timestamptz, @document::bigint
    FROM matched w JOIN order_line l USING (interchange_id, message_no, lin)
    WHERE w.meaning = 'rejected' AND w.payment_id IS NOT NULL AND l.state NOT IN ('rejected', 'executed')
    ORDER BY w.payment_id, w.attempt, w.n
    ON CONFLICT DO NOTHING RETURNING month, payment_id, attempt, text),
owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, status, code, text, caused_at)
    SELECT @response, delivery_of(payment_id), month, payment_id, attempt, @status, @code, text, @now::timestamptz FROM refused
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2

-- step: reject lines
UPDATE order_line l SET state = 'rejected', code = w.code, text = w.text, changed_at = @now
FROM (SELECT DISTINCT ON (interchange_id, message_no, lin) * FROM matched
    WHERE meaning = 'rejected' AND payment_id IS NULL ORDER BY interchange_id, message_no, lin, n) w
WHERE l.interchange_id = w.interchange_id AND l.message_no = w.message_no AND l.lin = w.lin
  AND l.state IN ('frozen', 'with_bank', 'accepted')
