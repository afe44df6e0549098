-- What has moved between two instants, added up by what moved it and where it stood before. $1 and $2 are the instants, $3 the first month
-- that anything of it can have been recorded in, $4 the first delivery that can have been read.
WITH ordered AS MATERIALIZED (
    -- By line first: there may be a fact of each payment, and there are few lines.
    SELECT f.kind, f.was, f.interchange_id, f.message_no, f.lin, sum(f.stood_payments) AS payments, sum(f.stood_ore) AS stood, sum(f.ore) AS moved, 0::bigint AS kept, 0::bigint AS exchange
    FROM fact f WHERE f.month >= $3::date AND f.at >= $1 AND f.at < $2 AND f.scope IN ('payment', 'order', 'line') AND f.interchange_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    -- What banks have kept, which is little: from the parts of postings, so that facts are walked through but once.
    SELECT f.kind, f.was, f.interchange_id, f.message_no, f.lin, 0, 0, 0, sum(p.charge_ore), 0
    FROM posting_part p JOIN (SELECT DISTINCT posting_id, part, payment_id FROM posting_match WHERE payment_id IS NOT NULL) m ON m.posting_id = p.posting_id AND m.part = p.n
    CROSS JOIN LATERAL (SELECT * FROM fact t WHERE t.month >= $3::date AND t.scope IN ('payment', 'order') AND t.payment_id = m.payment_id AND t.kind = 'came_back'
        AND t.posting_id = p.posting_id AND t.posting_part = p.n AND t.at >= $1 AND t.at < $2 AND t.interchange_id IS NOT NULL OFFSET 0) f
    WHERE p.charge_ore <> 0 GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    -- What rates made of it, of orders abroad.
    SELECT f.kind, f.was, f.interchange_id, f.message_no, f.lin, 0, 0, 0, 0, sum(m.exchange_ore)
    FROM posting_match m
    CROSS JOIN LATERAL (SELECT * FROM fact t WHERE t.month >= $3::date AND t.scope IN ('payment', 'order') AND t.payment_id = m.payment_id AND t.kind = 'came_back'
        AND t.posting_id = m.posting_id AND t.posting_part = m.part AND t.at >= $1 AND t.at < $2 AND t.interchange_id IS NOT NULL OFFSET 0) f
    WHERE m.payment_id IS NOT NULL AND m.exchange_ore <> 0 GROUP BY 1, 2, 3, 4, 5),
moved AS (
    SELECT 'received' AS event, 'unread' AS was, 0 AS type, d.authority, g.agreement, '' AS bank, g.payments::bigint AS payments, g.ore AS stood, g.ore AS moved,
        0::bigint AS kept, 0::bigint AS exchange
    FROM delivery d JOIN release_group g ON g.delivery_id = d.id
    WHERE d.id >= $4 AND d.state IN ('read', 'checked') AND d.read_at >= $1 AND d.read_at < $2
    UNION ALL
    SELECT 'ordered', 'waiting', l.type, a.authority, a.agreement, i.bank, l.payments, l.ore, l.ore, 0, 0
    FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id
    WHERE i.kind = 'PAYMUL' AND i.month >= $3::date AND i.prepared_at >= $1 AND i.prepared_at < $2 AND l.attempt = 1
    UNION ALL
    -- Ordered anew, for what ended the order before: where its money is says which.
    SELECT 'ordered', CASE CASE WHEN v.line IS NULL THEN coalesce(f.kind, 'void') ELSE 'void' END WHEN 'void' THEN 'void' WHEN 'bank_rejected' THEN 'bank_rejected'
            WHEN 'awaits_account' THEN position_of(f.kind, 'released', NULL, NULL, NULL) ELSE 'came_back' END, 0, a.authority, a.agreement,
        '', 1, w.ore, w.ore, 0, 0
    FROM obligation w JOIN agreement a ON a.id = w.agreement_id
    LEFT JOIN LATERAL (SELECT t.kind FROM fact t WHERE w.cause_interchange IS NULL AND t.scope = 'payment' AND t.payment_id = w.payment_id AND t.n = w.cause_n
            AND t.month >= w.payment_month
        UNION ALL SELECT t.kind FROM fact t WHERE t.scope = 'line' AND t.interchange_id = w.cause_interchange AND t.message_no = w.cause_message
            AND t.lin = w.cause_lin AND t.n = w.cause_n AND t.month >= w.payment_month LIMIT 1) f ON true
    -- What a choice had ordered, and was void, waits.
    LEFT JOIN LATERAL (SELECT l.lin AS line FROM bank_order o JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
        WHERE w.cause IS NOT NULL AND o.month >= w.payment_month AND o.payment_id = w.payment_id AND o.attempt = w.attempt - 1 AND l.state = 'void' LIMIT 1) v ON true
    WHERE w.state = 'ordered' AND w.ended_at >= $1 AND w.ended_at < $2
    UNION ALL
    SELECT f.kind::text, f.was, l.type, a.authority, a.agreement, i.bank, f.payments, f.stood, f.moved, f.kept, f.exchange
    FROM ordered f JOIN interchange i ON i.id = f.interchange_id JOIN agreement a ON a.id = i.agreement_id
    JOIN order_line l ON l.interchange_id = f.interchange_id AND l.message_no = f.message_no AND l.lin = f.lin
    UNION ALL
    SELECT f.kind::text, f.was, 0, p.authority, g.agreement, coalesce(g.bank_centre, ''), f.stood_payments, f.stood_ore, f.ore, 0, 0
    FROM fact f JOIN payment p ON p.month = month_of(delivery_of(f.payment_id)) AND p.id = f.payment_id JOIN release_group g ON g.id = p.group_id
    WHERE f.month >= $3::date AND f.at >= $1 AND f.at < $2 AND f.scope = 'payment' AND f.interchange_id IS NULL)
SELECT authority, agreement, bank, event, coalesce(was, ''), type, sum(payments)::bigint, coalesce(sum(stood), 0)::bigint, coalesce(sum(moved), 0)::bigint, sum(kept)::bigint, sum(exchange)::bigint
FROM moved GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 4, 5, 6, 3
