-- The payments of an authority whose EndToEndIds are listed, wherever they are, and that a selection has: those that were accepted by
-- their keys, those that are not checked yet by their groups.
SELECT p.month, p.id, p.ore
FROM (SELECT k.payment_id AS id FROM payer y JOIN payment_key k ON k.payer_id = y.id AND k.e2e = ANY (@listed::text[])
    WHERE y.authority = @authority AND (@supplier = '' OR y.supplier = @supplier)
    UNION
    SELECT q.id FROM release_group g
    CROSS JOIN LATERAL (SELECT d.id FROM delivery d WHERE d.id = g.delivery_id AND d.authority = @authority AND (@supplier = '' OR d.supplier = @supplier) LIMIT 1) d
    CROSS JOIN LATERAL (SELECT e.id FROM payment e WHERE e.month = g.month AND e.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215
        AND e.group_id = g.id AND e.e2e = ANY (@listed::text[]) OFFSET 0) q
    WHERE g.state = 'unchecked') a
CROSS JOIN LATERAL (SELECT q.* FROM payment q WHERE q.month = month_of(delivery_of(a.id)) AND q.id = a.id LIMIT 1) p
JOIN release_group g ON g.id = p.group_id
WHERE p.month >= first_kept() AND (@benefit = '' OR p.benefit_type = @benefit) AND (@agreement = '' OR g.agreement = @agreement)
  AND (@from::bigint = 0 OR p.ore >= @from) AND (@to::bigint = 0 OR p.ore <= @to) AND (@day = '' OR @day IN (g.requested_on::text, g.executes_on::text))
