-- Applications that wait for their holder's activation and have no letter that counts, oldest first, with the holder and its guardian as they are now; $1 how many, $2 one of them or 0.
SELECT DISTINCT ON (a.id) a.id AS application, a.holder_id, a.holder_kind, CASE a.action WHEN 'promote' THEN '' ELSE coalesce(a.benefit_type, '') END AS benefit_type, coalesce(y.name, a.on_behalf_of, '') AS by_name,
    coalesce(a.account_kind, w.account_kind, 0) AS account_kind, coalesce(a.account, w.account, '') AS account,
    coalesce(h.status, 0) AS status, coalesce(h.name, '') AS name, coalesce(h.street, '') AS street, coalesce(h.postcode, '') AS postcode, coalesce(h.town, '') AS town,
    coalesce(h.country, '') AS country, coalesce(h.guardian, -1) AS guardian,
    coalesce(g.status, 0) AS guardian_status, coalesce(g.name, '') AS guardian_name, coalesce(g.street, '') AS guardian_street,
    coalesce(g.postcode, '') AS guardian_postcode, coalesce(g.town, '') AS guardian_town, coalesce(g.country, '') AS guardian_country
FROM account_application_step s
JOIN account_application a ON a.id = s.application
LEFT JOIN authority y ON y.authority = a.on_behalf_of
LEFT JOIN holder_version h ON h.id = a.holder_id AND h.kind = a.holder_kind AND h.recorded_to IS NULL AND h.valid_to IS NULL
LEFT JOIN holder_version g ON g.id = h.guardian AND g.kind = 1 AND g.recorded_to IS NULL AND g.valid_to IS NULL
-- Who promotes or limits an account names none: it is the one that its purpose holds.
LEFT JOIN LATERAL (SELECT v.account_kind, v.account FROM account_version v WHERE a.account IS NULL AND v.holder_id = a.holder_id AND v.holder_kind = a.holder_kind
    AND v.authority IS NOT DISTINCT FROM a.authority AND v.benefit_type IS NOT DISTINCT FROM a.benefit_type AND v.recorded_to IS NULL
    ORDER BY v.id = a.expects DESC NULLS LAST, v.valid_from DESC LIMIT 1) w ON true
WHERE s.state = 'waits_activation' AND NOT EXISTS (SELECT FROM account_application_step l WHERE l.application = s.application AND l.n > s.n)
    AND NOT EXISTS (SELECT FROM activation v WHERE v.application = a.id AND v.state <> 'replaced')
    AND ($2 = 0 OR a.id = $2)
ORDER BY a.id LIMIT $1
