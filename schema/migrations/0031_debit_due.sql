-- +goose Up
-- The last execution day whose missing debits were looked for at a bank, and when, with everything heard.
SET ROLE nks_owner;
SET search_path = nks;
ALTER TABLE bank_round ADD COLUMN debits_of date, ADD COLUMN debits_at timestamptz;
RESET ROLE;
