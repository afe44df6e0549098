-- +goose Up
-- What banks have laid out, each statement by itself, with what nobody could decide and what contradicts something.
SET ROLE nks_owner;
SET search_path = nks;

CREATE TYPE bank_certainty AS ENUM ('decided', 'undecided', 'contradicting');
CREATE TYPE bank_fact_kind AS ENUM (
    'file',         -- the whole of it: it cannot be read, came before, or says nothing
    'contrl',       -- of one interchange
    'contrl_message', -- of one message of it
    'status',       -- of an order or line
    'message');     -- of a type that is not known

-- Only ever added: a file that is heard again adds what was found then under the next hearing, and the last one counts. What
-- those before it did stays done.
CREATE TABLE bank_fact (
    bank_file_id   bigint NOT NULL,
    hearing        int NOT NULL,
    n              int NOT NULL CHECK (n > 0),  -- in the order of the file, without holes
    kind           bank_fact_kind NOT NULL,
    interchange_id bigint,                      -- what of ours it is about, as far as that is known
    message_no     int,
    lin            int,
    seq            int,
    payment_id     bigint,
    attempt        smallint,
    reference      text,                        -- by what the bank names it
    meaning        text NOT NULL,
    ore            bigint,                      -- that the bank names
    code           text,
    text           text,
    certainty      bank_certainty NOT NULL,
    effect         text,                        -- as may_follow has it; null: it is noted, or said twice in the file
    undecided      text,                        -- why, as gateway.Undecided has it
    exception      text,                        -- that is raised
    at             timestamptz NOT NULL,        -- business time
    PRIMARY KEY (bank_file_id, hearing, n),
    CHECK ((certainty = 'undecided') = (undecided IS NOT NULL)),
    CHECK ((certainty = 'contradicting') = (effect IS NOT DISTINCT FROM 'disputes'))
) PARTITION BY RANGE (bank_file_id);
REVOKE UPDATE, DELETE ON bank_fact FROM nks_flow;
GRANT SELECT, INSERT ON bank_fact TO nks_flow;
RESET ROLE;
