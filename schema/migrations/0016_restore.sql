-- +goose Up
-- A database that was set back is known by the journals outside of it.
SET ROLE nks_owner;
SET search_path = nks;

-- The nodes that keep a journal: one whose journal is not to be seen is missed.
CREATE TABLE journal_node (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node     text NOT NULL,
    since    timestamptz NOT NULL,      -- business time
    lost_at  timestamptz,               -- two persons know that it is gone for good
    decision bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((lost_at IS NULL) = (decision IS NULL))
);
CREATE UNIQUE INDEX journal_node_kept ON journal_node (node) WHERE lost_at IS NULL;

GRANT SELECT, INSERT ON journal_node TO nks_flow;
GRANT UPDATE (lost_at, decision) ON journal_node TO nks_flow;
RESET ROLE;
