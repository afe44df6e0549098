-- The errors of every payment of the bundle, but for unpayable recipients and duplicates.

-- step: read errors
INSERT INTO fault SELECT p.id, c.code, r.rank
FROM bundle p CROSS JOIN LATERAL (VALUES (p.debit_code), (p.read_code)) AS c (code)
JOIN code_rank r ON r.code = c.code
WHERE p.read_code IS NOT NULL OR p.debit_code IS NOT NULL

-- step: benefit types
INSERT INTO fault SELECT p.id, r.code, r.rank
FROM bundle p JOIN code_rank r ON r.code = @unknown_benefit WHERE p.benefit_type <> ALL (@benefits::text[])

-- step: fault index
CREATE INDEX ON fault (payment_id)

-- step: fault statistics
ANALYZE fault
