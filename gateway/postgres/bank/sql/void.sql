-- Makes an interchange void whose lines are, and owes its payments another order. since bounds the months that are looked at when
-- the statements are planned.

-- step: messages
UPDATE message SET void = true WHERE interchange_id = @interchange

-- step: interchange
UPDATE interchange SET state = 'void' WHERE id = @interchange

-- step: obligations
-- What was ordered because its authority chose so, or persons decided, is ordered by that again, and for its cause.
INSERT INTO obligation (payment_id, attempt, payment_month, payer_id, kind, cause_interchange, cause_message, cause_lin, cause_n, agreement_id, debit_account,
    ore, executes_on, due_on, made_at, cause, cause_month, choice, choice_version, holder, holder_kind, hold_until, decision_id)
SELECT o.payment_id, o.attempt + 1, d.month, o.payer_id, CASE WHEN c.cause IS NULL THEN 'again' ELSE c.kind END,
    CASE WHEN c.cause IS NULL THEN l.interchange_id ELSE c.cause_interchange END, CASE WHEN c.cause IS NULL THEN l.message_no ELSE c.cause_message END,
    CASE WHEN c.cause IS NULL THEN l.lin ELSE c.cause_lin END, CASE WHEN c.cause IS NULL THEN l.facts ELSE c.cause_n END, i.agreement_id, l.debit_account,
    o.ore, i.executes_on, @today::date, @now::timestamptz, c.cause, c.cause_month, c.choice, c.choice_version, c.holder, c.holder_kind, c.hold_until, c.decision_id
FROM interchange i JOIN order_line l ON l.interchange_id = i.id
CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date AND b.interchange_id = l.interchange_id
    AND b.message_no = l.message_no AND b.lin = l.lin OFFSET 0) o
JOIN delivery d ON d.id = delivery_of(o.payment_id)
LEFT JOIN LATERAL (SELECT w.* FROM obligation w WHERE w.payment_id = o.payment_id AND w.attempt = o.attempt LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT t.kind FROM standing t WHERE t.month = d.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = o.payment_id LIMIT 1) s ON true
JOIN may_follow f ON f.news = 'ordered' AND f.scope = 'order' AND f.position = position_of(s.kind, 'released', o.type, l.state, i.state) AND f.effect = 'takes'
WHERE i.id = @interchange
