-- The waiting payments that may pay once more what is disputed now and was answered as refused: of the same payer to the same
-- recipient, for the same benefit and amount, delivered since. Of one delivery, or of any where @delivery is 0.
WITH places AS (
    SELECT interchange_id, message_no, lin, true AS whole FROM order_line WHERE state = 'disputed'
    UNION ALL
    SELECT interchange_id, message_no, lin, false FROM fact_tally WHERE kind = 'disputed' AND interchange_id IS NOT NULL GROUP BY 1, 2, 3 HAVING sum(payments) > 0),
disputed AS (
    SELECT DISTINCT o.payment_id, o.attempt, d.month FROM places l JOIN interchange i ON i.id = l.interchange_id
    CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.interchange_id = l.interchange_id AND b.message_no = l.message_no
        AND b.lin = l.lin AND b.payer_id = ANY (@payers::int[]) OFFSET 0) o
    JOIN delivery d ON d.id = delivery_of(o.payment_id)
    LEFT JOIN standing s ON s.month = d.month AND s.payment_id = o.payment_id AND s.attempt = o.attempt
    WHERE s.kind = 'disputed' OR l.whole AND s.kind IS NULL),
answered AS (
    SELECT q.payment_id, d.payer_id, p.holder, p.holder_kind, p.account, p.benefit_type, min(a.caused_at) AS at,
        -- What is left of it, and as it was received: something may have been set off.
        p.ore AS left_ore, p.ore + coalesce((SELECT sum(f.ore) FROM set_off f WHERE f.payment_id = p.id AND f.part_id <> p.id), 0) AS ore
    FROM disputed q JOIN answer_due a ON a.kind = @response9 AND a.delivery_id = delivery_of(q.payment_id) AND a.payment_id = q.payment_id
    JOIN delivery d ON d.id = delivery_of(q.payment_id) JOIN payment p ON p.month = q.month AND p.id = q.payment_id
    GROUP BY 1, 2, 3, 4, 5, 6, p.id, p.ore)
SELECT p.id, min(w.payment_id) AS once FROM answered w
JOIN delivery d ON d.payer_id = w.payer_id AND d.received_at >= w.at AND (@delivery::bigint = 0 OR d.id = @delivery)
JOIN release_group g ON g.delivery_id = d.id AND g.state = 'waiting'
JOIN payment p ON p.month = g.month AND p.group_id = g.id AND p.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
    AND (p.holder, p.holder_kind, p.account) IS NOT DISTINCT FROM (w.holder, w.holder_kind, w.account)
    AND p.ore IN (w.ore, w.left_ore) AND p.benefit_type = w.benefit_type
LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
-- What is rejected or held already stays so, and what persons have freed they have freed.
WHERE s.kind IS NULL
GROUP BY 1 ORDER BY 1 LIMIT @most
