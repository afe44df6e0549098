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

-- Of an order abroad the bank tells what it debited, what was transferred, and at which rate: kroner for one of the other currency.
ALTER TABLE posting_part ADD COLUMN rate numeric CHECK (rate > 0);
-- Of a debit of a line: how much more, or less, than was ordered was debited for orders abroad, of which the bank tells so.
ALTER TABLE posting_match ADD COLUMN exchange_ore bigint NOT NULL DEFAULT 0;

-- The order of a line that a reference of ours is about; null: it is none of that line's.
CREATE FUNCTION order_of(of_reference text, interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT o.ore FROM interchange i JOIN bank_reference r ON r.head = left(of_reference, 8)
    JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id AND o.message_no = message AND o.lin = line AND o.attempt = r.attempt
        AND delivery_of(o.payment_id) = r.delivery_id
    JOIN payment p ON p.month = month_of(r.delivery_id) AND p.id = o.payment_id AND p.e2e = substr(of_reference, 9)
    WHERE i.id = interchange LIMIT 1 $$;
-- By how much a posting debits more than was ordered for the orders abroad of a line. What is more than a twentieth of an order away from it
-- is no matter of a rate.
CREATE FUNCTION line_exchange(posting bigint, interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(t.ore - o.ore), 0)::bigint FROM order_line l JOIN posting_part t ON t.posting_id = posting AND t.foreign_currency = l.transfer_currency
    CROSS JOIN LATERAL (SELECT order_of(t.reference, interchange, message, line) AS ore) o
    WHERE l.interchange_id = interchange AND l.message_no = message AND l.lin = line AND l.type = 3 AND abs(t.ore - o.ore) <= o.ore / 20 $$;
-- What a bank has debited of a line, by what was ordered: of orders abroad without what the rate made of it.
CREATE OR REPLACE FUNCTION line_debited(interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(m.ore - m.exchange_ore), 0)::bigint FROM posting_match m
    WHERE m.payment_id IS NULL AND m.interchange_id = interchange AND m.message_no = message AND m.lin = line $$;
GRANT EXECUTE ON FUNCTION order_of(text, bigint, int, int), line_exchange(bigint, bigint, int, int) TO nks_flow;
RESET ROLE;
