-- +goose Up
-- Salaries and pensions are a kind of payment of their own at the banks, by their benefit type. -- B1-salary
SET ROLE nks_owner;
SET search_path = nks;

ALTER TABLE benefit_type_version ADD COLUMN salary boolean NOT NULL DEFAULT false;
RESET ROLE;
