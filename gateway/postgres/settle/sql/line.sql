-- The orders of a line that was rejected as a whole, but for those that stand by themselves.
--
-- $1: what is due.
SELECT w.id AS due_id, w.cause, w.fact_n, w.fact_month, 0::bigint AS given_back, '' AS why,
    p.id AS payment_id, p.month, p.ore AS payment_ore, p.authority, p.benefit_type, p.complete, coalesce(p.holder, 0) AS holder,
    coalesce(p.holder_kind, 0) AS holder_kind, d.payer_id, d.id AS delivery_id, g.agreement_id,
    'bank_rejected' AS stands, o.attempt AS stands_attempt,
    o.attempt, o.ore AS order_ore, o.type AS order_type, o.account_kind, o.account, l.message_no, l.lin, l.debit_account, coalesce(l.text, '') AS line_text,
    0::bigint AS moved, '' AS fact_text, 0::bigint AS posting_id, 0 AS posting_part, '' AS posted_to, b.attempt IS NOT NULL AS ordered_before,
    EXISTS (SELECT FROM set_off k WHERE k.part_id = p.id) AS set_off, asked_back(p.id) AS recalled, EXISTS (SELECT FROM paid_by_hand h WHERE h.payment_id = p.id) AS by_hand,
    coalesce(e.attempt, 0) AS open_attempt, coalesce(e.kind::text, '') AS open_kind, e.hold_until AS open_until
FROM settle_due w
JOIN interchange i ON i.id = w.interchange_id
JOIN order_line l ON l.interchange_id = w.interchange_id AND l.message_no = w.message_no AND l.lin = w.lin AND l.state = 'rejected' AND l.facts = w.fact_n
CROSS JOIN LATERAL (SELECT t.* FROM bank_order t WHERE t.month = i.month AND t.interchange_id = w.interchange_id AND t.message_no = w.message_no AND t.lin = w.lin OFFSET 0) o
CROSS JOIN LATERAL (SELECT t.id, t.payer_id, t.month FROM delivery t WHERE t.id = delivery_of(o.payment_id) LIMIT 1) d
CROSS JOIN LATERAL (SELECT * FROM payment t WHERE t.month = d.month AND t.id = o.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT t.agreement_id FROM release_group t WHERE t.id = p.group_id LIMIT 1) g
LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = d.month AND t.payment_id = o.payment_id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT t.attempt FROM obligation t WHERE t.payment_id = o.payment_id AND t.cause IS NOT NULL AND t.cause <> 'no_account' AND t.state = 'ordered' LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT t.* FROM obligation t WHERE t.payment_id = o.payment_id AND t.state = 'open' LIMIT 1) e ON true
WHERE w.id = $1 AND coalesce(s.attempt, 1) <= o.attempt AND s.kind IS NULL
ORDER BY o.payment_id
