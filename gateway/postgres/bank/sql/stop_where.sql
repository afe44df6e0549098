-- Where the payments of the temporary table stopping stand. since and until bound the months that are looked at when the statement
-- is planned.
UPDATE stopping t SET group_id = q.group_id, group_state = q.group_state, position = q.position, kind = q.kind, attempt = q.attempt, order_month = q.order_month,
    bank = q.bank, interchange_id = q.interchange_id, message_no = q.message_no, lin = q.lin, handed_over_at = q.handed_over_at, may_stop = q.may_stop
FROM (SELECT p.id, p.group_id, g.state AS group_state, -- Money that came back is there, whatever is ordered of it: only persons who void that order keep it.
        CASE WHEN o.attempt > 1 AND position_of(s.kind, g.state, o.type, l.state, i.state) IN ('frozen', 'void')
            AND EXISTS (SELECT FROM obligation k WHERE k.payment_id = p.id AND k.attempt = o.attempt AND k.cause = 'came_back')
            THEN 'came_back' ELSE position_of(s.kind, g.state, o.type, l.state, i.state) END AS position, s.kind,
        coalesce(o.attempt, s.attempt, 0) AS attempt, o.month AS order_month, i.bank, o.interchange_id, o.message_no, o.lin,
        coalesce(i.sent_at, i.may_be_out_since) AS handed_over_at,
        coalesce(i.state IN ('frozen', 'rendered', 'sending') AND i.may_be_out_since IS NULL, false) AS may_stop
    FROM stopping w JOIN payment p ON p.month = w.month AND p.id = w.payment_id AND p.month BETWEEN @since::date AND @until::date
    JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id AND s.month BETWEEN @since::date AND @until::date
    LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.month BETWEEN @since::date AND @until::date AND o.payment_id = p.id
        AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
    LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
    LEFT JOIN interchange i ON i.id = o.interchange_id) q
WHERE q.id = t.payment_id
