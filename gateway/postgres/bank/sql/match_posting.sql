-- Puts a part of a credit and an order of a payment together in the temporary table part_match, where both are at one bank, and gives what
-- decides whether money of it came back. The order is the one that persons name (@attempt), else the one that the bank names, else the last.
WITH wanted AS (
    SELECT p.id AS posting_id, p.bank, @part::int AS part, coalesce(t.ore, p.ore - p.charge_ore) AS ore, coalesce(t.charge_ore, 0) AS charge_ore, t.code, t.text, r.attempt AS named
    FROM posting p LEFT JOIN posting_part t ON t.posting_id = p.id AND t.n = @part::int
    LEFT JOIN bank_reference r ON r.head = left(t.reference, 8) AND r.delivery_id = delivery_of(@payment::bigint)
    WHERE p.id = @posting::bigint AND p.ore > 0 AND (t.n IS NOT NULL OR @part::int = 0 AND NOT EXISTS (SELECT FROM posting_part y WHERE y.posting_id = p.id))),
ordered AS (
    SELECT d.month, o.*, CASE WHEN o.attempt = c.last THEN s.kind END AS kind, l.state AS line, i.state AS interchange, o.attempt < c.last AS earlier,
        l.type = 3 AND l.transfer_currency IS NOT NULL AS abroad
    FROM delivery d JOIN payment p ON p.month = d.month AND p.id = @payment::bigint JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing s ON s.month = d.month AND s.payment_id = p.id
    CROSS JOIN LATERAL (SELECT greatest(coalesce(s.attempt, 1), 1) AS last) c
    CROSS JOIN LATERAL (SELECT b.payment_id, b.attempt, b.interchange_id, b.message_no, b.lin, b.seq, b.type, b.ore FROM bank_order b
        WHERE b.month >= d.month AND b.payment_id = p.id AND b.attempt = coalesce(nullif(@attempt::int, 0), (SELECT w.named FROM wanted w), c.last)
        ORDER BY b.interchange_id DESC LIMIT 1) o
    JOIN interchange i ON i.id = o.interchange_id AND i.bank = (SELECT w.bank FROM wanted w) AND may_have_left(i.state, i.attempt)
    JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
    WHERE d.id = delivery_of(@payment::bigint)),
put AS (
    INSERT INTO part_match (k, n, posting_id, part, ore, charge_ore, code, text, month, payment_id, attempt, interchange_id, message_no, lin, seq, round, earlier, order_ore, abroad)
    SELECT 1, 0, w.posting_id, w.part, w.ore, w.charge_ore, w.code, w.text, o.month, o.payment_id, o.attempt, o.interchange_id, o.message_no, o.lin, o.seq, 1, o.earlier, o.ore, o.abroad
    FROM wanted w CROSS JOIN ordered o)
SELECT w.ore, w.charge_ore, o.ore,
    coalesce((SELECT sum(m.ore + m.charge_ore - m.exchange_ore) FROM posting_match m WHERE m.payment_id = o.payment_id AND m.attempt = o.attempt), 0)::bigint,
    coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = w.posting_id AND (m.part = w.part OR 0 IN (m.part, w.part))), 0)::bigint,
    CASE WHEN NOT o.earlier THEN f.effect WHEN EXISTS (SELECT FROM obligation t WHERE t.payment_id = o.payment_id AND t.attempt = o.attempt + 1 AND t.cause = 'came_back') THEN 'takes' END,
    coalesce(w.named <> o.attempt, false), o.earlier
FROM wanted w CROSS JOIN ordered o
LEFT JOIN may_follow f ON f.news = @news AND f.scope = 'order' AND f.position = position_of(o.kind, 'released', o.type, o.line, o.interchange)
