-- +goose Up
-- Messages of a queue that could not be taken, until persons have decided about them.
SET ROLE nks_owner;
SET search_path = nks;

-- What a message was stays; its bytes go when it is decided. Pages read nothing of it.
CREATE TABLE parked_message (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier      text NOT NULL,
    transport_key text NOT NULL,                 -- as a delivery's would have been
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    size          bigint NOT NULL CHECK (size >= 0),
    reason        text NOT NULL,                 -- why it was not taken
    content       bytea,
    evidence      text,                          -- who put it, as far as the queue vouches for that
    parked_at     timestamptz NOT NULL,          -- business time
    state         text NOT NULL DEFAULT 'parked' CHECK (state IN ('parked', 'put_back', 'dropped')),
    decided_at    timestamptz,                   -- business time
    decision_id   bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((state = 'parked') = (content IS NOT NULL)),
    CHECK ((state = 'parked') = (decided_at IS NULL))
);
-- The queue may bring it again.
CREATE UNIQUE INDEX parked_message_once ON parked_message (supplier, transport_key, sha256) WHERE state = 'parked';
REVOKE ALL ON parked_message FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE (content, state, decided_at, decision_id) ON parked_message TO nks_flow;
RESET ROLE;
