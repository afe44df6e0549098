-- +goose Up
-- The lines to banks and the doors, as their nodes tell of them; and which environment a database is of.
SET ROLE nks_owner;
SET search_path = nks;

-- A line: what it leads to, and how it is. Told when it changes, and every quarter of a minute. Times are business times, corrected by the
-- database's clock where a node's is apart.
CREATE TABLE line (
    kind          text NOT NULL,              -- bank, door, queue, endpoint
    name          text NOT NULL,
    node          text NOT NULL,              -- '' for a bank's line, which its one owner tells of
    owner         text NOT NULL,              -- the node that told
    state         text NOT NULL CHECK (state IN ('up', 'down', 'closed', 'unknown')),
    since         timestamptz NOT NULL,       -- of down and unknown: since it was good
    good_at       timestamptz,                -- last
    told_at       timestamptz NOT NULL,
    trouble       text NOT NULL,              -- why it is not up, in a word
    error         text NOT NULL,              -- the same in a program's words
    limit_seconds bigint NOT NULL CHECK (limit_seconds > 0), -- how long it may be down
    PRIMARY KEY (kind, name, node)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON line TO nks_flow;

ALTER TABLE line ENABLE ROW LEVEL SECURITY;
ALTER TABLE line FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON line TO nks_owner USING (true) WITH CHECK (true);
CREATE POLICY page ON line FOR SELECT TO nks_page USING (page_operations());
GRANT SELECT ON line TO nks_page;

-- Whether the money of this database is real. One row, never changed.
CREATE TABLE environment (
    name text NOT NULL CHECK (name IN ('production', 'test'))
);
CREATE UNIQUE INDEX environment_one ON environment ((true));
GRANT SELECT, INSERT ON environment TO nks_flow;
RESET ROLE;
