-- +goose Up
-- What authorities are told beside the answers to their orders.
SET ROLE nks_owner;
SET search_path = nks;

-- The day on which receipt 1 has foretold that a group's recipients have their money; null: it foretold nothing.
ALTER TABLE release_group ADD COLUMN foretold_on date;
RESET ROLE;
