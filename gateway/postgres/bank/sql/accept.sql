-- Moves lines on to accepted and owes response 8 for them: once per line and delivery, for what is not rejected; and by itself for
-- what was told of by itself before.
-- A query of lines (interchange_id, message_no, lin) is put where lines are named.
WITH accepted AS (
    UPDATE order_line l SET state = 'accepted', changed_at = @now::timestamptz
    FROM (/*lines*/) a JOIN interchange i ON i.id = a.interchange_id
    WHERE l.interchange_id = a.interchange_id AND l.message_no = a.message_no AND l.lin = a.lin
      AND (SELECT f.effect FROM may_follow f WHERE f.news = 'accepted' AND f.scope = 'bulk'
        AND f.position = position_of(NULL, 'released', l.type, l.state, i.state)) = 'takes'
    RETURNING l.interchange_id, l.message_no, l.lin, l.facts, i.month),
owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, interchange_id, message_no, lin, turn, payments, status, text, caused_at)
    SELECT @response, d.id, d.month, coalesce(p.payment_id, 0), coalesce(p.attempt, 0), CASE WHEN p.turn IS NULL THEN o.interchange_id ELSE 0 END,
        CASE WHEN p.turn IS NULL THEN o.message_no ELSE 0 END, CASE WHEN p.turn IS NULL THEN o.lin ELSE 0 END, coalesce(p.turn + 1, 0), count(*), @status,
        CASE WHEN p.turn IS NOT NULL THEN @corrected END, @now::timestamptz
    FROM accepted a CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = a.month AND b.month BETWEEN @earliest::date AND @latest::date AND b.interchange_id = a.interchange_id
        AND b.message_no = a.message_no AND b.lin = a.lin OFFSET 0) o
    CROSS JOIN LATERAL (SELECT delivery_of(o.payment_id) AS id, month_of(delivery_of(o.payment_id)) AS month) d
    LEFT JOIN LATERAL (SELECT CASE WHEN s.attempt = o.attempt THEN s.kind END AS kind, s.attempt > o.attempt AS later FROM standing s WHERE s.month = d.month
        AND s.month BETWEEN @earliest::date AND @latest::date AND s.payment_id = o.payment_id LIMIT 1) e ON true
    LEFT JOIN LATERAL (SELECT n.kind, n.turn, n.payment_id, n.attempt FROM answer_due n WHERE (a.facts > 0 OR e.kind IS NOT NULL) AND n.kind IN (@response, @response9)
        AND n.delivery_id = d.id AND n.delivery_id >= @first::bigint AND n.delivery_id < @after::bigint AND n.payment_id = o.payment_id AND n.attempt = o.attempt
        ORDER BY n.turn DESC LIMIT 1) p ON true
    WHERE e.later IS NOT TRUE AND e.kind IS DISTINCT FROM 'bank_rejected' AND (p.kind IS NULL
        -- Of what is disputed nothing is told, and what came back was told in its turn.
        OR p.kind = @response9 AND coalesce(e.kind, 'executed') IN ('executed', 'dispute_settled'))
    GROUP BY d.id, d.month, o.interchange_id, o.message_no, o.lin, p.payment_id, p.attempt, p.turn
    ON CONFLICT DO NOTHING RETURNING delivery_id, kind, payments, caused_at),
counted AS (
    INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
    SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2)
SELECT count(*) FROM accepted
