-- The temporary tables of a check. Statements over a range of a table that has just grown are planned for a handful of
-- rows; these know their size.

-- step: bundle table
CREATE TEMP TABLE bundle (
    id           bigint,
    group_id     bigint,
    e2e          text COLLATE "C",
    benefit_type text,
    holder       bigint,
    holder_kind  smallint,
    complete     boolean,
    read_code    text,      -- the first error that the payment shows by itself
    debit_code   text       -- that of its debit block
) ON COMMIT DROP

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
