-- +goose Up
-- Activation of accounts that authorities register: letters with codes, and the codes that are entered. -- B13 B25.3
SET ROLE nks_owner;
SET search_path = nks;

-- One for each letter that an application needs. Of its code a keyed hash is kept, and the code itself in no table.
CREATE TABLE activation (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application bigint NOT NULL REFERENCES account_application,
    reference   text UNIQUE CHECK (reference ~ '^[0-9]{10}$'),        -- null: unsent
    code_hash   bytea CHECK (length(code_hash) = 16),
    made_at     timestamptz NOT NULL,                                -- business time, as all times here
    expires_at  timestamptz,
    tries       smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5), -- wrong ones
    state       text NOT NULL CHECK (state IN ('open', 'used', 'locked', 'replaced', 'ended', 'unsent', 'lapsed')),
    used_at     timestamptz,
    CHECK ((state = 'used') = (used_at IS NOT NULL)),
    CHECK (state IN ('unsent', 'replaced', 'lapsed') OR code_hash IS NOT NULL AND reference IS NOT NULL AND expires_at IS NOT NULL)
);
-- All but the last letter of an application are replaced.
CREATE UNIQUE INDEX activation_last ON activation (application) WHERE state <> 'replaced';
CREATE INDEX activation_lapses ON activation (made_at) WHERE state IN ('open', 'locked', 'unsent');

-- What became of it, and why; who did it is a client of the interface, or a decision.
CREATE TABLE activation_step (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    activation  bigint NOT NULL REFERENCES activation,
    state       text NOT NULL,
    at          timestamptz NOT NULL,
    by          text NOT NULL,
    why         text
);
CREATE INDEX activation_step_of ON activation_step (activation, id);

-- Every entered code, also of a reference which there is not: what was entered is not kept.
CREATE TABLE activation_try (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    activation  bigint REFERENCES activation,                        -- null: there is no such reference
    at          timestamptz NOT NULL,
    client      text NOT NULL,
    answer      text NOT NULL CHECK (answer IN ('active', 'wrong', 'expired', 'replaced', 'refused'))
);

-- Letters leave in batches: each a file, and after them an index, which says that the batch is whole.
CREATE TABLE letter_batch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at     timestamptz NOT NULL,
    attempts    int NOT NULL DEFAULT 0,                              -- of its index
    sent_at     timestamptz
);
CREATE UNIQUE INDEX letter_batch_one ON letter_batch ((1)) WHERE sent_at IS NULL;

-- The document is sealed with the key of the keyed hashes, and goes when the letter is sent: it shows the code.
CREATE TABLE letter (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind = 'activation'),
    activation  bigint NOT NULL UNIQUE REFERENCES activation,
    application bigint NOT NULL REFERENCES account_application,
    holder_id   bigint NOT NULL,                                     -- whom it is about; a guardian may get it
    holder_kind smallint NOT NULL,
    to_id       bigint NOT NULL,                                     -- who gets it
    to_kind     smallint NOT NULL,
    language    text NOT NULL CHECK (language IN ('da', 'en')),
    made_at     timestamptz NOT NULL,
    -- With a piece of its hash: in a database that was set back the same number is another letter.
    file_name   text NOT NULL GENERATED ALWAYS AS ('LETTER-' || lpad(id::text, greatest(10, length(id::text)), '0') || '-' || substr(encode(sha256, 'hex'), 1, 8) || '.pdf') STORED,
    size        int NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    sealed      bytea,
    batch       bigint REFERENCES letter_batch,
    state       text NOT NULL DEFAULT 'waits' CHECK (state IN ('waits', 'sent', 'failed', 'void')),
    attempts    int NOT NULL DEFAULT 0,
    ended_at    timestamptz,
    CHECK ((state = 'waits') = (sealed IS NOT NULL)),
    CHECK ((state = 'waits') = (ended_at IS NULL)),
    CHECK (state NOT IN ('sent', 'failed') OR batch IS NOT NULL)
);
CREATE INDEX letter_waits ON letter (id) WHERE state = 'waits';
CREATE INDEX letter_of_batch ON letter (batch);

REVOKE ALL ON activation, activation_step, activation_try, letter_batch, letter FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON activation, activation_step, activation_try, letter_batch, letter FROM nks_flow;
GRANT SELECT, INSERT ON activation, activation_step, activation_try, letter_batch, letter TO nks_flow;
GRANT UPDATE (tries, state, used_at) ON activation TO nks_flow;
GRANT UPDATE (attempts, sent_at) ON letter_batch TO nks_flow;
GRANT UPDATE (sealed, batch, state, attempts, ended_at) ON letter TO nks_flow;
RESET ROLE;
