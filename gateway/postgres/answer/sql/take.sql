-- The temporary tables of an answer that is closed, and the dues that go into its document.

-- step: table of dues
CREATE TEMP TABLE closing (kind smallint, delivery_id bigint, month date, payment_id bigint, attempt smallint, interchange_id bigint,
    message_no int, lin int, turn smallint, payments int, status text, code text, text text) ON COMMIT DROP

-- step: table of payments told
CREATE TEMP TABLE responding (payment_id bigint, attempt smallint, status text, code text, text text) ON COMMIT DROP

-- step: dues
-- Each is of one payment at least: no more than a document holds have to be looked at. Together with them goes what they were
-- added up to, as far as nobody has gathered it yet.
WITH counted AS (DELETE FROM answer_due_tally WHERE ctid = ANY (ARRAY(SELECT ctid FROM answer_due_tally
    WHERE delivery_id = @delivery AND kind = @kind FOR UPDATE SKIP LOCKED)) RETURNING payments, last_at),
gathered AS (UPDATE answer_waiting w SET payments = w.payments + c.payments, last_at = greatest(w.last_at, c.last_at)
    FROM (SELECT sum(payments) AS payments, max(last_at) AS last_at FROM counted HAVING count(*) > 0) c
    WHERE w.delivery_id = @delivery AND w.kind = @kind)
INSERT INTO closing
SELECT kind, delivery_id, month, payment_id, attempt, interchange_id, message_no, lin, turn, payments, status, code, text
FROM (SELECT *, sum(payments) OVER (ORDER BY caused_at, payment_id, interchange_id, message_no, lin) - payments AS before
    FROM (SELECT * FROM answer_due o WHERE delivery_id = @delivery AND kind = @kind AND answer_id IS NULL
        -- One document says one thing of a payment: what came after that is for the next.
        AND (o.payment_id = 0 OR o.attempt <= 1 AND o.turn = 0 OR NOT EXISTS (SELECT FROM answer_due b WHERE b.kind = @kind AND b.delivery_id = @delivery
            AND b.payment_id = o.payment_id AND (b.attempt, b.turn) < (o.attempt, o.turn) AND b.answer_id IS NULL))
        ORDER BY caused_at, payment_id, interchange_id, message_no, lin LIMIT @most) d) q
WHERE before = 0 OR before + payments <= @most

