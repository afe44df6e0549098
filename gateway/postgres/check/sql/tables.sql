-- The temporary tables of a check.

-- step: fault table
CREATE TEMP TABLE fault (payment_id bigint, code text, rank int, leads boolean DEFAULT false) ON COMMIT DROP

-- step: rank table
CREATE TEMP TABLE code_rank (code text, rank int) ON COMMIT DROP

-- step: table of untaken keys
CREATE TEMP TABLE untaken (id bigint) ON COMMIT DROP

-- step: table of unpayable recipients
CREATE TEMP TABLE unpayable (id bigint, code text) ON COMMIT DROP

-- step: ranks
INSERT INTO code_rank (code, rank) SELECT * FROM unnest(@codes::text[], @ranks::int[])
