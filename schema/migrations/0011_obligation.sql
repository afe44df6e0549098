-- +goose Up
-- What payments are still to be ordered for, whose last order is at its end: the source of later attempts, as release groups
-- are of the first.
SET ROLE nks_owner;
SET search_path = nks;

CREATE TYPE obligation_kind AS ENUM ('again'); -- as it was ordered: its order was void
CREATE TYPE obligation_state AS ENUM ('open', 'ordered', 'given_up');
CREATE TABLE obligation (
    payment_id        bigint NOT NULL,
    attempt           smallint NOT NULL CHECK (attempt > 1), -- to come: no other can be created for it
    payment_month     date NOT NULL,
    payer_id          int NOT NULL,
    kind              obligation_kind NOT NULL,
    -- The fact that ended the attempt before: the how manyth about the line, or, without one, about the payment.
    cause_interchange bigint,
    cause_message     int,
    cause_lin         int,
    cause_n           int NOT NULL,
    choice            text,                     -- the authority's, and its version, where one decided
    choice_version    bigint,
    agreement_id      bigint NOT NULL,
    debit_account     text NOT NULL,
    ore               bigint NOT NULL CHECK (ore > 0),
    executes_on       date NOT NULL,            -- as planned before
    due_on            date NOT NULL,            -- it is ordered on that day or later
    state             obligation_state NOT NULL DEFAULT 'open',
    made_at           timestamptz NOT NULL,     -- business time
    ended_at          timestamptz,              -- the instant that the register was asked about
    register_counter  bigint,                   -- the last change of the register that was known then
    PRIMARY KEY (payment_id, attempt),
    CHECK ((cause_interchange IS NULL) = (cause_message IS NULL) AND (cause_message IS NULL) = (cause_lin IS NULL)),
    CHECK ((choice IS NULL) = (choice_version IS NULL)),
    CHECK ((state = 'open') = (ended_at IS NULL) AND (ended_at IS NULL) = (register_counter IS NULL))
);
CREATE UNIQUE INDEX obligation_open ON obligation (payment_id) WHERE state = 'open';
CREATE INDEX obligation_due ON obligation (due_on, executes_on, agreement_id) WHERE state = 'open';
CREATE INDEX obligation_cause ON obligation (cause_interchange, cause_message, cause_lin);

-- Append-mostly: what it is about never changes, and no row goes.
REVOKE UPDATE, DELETE ON obligation FROM nks_flow;
GRANT UPDATE (state, ended_at, register_counter) ON obligation TO nks_flow;
RESET ROLE;
