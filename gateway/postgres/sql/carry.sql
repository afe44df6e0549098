-- Carries what is about to move of months that are closed or closing, as it stands: payments, and the groups and lines that count them.

-- step: payments
INSERT INTO carried (month, payment_id, supplier, authority, agreement, state, ore, order_ore, at_closing)
SELECT q.month, q.payment_id, a.supplier, a.authority, a.agreement, a.state, a.ore, a.order_ore, false
FROM (/*payments*/) q JOIN month c ON c.month = q.month AND c.state <> 'open'
CROSS JOIN LATERAL payment_at(q.month, q.payment_id) a
-- What is not at its end is carried by the closing itself.
WHERE is_final(a.state)
-- In another order two transactions could wait for each other.
ORDER BY q.month, q.payment_id
ON CONFLICT DO NOTHING

-- step: places
INSERT INTO carried_place (month, batch, authority, group_id, interchange_id, message_no, lin)
SELECT c.month, @batch::bigint * 1024 + month_number(c.month), coalesce(d.authority, a.authority), q.group_id, q.interchange_id, q.message_no, q.lin
FROM (/*places*/) q LEFT JOIN release_group g ON g.id = q.group_id LEFT JOIN interchange i ON i.id = q.interchange_id
LEFT JOIN LATERAL (SELECT e.authority FROM delivery e WHERE e.id = g.delivery_id LIMIT 1) d ON true LEFT JOIN agreement a ON a.id = i.agreement_id
LEFT JOIN order_line l ON l.interchange_id = q.interchange_id AND l.message_no = q.message_no AND l.lin = q.lin
JOIN month c ON c.month = coalesce(g.month, i.month) AND c.state <> 'open'
WHERE g.state IN ('rejected', 'released') OR is_final(state_of(NULL, 'released', l.type, l.state, i.state))
ORDER BY q.group_id, q.interchange_id, q.message_no, q.lin
ON CONFLICT DO NOTHING

-- step: what the places were counted as
INSERT INTO carried_flow (month, authority, bank, state, payments, ore)
SELECT p.month, f.authority, f.bank, f.state, f.payments, f.ore
FROM (SELECT DISTINCT month, batch FROM carried_place WHERE batch BETWEEN @batch::bigint * 1024 AND @batch::bigint * 1024 + 1023) p
CROSS JOIN LATERAL flow_of(p.month, p.month, 0, 0, p.batch, NULL) f
