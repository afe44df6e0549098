-- What was taken of payments for claims, by creditor and claim, and where it stands: to creditors what is theirs, to authorities what was
-- taken of their payments. Of a day that on which it was taken.
SELECT s.creditor, s.claim, s.authority, coalesce(d.group_ref, '') AS bundle, (s.at AT TIME ZONE @zone::text)::date AS day, q.e2e, coalesce(a.state, '') AS state,
    1::bigint AS payments, s.ore, (CASE WHEN a.state IN ('rejected', 'stopped', 'returned') THEN 0 ELSE s.ore - coalesce(b.ore, 0) END)::bigint AS stays,
    coalesce(v.ore, 0) - claim_taken(s.creditor, s.claim) AS left_ore, jsonb_build_object('delivery', d.id::text, 'part', s.part_id::text)::text AS ref
FROM set_off s
CROSS JOIN LATERAL (SELECT e.* FROM delivery e WHERE e.id = delivery_of(s.part_id) LIMIT 1) d
CROSS JOIN LATERAL (SELECT p.e2e FROM payment p WHERE p.month = s.month AND p.id = s.part_id LIMIT 1) q
CROSS JOIN LATERAL payment_at(s.month, s.part_id) a
LEFT JOIN LATERAL (SELECT sum(f.ore) AS ore FROM fact f WHERE f.month >= s.month AND f.scope = 'payment' AND f.payment_id = s.part_id AND f.kind = 'came_back') b ON true
LEFT JOIN LATERAL (SELECT c.ore FROM claim_version c WHERE c.creditor = s.creditor AND c.claim = s.claim AND c.recorded_to IS NULL AND c.valid_to IS NULL) v ON true
WHERE s.month >= @first::date AND (@after::date IS NULL OR s.month < @after::date) AND (@authority::text = '' OR @authority::text IN (s.creditor, s.authority))
  AND (@day::date IS NULL OR (s.at AT TIME ZONE @zone::text)::date = @day::date)
ORDER BY s.creditor, s.claim, s.part_id
