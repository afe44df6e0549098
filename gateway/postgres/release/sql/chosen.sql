-- What was chosen for payments that are to be ordered, and what has failed of them.
--
-- $1: the payments.
SELECT w.payment_id, w.kind::text AS kind, w.cause, w.choice_version, coalesce(w.decision_id, 0) AS decision_id, w.hold_until, p.ore AS payment_ore, coalesce(o.account_kind, 0) AS account_kind, coalesce(o.account, '') AS account
FROM obligation w
CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = w.payment_month AND q.id = w.payment_id LIMIT 1) p
-- An order that was void has not failed.
LEFT JOIN LATERAL (SELECT b.account_kind, b.account FROM bank_order b JOIN order_line l USING (interchange_id, message_no, lin)
    WHERE b.month >= w.payment_month AND b.payment_id = w.payment_id AND b.attempt < w.attempt AND l.state <> 'void' ORDER BY b.attempt DESC LIMIT 1) o ON true
WHERE w.payment_id = ANY ($1::bigint[]) AND w.state = 'open'
