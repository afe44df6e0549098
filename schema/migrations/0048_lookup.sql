-- +goose Up
-- Private payers: their agreements, and each account that they asked for. -- B42 B37.2 B43
SET ROLE nks_owner;
SET search_path = nks;

CREATE TABLE private_agreement_version (
    agreement     text NOT NULL CHECK (agreement ~ '^[0-9]{7}$'),
    supplier      text NOT NULL REFERENCES supplier,  -- the data supplier that asks
    system        text NOT NULL,                      -- that it must name
    name          text NOT NULL,
    requesters    text[] NOT NULL,                    -- CVR and SE numbers of who may pay by it
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX private_agreement_version_open ON private_agreement_version (agreement) WHERE recorded_to IS NULL AND valid_to IS NULL;

-- Who asked for whose account: for the person that it is about, and for bills.
CREATE TABLE lookup (
    delivery_id    bigint NOT NULL,
    n              int NOT NULL,               -- its place in the document, from 1
    holder_id      bigint NOT NULL,
    holder_kind    smallint NOT NULL,
    requester_kind smallint NOT NULL,
    requester      bigint NOT NULL,
    found          boolean NOT NULL,
    version        bigint,                     -- the account version that was told
    asked_at       timestamptz NOT NULL,       -- business time
    agreement      text NOT NULL,
    reference      text NOT NULL,              -- of the payment, as the requester calls it
    PRIMARY KEY (delivery_id, n)
);
CREATE INDEX lookup_holder ON lookup (holder_id, holder_kind);

-- What is billed: by agreement, requester and month.
CREATE TABLE lookup_count (
    agreement      text NOT NULL,
    requester_kind smallint NOT NULL,
    requester      bigint NOT NULL,
    month          date NOT NULL,
    asked          bigint NOT NULL,
    found          bigint NOT NULL,
    PRIMARY KEY (agreement, requester_kind, requester, month)
);
REVOKE ALL ON private_agreement_version, lookup, lookup_count FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON lookup FROM nks_flow;
REVOKE DELETE, TRUNCATE ON lookup_count, private_agreement_version FROM nks_flow;
GRANT SELECT, INSERT, UPDATE ON private_agreement_version, lookup_count TO nks_flow;
GRANT SELECT, INSERT ON lookup TO nks_flow;
RESET ROLE;
