-- step: payments told, of corrections
INSERT INTO responding SELECT payment_id, attempt, status, code, text FROM closing WHERE payment_id <> 0

-- step: payments told, of lines
INSERT INTO responding
SELECT o.payment_id, o.attempt, c.status, c.code, c.text
FROM closing c JOIN interchange i ON i.id = c.interchange_id
CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @month AND @until::date AND b.interchange_id = c.interchange_id
    AND b.message_no = c.message_no AND b.lin = c.lin AND b.payment_id BETWEEN @first AND @last OFFSET 0) o
JOIN order_line l ON l.interchange_id = c.interchange_id AND l.message_no = c.message_no AND l.lin = c.lin
LEFT JOIN standing e ON e.month = @month AND e.payment_id = o.payment_id AND e.attempt = o.attempt
-- What has come back since was paid, and is told of as the others of its line; that it came back is told of by response 9.
LEFT JOIN LATERAL (SELECT true AS is FROM fact f WHERE (e.kind IS NOT NULL OR l.later_payments > 0) AND f.month BETWEEN @month AND @until::date AND f.payment_id = o.payment_id
    AND f.attempt = o.attempt AND f.scope = 'payment' AND f.kind = 'came_back' LIMIT 1) back ON true
WHERE (position_of(e.kind, 'released', o.type, l.state, i.state) IN ('with_bank', 'accepted', 'assumed', 'executed')
    OR back.is AND position_of(e.kind, 'released', o.type, l.state, i.state) IN ('came_back', 'settled'))
  -- What was rejected, and ordered anew by choice since, is told of by response 9 alone.
  AND NOT (l.later_payments > 0 AND e.kind IS NULL AND EXISTS (SELECT FROM obligation w WHERE w.payment_id = o.payment_id AND w.attempt = o.attempt + 1 AND w.cause = 'bank_rejected'))
  -- What is told of by itself, now or before, is not told of with its line.
  AND NOT ((l.facts > 0 OR l.later_payments > 0 OR e.kind IS NOT NULL) AND EXISTS (SELECT FROM answer_due a WHERE a.delivery_id = @delivery AND (a.kind = @kind OR a.kind = @rejects AND back.is IS NOT TRUE) AND a.payment_id = o.payment_id AND a.attempt = o.attempt))
