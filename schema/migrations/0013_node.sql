-- +goose Up
-- What shows that the database takes rows.
SET ROLE nks_owner;
SET search_path = nks;

-- When a node last wrote.
CREATE TABLE node (
    name       text PRIMARY KEY,
    written_at timestamptz NOT NULL -- by the database's clock
);

-- Rows that are always taken back: each needs a page of its own, and so shows whether the database's disk has room.
CREATE TABLE node_ballast (
    filler text NOT NULL
);
ALTER TABLE node_ballast ALTER filler SET STORAGE PLAIN;

GRANT SELECT, INSERT, UPDATE, DELETE ON node TO nks_flow;
GRANT INSERT ON node_ballast TO nks_flow;
RESET ROLE;
