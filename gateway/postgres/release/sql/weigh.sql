-- What would leave of some groups: payments, øre, the largest payment, the most of one bundle, and how many payments are over an
-- amount. What was rejected or stopped, or is held by itself, does not leave.
--
-- $1: the groups; $2: the amount, 0: none.
SELECT coalesce(sum(b.payments), 0)::bigint, coalesce(sum(b.ore), 0)::bigint, coalesce(max(b.largest), 0), coalesce(max(b.ore), 0)::bigint, coalesce(sum(b.larger), 0)::bigint
FROM (SELECT DISTINCT delivery_id, month FROM release_group WHERE id = ANY ($1::bigint[])) g
CROSS JOIN LATERAL (SELECT count(*) AS payments, sum(p.ore) AS ore, max(p.ore) AS largest, count(*) FILTER (WHERE $2::bigint > 0 AND p.ore > $2::bigint) AS larger
    FROM payment p WHERE p.month = g.month AND p.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215 AND p.group_id = ANY ($1::bigint[])
      AND NOT EXISTS (SELECT FROM standing e WHERE e.month = p.month AND e.payment_id = p.id AND e.kind IN ('rejected', 'stopped', 'held'))) b
