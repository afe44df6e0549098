-- +goose Up
-- Lookups by the million: whether a recipient lives is read from the index alone, and so is that a holder has no
-- specific account for a benefit.
SET ROLE nks_owner;
SET search_path = nks;

-- +goose StatementBegin
-- As before, but for what the primary key of holder includes and the index of the specific accounts.
CREATE OR REPLACE FUNCTION register_build() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = nks, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
    ALTER TABLE holder ADD CONSTRAINT holder_pkey PRIMARY KEY (id, kind) INCLUDE (status, parent);
    ANALYZE holder (id);
    IF (SELECT abs(correlation) < 0.3 FROM pg_stats
        WHERE schemaname = 'nks' AND tablename = 'holder' AND attname = 'id') THEN
        CLUSTER holder USING holder_pkey;
    END IF;
    CREATE INDEX account_version_holder ON account_version (holder_id, holder_kind);
    ANALYZE account_version (holder_id);
    IF (SELECT abs(correlation) < 0.3 FROM pg_stats
        WHERE schemaname = 'nks' AND tablename = 'account_version' AND attname = 'holder_id') THEN
        CLUSTER account_version USING account_version_holder;
    END IF;
    ALTER TABLE account_version ADD CONSTRAINT account_version_pkey PRIMARY KEY (id);
    -- One open account per holder, and per holder, authority and benefit type.
    CREATE UNIQUE INDEX account_version_open_nemkonto ON account_version (holder_id, holder_kind)
        WHERE authority IS NULL AND valid_to IS NULL;
    CREATE UNIQUE INDEX account_version_open_specific ON account_version (holder_id, holder_kind, authority, benefit_type)
        WHERE authority IS NOT NULL AND valid_to IS NULL;
    CREATE INDEX account_version_specific ON account_version (holder_id, holder_kind, authority, benefit_type)
        WHERE authority IS NOT NULL;
    ALTER TABLE account_version ADD CONSTRAINT account_version_holder_fkey
        FOREIGN KEY (holder_id, holder_kind) REFERENCES holder;
    ALTER TABLE account_version ADD CONSTRAINT account_version_authority_fkey FOREIGN KEY (authority) REFERENCES authority;
END $$;

CREATE OR REPLACE FUNCTION register_clear() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM holder) OR EXISTS (SELECT FROM account_version) THEN
        RETURN false;
    END IF;
    -- An older snapshot could take a filled table for an empty one.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN false;
    END IF;
    LOCK TABLE holder, account_version IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM holder) OR EXISTS (SELECT FROM account_version) THEN
        RETURN false;
    END IF;
    ALTER TABLE account_version DROP CONSTRAINT account_version_holder_fkey, DROP CONSTRAINT account_version_authority_fkey,
        DROP CONSTRAINT account_version_pkey;
    DROP INDEX account_version_open_nemkonto, account_version_open_specific, account_version_specific, account_version_holder;
    ALTER TABLE holder DROP CONSTRAINT holder_pkey;
    TRUNCATE holder, account_version;
    RETURN true;
END $$;
-- +goose StatementEnd

ALTER TABLE account_version DROP CONSTRAINT account_version_holder_fkey;
ALTER TABLE holder DROP CONSTRAINT holder_pkey;
ALTER TABLE holder ADD CONSTRAINT holder_pkey PRIMARY KEY (id, kind) INCLUDE (status, parent);
ALTER TABLE account_version ADD CONSTRAINT account_version_holder_fkey FOREIGN KEY (holder_id, holder_kind) REFERENCES holder;
CREATE INDEX account_version_specific ON account_version (holder_id, holder_kind, authority, benefit_type) WHERE authority IS NOT NULL;

-- What deadlines, gauges and operators look for every moment must not be sought among all that ever was.
CREATE INDEX order_line_open ON order_line (interchange_id, message_no, lin) WHERE state IN ('with_bank', 'accepted');
CREATE INDEX interchange_unanswered ON interchange (bank, sent_at) WHERE state = 'sent' AND contrl IN ('none', 'received');
CREATE INDEX interchange_unknown ON interchange (bank) WHERE state = 'unknown';
RESET ROLE;
