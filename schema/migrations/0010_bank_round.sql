-- +goose Up
-- Whether a bank's silence is known: what was listed at it, and what of it nobody could decide.
SET ROLE nks_owner;
SET search_path = nks;

-- The last round of a bank's mailbox: it was listed, and everything that was listed is stored here.
CREATE TABLE bank_round (
    bank        text PRIMARY KEY,
    listed_at   timestamptz,            -- business time, before the list was asked for; null: never
    complete_at timestamptz,
    awaited     boolean NOT NULL DEFAULT false, -- silence would decide something, once a later round is complete
    statuses_of date,                   -- the last execution day whose missing statuses were looked for
    statuses_at timestamptz             -- when, with everything heard
);

-- What a bank has laid out and nobody could decide: silence counts for nothing of what it may concern.
CREATE TABLE bank_doubt (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank           text NOT NULL,
    bank_file_id   bigint NOT NULL,
    interchange_id bigint NOT NULL,     -- that it names; 0: it names none of ours and may concern any of this bank
    hearing        int NOT NULL,        -- of the file
    kind           text NOT NULL,       -- the exception that tells of it
    subject        text NOT NULL,
    raised_at      timestamptz NOT NULL,
    settled_at     timestamptz,
    decision       bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((settled_at IS NULL) = (decision IS NULL))
);
CREATE INDEX bank_doubt_open ON bank_doubt (bank, interchange_id) WHERE settled_at IS NULL;
CREATE INDEX bank_doubt_file ON bank_doubt (bank_file_id);

GRANT SELECT, INSERT, UPDATE ON bank_round, bank_doubt TO nks_flow;
RESET ROLE;
