-- Finds what each status is about: by its place in our message, by its reference (reference.sql, before this), or by both.
-- Each lookup is by a whole key: LATERAL with LIMIT keeps it that, however little the planner knows of tables that have
-- just grown. since and until bound the months that are looked at when the statements are planned.

-- step: by place
INSERT INTO by_place
SELECT s.n, l.interchange_id, l.message_no, l.lin, o.seq, month_of(delivery_of(o.payment_id)), o.payment_id, o.attempt, coalesce(o.ore, l.ore)
FROM bank_status s JOIN message m ON m.ref = s.message_ref AND NOT m.void
JOIN interchange i ON i.id = m.interchange_id AND i.bank = @bank AND may_have_left(i.state, i.attempt)
JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no AND l.lin = s.lin
LEFT JOIN LATERAL (SELECT b.seq, b.payment_id, b.attempt, b.ore FROM bank_order b WHERE b.month = i.month AND b.month BETWEEN @since::date AND @until::date
    AND b.interchange_id = l.interchange_id AND b.message_no = l.message_no AND b.lin = l.lin AND b.seq = s.seq LIMIT 1) o ON true
WHERE s.seq IS NULL OR o.payment_id IS NOT NULL

-- step: by a place that is dropped
-- Also of interchanges that were frozen later, with a payment of a month that is dropped.
INSERT INTO by_dropped
SELECT s.n, NULL FROM bank_status s JOIN message m ON m.ref = s.message_ref AND NOT m.void
JOIN interchange i ON i.id = m.interchange_id AND i.bank = @bank
WHERE i.since < first_kept() AND NOT EXISTS (SELECT FROM by_dropped d WHERE d.n = s.n)

-- step: statuses and what they are about
INSERT INTO matched
SELECT s.n, CASE WHEN s.ore <> coalesce(p.ore, r.ore) THEN @otheramount ELSE s.meaning END, s.code, s.text,
    coalesce(p.interchange_id, r.interchange_id), coalesce(p.message_no, r.message_no),
    coalesce(p.lin, r.lin), coalesce(r.seq, p.seq), coalesce(r.month, p.month),
    coalesce(r.payment_id, p.payment_id), coalesce(r.attempt, p.attempt),
    CASE WHEN g.n IS NOT NULL THEN 'it is of a month that is dropped'
        WHEN p.n IS NULL AND r.n IS NULL THEN 'nothing of ours'
        WHEN p.n IS NULL AND s.message_ref IS NOT NULL AND s.lin IS NOT NULL THEN 'the reference is ours, the place is not'
        WHEN r.n IS NULL AND s.reference IS NOT NULL THEN 'the place is ours, the reference is not'
        WHEN p.n IS NOT NULL AND r.n IS NOT NULL AND (p.interchange_id, p.message_no, p.lin) IS DISTINCT FROM
            (r.interchange_id, r.message_no, r.lin) THEN 'place and reference name different lines'
        WHEN p.payment_id <> r.payment_id THEN 'place and reference name different payments'
        END
FROM bank_status s LEFT JOIN by_place p USING (n) LEFT JOIN by_reference r USING (n) LEFT JOIN by_dropped g USING (n)

-- step: statistics of matched statuses
ANALYZE matched (n, meaning, interchange_id, message_no, lin)
