-- +goose Up
-- Salaries and pensions are a kind of payment of their own at the banks, by their benefit type. -- B1-salary
SET ROLE nks_owner;
SET search_path = nks;

ALTER TABLE benefit_type_version ADD COLUMN salary boolean NOT NULL DEFAULT false;
ALTER TABLE bank_order DROP CONSTRAINT bank_order_type_check, ADD CONSTRAINT bank_order_type_check CHECK (type IN (1, 2, 3, 4, 5));

-- An order of the new type is none that is missing; whatever else position_of says stays as it is.
-- +goose StatementBegin
DO $$
DECLARE
    was text := pg_get_functiondef('position_of'::regproc);
    becomes text := replace(was, '(order_type BETWEEN 1 AND 4)', '(order_type BETWEEN 1 AND 5)');
BEGIN
    IF becomes = was THEN
        RAISE 'position_of does not say which types of orders there are';
    END IF;
    EXECUTE becomes;
END $$;
-- +goose StatementEnd

RESET ROLE;
