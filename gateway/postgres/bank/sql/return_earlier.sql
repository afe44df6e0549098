-- What came back of orders that are not the last of their payments, as it stands in the temporary table part_match: it lies on the return
-- account, and stays with its sender. Where the payments stand is their last orders', and does not change.

-- step: facts of earlier orders
INSERT INTO fact (month, scope, n, kind, attempt, payment_id, interchange_id, message_no, lin, payments, ore, code, text, at, document_id, decision_id, posting_id, posting_part,
    was, stood_payments, stood_ore)
SELECT @recorded::date, 'order', coalesce(b.n, 0) + 2 * row_number() OVER (PARTITION BY m.payment_id, m.attempt, k.n ORDER BY m.k) - 2 + k.n, k.kind, m.attempt, m.payment_id,
    m.interchange_id, m.message_no, m.lin, 1, m.ore, m.code, m.text, @now::timestamptz, @document::bigint, @decision::bigint, m.posting_id, m.part, 'settled', 1, o.ore
FROM part_match m CROSS JOIN (VALUES (1, fact_kind 'came_back'), (2, 'settled_to_sender')) k (n, kind)
JOIN interchange i ON i.id = m.interchange_id
CROSS JOIN LATERAL (SELECT t.ore FROM bank_order t WHERE t.month = i.month AND t.payment_id = m.payment_id AND t.attempt = m.attempt LIMIT 1) o
LEFT JOIN LATERAL (SELECT max(t.n) AS n FROM fact t WHERE t.scope = 'order' AND t.payment_id = m.payment_id AND t.attempt = m.attempt) b ON true
WHERE m.earlier AND m.trouble IS NULL

-- step: which order each part is about
INSERT INTO posting_match (posting_id, part, n, payment_id, attempt, interchange_id, message_no, lin, ore, charge_ore, exchange_ore, rule, decision_id, at)
SELECT m.posting_id, m.part, coalesce(b.n, 0) + 1, m.payment_id, m.attempt, m.interchange_id, m.message_no, m.lin, m.ore, m.charge_ore, m.exchange_ore, @rule, CASE WHEN @rule = 'persons' THEN @proof::bigint END, @now::timestamptz
FROM part_match m LEFT JOIN LATERAL (SELECT max(y.n) AS n FROM posting_match y WHERE y.posting_id = m.posting_id AND y.part = m.part) b ON true
WHERE m.earlier AND m.trouble IS NULL

-- step: responses 9
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, turn, status, code, text, caused_at)
    SELECT @response9, d.id, d.month, m.payment_id, m.attempt,
        coalesce((SELECT max(a.turn) + 1 FROM answer_due a WHERE a.delivery_id = d.id AND a.kind IN (@response8, @response9) AND a.payment_id = m.payment_id
            AND a.attempt = m.attempt), 0) + row_number() OVER (PARTITION BY m.payment_id, m.attempt ORDER BY m.k) - 1,
        @rejected, @rejectcode, t.text, @now::timestamptz
    FROM part_match m JOIN unnest(@parts::int[], @texts::text[]) t (k, text) USING (k) JOIN delivery d ON d.id = delivery_of(m.payment_id)
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2
