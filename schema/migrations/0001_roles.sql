-- +goose Up

-- Roles belong to the whole server, so another database of it may have made them, or be making them now. Where the
-- administrator has made them, nothing here needs a superuser.
-- +goose StatementBegin
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        ('nks_owner', 'NOLOGIN'),
        ('nks_flow',  'LOGIN BYPASSRLS'),
        ('nks_page',  'LOGIN')) AS w (name, attributes)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- made by another database's migration between the look and the deed
            END;
        END IF;
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nks_flow' AND (rolbypassrls OR rolsuper)) THEN
        RAISE EXCEPTION 'role nks_flow exists without BYPASSRLS: COPY would be refused under row-level security';
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nks_page' AND (rolbypassrls OR rolsuper)) THEN
        RAISE EXCEPTION 'role nks_page may pass row-level security: pages would show everybody everything';
    END IF;
    IF NOT pg_has_role('nks_owner', 'MEMBER') THEN
        EXECUTE format('GRANT nks_owner TO %I', current_user);
    END IF;
END
$$;
-- +goose StatementEnd

CREATE SCHEMA nks AUTHORIZATION nks_owner;

-- Migrations after this one run as nks_owner, and note themselves in the table of migrations.
GRANT SELECT, INSERT, UPDATE, DELETE ON public.nks_migration TO nks_owner;
GRANT SELECT ON public.nks_migration TO nks_flow, nks_page;

-- +goose StatementBegin
DO $$
BEGIN
    -- Trusted extensions belong to who may create in the database.
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO nks_owner', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO nks_flow', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
-- +goose StatementEnd

SET LOCAL ROLE nks_owner;

GRANT USAGE ON SCHEMA nks TO nks_flow, nks_page;

-- The batch engine works on every table, also on partitions made later. Pages are granted table by table.
ALTER DEFAULT PRIVILEGES IN SCHEMA nks GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO nks_flow;
ALTER DEFAULT PRIVILEGES IN SCHEMA nks GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO nks_flow;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA nks GRANT EXECUTE ON FUNCTIONS TO nks_flow;

-- Business time is machine time plus this offset: one for all nodes, kept over restarts, so that a gateway set to
-- another day does not fall back to today.
CREATE TABLE nks.business_clock (
    only_one  boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    offset_ns bigint      NOT NULL,
    set_at    timestamptz NOT NULL -- machine time of the last change
);
GRANT SELECT ON nks.business_clock TO nks_page;

-- The transaction goes on after this file: its end is noted by whoever began it.
RESET ROLE;
