-- +goose Up
-- The register: who pays through whom, who may be paid, and which account was whose at which time.
-- What is known of these is kept in two times, in tables of their own (0014_reference.sql): here stands that they are.
CREATE TABLE supplier (
    supplier text PRIMARY KEY CHECK (supplier ~ '^[A-Za-z0-9._-]{1,35}$' AND supplier NOT IN ('.', '..'))
);
CREATE TABLE authority (
    authority text PRIMARY KEY,         -- GrpHdr/InitgPty, issuer ADMID
    name      text NOT NULL,
    cvr       bigint
);
CREATE TABLE los_unit (
    authority text NOT NULL REFERENCES authority,
    los_unit  text NOT NULL,
    PRIMARY KEY (authority, los_unit)
);
CREATE TABLE agreement (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agreement   text NOT NULL,          -- the number that the authority's bank gave (pengeinstitutaftalenummer)
    authority   text NOT NULL REFERENCES authority,
    supplier    text NOT NULL REFERENCES supplier,
    UNIQUE (agreement, authority, supplier)
);
CREATE TABLE benefit_type (
    benefit_type text NOT NULL,
    authority    text REFERENCES authority, -- null: general
    UNIQUE NULLS NOT DISTINCT (benefit_type, authority)
);

-- What follows decides where money goes, and is kept in two times: when it counts (valid), and when the register knew of
-- it (recorded), both in business time. A row is never changed but once, when it is closed: another change of the same
-- thing sets recorded_to, and adds what is known from then on. counter is that of the change that recorded the row,
-- closed that of the change that closed it.

-- What an authority has said of holders that are paid only by its word.
CREATE TABLE authority_word (
    authority     text NOT NULL REFERENCES authority,
    emigrated     boolean NOT NULL,         -- it pays citizens who have left the country to their NemKonto
    p_numbers     boolean NOT NULL,         -- it pays to P numbers' own accounts
    valid_from    timestamptz NOT NULL,     -- -infinity: since before the register knows
    valid_to      timestamptz,              -- the first instant without it; null: for ever
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX authority_word_open ON authority_word (authority) WHERE recorded_to IS NULL AND valid_to IS NULL;

-- Whether a benefit falls back to the NemKonto, or is paid to a locked specific account and nowhere else.
CREATE TABLE benefit_fallback (
    benefit_type  text NOT NULL,
    authority     text,                     -- as in benefit_type
    fallback      boolean NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX benefit_fallback_open ON benefit_fallback (benefit_type, authority) NULLS NOT DISTINCT
    WHERE recorded_to IS NULL AND valid_to IS NULL;

-- For how many days after the day of death or end the accounts of a holder of a kind stay usable.
CREATE TABLE account_period (
    kind          smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),
    days          int NOT NULL CHECK (days BETWEEN 0 AND 36500),
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX account_period_open ON account_period (kind) WHERE recorded_to IS NULL AND valid_to IS NULL;
-- The law leaves the length to the system owner: half a year is an assumption until periods.csv says otherwise.
INSERT INTO account_period (kind, days, valid_from, recorded_from, counter)
    SELECT kind, 180, '-infinity', '-infinity', 0 FROM generate_series(1, 4) AS kind;

-- Millions of rows: columns stand widest first, so that no row carries padding.
CREATE TABLE holder_version (
    id            bigint NOT NULL CHECK (id BETWEEN 0 AND 9999999999),
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    parent        bigint,                   -- the CVR number that an SE or P number stands under
    ended_on      date,                     -- of death, end or emigration
    kind          smallint NOT NULL CHECK (kind BETWEEN 1 AND 4),       -- 1 CPR, 2 CVR, 3 SE, 4 P
    status        smallint NOT NULL CHECK (status BETWEEN 1 AND 4),     -- 1 alive, 2 dead, 3 ceased, 4 emigrated
    name          text,
    street        text,
    postcode      text,
    town          text,
    country       text,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL),
    CHECK (CASE status WHEN 1 THEN ended_on IS NULL WHEN 4 THEN true ELSE ended_on IS NOT NULL END),
    CHECK (kind = 3 OR (parent IS NOT NULL) = (kind = 4))
);

-- A holder's NemKonto (no authority) and specific accounts.
CREATE TABLE account_version (
    id             bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 1000),
    holder_id      bigint NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz,
    recorded_from  timestamptz NOT NULL,
    recorded_to    timestamptz,
    counter        bigint NOT NULL,
    closed         bigint,
    holder_kind    smallint NOT NULL,
    account_kind   smallint NOT NULL,       -- 1 domestic: 14 digits, 2 IBAN, 3 other account abroad
    locked         boolean NOT NULL DEFAULT false,
    account        text NOT NULL,
    authority      text,
    benefit_type   text,
    bic            text,
    bank_code      text,
    currency       text,
    bank_name      text,
    bank_address   text,
    bank_country   text,
    holder_name    text,
    holder_address text,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL),
    CHECK ((authority IS NULL) = (benefit_type IS NULL)),
    CHECK (CASE account_kind WHEN 1 THEN length(account) = 14 WHEN 2 THEN length(account) BETWEEN 15 AND 34
           WHEN 3 THEN bic IS NOT NULL OR bank_code IS NOT NULL ELSE false END)
);

-- The holders as they are known now: for who only reads names and status.
CREATE VIEW holder AS
    SELECT kind, id, parent, status, ended_on, name, street, postcode, town, country FROM holder_version
    WHERE recorded_to IS NULL AND valid_to IS NULL;

-- Whose versions each change touched; none of the load that filled an empty register: it raised the epoch.
CREATE TABLE register_change (
    counter     bigint NOT NULL,
    holder_id   bigint NOT NULL,
    holder_kind smallint NOT NULL,
    PRIMARY KEY (counter, holder_id, holder_kind)
);

-- The number of the last change. It is updated last in the changing transaction and held to its commit, so that no reader
-- can see a change and miss an earlier one. The epoch grows when a load fills an empty register, and with every change that
-- is not logged.
CREATE TABLE register_counter (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch       bigint NOT NULL DEFAULT 1,
    counter     bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity' -- of that change: the next is recorded no earlier
);
INSERT INTO register_counter DEFAULT VALUES;

-- +goose StatementBegin
-- Whoever changes what decides about accounts logs it, as a load does, and says so for its transaction
-- (nks.register_change = 'logged'). Any other change, by hand, raises the epoch: who holds the register in memory cannot
-- follow it, and reads it anew.
CREATE FUNCTION register_unlogged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    IF current_setting('nks.register_change', true) IS DISTINCT FROM 'logged' THEN
        UPDATE register_counter SET epoch = epoch + 1;
        PERFORM pg_notify('nks_work', 'register');
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['holder_version', 'account_version', 'authority_word', 'benefit_fallback', 'account_period'] LOOP
        EXECUTE format('CREATE TRIGGER %s_unlogged AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT
            EXECUTE FUNCTION register_unlogged()', t, t);
    END LOOP;
END $$;

-- What makes the two big tables sound and quick to ask. One definition for this migration and for the end of a bulk
-- load, which does without while it copies. Rows that came in no order are put in the order of their numbers: questions
-- come sorted, and then walk through the pages instead of jumping (measured: half the time a question).
--
-- Of holders, what is known now and what was known before have indexes of their own. Whether a recipient can be paid is
-- read from an index alone, and so is that a holder has no specific account.
CREATE FUNCTION register_build() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = nks, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
    ANALYZE holder_version (id, kind, valid_to, recorded_to);
    IF (SELECT abs(correlation) < 0.3 FROM pg_stats
        WHERE schemaname = 'nks' AND tablename = 'holder_version' AND attname = 'id') THEN
        CREATE INDEX holder_version_order ON holder_version (id, kind);
        CLUSTER holder_version USING holder_version_order;
        DROP INDEX holder_version_order;
    END IF;
    CREATE UNIQUE INDEX holder_version_known ON holder_version (id, kind, valid_to) INCLUDE (status, parent, ended_on, valid_from)
        NULLS NOT DISTINCT WHERE recorded_to IS NULL;
    CREATE INDEX holder_version_closed ON holder_version (id, kind) WHERE recorded_to IS NOT NULL;
    -- Of two that overlap at least one has an end.
    CREATE INDEX holder_version_ending ON holder_version (id, kind) WHERE recorded_to IS NULL AND valid_to IS NOT NULL;
    CREATE INDEX account_version_holder ON account_version (holder_id, holder_kind);
    ANALYZE account_version (holder_id, holder_kind, valid_to, recorded_to);
    IF (SELECT abs(correlation) < 0.3 FROM pg_stats
        WHERE schemaname = 'nks' AND tablename = 'account_version' AND attname = 'holder_id') THEN
        CLUSTER account_version USING account_version_holder;
    END IF;
    CREATE INDEX account_version_ending ON account_version (holder_id, holder_kind) WHERE recorded_to IS NULL AND valid_to IS NOT NULL;
    ALTER TABLE account_version ADD CONSTRAINT account_version_pkey PRIMARY KEY (id);
    -- One open account per holder, and per holder, authority and benefit type.
    CREATE UNIQUE INDEX account_version_open_nemkonto ON account_version (holder_id, holder_kind)
        WHERE authority IS NULL AND valid_to IS NULL AND recorded_to IS NULL;
    CREATE UNIQUE INDEX account_version_open_specific ON account_version (holder_id, holder_kind, authority, benefit_type)
        WHERE authority IS NOT NULL AND valid_to IS NULL AND recorded_to IS NULL;
    CREATE INDEX account_version_specific ON account_version (holder_id, holder_kind, authority, benefit_type)
        WHERE authority IS NOT NULL AND recorded_to IS NULL;
    ALTER TABLE account_version ADD CONSTRAINT account_version_authority_fkey FOREIGN KEY (authority) REFERENCES authority;
END $$;

-- Takes the indexes off the two big tables if they are empty, and reports whether it did. They are truncated so that rows
-- can be copied frozen; the exclusive lock keeps everybody else out until the load commits.
CREATE FUNCTION register_clear() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    -- The size is read without a lock that lasts: of two loads that each looked at an empty table none could clear it.
    IF pg_relation_size('holder_version') > 0 OR pg_relation_size('account_version') > 0 THEN
        IF EXISTS (SELECT FROM holder_version) OR EXISTS (SELECT FROM account_version) THEN
            RETURN false;
        END IF;
    END IF;
    -- An older snapshot could take a filled table for an empty one.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RETURN false;
    END IF;
    LOCK TABLE holder_version, account_version IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM holder_version) OR EXISTS (SELECT FROM account_version) THEN
        RETURN false;
    END IF;
    ALTER TABLE account_version DROP CONSTRAINT account_version_authority_fkey, DROP CONSTRAINT account_version_pkey;
    DROP INDEX account_version_open_nemkonto, account_version_open_specific, account_version_specific, account_version_holder,
        account_version_ending, holder_version_known, holder_version_closed, holder_version_ending;
    TRUNCATE holder_version, account_version;
    RETURN true;
END $$;

-- Only an owner may gather statistics, and a load that leaves them stale makes every lookup slow.
CREATE FUNCTION register_analyze() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    ANALYZE holder_version, account_version, agreement, authority, authority_word, benefit_fallback, account_period;
END $$;
-- +goose StatementEnd
SELECT register_build();

REVOKE ALL ON FUNCTION register_build(), register_clear(), register_analyze() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_build(), register_clear(), register_analyze() TO nks_flow;
GRANT SELECT, INSERT, UPDATE, DELETE ON supplier, authority, los_unit, agreement, benefit_type,
    authority_word, benefit_fallback, account_period, holder_version, account_version, register_change, register_counter TO nks_flow;
GRANT SELECT ON holder TO nks_flow;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA nks TO nks_flow;
