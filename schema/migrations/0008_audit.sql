-- +goose Up
-- The log that cannot be forged unseen. An entry is a salted commitment to what it tells; the sequencer gives it a place in
-- a Merkle tree, whose checkpoints are signed with a key that is not in the database, and kept outside it too.
SET ROLE nks_owner;
SET search_path = nks;

CREATE TABLE audit_entry (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- of the machine
    commitment  bytea NOT NULL CHECK (length(commitment) = 32),
    place       bigint UNIQUE CHECK (place >= 0) -- in the tree, from 0; NULL: not sequenced yet
);
CREATE INDEX audit_entry_waiting ON audit_entry (id) WHERE place IS NULL;

-- What an entry tells, and the salt without which nobody can guess it from the commitment. A row that must be erased is
-- deleted whole; its entry stays, and so does the tree.
CREATE TABLE audit_content (
    entry_id bigint PRIMARY KEY REFERENCES audit_entry,
    kind     text NOT NULL CHECK (kind ~ '^[a-z][a-z ]{0,63}$'),
    content  text NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 65536),
    salt     bytea NOT NULL CHECK (length(salt) = 32)
);

-- The hashes of the tree, by the index that golang.org/x/mod/sumdb/tlog gives them.
CREATE TABLE audit_hash (
    index bigint PRIMARY KEY CHECK (index >= 0),
    hash  bytea NOT NULL CHECK (length(hash) = 32)
);

-- The signed heads of the tree, one for each time that it grew.
CREATE TABLE audit_checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    note text NOT NULL -- text and signature, see golang.org/x/mod/sumdb/note
);

-- Adds an entry within the caller's transaction. audit.Commitment computes the same from a row.
-- +goose StatementBegin
CREATE FUNCTION audit_commit(kind text, content text, salt bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    entry bigint;
BEGIN
    INSERT INTO audit_entry (commitment) VALUES (sha256(convert_to(
        'nks audit commitment 1' || E'\n' || encode(salt, 'hex') || E'\n' || kind || E'\n' || content, 'UTF8')))
        RETURNING id INTO entry;
    INSERT INTO audit_content (entry_id, kind, content, salt) VALUES (entry, kind, content, salt);
    PERFORM pg_notify('nks_work', 'sequence');
    RETURN entry;
END $$;
-- +goose StatementEnd

-- Gives entries that have no place the places from first on, in the order named, and returns how many it placed. No entry
-- is ever moved.
CREATE FUNCTION audit_place(entries bigint[], first bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH placed AS (
        UPDATE audit_entry e SET place = first + n.ordinality - 1 FROM unnest(entries) WITH ORDINALITY AS n (id, ordinality)
        WHERE e.id = n.id AND e.place IS NULL RETURNING 1)
    SELECT count(*) FROM placed
$$;

-- Whoever may write every other table may add to these, and no more.
REVOKE ALL ON audit_entry, audit_content, audit_hash, audit_checkpoint FROM nks_flow;
GRANT SELECT ON audit_entry, audit_content TO nks_flow;
GRANT SELECT, INSERT ON audit_hash, audit_checkpoint TO nks_flow;
REVOKE ALL ON FUNCTION audit_commit(text, text, bytea), audit_place(bigint[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_commit(text, text, bytea) TO nks_flow, nks_page;
GRANT EXECUTE ON FUNCTION audit_place(bigint[], bigint) TO nks_flow;
RESET ROLE;
