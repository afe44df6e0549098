-- Has the payments of the temporary table overtaken stand by their earlier orders again where the later ones are void, as they stood before
-- these were made: rejected by the bank. since bounds the months that are looked at when the statements are planned.

-- step: what was to be ordered anew
UPDATE obligation w SET state = 'given_up', ended_at = @now::timestamptz, register_counter = c.counter FROM overtaken t, register_counter c
WHERE t.reopened AND w.payment_id = t.payment_id AND w.attempt = t.later + 1 AND w.state = 'open'

-- step: what does not count in a later attempt
UPDATE order_line l SET later_payments = l.later_payments - o.payments, later_ore = l.later_ore - o.ore
FROM (SELECT interchange_id, message_no, lin, count(*) AS payments, sum(ore) AS ore FROM overtaken WHERE reopened GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin

-- step: what does not count in a void one
UPDATE order_line l SET later_payments = l.later_payments + o.payments, later_ore = l.later_ore + o.ore
FROM (SELECT later_id, later_message, later_lin, count(*) AS payments, sum(ore) AS ore FROM overtaken WHERE reopened GROUP BY 1, 2, 3) o
WHERE l.interchange_id = o.later_id AND l.message_no = o.later_message AND l.lin = o.later_lin

-- step: tally of what was known of them later
INSERT INTO fact_tally (interchange_id, message_no, lin, kind, payments, ore)
SELECT t.later_id, t.later_message, t.later_lin, s.kind, -count(*), -sum(t.ore)
FROM overtaken t CROSS JOIN LATERAL (SELECT q.kind FROM standing q WHERE q.month = t.month AND q.month BETWEEN @since::date AND @recorded::date
    AND q.payment_id = t.payment_id AND q.attempt = t.later AND q.kind IS NOT NULL LIMIT 1) s
WHERE t.reopened GROUP BY 1, 2, 3, 4

-- step: where they stand
UPDATE standing s SET kind = 'bank_rejected', attempt = t.attempt, order_month = t.order_month, code = t.code, text = t.text, at = @now::timestamptz
FROM overtaken t WHERE t.reopened AND s.month = t.month AND s.payment_id = t.payment_id AND s.attempt = t.later

-- step: tally
INSERT INTO fact_tally (interchange_id, message_no, lin, kind, payments, ore)
SELECT interchange_id, message_no, lin, 'bank_rejected', count(*), sum(ore) FROM overtaken WHERE reopened GROUP BY 1, 2, 3

-- step: those of whole lines are heard of by themselves
INSERT INTO word (n, month, payment_id, attempt, interchange_id, message_no, lin, code, text)
SELECT 0, month, payment_id, attempt, interchange_id, message_no, lin, code, text FROM overtaken WHERE reopened AND whole
