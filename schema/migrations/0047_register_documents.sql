-- +goose Up
-- Documents about the register: their numbers, and what was asked by them.
SET ROLE nks_owner;
SET search_path = nks;

-- The number of a document is used once by each sender; the same document again is known by it.
CREATE TABLE register_document (
    supplier    text NOT NULL,
    message_id  text NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    delivery_id bigint NOT NULL,          -- that brought it first
    answered_at timestamptz NOT NULL,     -- business time
    PRIMARY KEY (supplier, message_id)
);

-- Who has asked for a holder's accounts, and why.
CREATE TABLE register_query (
    delivery_id bigint NOT NULL,
    item        int NOT NULL,             -- its place in the delivery
    authority   text NOT NULL,            -- on whose behalf
    holder_kind smallint NOT NULL CHECK (holder_kind BETWEEN 1 AND 4),
    holder_id   bigint NOT NULL,
    asked_by    text NOT NULL,
    why         text NOT NULL,
    asked_at    timestamptz NOT NULL,     -- business time
    PRIMARY KEY (delivery_id, item)
);
CREATE INDEX register_query_holder ON register_query (holder_id, holder_kind);

REVOKE ALL ON register_document, register_query FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON register_document, register_query FROM nks_flow;
GRANT SELECT, INSERT ON register_document, register_query TO nks_flow;
RESET ROLE;
