-- What follows from news of the bank, by the table of what may follow. The news stand in the temporary table word: of an
-- order where payment_id is given, else of a whole line; of several about the same the first counts. since bounds the months
-- that are looked at when the statements are planned.

-- step: judge orders
-- One that has come to a later order ended by what that was made for, and nothing moves it any more.
-- What may follow is looked up once for all that stand alike on a line.
INSERT INTO judged
WITH stands AS MATERIALIZED (
    SELECT w.*, coalesce(s.kind::text, '') AS kind, s.attempt IS NOT NULL AS stood, CASE WHEN s.attempt > w.attempt THEN coalesce((SELECT t.cause FROM obligation t
        WHERE t.payment_id = w.payment_id AND t.attempt = w.attempt + 1), 'void') ELSE '' END AS ended
    FROM word w
    LEFT JOIN LATERAL (SELECT CASE WHEN t.attempt = w.attempt THEN t.kind END AS kind, t.attempt FROM standing t WHERE t.month = w.month
        AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = w.payment_id LIMIT 1) s ON true
    WHERE w.payment_id IS NOT NULL),
follows AS MATERIALIZED (
    SELECT a.interchange_id, a.message_no, a.lin, a.kind, a.ended, l.facts > 0 AS moved_before, f.effect, f.answer, f.exception, f.certainty, f.position
    FROM (SELECT DISTINCT interchange_id, message_no, lin, kind, ended FROM stands) a
    JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = a.interchange_id
    JOIN may_follow f ON f.news = @news AND f.scope = 'order'
        AND f.position = CASE WHEN a.ended <> '' THEN a.ended ELSE position_of(nullif(a.kind, '')::fact_kind, 'released', l.type, l.state, i.state) END)
SELECT DISTINCT ON (w.payment_id, w.attempt) w.month, w.payment_id, w.attempt, w.interchange_id, w.message_no, w.lin, w.seq, w.code, w.text,
    CASE WHEN w.ended <> '' AND f.effect IN ('takes', 'disputes') THEN 'keeps' ELSE f.effect END, f.answer, f.exception, w.n, f.certainty, f.position, w.posting_id,
    w.posting_part, w.moved_ore, w.stood OR f.moved_before
FROM stands w JOIN follows f USING (interchange_id, message_no, lin, kind, ended)
ORDER BY w.payment_id, w.attempt, w.n

-- step: judge lines
-- One whose orders all have come to a later one, or stand by themselves, stays as it is.
INSERT INTO judged
-- Few of many: they are looked for once.
WITH heard AS MATERIALIZED (SELECT * FROM word WHERE payment_id IS NULL)
SELECT DISTINCT ON (w.interchange_id, w.message_no, w.lin) NULL, NULL, NULL, w.interchange_id, w.message_no, w.lin, NULL, w.code, w.text,
    CASE WHEN f.effect = 'disputes' AND l.later_payments > 0 AND l.payments - l.later_payments <= coalesce((SELECT sum(y.payments) FROM fact_tally y
        WHERE y.interchange_id = l.interchange_id AND y.message_no = l.message_no AND y.lin = l.lin), 0) THEN 'keeps' ELSE f.effect END, f.answer, f.exception, w.n, f.certainty, f.position
FROM heard w JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = w.interchange_id
JOIN may_follow f ON f.news = @news AND f.scope = 'bulk' AND f.position = position_of(NULL, 'released', l.type, l.state, i.state)
ORDER BY w.interchange_id, w.message_no, w.lin, w.n

-- step: judge orders of those lines that stand by themselves
INSERT INTO judged
SELECT d.month, o.payment_id, o.attempt, o.interchange_id, o.message_no, o.lin, o.seq, j.code, j.text, f.effect, f.answer, f.exception, 0, f.certainty, f.position
FROM judged j JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = j.interchange_id
CROSS JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @recorded::date AND b.interchange_id = j.interchange_id AND b.message_no = j.message_no
    AND b.lin = j.lin OFFSET 0) o
CROSS JOIN LATERAL (SELECT delivery_of(o.payment_id) AS id, month_of(delivery_of(o.payment_id)) AS month) d
CROSS JOIN LATERAL (SELECT t.kind FROM standing t WHERE t.month = d.month AND t.month BETWEEN @since::date AND @recorded::date AND t.payment_id = o.payment_id AND t.attempt = o.attempt AND t.kind IS NOT NULL
    AND (t.kind <> 'dispute_settled' OR NOT @followed::boolean) LIMIT 1) s
JOIN may_follow f ON f.news = @news AND f.scope = 'part' AND f.position = position_of(s.kind, 'released', l.type, l.state, i.state)
-- Most lines have none, and are not walked through.
WHERE j.payment_id IS NULL AND f.effect IN ('takes', 'disputes')
  AND EXISTS (SELECT FROM fact_tally y WHERE y.interchange_id = j.interchange_id AND y.message_no = j.message_no AND y.lin = j.lin)
  AND NOT EXISTS (SELECT FROM judged k WHERE k.payment_id = o.payment_id AND k.attempt = o.attempt)

-- step: facts of orders
INSERT INTO new_fact (month, payment_id, attempt, kind, code, text, interchange_id, message_no, lin, document_id, decision_id, was, posting_id, posting_part,
    moved_ore)
SELECT month, payment_id, attempt, CASE effect WHEN 'disputes' THEN 'disputed' ELSE @kind END::fact_kind, code, text, interchange_id, message_no, lin,
    @document::bigint, @decision::bigint, was, posting_id, posting_part, moved_ore
FROM judged WHERE payment_id IS NOT NULL AND effect IN ('takes', 'disputes') ORDER BY payment_id

-- step: facts of lines
-- What moves with a line is what does not stand by itself, from now on or before, and has come to no later attempt.
INSERT INTO fact (month, scope, n, kind, attempt, interchange_id, message_no, lin, payments, ore, code, text, at, document_id, decision_id, was, stood_payments, stood_ore)
SELECT @recorded::date, 'line', l.facts + 1, CASE j.effect WHEN 'disputes' THEN 'disputed' ELSE @kind END::fact_kind, l.attempt, l.interchange_id, l.message_no,
    l.lin, l.payments, l.ore, j.code, j.text, @now::timestamptz, @document::bigint, @decision::bigint, j.was,
    l.payments - l.later_payments - coalesce(t.payments, 0) - coalesce(k.payments, 0), l.ore - l.later_ore - coalesce(t.ore, 0) - coalesce(k.ore, 0)
FROM judged j JOIN order_line l USING (interchange_id, message_no, lin)
LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y WHERE y.interchange_id = j.interchange_id AND y.message_no = j.message_no
    AND y.lin = j.lin AND (y.kind <> 'dispute_settled' OR NOT @followed::boolean)) t ON true
LEFT JOIN LATERAL (SELECT count(*) AS payments, sum(o.ore) AS ore FROM judged b JOIN interchange i ON i.id = b.interchange_id
    JOIN bank_order o ON o.month = i.month AND o.month BETWEEN @since::date AND @recorded::date AND o.payment_id = b.payment_id AND o.attempt = b.attempt
    WHERE b.payment_id IS NOT NULL AND b.effect IN ('takes', 'disputes') AND b.interchange_id = j.interchange_id AND b.message_no = j.message_no AND b.lin = j.lin
      AND NOT EXISTS (SELECT FROM standing s WHERE s.month = b.month AND s.month BETWEEN @since::date AND @recorded::date AND s.payment_id = b.payment_id
        AND s.attempt = b.attempt AND s.kind IS NOT NULL)) k ON true
WHERE j.payment_id IS NULL AND j.effect IN ('takes', 'disputes')

-- step: lines
UPDATE order_line l SET state = CASE j.effect WHEN 'disputes' THEN 'disputed' ELSE @state END::order_state, code = j.code, text = j.text,
    changed_at = @now::timestamptz, facts = l.facts + 1
FROM judged j WHERE j.payment_id IS NULL AND j.effect IN ('takes', 'disputes')
  AND l.interchange_id = j.interchange_id AND l.message_no = j.message_no AND l.lin = j.lin

-- step: lines to be settled
INSERT INTO settle_due (cause, bank, interchange_id, message_no, lin, fact_n, fact_month)
SELECT 'bank_rejected', i.bank, l.interchange_id, l.message_no, l.lin, l.facts, @recorded::date
FROM judged j JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = l.interchange_id
WHERE j.payment_id IS NULL AND j.effect = 'takes' AND l.state = 'rejected'
