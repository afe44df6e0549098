-- +goose Up
-- Reference data in two times: when something counts (valid), and when it was known (recorded), both in business time. A row is
-- never changed but once, when it is closed: another change of the same thing sets recorded_to, and adds what is known from then
-- on. counter is that of the change that recorded the row, closed that of the change that closed it; register_change_origin
-- tells what each change was. What is changed counts from no earlier than it is recorded; what was never known before counts
-- since always, unless a load says from when.
--
-- What counts on a day is what is valid at its end, in Copenhagen.
SET ROLE nks_owner;
SET search_path = nks;

-- What made a change of the register or of reference data.
CREATE TABLE register_change_origin (
    counter     bigint PRIMARY KEY,
    origin      text NOT NULL CHECK (origin IN ('load', 'configuration', 'decision')),
    recorded_at timestamptz NOT NULL,
    valid_from  timestamptz NOT NULL,   -- since when it counts
    files       text[] NOT NULL,        -- of a load: their names, without folders
    decision    bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((origin = 'decision') = (decision IS NOT NULL)),
    CHECK (valid_from >= recorded_at)
);

CREATE TABLE supplier_version (
    supplier      text NOT NULL REFERENCES supplier,
    name          text NOT NULL,
    ean           text,
    ssh_keys      text[] NOT NULL,      -- authorized_keys lines, sorted
    valid_from    timestamptz NOT NULL, -- -infinity: since always
    valid_to      timestamptz,          -- the first instant without it; null: for ever
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX supplier_version_open ON supplier_version (supplier) WHERE recorded_to IS NULL AND valid_to IS NULL;

CREATE TABLE los_unit_version (
    authority     text NOT NULL,
    los_unit      text NOT NULL,
    parent        text,                 -- the unit above it
    name          text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    FOREIGN KEY (authority, los_unit) REFERENCES los_unit,
    FOREIGN KEY (authority, parent) REFERENCES los_unit,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX los_unit_version_open ON los_unit_version (authority, los_unit) WHERE recorded_to IS NULL AND valid_to IS NULL;

-- By which bank centre, from which accounts and by which standing choice an agreement's payments are paid.
CREATE TABLE agreement_version (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agreement       text NOT NULL,
    authority       text NOT NULL,
    supplier        text NOT NULL,
    los_unit        text,
    bank_centre     text NOT NULL,
    payout_accounts text[] NOT NULL,    -- that may be debited, 14 digits each, sorted
    no_account      text NOT NULL CHECK (no_account IN ('return', 'cheque')),
    receive_by      time NOT NULL,      -- Copenhagen
    runs_from       date,               -- the term that the agreement itself has: its first day; null: always
    runs_to         date,               -- its last day; null: for ever
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz,
    recorded_from   timestamptz NOT NULL,
    recorded_to     timestamptz,
    counter         bigint NOT NULL,
    closed          bigint,
    FOREIGN KEY (agreement, authority, supplier) REFERENCES agreement (agreement, authority, supplier),
    FOREIGN KEY (authority, los_unit) REFERENCES los_unit,
    CHECK (runs_to >= runs_from),
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX agreement_version_open ON agreement_version (agreement, authority, supplier)
    WHERE recorded_to IS NULL AND valid_to IS NULL;

CREATE TABLE benefit_type_version (
    benefit_type  text NOT NULL,
    authority     text,                 -- as in benefit_type
    name          text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX benefit_type_version_open ON benefit_type_version (benefit_type, authority) NULLS NOT DISTINCT
    WHERE recorded_to IS NULL AND valid_to IS NULL;

-- Which bank a registration number is, and whether it reports its customers' NemKonti. // B39.1
CREATE TABLE bank_directory_version (
    registration_number text NOT NULL CHECK (registration_number ~ '^[0-9]{4}$'),
    bank                text NOT NULL,
    joined              boolean NOT NULL,   -- the sector agreement
    bank_centre         text,               -- that it reports through
    merged_into         text,               -- the registration number that has taken it over
    valid_from          timestamptz NOT NULL,
    valid_to            timestamptz,
    recorded_from       timestamptz NOT NULL,
    recorded_to         timestamptz,
    counter             bigint NOT NULL,
    closed              bigint,
    CHECK (merged_into <> registration_number),
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX bank_directory_version_open ON bank_directory_version (registration_number)
    WHERE recorded_to IS NULL AND valid_to IS NULL;

-- A payout system (udbetalingssystem), and which authorities are connected by it. // B33.1-6
CREATE TABLE payout_system (
    payout_system text PRIMARY KEY
);
CREATE TABLE payout_system_version (
    payout_system text NOT NULL REFERENCES payout_system,
    supplier      text NOT NULL REFERENCES supplier,    -- that runs it
    name          text NOT NULL,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX payout_system_version_open ON payout_system_version (payout_system)
    WHERE recorded_to IS NULL AND valid_to IS NULL;
CREATE TABLE payout_connection_version (
    payout_system text NOT NULL REFERENCES payout_system,
    authority     text NOT NULL REFERENCES authority,
    state         text NOT NULL CHECK (state IN ('requested', 'agreed', 'testing', 'live', 'connected', 'dispensed', 'ended')),
    rights        text[] NOT NULL,      -- what it may do, sorted
    responsible   text NOT NULL,        -- the authority's person
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (rights <@ ARRAY['payments', 'accounts', 'lookups']),
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX payout_connection_version_open ON payout_connection_version (payout_system, authority)
    WHERE recorded_to IS NULL AND valid_to IS NULL;

-- How a booking centre is reached, written to and understood. A centre whose last version has ended is served until what was
-- sent to it has been heard.
CREATE TABLE bank_profile_version (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank          text NOT NULL CHECK (bank ~ '^[A-Za-z0-9._-]{1,35}$'),
    profile       jsonb NOT NULL,       -- as [[bank]] of the configuration has it, defaults included
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (jsonb_typeof(profile) = 'object'),
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX bank_profile_version_open ON bank_profile_version (bank) WHERE recorded_to IS NULL AND valid_to IS NULL;

-- What an interchange of orders was made by: no others have them.
ALTER TABLE interchange ADD COLUMN agreement_version bigint, ADD COLUMN bank_version bigint;

-- +goose StatementBegin
CREATE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql SET search_path = nks, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a version of % is closed, and what is closed is never changed', TG_TABLE_NAME;
END $$;

-- Versions of all kinds are added, and closed once. What is in force at an instant, as it was known at another, is asked of
-- KIND_as_of; known at infinity is what is known now.
DO $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['supplier', 'los_unit', 'agreement', 'benefit_type', 'bank_directory', 'payout_system', 'payout_connection', 'bank_profile'] LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON %s_version FROM nks_flow', kind);
        EXECUTE format('GRANT UPDATE (recorded_to, closed) ON %s_version TO nks_flow', kind);
        EXECUTE format('CREATE TRIGGER keep_closed BEFORE UPDATE ON %s_version FOR EACH ROW WHEN (OLD.recorded_to IS NOT NULL) EXECUTE FUNCTION keep_version()', kind);
        EXECUTE format('CREATE FUNCTION %1$s_as_of(on_instant timestamptz, known_at timestamptz) RETURNS SETOF %1$s_version LANGUAGE sql STABLE AS
            ''SELECT * FROM nks.%1$s_version WHERE valid_from <= on_instant AND (valid_to > on_instant OR valid_to IS NULL)
                AND recorded_from <= known_at AND (recorded_to > known_at OR recorded_to IS NULL)''', kind);
    END LOOP;
END $$;
-- +goose StatementEnd
REVOKE UPDATE, DELETE ON register_change_origin FROM nks_flow;

-- +goose StatementBegin
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        ('agreement_version', 'page_operations() OR authority = page_authority()')) AS v (name, visible)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.name);
        EXECUTE format('CREATE POLICY owner ON %I TO nks_owner USING (true) WITH CHECK (true)', t.name);
        EXECUTE format('CREATE POLICY page ON %I FOR SELECT TO nks_page USING (%s)', t.name, t.visible);
        EXECUTE format('GRANT SELECT ON %I TO nks_page', t.name);
    END LOOP;
END
$$;
-- +goose StatementEnd
RESET ROLE;
