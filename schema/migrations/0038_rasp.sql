-- +goose Up
-- The signed endpoint: which messages of a reliable sequence have come and how each was replied to, and where its own sequences
-- to suppliers are. All of it is forgotten when a sequence is over; what was delivered is known for ever by delivery_key.
SET ROLE nks_owner;
SET search_path = nks;

-- Times are the machine's: a protocol's patience is no business time.
CREATE TABLE rasp_sequence (
    id         text PRIMARY KEY,           -- ours: urn:uuid:...
    supplier   text NOT NULL,
    message_id text NOT NULL,              -- that has asked for it; again, it is given the same
    offered    text NOT NULL,              -- the sequence of our replies; empty: none was offered
    opened_at  timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    UNIQUE (supplier, message_id)
);
CREATE INDEX rasp_sequence_used ON rasp_sequence (used_at);

CREATE TABLE rasp_message (
    sequence_id text NOT NULL REFERENCES rasp_sequence ON DELETE CASCADE,
    number      bigint NOT NULL CHECK (number > 0),
    message_id  text NOT NULL,
    sha256      bytea NOT NULL,            -- of its business document
    last        boolean NOT NULL,
    fault       text NOT NULL,             -- that it was replied to with; empty: none
    reason      text NOT NULL,
    settled     boolean NOT NULL,          -- until then it has its number, and is not acknowledged
    PRIMARY KEY (sequence_id, number)
);

CREATE TABLE rasp_sending (
    supplier  text PRIMARY KEY,
    sequence  text NOT NULL,               -- theirs
    number    bigint NOT NULL CHECK (number >= 0), -- of the last message
    answer_id bigint NOT NULL              -- which answer that was; 0: none
);

GRANT SELECT, INSERT, DELETE ON rasp_sequence, rasp_message, rasp_sending TO nks_flow;
GRANT UPDATE (used_at, ended_at) ON rasp_sequence TO nks_flow;
GRANT UPDATE (sha256, last, fault, reason, settled) ON rasp_message TO nks_flow;
GRANT UPDATE (sequence, number, answer_id) ON rasp_sending TO nks_flow;
RESET ROLE;
