-- What came back of orders abroad, as it stands in the temporary table part_match: whether it is all of an order at another rate, and then what of it is exchange. A
-- part that does not say so in the order's currency is a part of what was ordered. since_id bounds the postings.

-- step: exchange of what came back
WITH parts AS (
    SELECT m.*, m.ore + m.charge_ore AS part_ore, t.foreign_amount, b.back_ore, b.counted_ore, b.back_foreign
    FROM part_match m
    LEFT JOIN LATERAL (SELECT y.foreign_amount FROM posting_part y WHERE y.posting_id = m.posting_id AND y.n = m.part LIMIT 1) t ON true
    CROSS JOIN LATERAL (SELECT coalesce(sum(y.ore + y.charge_ore), 0) AS back_ore, coalesce(sum(y.ore + y.charge_ore - y.exchange_ore), 0) AS counted_ore,
            coalesce(sum(sign(y.ore) * p.foreign_amount), 0) AS back_foreign
        FROM posting_match y LEFT JOIN posting_part p ON p.posting_id = y.posting_id AND p.n = y.part
        WHERE y.posting_id >= @since_id::bigint AND y.payment_id = m.payment_id AND y.attempt = m.attempt) b
    WHERE m.abroad),
whole AS (
    SELECT p.*, sum(part_ore) OVER so_far AS now_ore, is_back_abroad(posting_id, part, interchange_id, message_no, lin, order_ore, (back_ore + sum(part_ore) OVER so_far)::bigint,
        (back_foreign + sum(foreign_amount) OVER so_far)::bigint) AS is_back
    FROM parts p WINDOW so_far AS (PARTITION BY payment_id, attempt ORDER BY k)),
counted AS (
    SELECT w.*, CASE WHEN bool_or(is_back) OVER so_far THEN order_ore ELSE counted_ore + now_ore END AS after_ore
    FROM whole w WINDOW so_far AS (PARTITION BY payment_id, attempt ORDER BY k)),
judged_part AS (
    SELECT c.*, lag(after_ore, 1, counted_ore) OVER so_far AS before_ore FROM counted c WINDOW so_far AS (PARTITION BY payment_id, attempt ORDER BY k)),
found AS (
    SELECT k, is_back, part_ore - order_ore + before_ore AS exchange_ore, bool_or(NOT is_back AND before_ore + part_ore > order_ore) OVER (PARTITION BY payment_id, attempt ORDER BY k) AS too_much
    FROM judged_part)
UPDATE part_match m SET exchange_ore = CASE WHEN f.is_back AND NOT f.too_much THEN f.exchange_ore ELSE 0 END,
    trouble = CASE WHEN f.too_much AND (m.trouble IS NULL OR m.trouble IN ('unpaid', 'disputed', 'too many')) THEN 'another amount' ELSE m.trouble END
FROM found f WHERE f.k = m.k
