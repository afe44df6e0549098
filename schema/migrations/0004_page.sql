-- +goose Up
-- What pages may see. They come as nks_page, under row-level security, and say in each transaction who looks:
--
--   nks.viewer            operations: aggregates, deliveries, interchanges, exceptions; no payment's content
--                         authority: that of nks.viewer_authority alone
--   nks.viewer_authority  its number
--
-- Without these nobody sees anything. Partitions are granted to nobody but the flow: read directly, one would escape
-- the policies of its parent.
SET ROLE nks_owner;
SET search_path = nks;

-- Which interchanges a bank's file speaks of, and 0 for anything in it that is about none. Only a file that speaks of
-- nobody else may be shown to an authority.
CREATE TABLE bank_file_about (
    bank_file_id   bigint NOT NULL,
    interchange_id bigint NOT NULL,
    PRIMARY KEY (bank_file_id, interchange_id)
) PARTITION BY RANGE (bank_file_id);
REVOKE UPDATE, DELETE ON bank_file_about FROM nks_flow;
CREATE INDEX bank_file_about_interchange ON bank_file_about (interchange_id, bank_file_id);

-- Who looks. Plain enough to be written into every policy by the planner.
CREATE FUNCTION page_operations() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT coalesce(current_setting('nks.viewer', true) = 'operations', false) $$;
CREATE FUNCTION page_authority() RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT CASE current_setting('nks.viewer', true) WHEN 'authority' THEN nullif(current_setting('nks.viewer_authority', true), '') END $$;

-- The two below look at what the viewer may not read by itself. Not in SQL, which would plan them for every month there is
-- each time: here the planner knows the id, and so the month.
-- +goose StatementBegin
CREATE FUNCTION page_file_is_own(file bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(bool_and(a.authority IS NOT NULL AND a.authority = page_authority()), false)
        FROM bank_file_about b LEFT JOIN interchange i ON i.id = b.interchange_id LEFT JOIN agreement a ON a.id = i.agreement_id
        WHERE b.bank_file_id = file);
END $$;
-- +goose StatementEnd
-- A refused document says itself whose it is, which proves nothing: it is nobody's.
-- +goose StatementBegin
CREATE FUNCTION page_document_is_own(document bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    delivery bigint;
    file bigint;
BEGIN
    IF page_authority() IS NULL THEN
        RETURN false;
    END IF;
    SELECT o.delivery_id, o.bank_file_id INTO delivery, file FROM document o WHERE o.id = document;
    RETURN EXISTS (SELECT FROM delivery d WHERE d.id = delivery AND d.payer_id IS NOT NULL AND d.authority = page_authority())
        OR file IS NOT NULL AND page_file_is_own(file)
        OR EXISTS (SELECT FROM interchange i JOIN agreement a ON a.id = i.agreement_id
            WHERE i.document_id = document AND a.authority = page_authority());
END $$;
-- +goose StatementEnd

GRANT EXECUTE ON FUNCTION page_operations(), page_authority(), page_file_is_own(bigint), page_document_is_own(bigint) TO nks_page;

-- +goose StatementBegin
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        ('authority',      'page_operations() OR authority = page_authority()'),
        ('supplier',       'page_operations() OR EXISTS (SELECT FROM agreement a WHERE a.supplier = supplier.supplier)'),
        ('agreement',      'page_operations() OR authority = page_authority()'),
        ('payer',          'page_operations() OR authority = page_authority()'),
        ('delivery',       'page_operations() OR authority = page_authority() AND (payer_id IS NOT NULL
                                OR EXISTS (SELECT FROM agreement a WHERE a.supplier = delivery.supplier AND a.authority = page_authority()))'),
        ('release_group',  'page_operations() OR EXISTS (SELECT FROM delivery d WHERE d.id = delivery_id)'),
        ('answer',         'page_operations() OR EXISTS (SELECT FROM delivery d WHERE d.id = delivery_id)'),
        ('answer_key',     'page_operations() OR EXISTS (SELECT FROM delivery d WHERE d.id = delivery_id)'),
        ('answer_due',     'EXISTS (SELECT FROM delivery d WHERE d.id = delivery_id AND d.authority = page_authority())'),
        ('bank_reference', 'EXISTS (SELECT FROM delivery d WHERE d.id = delivery_id AND d.authority = page_authority())'),
        ('payment',        'authority = page_authority()'),
        ('payment_key',    'EXISTS (SELECT FROM payer p WHERE p.id = payer_id AND p.authority = page_authority())'),
        ('standing',       'EXISTS (SELECT FROM delivery d WHERE d.id = delivery_of(payment_id) AND d.payer_id IS NOT NULL AND d.authority = page_authority())'),
        ('fact',           'scope = ''payment'' AND EXISTS (SELECT FROM delivery d WHERE d.id = delivery_of(payment_id) AND d.payer_id IS NOT NULL AND d.authority = page_authority())'),
        ('bank_order',     'authority = page_authority()'),
        ('interchange',    'page_operations() OR EXISTS (SELECT FROM agreement a WHERE a.id = agreement_id AND a.authority = page_authority())'),
        ('message',        'EXISTS (SELECT FROM interchange i WHERE i.id = interchange_id AND page_authority() IS NOT NULL)'),
        ('order_line',     'EXISTS (SELECT FROM interchange i WHERE i.id = interchange_id AND page_authority() IS NOT NULL)'),
        ('bank_file',      'page_operations() OR page_file_is_own(id)'),
        ('bank_file_about', 'EXISTS (SELECT FROM interchange i WHERE i.id = interchange_id)'),
        ('document',       'page_document_is_own(id)'),
        ('document_piece', 'page_document_is_own(document_id)')) AS v (name, visible)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.name);
        -- Forced on the owner, too, whose functions above must see all.
        EXECUTE format('CREATE POLICY owner ON %I TO nks_owner USING (true) WITH CHECK (true)', t.name);
        EXECUTE format('CREATE POLICY page ON %I FOR SELECT TO nks_page USING (%s)', t.name, t.visible);
        EXECUTE format('GRANT SELECT ON %I TO nks_page', t.name);
    END LOOP;
END
$$;
-- +goose StatementEnd
RESET ROLE;
