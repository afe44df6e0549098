-- Payments that were ordered anew because the bank rejected their order, and stopped before that left, where news contradict the reject:
-- month, payment_id, ore. The news stand in the temporary table word. since bounds the months that are looked at when the statement is
-- planned.
WITH heard AS (
    SELECT w.month, w.payment_id, w.attempt FROM word w JOIN order_line l USING (interchange_id, message_no, lin) WHERE w.payment_id IS NOT NULL AND l.later_payments > 0
    UNION
    SELECT month_of(delivery_of(o.payment_id)), o.payment_id, o.attempt
    FROM word w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
    CROSS JOIN LATERAL (SELECT b.payment_id, b.attempt FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date
        AND b.interchange_id = w.interchange_id AND b.message_no = w.message_no AND b.lin = w.lin OFFSET 0) o
    WHERE w.payment_id IS NULL AND l.later_payments > 0)
SELECT DISTINCT h.month, h.payment_id, p.ore
FROM heard h
CROSS JOIN LATERAL (SELECT t.kind, t.attempt FROM standing t WHERE t.month = h.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = h.payment_id LIMIT 1) s
CROSS JOIN LATERAL (SELECT q.ore FROM payment q WHERE q.month = h.month AND q.month BETWEEN @since::date AND @recorded::date AND q.id = h.payment_id LIMIT 1) p
JOIN obligation w ON w.payment_id = h.payment_id AND w.attempt = h.attempt + 1 AND w.cause = 'bank_rejected'
WHERE s.kind = 'stopped' AND s.attempt > h.attempt
