-- +goose Up
-- Kinds of payments with rules of their own, and what comes back of an order when a later one has been made of an earlier part of it.
SET ROLE nks_owner;
SET search_path = nks;

-- A fact of this scope is about an order that was not the last any more, and moves money of that order alone: where the payment stands is its
-- last order's.
ALTER TYPE fact_scope ADD VALUE 'order';
ALTER TABLE fact DROP CONSTRAINT fact_check, ADD CONSTRAINT fact_check CHECK ((scope::text IN ('payment', 'order')) = (payment_id IS NOT NULL));
-- Values of a type cannot be named in the transaction that adds them; this one comes after the others.
CREATE UNIQUE INDEX fact_order ON fact (payment_id, attempt, n, month) WHERE scope > 'group';

-- A group of salaries and pensions alone, where their booking centre has cut-offs of their own for them. -- B1-salary
ALTER TABLE release_group ADD COLUMN salary boolean NOT NULL DEFAULT false;
DROP INDEX release_group_of;
CREATE UNIQUE INDEX release_group_of ON release_group (delivery_id, agreement, debit_account, requested_on, reject_code, held_payment, salary)
    NULLS NOT DISTINCT WHERE undone_by IS NULL;
RESET ROLE;
