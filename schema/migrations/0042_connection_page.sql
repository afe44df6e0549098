-- +goose Up
-- Operations see on the pages how far authorities are connected by payout systems.
SET ROLE nks_owner;
SET search_path = nks;

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['payout_system_version', 'payout_connection_version', 'register_change_origin'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO nks_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY page ON %I FOR SELECT TO nks_page USING (page_operations())', t);
        EXECUTE format('GRANT SELECT ON %I TO nks_page', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
RESET ROLE;
