-- What is due of an interchange about orders by themselves, the oldest first, each as it stands.
--
-- $1: the interchange; $2: how many at most.
SELECT w.id AS due_id, w.cause, w.fact_n, w.fact_month, coalesce(w.given_back, 0) AS given_back, coalesce(w.why, '') AS why,
    p.id AS payment_id, p.month, p.ore AS payment_ore, p.authority, p.benefit_type, p.complete, coalesce(p.holder, 0) AS holder,
    coalesce(p.holder_kind, 0) AS holder_kind, d.payer_id, d.id AS delivery_id, g.agreement_id,
    coalesce(s.kind::text, '') AS stands, coalesce(s.attempt, 1) AS stands_attempt,
    o.attempt, o.ore AS order_ore, o.type AS order_type, o.account_kind, o.account, l.message_no, l.lin, l.debit_account, '' AS line_text,
    coalesce(f.ore, 0) AS moved, coalesce(f.text, '') AS fact_text, coalesce(f.posting_id, 0) AS posting_id, coalesce(f.posting_part, 0) AS posting_part,
    coalesce(q.account, '') AS posted_to, b.attempt IS NOT NULL AS ordered_before,
    EXISTS (SELECT FROM set_off k WHERE k.part_id = p.id) AS set_off, asked_back(p.id) AS recalled, EXISTS (SELECT FROM paid_by_hand h WHERE h.payment_id = p.id) AS by_hand, coalesce(e.attempt, 0) AS open_attempt, coalesce(e.kind::text, '') AS open_kind, e.hold_until AS open_until
FROM (SELECT * FROM settle_due u WHERE u.interchange_id = $1 AND u.payment_id IS NOT NULL ORDER BY u.id LIMIT $2) w
CROSS JOIN LATERAL (SELECT * FROM payment t WHERE t.month = w.payment_month AND t.id = w.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT t.id, t.payer_id FROM delivery t WHERE t.id = delivery_of(w.payment_id) LIMIT 1) d
CROSS JOIN LATERAL (SELECT t.agreement_id FROM release_group t WHERE t.id = p.group_id LIMIT 1) g
CROSS JOIN LATERAL (SELECT t.month FROM interchange t WHERE t.id = $1 LIMIT 1) i
CROSS JOIN LATERAL (SELECT t.* FROM bank_order t WHERE t.month = i.month AND t.payment_id = w.payment_id AND t.interchange_id = $1 LIMIT 1) o
CROSS JOIN LATERAL (SELECT t.* FROM order_line t WHERE t.interchange_id = $1 AND t.message_no = o.message_no AND t.lin = o.lin LIMIT 1) l
LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = w.payment_month AND t.payment_id = w.payment_id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT t.* FROM fact t WHERE t.month = w.fact_month AND t.payment_id = w.payment_id AND t.n = w.fact_n AND t.scope = 'payment' LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT t.account FROM posting t WHERE t.id = f.posting_id LIMIT 1) q ON true
LEFT JOIN LATERAL (SELECT t.attempt FROM obligation t WHERE t.payment_id = w.payment_id AND t.cause IS NOT NULL AND t.cause <> 'no_account' AND t.state = 'ordered' LIMIT 1) b ON true
LEFT JOIN LATERAL (SELECT t.* FROM obligation t WHERE t.payment_id = w.payment_id AND t.state = 'open' LIMIT 1) e ON true
ORDER BY w.id
