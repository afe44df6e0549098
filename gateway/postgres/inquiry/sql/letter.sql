-- The last order of an inquiry's payment ($1), as its bank is asked about it.
SELECT q.id AS inquiry, i.bank, f.head || p.e2e AS reference, lpad(i.control_ref::text, 14, '0') AS control, m.ref AS message, o.lin, o.seq, o.ore, i.executes_on, i.sent_at
FROM inquiry q JOIN delivery d ON d.id = delivery_of(q.payment_id) JOIN payment p ON p.month = q.month AND p.id = q.payment_id JOIN release_group g ON g.id = p.group_id
LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
JOIN bank_reference f ON f.delivery_id = d.id AND f.attempt = o.attempt
JOIN message m ON m.interchange_id = o.interchange_id AND m.no = o.message_no
JOIN interchange i ON i.id = o.interchange_id AND i.sent_at IS NOT NULL
WHERE q.id = $1
