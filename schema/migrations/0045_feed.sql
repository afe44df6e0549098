-- +goose Up
-- Files of changes that the registers of persons and companies have told. -- B38
SET ROLE nks_owner;
SET search_path = nks;

CREATE TABLE register_feed (
    source      text NOT NULL CHECK (source IN ('CPR', 'CVR', 'SE')),
    number      bigint NOT NULL CHECK (number > 0),
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    changes     int NOT NULL,
    done        int NOT NULL CHECK (done BETWEEN 0 AND changes),
    counter     bigint NOT NULL,        -- the change of the register that it became; 0: it changed nothing
    delivery_id bigint,                 -- that brought it; null: a command
    taken_at    timestamptz NOT NULL,   -- business time
    PRIMARY KEY (source, number)
);
-- Changes that did not fit what was known.
CREATE TABLE register_feed_rejected (
    source text NOT NULL,
    number bigint NOT NULL,
    n      int NOT NULL,
    rule   text NOT NULL,               -- names no person
    PRIMARY KEY (source, number, n),
    FOREIGN KEY (source, number) REFERENCES register_feed
);
REVOKE ALL ON register_feed, register_feed_rejected FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON register_feed, register_feed_rejected FROM nks_flow;
GRANT SELECT, INSERT ON register_feed, register_feed_rejected TO nks_flow;

ALTER TABLE register_change_origin DROP CONSTRAINT register_change_origin_origin_check;
ALTER TABLE register_change_origin ADD CONSTRAINT register_change_origin_origin_check CHECK (origin IN ('load', 'configuration', 'decision', 'application', 'feed'));
RESET ROLE;
