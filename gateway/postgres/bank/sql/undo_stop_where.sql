-- The void orders of payments of the temporary table stopping that go: what was stopped there stands at the attempt that was to come, of which there
-- is no order. since and until bound the months that are looked at when the statement is planned.
UPDATE stopping t SET interchange_id = o.interchange_id, message_no = o.message_no, lin = o.lin
FROM standing s, release_group g, bank_order o
WHERE t.outcome = 'goes' AND t.attempt > 0 AND s.month = t.month AND s.payment_id = t.payment_id AND s.month BETWEEN @since::date AND @until::date AND g.id = t.group_id
    AND o.month = coalesce(s.order_month, g.order_month) AND o.month BETWEEN @since::date AND @until::date AND o.payment_id = t.payment_id AND o.attempt = t.attempt - 1
