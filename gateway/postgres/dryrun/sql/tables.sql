-- What a dry run needs beside the temporary tables of a check.

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
    debit_code   text,      -- that of its debit block
    more         text,      -- the payment's errors after its first
    ore          bigint,
    line         int,       -- where it stands in the document
    block        int,
    tx           int
) ON COMMIT DROP

-- step: table of ids that are used
CREATE TEMP TABLE used (id bigint, e2e text COLLATE "C", again boolean, stored boolean) ON COMMIT DROP
