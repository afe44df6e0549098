-- The temporary tables of an answer that is closed, and the dues that go into its document.

-- step: table of dues
CREATE TEMP TABLE closing (kind smallint, delivery_id bigint, month date, payment_id bigint, attempt smallint, interchange_id bigint,
    message_no int, lin int, status text, code text, text text) ON COMMIT DROP

-- step: table of payments told
CREATE TEMP TABLE responding (payment_id bigint, attempt smallint, status text, code text, text text) ON COMMIT DROP

-- step: dues
INSERT INTO closing
SELECT kind, delivery_id, month, payment_id, attempt, interchange_id, message_no, lin, status, code, text
FROM (SELECT *, sum(payments) OVER (ORDER BY caused_at, payment_id, interchange_id, message_no, lin) - payments AS before
    FROM answer_due WHERE delivery_id = @delivery AND kind = @kind AND answer_id IS NULL) q
WHERE before = 0 OR before + payments <= @most

