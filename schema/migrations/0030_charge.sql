-- +goose Up
-- What a bank charged for a posting that a statement of account told of first is known when its debit advice comes.
SET ROLE nks_owner;
SET search_path = nks;

GRANT UPDATE (charge_ore) ON posting TO nks_flow;
RESET ROLE;
