-- The errors of every payment of the bundle, but for unpayable recipients and duplicates.

-- step: read errors and benefit types
INSERT INTO fault SELECT p.id, c.code, r.rank
FROM (SELECT id, read_code, debit_code, CASE WHEN benefit_type <> ALL (@benefits::text[]) THEN @unknown_benefit END AS benefit_code FROM bundle OFFSET 0) p
CROSS JOIN LATERAL (VALUES (p.debit_code), (p.read_code), (p.benefit_code)) AS c (code)
JOIN code_rank r ON r.code = c.code
WHERE p.read_code IS NOT NULL OR p.debit_code IS NOT NULL OR p.benefit_code IS NOT NULL

-- step: fault index
CREATE INDEX ON fault (payment_id)

-- step: fault statistics
ANALYZE fault
