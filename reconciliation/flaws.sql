-- What postings and statements up to a day, $1, say that the books do not: kind, bank, account, subject, day, øre. Of open months, and of
-- the month before them.
WITH since AS MATERIALIZED (SELECT (least(first_open(), date_trunc('month', $1::date)) - interval '1 month')::date AS month),
posted AS MATERIALIZED (
    SELECT p.id, p.bank, p.account, p.posted_on, p.ore, p.charge_ore, p.reference, p.heard_in,
        coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = p.id), 0) AS matched
    FROM posting p WHERE p.id >= (SELECT month_ids(greatest(month, '2000-01-01')) FROM since) AND p.posted_on <= $1::date),
debited AS (
    SELECT m.interchange_id, m.message_no, m.lin, min(p.bank) AS bank, min(p.account) AS account, max(p.posted_on) AS day, sum(m.ore - m.exchange_ore) AS ore
    FROM posted p JOIN posting_match m ON m.posting_id = p.id WHERE p.ore < 0 AND m.interchange_id IS NOT NULL GROUP BY 1, 2, 3),
-- Of what came back without having been a return: it was rejected, and booked all the same.
undone AS (
    SELECT m.interchange_id, m.message_no, m.lin, sum(m.ore) AS ore FROM posted p JOIN posting_match m ON m.posting_id = p.id
    WHERE p.ore > 0 AND m.payment_id IS NOT NULL AND NOT EXISTS (SELECT FROM fact f WHERE f.month >= (SELECT month FROM since) AND f.scope IN ('payment', 'order')
        AND f.payment_id = m.payment_id AND f.kind = 'came_back' AND f.posting_id = m.posting_id AND f.posting_part = m.part) GROUP BY 1, 2, 3),
rejected AS (
    SELECT d.interchange_id, d.message_no, d.lin, sum(CASE WHEN f.kind = 'bank_rejected' THEN f.stood_ore ELSE 0 END - CASE WHEN f.was = 'bank_rejected' THEN f.stood_ore ELSE 0 END) AS ore
    FROM debited d JOIN fact f ON f.month >= (SELECT month FROM since) AND f.interchange_id = d.interchange_id AND f.message_no = d.message_no AND f.lin = d.lin
    WHERE f.kind = 'bank_rejected' OR f.was = 'bank_rejected' GROUP BY 1, 2, 3)
SELECT $2::text, bank, account, posted_on || ' ' || reference, posted_on::text, (abs(ore) - CASE WHEN ore < 0 THEN charge_ore ELSE 0 END - matched)::bigint FROM posted
WHERE heard_in <> 'FINSTA' AND abs(ore) - CASE WHEN ore < 0 THEN charge_ore ELSE 0 END <> matched
UNION ALL
-- A line that is not at its end may be debited in several postings.
SELECT $3, d.bank, d.account, i.bank || ' ' || i.control_ref || ' message ' || d.message_no || ' LIN ' || d.lin, d.day::text,
    (d.ore - coalesce(u.ore, 0) - l.ore + coalesce(r.ore, 0))::bigint
FROM debited d JOIN order_line l USING (interchange_id, message_no, lin) JOIN interchange i ON i.id = d.interchange_id
LEFT JOIN undone u USING (interchange_id, message_no, lin) LEFT JOIN rejected r USING (interchange_id, message_no, lin)
WHERE d.ore - coalesce(u.ore, 0) > l.ore - coalesce(r.ore, 0) OR l.state = 'executed' AND d.ore - coalesce(u.ore, 0) <> l.ore - coalesce(r.ore, 0)
UNION ALL
SELECT $4, p.bank, p.account, p.posted_on || ' ' || p.reference || ' part ' || f.posting_part, p.posted_on::text, (f.ore - coalesce(m.ore, 0))::bigint
FROM fact f JOIN posted p ON p.id = f.posting_id
LEFT JOIN LATERAL (SELECT sum(t.ore) AS ore FROM posting_match t WHERE t.posting_id = f.posting_id AND t.part = f.posting_part AND t.payment_id = f.payment_id) m ON true
WHERE f.month >= (SELECT month FROM since) AND f.scope IN ('payment', 'order') AND f.kind = 'came_back' AND f.posting_id IS NOT NULL AND f.ore IS DISTINCT FROM m.ore
UNION ALL
SELECT CASE WHEN s.agrees THEN $6 ELSE $5 END, s.bank, s.account, s.day || ' number ' || s.number, s.day::text, (s.entries_ore - coalesce(p.ore, 0))::bigint
FROM (SELECT bank, account, day, min(number) AS number, bool_and(agrees) AS agrees, sum(entries_ore) AS entries_ore FROM statement
    WHERE day BETWEEN (SELECT month FROM since) AND $1::date GROUP BY 1, 2, 3) s
LEFT JOIN LATERAL (SELECT sum(t.ore) AS ore FROM posting t WHERE t.bank = s.bank AND t.account = s.account AND t.posted_on = s.day) p ON true
WHERE NOT s.agrees OR s.entries_ore <> coalesce(p.ore, 0)
ORDER BY 1, 2, 3, 4
