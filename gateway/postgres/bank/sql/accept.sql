-- Moves lines on to accepted and owes response 8 for them: once per line and delivery, for what is not rejected.
-- A query of lines (interchange_id, message_no, lin) is put where lines are named.
WITH accepted AS (
    UPDATE order_line l SET state = 'accepted', changed_at = @now::timestamptz
    FROM (/*lines*/) a JOIN interchange i ON i.id = a.interchange_id
    WHERE l.interchange_id = a.interchange_id AND l.message_no = a.message_no AND l.lin = a.lin
      AND (SELECT f.effect FROM may_follow f WHERE f.news = 'accepted' AND f.scope = 'bulk'
        AND f.position = position_of(NULL, 'released', l.type, l.state, i.state)) = 'takes'
    RETURNING l.interchange_id, l.message_no, l.lin, i.month),
owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, interchange_id, message_no, lin, payments, status, caused_at)
    SELECT @response, d.id, d.month, o.interchange_id, o.message_no, o.lin, count(*), @status, @now::timestamptz
    FROM accepted a CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = a.month AND b.month BETWEEN @earliest::date AND @latest::date AND b.interchange_id = a.interchange_id
        AND b.message_no = a.message_no AND b.lin = a.lin OFFSET 0) o
    JOIN delivery d ON d.id = delivery_of(o.payment_id)
    WHERE NOT EXISTS (SELECT 1 FROM standing e WHERE e.month = d.month AND e.month BETWEEN @earliest::date AND @latest::date AND e.payment_id = o.payment_id
        AND e.attempt = o.attempt AND e.kind = 'bank_rejected')
    GROUP BY d.id, d.month, o.interchange_id, o.message_no, o.lin
    ON CONFLICT DO NOTHING RETURNING delivery_id, kind, payments, caused_at),
counted AS (
    INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
    SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2)
SELECT count(*) FROM accepted
