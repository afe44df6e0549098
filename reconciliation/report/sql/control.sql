-- Of each bundle what was received, refused, released and returned: of those that came on the day, and of those of which something happened then. Without
-- a day: since it came.
WITH bundles AS (
    SELECT d.*, (@day::date IS NULL OR (d.received_at AT TIME ZONE @zone::text)::date = @day::date) AS came FROM delivery d
    WHERE d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
      AND d.state IN ('read', 'checked') AND (@of_supplier::text = '' OR d.supplier = @of_supplier::text) AND (@authority::text = '' OR d.authority = @authority::text)),
refused AS (
    SELECT g.delivery_id, sum(t.payments) AS payments, sum(t.ore) AS ore FROM bundles d JOIN release_group g ON g.delivery_id = d.id
    JOIN fact_tally t ON t.group_id = g.id AND t.kind IN ('rejected', 'stopped') WHERE d.came GROUP BY 1),
released AS (
    SELECT g.delivery_id, sum(g.payments - coalesce(t.payments, 0)) AS payments, sum(g.ore - coalesce(t.ore, 0)) AS ore FROM bundles d JOIN release_group g ON g.delivery_id = d.id
    LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y WHERE y.group_id = g.id AND y.kind IN ('rejected', 'stopped', 'not_payable')) t ON true
    WHERE g.state = 'released' AND (@day::date IS NULL OR (g.released_at AT TIME ZONE @zone::text)::date = @day::date) GROUP BY 1),
returned AS (
    SELECT d.id AS delivery_id, count(*) AS payments, sum(p.ore) AS ore FROM bundles d
    JOIN LATERAL (SELECT DISTINCT a.payment_id FROM answer_due a WHERE a.delivery_id = d.id AND a.kind IN (7, 9) AND a.status = 'RJCT'
        AND (@day::date IS NULL OR (a.caused_at AT TIME ZONE @zone::text)::date = @day::date)) a ON true
    JOIN payment p ON p.month = d.month AND p.id = a.payment_id GROUP BY 1)
SELECT d.supplier, d.authority, d.group_ref, d.received_at, CASE WHEN d.came THEN d.payments::bigint ELSE 0 END AS received, CASE WHEN d.came THEN d.ore ELSE 0 END AS received_ore,
    coalesce(f.payments, 0)::bigint AS refused, coalesce(f.ore, 0)::bigint AS refused_ore, coalesce(r.payments, 0)::bigint AS released, coalesce(r.ore, 0)::bigint AS released_ore,
    coalesce(b.payments, 0)::bigint AS returned, coalesce(b.ore, 0)::bigint AS returned_ore, jsonb_build_object('delivery', d.id::text)::text AS ref
FROM bundles d LEFT JOIN refused f ON f.delivery_id = d.id LEFT JOIN released r ON r.delivery_id = d.id LEFT JOIN returned b ON b.delivery_id = d.id
WHERE d.came OR r.payments <> 0 OR b.payments <> 0 ORDER BY d.supplier, d.authority, d.received_at, d.id
