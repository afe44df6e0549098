-- Orders failed payments anew by a decision: those in the temporary table again, to the account that counts when they are ordered.

-- step: what was given up
UPDATE obligation w SET state = 'open', ended_at = NULL, register_counter = NULL FROM again t
WHERE t.why = '' AND w.payment_id = t.payment_id AND w.attempt = t.attempt + 1 AND w.state = 'given_up'

-- step: what is to be ordered
INSERT INTO obligation (payment_id, attempt, payment_month, payer_id, kind, cause_interchange, cause_message, cause_lin, cause_n, cause_month, cause, choice, choice_version,
    agreement_id, debit_account, ore, executes_on, due_on, made_at, holder, holder_kind, hold_until, decision_id)
SELECT payment_id, attempt + 1, month, payer_id, 'complete', CASE WHEN by_line THEN interchange_id END, CASE WHEN by_line THEN message_no END, CASE WHEN by_line THEN lin END,
    fact_n, fact_month, 'bank_rejected', @choice, 0, agreement_id, debit_account, order_ore, @today::date, @today::date, @now::timestamptz, holder, holder_kind, @today::date, @decision::bigint
FROM again t WHERE why = '' AND NOT EXISTS (SELECT FROM obligation w WHERE w.payment_id = t.payment_id AND w.attempt = t.attempt + 1) ORDER BY payment_id

-- step: what is not told yet, in other words
WITH said AS (
    UPDATE answer_due a SET text = concat_ws('. ', nullif(rtrim(a.text, '. '), ''), @text::text) FROM again t
    WHERE t.why = '' AND a.kind = @response9 AND a.delivery_id = t.delivery_id AND a.payment_id = t.payment_id AND a.attempt = t.attempt AND a.answer_id IS NULL
    RETURNING a.payment_id)
UPDATE again t SET replaced = true FROM said s WHERE s.payment_id = t.payment_id

-- step: responses 9
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, turn, status, code, text, caused_at)
    SELECT @response9, t.delivery_id, t.month, t.payment_id, t.attempt,
        coalesce((SELECT max(a.turn) + 1 FROM answer_due a WHERE a.delivery_id = t.delivery_id AND a.kind IN (@response8, @response9) AND a.payment_id = t.payment_id AND a.attempt = t.attempt), 0),
        @rejected, @rejectcode, @text, @now::timestamptz
    FROM again t WHERE t.why = '' AND NOT t.replaced
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2

-- step: what became of each
INSERT INTO follow_up (decision_id, month, payment_id, attempt, ore, why)
SELECT @decision::bigint, month, payment_id, CASE WHEN why = '' THEN attempt + 1 END, order_ore, nullif(why, '') FROM again
