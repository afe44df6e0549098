-- What a dry run needs beside the temporary tables of a check.

-- step: bundle columns
-- The payment's errors after its first, its amount, and where it stands in the document.
ALTER TABLE pg_temp.bundle
    ADD COLUMN more  text,
    ADD COLUMN ore   bigint,
    ADD COLUMN line  int,
    ADD COLUMN block int,
    ADD COLUMN tx    int

-- step: table of ids that are used
CREATE TEMP TABLE used (id bigint, e2e text COLLATE "C", again boolean, stored boolean) ON COMMIT DROP
