-- +goose Up
-- A database that was set back is known by the journals outside of it.
SET ROLE nks_owner;
SET search_path = nks;

-- What persons have done about a database that was set back.
CREATE TABLE restore (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL,        -- business time
    person text NOT NULL CHECK (person <> ''),
    how    text NOT NULL CHECK (how IN ('journal', 'without')),
    since  timestamptz                  -- without a journal: what came after is not known
);

-- The nodes that keep a journal: one whose journal is not to be seen is missed.
CREATE TABLE journal_node (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node     text NOT NULL,
    since    timestamptz NOT NULL,      -- business time
    known_to timestamptz NOT NULL,      -- business time: what its journal has until then the database knows
    lost_at  timestamptz,               -- it is gone for good
    decision bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED, -- two persons know so, and that the database was not set back
    restore  bigint REFERENCES restore, -- or the database goes on without it
    CHECK (num_nonnulls(decision, restore) = CASE WHEN lost_at IS NULL THEN 0 ELSE 1 END)
);
CREATE UNIQUE INDEX journal_node_kept ON journal_node (node) WHERE lost_at IS NULL;

-- Records of the journals that could not be taken in, and that the database goes on without: each is an exception.
CREATE TABLE journal_left (
    kind    text NOT NULL,
    key     text NOT NULL,
    restore bigint NOT NULL REFERENCES restore,
    PRIMARY KEY (kind, key)
);

-- Numbers below the last of a series that nothing has: after a restore some are free, and drawn first; others may have been
-- used by what nobody knows, and never are.
CREATE TABLE unused_number (
    series text NOT NULL,               -- "answer 7", "bank BEC"
    number bigint NOT NULL,
    free   boolean NOT NULL,
    PRIMARY KEY (series, number)
);

-- Whether it is not known what was sent to a bank: nothing is released or sent, and its silence counts for nothing, until
-- persons have closed the exception.
CREATE FUNCTION bank_in_doubt(b text) RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT FROM exception WHERE kind = 'sent and not known' AND subject = b AND closed_at IS NULL) $$;

-- +goose StatementBegin
-- A sequence goes on behind a number.
CREATE FUNCTION lift_sequence(sequence text, reached bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    drawn bigint;
BEGIN
    IF to_regclass('nks.' || quote_ident(sequence)) IS NULL THEN
        RAISE EXCEPTION 'there is no sequence %', sequence;
    END IF;
    EXECUTE format('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM nks.%I', sequence) INTO drawn;
    IF reached > drawn THEN
        PERFORM setval(('nks.' || quote_ident(sequence))::regclass, reached);
    END IF;
END $$;
-- +goose StatementEnd

REVOKE UPDATE, DELETE ON restore, journal_node, journal_left FROM nks_flow;
REVOKE UPDATE ON unused_number FROM nks_flow;
GRANT UPDATE (free) ON unused_number TO nks_flow;
GRANT SELECT, INSERT ON restore, journal_node, journal_left TO nks_flow;
GRANT UPDATE (known_to, lost_at, decision, restore) ON journal_node TO nks_flow;
GRANT SELECT, INSERT, DELETE ON unused_number TO nks_flow;
GRANT EXECUTE ON FUNCTION bank_in_doubt(text), lift_sequence(text, bigint) TO nks_flow;
RESET ROLE;
