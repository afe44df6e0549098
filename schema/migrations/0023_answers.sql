-- +goose Up
-- What authorities are told beside the answers to their orders.
SET ROLE nks_owner;
SET search_path = nks;

-- The day on which receipt 1 has foretold that a group's recipients have their money; null: it foretold nothing.
ALTER TABLE release_group ADD COLUMN foretold_on date;

-- What lies in a supplier's mailbox beside its answers: readable copies of them, and reports. It can be made again at any time, and is
-- forgotten after some weeks, fetched or not.
CREATE TABLE handout (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier     text NOT NULL,
    file_name    text COLLATE "C" NOT NULL,
    document_id  bigint NOT NULL,
    made_at      timestamptz NOT NULL,      -- business time
    collected_at timestamptz,
    UNIQUE (supplier, file_name)
);
CREATE INDEX handout_ready ON handout (supplier, id) WHERE collected_at IS NULL;
CREATE INDEX handout_made ON handout (made_at);
GRANT SELECT, INSERT, DELETE, UPDATE (collected_at) ON handout TO nks_flow;
REVOKE UPDATE ON handout FROM nks_flow;
GRANT UPDATE (collected_at) ON handout TO nks_flow;
RESET ROLE;
