-- +goose Up
-- How often what an exception tells of was so, and when last, where that is counted: the same file of a bank's mailbox fails again
-- and again.
SET ROLE nks_owner;
SET search_path = nks;

ALTER TABLE exception ADD COLUMN times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    ADD COLUMN last_at timestamptz; -- business time; NULL: once
GRANT UPDATE (times, last_at) ON exception TO nks_flow;
RESET ROLE;
