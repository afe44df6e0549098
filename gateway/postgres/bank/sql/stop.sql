-- Stops the payments of the temporary table stopping whose outcome is that, as facts say by now. since, until, first and after
-- bound the months that are looked at when the statements are planned.

-- step: what counts in a later attempt
UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
FROM (SELECT interchange_id, message_no, lin, count(*) AS payments, sum(ore) AS ore FROM stopping
    WHERE outcome = 'stopped' AND position = 'void' GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin

-- step: dues
WITH owed AS (
    INSERT INTO answer_due (kind, delivery_id, month, payment_id, attempt, turn, status, caused_at)
    SELECT @response5, delivery_of(t.payment_id), t.month, t.payment_id, CASE t.position WHEN 'void' THEN t.attempt + 1 ELSE 0 END, coalesce(a.turn + 1, 0),
        @rejected, @now::timestamptz
    FROM stopping t
    LEFT JOIN LATERAL (SELECT d.turn FROM answer_due d WHERE d.kind = @response5 AND d.delivery_id = delivery_of(t.payment_id) AND d.payment_id = t.payment_id
        AND d.delivery_id >= @first::bigint AND d.delivery_id < @after::bigint AND d.attempt = CASE t.position WHEN 'void' THEN t.attempt + 1 ELSE 0 END
        ORDER BY d.turn DESC LIMIT 1) a ON t.kind IS NOT NULL
    WHERE t.outcome = 'stopped' ORDER BY t.payment_id
    RETURNING delivery_id, kind, caused_at)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, count(*), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2

-- step: on record
INSERT INTO stop_outcome (decision_id, month, payment_id, ore, outcome, position, handed_over_at)
SELECT @decision::bigint, month, payment_id, ore, outcome, position, handed_over_at FROM stopping ORDER BY payment_id

-- step: obligations
UPDATE obligation w SET state = 'given_up', ended_at = @now::timestamptz, register_counter = c.counter FROM stopping t, register_counter c
WHERE t.outcome = 'stopped' AND t.position = 'void' AND w.payment_id = t.payment_id AND w.attempt = t.attempt + 1 AND w.state = 'open'
