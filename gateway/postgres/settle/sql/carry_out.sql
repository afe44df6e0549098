-- Carries out what is done with money that has nowhere to go, as it stands in the temporary tables settling and telling.

-- step: what went to the sender
INSERT INTO new_fact (month, payment_id, attempt, kind, text, interchange_id, message_no, lin, moved_ore, posting_id, posting_part)
SELECT month, payment_id, attempt, 'settled_to_sender', text, interchange_id, message_no, lin, ore, posting_id, posting_part
FROM settling WHERE kind IS NULL AND cause = 'came_back' ORDER BY payment_id

-- step: more of what is to be ordered
UPDATE obligation w SET ore = w.ore + c.ore FROM settling c WHERE c.joins AND w.payment_id = c.payment_id AND w.state = 'open'

-- step: what is to be ordered
INSERT INTO obligation (payment_id, attempt, payment_month, payer_id, kind, cause_interchange, cause_message, cause_lin, cause_n, cause_month, cause, choice, choice_version,
    agreement_id, debit_account, ore, executes_on, due_on, made_at, holder, holder_kind, hold_until)
SELECT payment_id, attempt + 1, month, payer_id, kind::obligation_kind, CASE WHEN @by_line::boolean THEN interchange_id END,
    CASE WHEN @by_line::boolean THEN message_no END, CASE WHEN @by_line::boolean THEN lin END, fact_n, fact_month, cause, choice, choice_version, agreement_id, debit_account,
    ore, @today::date, due_on, @now::timestamptz, holder, holder_kind, hold_until
FROM settling WHERE kind IS NOT NULL AND NOT joins ORDER BY payment_id

-- step: what is told already, in other words
WITH said AS (
    UPDATE answer_due a SET text = t.text FROM telling t
    WHERE t.replaces AND a.kind = @response9 AND a.delivery_id = t.delivery_id AND a.payment_id = t.payment_id AND a.attempt = t.attempt AND a.answer_id IS NULL
    RETURNING a.payment_id)
UPDATE telling t SET replaced = true FROM said s WHERE s.payment_id = t.payment_id

-- step: responses 9
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, turn, status, code, text, caused_at)
    SELECT @response9, t.delivery_id, t.month, t.payment_id, t.attempt,
        coalesce((SELECT max(a.turn) + 1 FROM answer_due a WHERE a.delivery_id = t.delivery_id AND a.kind IN (@response8, @response9) AND a.payment_id = t.payment_id
            AND a.attempt = t.attempt), 0) + row_number() OVER (PARTITION BY t.payment_id ORDER BY t.n) - 1,
        @rejected, @rejectcode, t.text, @now::timestamptz
    FROM telling t WHERE NOT t.replaced
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2

-- step: it is settled
DELETE FROM settle_due WHERE id = ANY (@due::bigint[])
