-- Asks for the orders of payments of the temporary table stopping back. since and until bound the months that are looked at when the
-- statement is planned.
INSERT INTO recall (decision_id, finding_id, month, payment_id, attempt, bank, interchange_id, message_no, lin, reference, ore, position, asked_at)
SELECT @decision::bigint, f.id, t.month, t.payment_id, t.attempt, t.bank, t.interchange_id, t.message_no, t.lin, b.head || p.e2e, o.ore, t.position, @now
FROM stopping t JOIN payment p ON p.month = t.month AND p.id = t.payment_id AND p.month BETWEEN @since::date AND @until::date
JOIN bank_order o ON o.month = t.order_month AND o.month BETWEEN @since::date AND @until::date AND o.payment_id = t.payment_id AND o.attempt = t.attempt
JOIN bank_reference b ON b.delivery_id = delivery_of(t.payment_id) AND b.attempt = t.attempt
LEFT JOIN effect_finding f ON f.id = ANY (@findings::bigint[]) AND f.payment_id = t.payment_id
WHERE t.payment_id = ANY (@ask::bigint[])
ORDER BY t.payment_id
