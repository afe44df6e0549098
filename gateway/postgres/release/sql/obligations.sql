-- The payments that some obligations are about, each once, as they are to be completed: those of a debit account and attempt together.
-- What stands otherwise by now is left out; so does what was never ordered, but for what waits for an account. The columns stand in
-- the order of due.scan.
--
-- $1: says which.
SELECT p.id, w.ore, coalesce(p.holder, 0), coalesce(p.holder_kind, 0)::int2, CASE WHEN c.part_id IS NULL THEN p.type ELSE 1 END::int2,
    CASE WHEN c.part_id IS NULL THEN coalesce(p.account_kind, 0) ELSE 1 END::int2, p.complete OR c.part_id IS NOT NULL, d.return_always,
    (w.attempt - 1)::int2, coalesce(o.type, 0)::int2,
    CASE WHEN c.part_id IS NULL THEN 0
        WHEN claim_taken(c.creditor, c.claim) <= (SELECT v.ore FROM claim_version v WHERE v.creditor = c.creditor AND v.claim = c.claim AND v.recorded_to IS NULL
            AND v.valid_to IS NULL) THEN 1 ELSE 2 END::int2,
    w.debit_account, p.authority, p.benefit_type, coalesce(p.debit_text, g.debit_text), p.transfer_currency, p.e2e, coalesce(c.account, p.account), p.bic, p.bank_code,
    CASE WHEN c.part_id IS NULL THEN p.statement_text ELSE c.claim END, CASE WHEN c.part_id IS NULL THEN p.detail::text END
FROM (SELECT * FROM obligation b WHERE /*which*/ AND b.state = 'open') w
CROSS JOIN LATERAL (SELECT * FROM delivery e WHERE e.id = delivery_of(w.payment_id) LIMIT 1) d
CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = w.payment_month AND q.id = w.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT * FROM release_group e WHERE e.id = p.group_id LIMIT 1) g
LEFT JOIN LATERAL (SELECT * FROM standing t WHERE t.month = w.payment_month AND t.payment_id = w.payment_id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = w.payment_id
    AND b.attempt = w.attempt - 1 LIMIT 1) o ON true
LEFT JOIN LATERAL (SELECT * FROM order_line e WHERE e.interchange_id = o.interchange_id AND e.message_no = o.message_no AND e.lin = o.lin LIMIT 1) l ON true
LEFT JOIN LATERAL (SELECT * FROM interchange e WHERE e.id = o.interchange_id LIMIT 1) i ON true
LEFT JOIN LATERAL (SELECT t.* FROM set_off t WHERE t.part_id = w.payment_id LIMIT 1) c ON true
JOIN may_follow f ON f.news = 'ordered' AND f.scope = 'order' AND f.position = position_of(s.kind, g.state, o.type, l.state, i.state) AND f.effect = 'takes'
ORDER BY w.debit_account::bigint, w.attempt, p.id
