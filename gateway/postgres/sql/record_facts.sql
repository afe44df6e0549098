-- Records the facts of the temporary table new_fact, one of a payment at most: in fact, in where the payment stands, and in
-- the tally of its group or line; what the bank rejected or sent back is due to be settled. since bounds the months that are looked at when
-- the statement is planned. Where the payment stood before is what the writer knows, or what follows from what is there now.
WITH news AS MATERIALIZED (
    SELECT f.month, f.payment_id, f.attempt, f.kind, f.code, f.text, f.interchange_id, f.message_no, f.lin, f.document_id, f.decision_id, f.moved_ore, f.posting_id,
        f.posting_part, p.ore, p.group_id, s.n AS before_n, s.kind AS before_kind, s.attempt AS before_attempt, s.order_month AS before_order_month,
        CASE WHEN f.attempt > 1 THEN (SELECT w.ore FROM obligation w WHERE w.payment_id = f.payment_id AND w.attempt = f.attempt) END AS order_ore,
        CASE WHEN f.was IS NOT NULL THEN f.was
            WHEN f.interchange_id IS NOT NULL THEN (SELECT position_of(CASE WHEN s.attempt = f.attempt THEN s.kind END, 'released', l.type, l.state, i.state)
                FROM order_line l JOIN interchange i ON i.id = l.interchange_id
                WHERE l.interchange_id = f.interchange_id AND l.message_no = f.message_no AND l.lin = f.lin)
            -- What was to come next.
            WHEN f.attempt > 0 THEN CASE WHEN s.kind = 'stopped' AND s.attempt = f.attempt OR s.kind = 'awaits_account'
                THEN position_of(s.kind, 'released', NULL, NULL, NULL) ELSE 'void' END
            ELSE position_of(s.kind, (CASE WHEN f.kind = 'rejected' THEN 'unchecked'::group_state
                WHEN s.kind = 'awaits_account' THEN group_state 'released' ELSE group_state 'waiting' END), NULL, NULL, NULL) END AS was
    FROM new_fact f
    -- By whole keys, whatever the planner knows of tables that have just grown.
    CROSS JOIN LATERAL (SELECT q.group_id, q.ore FROM payment q WHERE q.month = f.month AND q.month BETWEEN @since::date AND @recorded::date AND q.id = f.payment_id LIMIT 1) p
    LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = f.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = f.payment_id LIMIT 1) s ON true),
facts AS (
    INSERT INTO fact (month, scope, n, kind, attempt, payment_id, interchange_id, message_no, lin, payments, ore, code, text, at, document_id, decision_id, posting_id,
        posting_part, was, stood_payments, stood_ore)
    SELECT @recorded::date, 'payment', coalesce(before_n, 0) + 1, kind, attempt, payment_id, interchange_id, message_no, lin, 1, coalesce(moved_ore, ore), code, text,
        @now::timestamptz, document_id, decision_id, posting_id, posting_part, was, 1, coalesce(order_ore, ore)
    FROM news),
standings AS (
    INSERT INTO standing AS s (month, payment_id, n, kind, attempt, order_month, code, text, at)
    SELECT month, payment_id, coalesce(before_n, 0) + 1, kind, attempt, before_order_month, code, text, @now::timestamptz FROM news
    -- In another order two transactions could wait for each other.
    ORDER BY month, payment_id
    ON CONFLICT (month, payment_id) DO UPDATE SET n = excluded.n, kind = excluded.kind, attempt = excluded.attempt, code = excluded.code,
        text = excluded.text, at = excluded.at WHERE s.n = excluded.n - 1
    RETURNING 1),
settles AS (
    INSERT INTO settle_due (cause, bank, interchange_id, message_no, lin, payment_month, payment_id, fact_n, fact_month)
    SELECT n.kind::text, i.bank, n.interchange_id, n.message_no, n.lin, n.month, n.payment_id, coalesce(n.before_n, 0) + 1, @recorded::date
    FROM news n CROSS JOIN LATERAL (SELECT f.bank FROM interchange f WHERE f.id = n.interchange_id LIMIT 1) i WHERE n.kind IN ('bank_rejected', 'came_back')
    RETURNING 1),
tallies AS (
    INSERT INTO fact_tally (group_id, interchange_id, message_no, lin, kind, payments, ore)
    SELECT CASE WHEN interchange_id IS NULL THEN group_id END, interchange_id, message_no, lin, kind, count(*), sum(ore)
    FROM news GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT CASE WHEN o.interchange_id IS NULL THEN n.group_id END, o.interchange_id, o.message_no, o.lin, n.before_kind, -count(*), -sum(n.ore)
    FROM news n
    -- Where the order is of which this and what was known before are.
    CROSS JOIN LATERAL (SELECT n.before_attempt = n.attempt AND n.interchange_id IS NOT NULL AS same) e
    LEFT JOIN LATERAL (SELECT n.interchange_id, n.message_no, n.lin WHERE e.same
        UNION ALL (SELECT b.interchange_id, b.message_no, b.lin FROM release_group g JOIN bank_order b
            ON b.month = coalesce(n.before_order_month, g.order_month) AND b.month BETWEEN @since::date AND @recorded::date AND b.payment_id = n.payment_id AND b.attempt = n.before_attempt
            WHERE NOT e.same AND n.before_attempt > 0 AND g.id = n.group_id LIMIT 1)) o ON true
    WHERE n.before_kind IS NOT NULL GROUP BY 1, 2, 3, 4, 5)
SELECT (SELECT count(*) FROM new_fact), (SELECT count(*) FROM standings), (SELECT count(*) FROM settles)
