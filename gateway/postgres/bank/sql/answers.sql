-- What follows from news is answered: response 8 or 9, where an authority was last told something else, or nothing. What moved
-- stands in the temporary table judged. since, first and after bound the months that are looked at when the statements are
-- planned.

-- step: orders that moved
-- Only where something must be told, or may have been told before.
INSERT INTO moved
SELECT delivery_of(payment_id), month, payment_id, attempt, interchange_id, message_no, lin, true, true, coalesce(again, true), effect, answer, text
FROM judged WHERE payment_id IS NOT NULL AND effect IN ('takes', 'disputes') AND (answer <> 0 OR @settled::boolean OR coalesce(again, true))
UNION ALL
SELECT d.id, d.month, o.payment_id, o.attempt, j.interchange_id, j.message_no, j.lin, false, l.facts > 1, l.facts > 1, j.effect, j.answer, j.text
FROM judged j JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = j.interchange_id
CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date AND b.interchange_id = j.interchange_id
    AND b.message_no = j.message_no AND b.lin = j.lin OFFSET 0) o
CROSS JOIN LATERAL (SELECT delivery_of(o.payment_id) AS id, month_of(delivery_of(o.payment_id)) AS month) d
WHERE j.payment_id IS NULL AND (j.effect = 'takes' AND (j.answer <> 0 OR @settled::boolean) OR j.effect = 'disputes' AND l.facts > 1)
  AND NOT EXISTS (SELECT FROM standing e WHERE e.month = d.month AND e.month BETWEEN @since::date AND @recorded::date AND e.payment_id = o.payment_id
    AND (e.attempt = o.attempt AND e.kind IS NOT NULL OR e.attempt > o.attempt))

-- step: answers that are overtaken before they are given
-- What moves on and owes no answer overtakes none: that it was paid is as true of money that has come back.
WITH overtaken AS (
    DELETE FROM answer_due a USING moved m
    WHERE m.again_alone AND (m.effect = 'disputes' OR m.answer <> 0 OR @settled::boolean)
      AND a.kind IN (@response8, @response9) AND a.delivery_id = m.delivery_id AND a.payment_id = m.payment_id AND a.attempt = m.attempt
      AND a.delivery_id >= @first::bigint AND a.delivery_id < @after::bigint AND a.answer_id IS NULL
    RETURNING a.delivery_id, a.kind, a.payments)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, -sum(payments), @now::timestamptz, @now::timestamptz FROM overtaken GROUP BY 1, 2

-- step: what was told before
-- Who has been told of an order by itself is told so for ever. Where persons have found something executed, nobody knows whether
-- the line's response 8 spoke for the order as well.
INSERT INTO retold
WITH lines AS MATERIALIZED (
    SELECT l.*, o.state, w.kind, w.answer_id
    FROM (SELECT DISTINCT interchange_id, message_no, lin, delivery_id, again FROM moved WHERE effect = 'takes') l
    JOIN order_line o USING (interchange_id, message_no, lin)
    LEFT JOIN LATERAL (SELECT a.kind, a.answer_id FROM answer_due a WHERE l.again AND a.kind = @response8 AND a.delivery_id = l.delivery_id
        AND a.delivery_id >= @first::bigint AND a.delivery_id < @after::bigint AND a.payment_id = 0 AND a.attempt = 0
        AND a.interchange_id = l.interchange_id AND a.message_no = l.message_no AND a.lin = l.lin LIMIT 1) w ON true)
SELECT m.*, p.turn, l.kind IS NOT NULL, l.state IN ('accepted', 'assumed', 'executed'), coalesce(p.kind, CASE WHEN NOT @executed::boolean THEN l.kind END),
    @settled::boolean AND p.kind IS NULL AND EXISTS (SELECT FROM answer x JOIN fact f ON f.at < x.made_at WHERE x.id = l.answer_id
        AND f.month BETWEEN @since::date AND @recorded::date AND (m.alone AND f.scope = 'payment' AND f.payment_id = m.payment_id AND f.attempt = m.attempt
            OR f.scope = 'line' AND f.interchange_id = m.interchange_id AND f.message_no = m.message_no AND f.lin = m.lin))
FROM moved m JOIN lines l USING (interchange_id, message_no, lin, delivery_id, again)
LEFT JOIN LATERAL (SELECT a.kind, a.turn FROM answer_due a WHERE m.again_alone AND a.kind IN (@response8, @response9) AND a.delivery_id = m.delivery_id
    AND a.delivery_id >= @first::bigint AND a.delivery_id < @after::bigint AND a.payment_id = m.payment_id AND a.attempt = m.attempt ORDER BY a.turn DESC LIMIT 1) p ON true
WHERE m.effect = 'takes' AND (m.answer <> 0 OR @settled::boolean)

-- step: answers of orders
WITH wanted AS (
    SELECT r.*, CASE WHEN answer = @response9 THEN @response9
        WHEN answer = @response8 AND (alone OR by_line OR turn IS NOT NULL) THEN @response8
        -- Still with the bank: what was told of a reject is taken back, and what could not be told is; the rest was, or is told
        -- when the bank takes it over.
        WHEN @settled::boolean AND answer = 0 AND (by_line OR taken) AND (last = @response9 OR unheard) THEN @response8 END AS kind
    FROM retold r),
owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, turn, status, code, text, caused_at)
    SELECT kind, delivery_id, month, payment_id, attempt, coalesce(turn + 1, 0), CASE kind WHEN @response9 THEN @rejected ELSE @accepted END,
        CASE kind WHEN @response9 THEN @rejectcode END, CASE kind WHEN @response9 THEN text ELSE nullif(@corrected, '') END, @now::timestamptz
    FROM wanted WHERE kind IS NOT NULL AND (kind IS DISTINCT FROM last OR unheard)
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2

-- step: responses 8 of lines of which none was owed
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, interchange_id, message_no, lin, payments, status, text, caused_at)
    SELECT @response8, delivery_id, month, interchange_id, message_no, lin, count(*), @accepted, nullif(@corrected, ''), @now::timestamptz
    FROM retold WHERE answer = @response8 AND NOT alone AND NOT by_line AND turn IS NULL GROUP BY delivery_id, month, interchange_id, message_no, lin
    RETURNING delivery_id, kind, payments, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2
