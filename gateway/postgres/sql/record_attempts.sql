-- Records the later orders of the temporary table new_attempt, one of a payment: where the payment stands is from now on its
-- order, and what stood there before is taken out of the tally. since bounds the months that are looked at when the statement is
-- planned.
WITH news AS MATERIALIZED (
    SELECT a.*, p.ore, p.group_id, s.n AS before_n, s.kind AS before_kind, s.attempt AS before_attempt, s.order_month AS before_order_month
    FROM new_attempt a
    CROSS JOIN LATERAL (SELECT q.group_id, q.ore FROM payment q WHERE q.month = a.month AND q.month BETWEEN @since::date AND @recorded::date AND q.id = a.payment_id LIMIT 1) p
    LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = a.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = a.payment_id LIMIT 1) s ON true),
standings AS (
    INSERT INTO standing AS s (month, payment_id, n, attempt, order_month, at)
    SELECT month, payment_id, coalesce(before_n, 0), attempt, order_month, @now::timestamptz FROM news
    -- In another order two transactions could wait for each other.
    ORDER BY month, payment_id
    ON CONFLICT (month, payment_id) DO UPDATE SET kind = NULL, attempt = excluded.attempt, order_month = excluded.order_month, code = NULL,
        text = NULL, at = excluded.at WHERE s.n = excluded.n AND s.attempt < excluded.attempt
    RETURNING 1),
tallies AS (
    INSERT INTO fact_tally (group_id, interchange_id, message_no, lin, kind, payments, ore)
    SELECT CASE WHEN o.interchange_id IS NULL THEN n.group_id END, o.interchange_id, o.message_no, o.lin, n.before_kind, -count(*), -sum(n.ore)
    FROM news n
    LEFT JOIN LATERAL (SELECT b.interchange_id, b.message_no, b.lin FROM release_group g JOIN bank_order b
            ON b.month = coalesce(n.before_order_month, g.order_month) AND b.month BETWEEN @since::date AND @recorded::date AND b.payment_id = n.payment_id AND b.attempt = n.before_attempt
        WHERE n.before_attempt > 0 AND g.id = n.group_id LIMIT 1) o ON true
    WHERE n.before_kind IS NOT NULL GROUP BY 1, 2, 3, 4, 5)
SELECT (SELECT count(*) FROM new_attempt), (SELECT count(*) FROM standings)
