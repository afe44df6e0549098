-- Lets the payments of the temporary table stopping go whose outcome is that. What was stopped after its order was void is to be
-- ordered anew. since, until, first and after bound the months that are looked at when the statements are planned.

-- step: lock their lines
SELECT FROM order_line l WHERE (l.interchange_id, l.message_no, l.lin) IN (SELECT interchange_id, message_no, lin FROM stopping WHERE outcome = 'goes' AND attempt > 0)
ORDER BY l.interchange_id, l.message_no, l.lin FOR UPDATE

-- step: what does not count in a later attempt
UPDATE order_line l SET later_payments = l.later_payments - o.payments, later_ore = l.later_ore - o.ore
FROM (SELECT interchange_id, message_no, lin, count(*) AS payments, sum(ore) AS ore FROM stopping WHERE outcome = 'goes' AND attempt > 0 GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin

-- step: answers that are not given yet
WITH gone AS (
    DELETE FROM answer_due a USING stopping t
    WHERE t.outcome = 'goes' AND a.kind = @response5 AND a.delivery_id = delivery_of(t.payment_id) AND a.payment_id = t.payment_id
      AND a.delivery_id >= @first::bigint AND a.delivery_id < @after::bigint AND a.answer_id IS NULL
    RETURNING a.delivery_id, a.kind)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, -count(*), @now::timestamptz, @now::timestamptz FROM gone GROUP BY 1, 2

-- step: on record
INSERT INTO stop_outcome (decision_id, month, payment_id, ore, outcome, position, handed_over_at)
SELECT @decision::bigint, month, payment_id, ore, outcome, position, handed_over_at FROM stopping WHERE @decision::bigint IS NOT NULL ORDER BY payment_id

-- step: facts
INSERT INTO new_fact (month, payment_id, attempt, kind, text, interchange_id, message_no, lin, decision_id, was)
SELECT month, payment_id, greatest(attempt - 1, 0), 'stop_undone', @why::text, interchange_id, message_no, lin, @decision::bigint, 'stopped'
FROM stopping WHERE outcome = 'goes' ORDER BY payment_id

-- step: accounts that were waited for
-- What arrived meanwhile, or came too late, is found when it is ordered.
UPDATE obligation w SET state = 'open', ended_at = NULL, register_counter = NULL FROM stopping t
WHERE t.outcome = 'goes' AND t.awaited AND w.payment_id = t.payment_id AND w.cause = 'no_account' AND w.state = 'given_up'

-- step: obligations
UPDATE obligation w SET state = 'open', ended_at = NULL, register_counter = NULL FROM stopping t
WHERE t.outcome = 'goes' AND t.attempt > 0 AND w.payment_id = t.payment_id AND w.attempt = t.attempt AND w.state = 'given_up'
