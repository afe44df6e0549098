-- What each part of a posting is about, by the reference of ours that it names, and whether money is booked by that. since and until bound
-- the months that are looked at when the statements are planned, since_id the postings.

-- step: parts and what they are about
INSERT INTO part_match (k, n, posting_id, part, ore, charge_ore, code, text, month, payment_id, attempt, interchange_id, message_no, lin, seq, trouble, round, earlier, order_ore, abroad)
SELECT k, n, posting_id, part, ore, charge_ore, code, text, month, payment_id, attempt, interchange_id, message_no, lin, seq,
    CASE WHEN why IS NOT NULL THEN why
        WHEN ordered_ore <> order_ore OR NOT abroad AND before_ore + sum(ore + charge_ore) OVER (PARTITION BY payment_id, attempt ORDER BY k) > order_ore THEN 'another amount'
        WHEN effect = 'disputes' AND NOT earlier THEN 'unpaid'
        WHEN effect <> 'takes' AND NOT earlier THEN 'disputed'
        WHEN row_number() OVER (PARTITION BY payment_id ORDER BY k) > @rounds::int THEN 'too many' END,
    row_number() OVER (PARTITION BY payment_id ORDER BY k), earlier, order_ore, abroad
FROM (SELECT a.k, a.n, a.posting_id, a.part, a.ore, a.charge_ore, a.ordered_ore, a.code, a.text, r.month, r.payment_id, r.attempt, r.interchange_id, r.message_no, r.lin, r.seq,
        r.ore AS order_ore, l.type = 3 AND l.transfer_currency IS NOT NULL AS abroad, f.effect, coalesce(m.ore, 0) AS before_ore,
        CASE WHEN g.n IS NOT NULL THEN 'dropped' WHEN a.reference IS NULL THEN 'nothing named' WHEN r.n IS NULL THEN 'nothing of ours'
            WHEN s.attempt > r.attempt AND w.cause IS NULL THEN 'earlier' END AS why, w.cause IS NOT NULL AS earlier
    FROM asked_part a LEFT JOIN by_reference r ON r.n = -a.k LEFT JOIN by_dropped g ON g.n = -a.k
    LEFT JOIN LATERAL (SELECT t.kind, t.attempt FROM standing t WHERE t.month = r.month AND t.month BETWEEN @since::date AND @until::date AND t.payment_id = r.payment_id
        LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT t.cause FROM obligation t WHERE s.attempt > r.attempt AND t.payment_id = r.payment_id AND t.attempt = r.attempt + 1 AND t.cause = 'came_back' LIMIT 1) w ON true
    LEFT JOIN LATERAL (SELECT sum(y.ore + y.charge_ore) AS ore FROM posting_match y WHERE y.posting_id >= @since_id::bigint AND y.payment_id = r.payment_id
        AND y.attempt = r.attempt) m ON true
    LEFT JOIN order_line l ON l.interchange_id = r.interchange_id AND l.message_no = r.message_no AND l.lin = r.lin
    LEFT JOIN interchange i ON i.id = r.interchange_id
    LEFT JOIN may_follow f ON f.news = @news AND f.scope = 'order'
        AND f.position = position_of(CASE WHEN s.attempt = r.attempt THEN s.kind END, 'released', l.type, l.state, i.state)
    WHERE NOT a.debit) q

-- step: debits of orders
-- The line is what is debited; which orders, the bank tells beside it.
INSERT INTO debited
SELECT a.n, 0, NULL, r.interchange_id, r.message_no, r.lin, sum(a.ore), min(CASE WHEN r.n IS NULL THEN 'nothing of ours' WHEN l.debit_account <> p.account THEN 'another account' END)
FROM asked_part a JOIN heard_posting p USING (n) LEFT JOIN by_reference r ON r.n = -a.k
LEFT JOIN order_line l ON l.interchange_id = r.interchange_id AND l.message_no = r.message_no AND l.lin = r.lin
WHERE a.debit GROUP BY a.n, r.interchange_id, r.message_no, r.lin

-- step: debits of lines
-- A line is a part by itself where the bank does not list orders.
INSERT INTO posting_match (posting_id, part, n, interchange_id, message_no, lin, ore, exchange_ore, rule, at)
SELECT q.posting_id, q.part, row_number() OVER (PARTITION BY q.posting_id, q.part ORDER BY q.interchange_id, q.message_no, q.lin) + coalesce(m.n, 0), q.interchange_id,
    q.message_no, q.lin, q.ore, line_exchange(q.posting_id, q.interchange_id, q.message_no, q.lin), 'reference', @now::timestamptz
FROM (SELECT d.posting_id, CASE WHEN y.reference = b.reference THEN b.part ELSE 0 END AS part, b.interchange_id, b.message_no, b.lin, b.ore
    FROM debited b JOIN parted d USING (n) LEFT JOIN posting_part y ON y.posting_id = d.posting_id AND y.n = b.part
    WHERE b.trouble IS NULL AND b.ore > 0 AND (NOT d.known OR @hearing::int > 1
        AND coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = d.posting_id), 0) <= 0)) q
LEFT JOIN LATERAL (SELECT max(m.n) AS n FROM posting_match m WHERE m.posting_id = q.posting_id AND m.part = q.part) m ON true
