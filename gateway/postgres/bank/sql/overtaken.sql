-- What news contradict of orders whose payments have come to a later order since: the bank rejected them, and that one was made for it.
-- The news stand in the temporary table word. since bounds the months that are looked at when the statements are planned.

-- step: table of what is overtaken
CREATE TEMP TABLE IF NOT EXISTS overtaken (
    month          date,        -- of the payment
    payment_id     bigint,
    attempt        smallint,    -- that the news contradict
    interchange_id bigint,
    message_no     int,
    lin            int,
    order_month    date,
    code           text,
    text           text,
    whole          boolean,     -- the news are of its line
    ore            bigint,
    later          smallint,    -- attempt that it stands by
    later_id       bigint,      -- its interchange
    later_message  int,
    later_lin      int,
    reopened       boolean NOT NULL DEFAULT false
) ON COMMIT DROP

-- step: nothing in it
TRUNCATE overtaken

-- step: orders that are overtaken
WITH heard AS (
    SELECT w.month, w.payment_id, w.attempt, w.interchange_id, w.message_no, w.lin, w.code, w.text, false AS whole
    FROM word w JOIN order_line l USING (interchange_id, message_no, lin) WHERE w.payment_id IS NOT NULL AND l.later_payments > 0
    UNION ALL
    SELECT month_of(delivery_of(o.payment_id)), o.payment_id, o.attempt, w.interchange_id, w.message_no, w.lin, w.code, w.text, true
    FROM word w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
    CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date AND b.interchange_id = w.interchange_id
        AND b.message_no = w.message_no AND b.lin = w.lin OFFSET 0) o
    WHERE w.payment_id IS NULL AND l.later_payments > 0)
INSERT INTO overtaken (month, payment_id, attempt, interchange_id, message_no, lin, order_month, code, text, whole, ore, later, later_id, later_message, later_lin)
SELECT DISTINCT ON (h.payment_id, h.attempt) h.month, h.payment_id, h.attempt, h.interchange_id, h.message_no, h.lin, i.month, h.code, h.text, h.whole, p.ore,
    s.attempt, o.interchange_id, o.message_no, o.lin
FROM heard h JOIN interchange i ON i.id = h.interchange_id
CROSS JOIN LATERAL (SELECT t.attempt, t.order_month FROM standing t WHERE t.month = h.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = h.payment_id LIMIT 1) s
CROSS JOIN LATERAL (SELECT w.cause, w.cause_interchange FROM obligation w WHERE w.payment_id = h.payment_id AND w.attempt = h.attempt + 1 LIMIT 1) w
CROSS JOIN LATERAL (SELECT q.ore FROM payment q WHERE q.month = h.month AND q.month BETWEEN @since::date AND @recorded::date AND q.id = h.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT b.interchange_id, b.message_no, b.lin FROM bank_order b WHERE b.month = s.order_month AND b.month BETWEEN @since::date AND @recorded::date
    AND b.payment_id = h.payment_id AND b.attempt = s.attempt LIMIT 1) o
JOIN may_follow f ON f.news = @news AND f.position = w.cause AND f.effect = 'disputes'
    -- One that was rejected by itself has no part in what is said of its line.
    AND f.scope = CASE WHEN NOT h.whole THEN 'order' WHEN w.cause_interchange IS NULL THEN 'part' ELSE 'bulk' END
WHERE s.attempt > h.attempt AND w.cause = 'bank_rejected'
ORDER BY h.payment_id, h.attempt, h.whole
