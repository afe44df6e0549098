-- +goose Up
-- What is kept, and for how long. A closed month whose time is over is dropped whole, when nothing in it is open and nobody holds it:
-- its partitions go, and the rows of other tables that belong to it. What stays is its sums, its places in the log, ids, and of what must be
-- unique for ever keyed hashes. Months are dropped in their order, so that whatever a month's rows know of is kept longer.
SET ROLE nks_owner;
SET search_path = nks;

ALTER TABLE month
    ADD COLUMN documents_dropped_at timestamptz, -- business time, as below: its raw bytes went before the rest
    ADD COLUMN dropping_at timestamptz,          -- from here on it counts as gone
    ADD COLUMN dropped_at  timestamptz,          -- nothing of it is left
    ADD COLUMN dropped_by  text,                 -- a person; nks: it was time
    ADD COLUMN drop_entry  bigint,               -- that tells the log what was dropped
    ADD CHECK (num_nonnulls(dropping_at, dropped_by, drop_entry) IN (0, 3) AND (dropping_at IS NULL OR state = 'closed')
        AND (dropped_at IS NULL OR dropping_at IS NOT NULL));

-- How many months after its end what is kept; 0: for ever. The last row of a kind counts; without one it is kept for ever.
CREATE TABLE retention_rule (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('payments', 'documents', 'looks')),
    months   int NOT NULL CHECK (months BETWEEN 0 AND 600),
    since    timestamptz NOT NULL,  -- business time
    decision bigint NOT NULL REFERENCES decision DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX retention_rule_kind ON retention_rule (kind, id);
CREATE FUNCTION kept_for(wanted text) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT coalesce((SELECT r.months FROM retention_rule r WHERE r.kind = wanted ORDER BY r.id DESC LIMIT 1), 0) $$;

-- What must not be erased, whatever the rules say. It keeps the month of it, and so all later ones.
CREATE TABLE legal_hold (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what      text NOT NULL CHECK (what IN ('payment', 'holder', 'authority', 'month')),
    subject   text COLLATE "C" NOT NULL, -- the payment's number, the authority's, the month as 2005-08; of a holder a keyed hash
    since     timestamptz NOT NULL,      -- business time
    decision  bigint NOT NULL REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    lifted_at timestamptz,
    lifted_by bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX legal_hold_open ON legal_hold (what, subject) WHERE lifted_at IS NULL;
CREATE TRIGGER keep_closed BEFORE UPDATE ON legal_hold FOR EACH ROW WHEN (OLD.lifted_at IS NOT NULL) EXECUTE FUNCTION keep_closed();

-- EndToEndIds of months that are dropped, for ever. Another payment must not take one, and a bank may still name one.
CREATE TABLE payment_key_hash (
    e2e_hash   bytea NOT NULL CHECK (length(e2e_hash) = 16),
    payer_id   int NOT NULL,
    payment_id bigint NOT NULL,
    PRIMARY KEY (e2e_hash, payer_id)
);
-- Which key the hashes are made with: the hash of a known text. There is a row once there may be a hash.
CREATE TABLE hash_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    proof    bytea NOT NULL CHECK (length(proof) = 16)
);
-- HMAC-SHA-256 of a text, the first 128 bits: the key comes as its two blocks of 64 bytes, and is not in the database.
-- RFC 2104. // RFC 4868 truncates likewise
CREATE FUNCTION keyed_hash(text_of text, inner_block bytea, outer_block bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT substring(sha256(outer_block || sha256(inner_block || convert_to(text_of, 'UTF8'))) FROM 1 FOR 16) $$;

-- How a hash stands where a name stood.
CREATE FUNCTION hash_name(text_of text, inner_block bytea, outer_block bytea) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT 'hash:' || encode(nks.keyed_hash(text_of, inner_block, outer_block), 'hex') $$;
CREATE FUNCTION is_hash(name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT name ~ '^hash:[0-9a-f]{32}$' $$;

-- The first month that is kept: whatever is older is gone. From dropped_from() on there once was something.
CREATE FUNCTION first_kept() RETURNS date LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT coalesce(min(month) FILTER (WHERE dropping_at IS NULL), max(month) + interval '1 month', '2000-01-01')::date FROM month $$;
CREATE FUNCTION dropped_from() RETURNS date LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT coalesce(min(month), '2085-04-01') FROM month WHERE dropping_at IS NOT NULL $$;
-- Whether the bytes of a document went with their month. Whoever may read it may know.
CREATE FUNCTION bytes_are_erased(document bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT EXISTS (SELECT FROM month m WHERE m.documents_dropped_at IS NOT NULL AND month_number(m.month) = document >> 40) $$;
-- What is dropped is not made again.
CREATE OR REPLACE FUNCTION month_is_made(m date) RETURNS boolean LANGUAGE sql STABLE SET search_path = nks AS
    $$ SELECT bool_and(to_regclass('nks.' || name) IS NOT NULL) OR EXISTS (SELECT FROM month c WHERE c.month = m
        AND (c.dropping_at IS NOT NULL OR c.documents_dropped_at IS NOT NULL)) FROM month_parts(m) $$;

-- What stands against erasing the bytes of a month, or all of it.
CREATE FUNCTION open_of_month(m date, inner_block bytea, outer_block bytea) RETURNS TABLE (what text, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH s AS MATERIALIZED (SELECT next, month_ids(m) AS first_id, month_ids(next) AS after_id, month_deliveries(m) AS first_delivery,
        month_deliveries(next) AS after_delivery FROM (SELECT (m + interval '1 month')::date AS next) n)
    SELECT o.* FROM s CROSS JOIN LATERAL (
        SELECT 'payments that are not at their end', (SELECT count(*) FROM carried_states c WHERE c.month = m AND NOT is_final(c.stands))
        -- Of interchanges with any payment of the month, also those that were frozen later.
        UNION ALL SELECT 'lines that are not at their end', (SELECT count(*) FROM interchange i JOIN order_line l ON l.interchange_id = i.id
            CROSS JOIN LATERAL (SELECT coalesce(sum(t.payments), 0) AS payments FROM fact_tally t
                WHERE t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin) f
            WHERE i.since = m AND (l.payments - l.later_payments > f.payments AND NOT is_final(state_of(NULL, 'released', l.type, l.state, i.state))
                OR EXISTS (SELECT FROM fact_tally t WHERE t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin
                    AND NOT is_final(state_of(t.kind, 'released', l.type, l.state, i.state)) GROUP BY t.kind HAVING sum(t.payments) <> 0)))
        UNION ALL SELECT 'interchanges that are not sent', (SELECT count(*) FROM interchange i WHERE (i.month = m OR i.since = m) AND i.state NOT IN ('sent', 'void'))
        UNION ALL SELECT 'payments to be ordered anew', (SELECT count(*) FROM obligation b WHERE b.payment_month = m AND b.state = 'open')
        UNION ALL SELECT 'answers that are owed', (SELECT count(*) FROM answer_due a WHERE a.answer_id IS NULL
            AND a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery)
        UNION ALL SELECT 'answers that nobody has collected', (SELECT count(*) FROM answer a WHERE a.collected_at IS NULL
            AND (a.id < s.after_id OR a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery))
        UNION ALL SELECT 'files of banks that are not done with', (SELECT count(*) FROM bank_file f WHERE f.id >= s.first_id AND f.id < s.after_id
            AND (f.state = 'received' OR f.contrl_owed))
        UNION ALL SELECT 'statements of banks that nobody could decide', (SELECT count(*) FROM bank_doubt d WHERE d.settled_at IS NULL
            AND (d.bank_file_id >= s.first_id AND d.bank_file_id < s.after_id
                OR d.interchange_id IN (SELECT i.id FROM interchange i WHERE i.month = m OR i.since = m)))
        UNION ALL SELECT 'uploads that wait for their rename', (SELECT count(*) FROM mailbox_upload u WHERE u.document_id < s.after_id)
        UNION ALL SELECT 'exceptions', (SELECT count(*) FROM exception e WHERE e.closed_at IS NULL AND CASE e.thing
            WHEN 'payment' THEN delivery_of(e.thing_id) >= s.first_delivery AND delivery_of(e.thing_id) < s.after_delivery
            WHEN 'delivery' THEN e.thing_id >= s.first_delivery AND e.thing_id < s.after_delivery
            WHEN 'group' THEN e.thing_id >> 14 >= s.first_delivery AND e.thing_id >> 14 < s.after_delivery
            WHEN 'bank file' THEN e.thing_id >= s.first_id AND e.thing_id < s.after_id
            WHEN 'interchange' THEN EXISTS (SELECT FROM interchange i WHERE i.id = e.thing_id AND (i.month = m OR i.since = m)) END)
        UNION ALL SELECT 'legal holds', (SELECT count(*) FROM legal_hold h WHERE h.lifted_at IS NULL AND CASE h.what
            WHEN 'month' THEN h.subject = to_char(m, 'YYYY-MM')
            WHEN 'payment' THEN delivery_of(h.subject::bigint) >= s.first_delivery AND delivery_of(h.subject::bigint) < s.after_delivery
            WHEN 'authority' THEN EXISTS (SELECT FROM payment p WHERE p.month = m AND p.authority = h.subject)
                OR EXISTS (SELECT FROM delivery d WHERE d.id >= s.first_delivery AND d.id < s.after_delivery AND d.authority = h.subject)
            -- Whoever cannot make the hash keeps everything.
            WHEN 'holder' THEN inner_block IS NULL OR EXISTS (SELECT FROM payment p WHERE p.month = m
                AND encode(keyed_hash('holder ' || p.holder_kind || ' ' || p.holder, inner_block, outer_block), 'hex') = h.subject) END)
    ) o (what, n) WHERE o.n > 0
$$;

-- +goose StatementBegin
-- Nothing is erased that is not closed, whose time is not over, of which something is open, or before what came before it.
CREATE FUNCTION must_be_over(m date, wanted text, now timestamptz, inner_block bytea, outer_block bytea) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    months int := kept_for(wanted);
    against text;
BEGIN
    IF NOT EXISTS (SELECT FROM month c WHERE c.month = m AND c.state = 'closed') THEN
        RAISE EXCEPTION 'month % is not closed', m USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF months = 0 OR now < ((m + make_interval(months => months + 1))::timestamp AT TIME ZONE 'Europe/Copenhagen') THEN
        RAISE EXCEPTION '% of month % are kept longer', wanted, m USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF wanted = 'payments' AND m <> first_kept() THEN
        RAISE EXCEPTION 'month % must be dropped before', first_kept() USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT string_agg(o.n || ' ' || o.what, ', ') INTO against FROM open_of_month(m, inner_block, outer_block) o
        WHERE wanted = 'payments' OR o.what NOT IN ('payments that are not at their end', 'lines that are not at their end');
    IF against IS NOT NULL THEN
        RAISE EXCEPTION 'month % has %', m, against USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;
-- +goose StatementEnd

-- Each table's rows of a month, and what a drop leaves of them.
CREATE FUNCTION month_parts_left(m date) RETURNS TABLE (name text) LANGUAGE sql STABLE SET search_path = nks AS
    $$ SELECT p.parent FROM month_parts(m) p WHERE to_regclass('nks.' || p.name) IS NOT NULL $$;
CREATE FUNCTION month_rows_left(m date) RETURNS TABLE (name text, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH s AS MATERIALIZED (SELECT month_ids(m) AS first_id, month_ids(next) AS after_id, month_deliveries(m) AS first_delivery,
        month_deliveries(next) AS after_delivery FROM (SELECT (m + interval '1 month')::date AS next) n)
    SELECT r.* FROM s CROSS JOIN LATERAL (VALUES
        ('release_group', (SELECT count(*) FROM release_group g WHERE g.month = m)),
        ('order_line', (SELECT count(*) FROM interchange i JOIN order_line l ON l.interchange_id = i.id WHERE i.month = m)),
        ('text_change', (SELECT count(*) FROM interchange i JOIN text_change c ON c.interchange_id = i.id WHERE i.month = m)),
        ('fact_tally', (SELECT count(*) FROM fact_tally t WHERE t.group_id >= s.first_delivery << 14 AND t.group_id < s.after_delivery << 14)
            + (SELECT count(*) FROM interchange i JOIN fact_tally t ON t.interchange_id = i.id WHERE i.month = m)),
        ('obligation', (SELECT count(*) FROM obligation o WHERE o.payment_month = m)),
        ('answer_due_tally', (SELECT count(*) FROM answer_due_tally a WHERE a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery)),
        ('answer_waiting', (SELECT count(*) FROM answer_waiting a WHERE a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery)),
        ('bank_doubt', (SELECT count(*) FROM bank_doubt d WHERE d.bank_file_id >= s.first_id AND d.bank_file_id < s.after_id)),
        ('carried', (SELECT count(*) FROM carried c WHERE c.month = m)),
        ('carried_place', (SELECT count(*) FROM carried_place c WHERE c.month = m)),
        ('carried_flow', (SELECT count(*) FROM carried_flow c WHERE c.month = m)),
        ('delivery_key', (SELECT count(*) FROM delivery_key k WHERE k.delivery_id >= s.first_delivery AND k.delivery_id < s.after_delivery AND NOT is_hash(k.transport_key))),
        ('bundle_key', (SELECT count(*) FROM bundle_key k WHERE k.delivery_id >= s.first_delivery AND k.delivery_id < s.after_delivery AND NOT is_hash(k.group_ref)))
    ) r (name, n) $$;

-- +goose StatementBegin
-- From here on the month counts as gone: what was carried of it counts for ever as it stands.
CREATE FUNCTION begin_dropping(m date, now timestamptz, who text, entry bigint, inner_block bytea, outer_block bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    PERFORM must_be_over(m, 'payments', now, inner_block, outer_block);
    UPDATE month c SET dropping_at = now, dropped_by = who, drop_entry = entry WHERE c.month = m;
    INSERT INTO closed_sum AS c (supplier, authority, state, payments, ore, order_ore)
        SELECT f.supplier, f.authority, f.state, sum(f.payments), sum(f.ore), sum(f.order_ore) FROM (
            SELECT k.supplier, k.authority, k.state, -1 AS payments, -k.ore AS ore, -k.order_ore AS order_ore FROM carried k WHERE k.month = m
            UNION ALL SELECT k.supplier, k.authority, k.stands, 1, k.now_ore, k.now_order_ore FROM carried_states k WHERE k.month = m) f GROUP BY 1, 2, 3
        ON CONFLICT (supplier, authority, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore,
            order_ore = c.order_ore + excluded.order_ore;
    INSERT INTO closed_flow AS c (authority, bank, state, payments, ore)
        SELECT f.authority, f.bank, f.state, sum(f.payments), sum(f.ore) FROM (
            SELECT q.* FROM (SELECT DISTINCT p.batch FROM carried_place p WHERE p.month = m) b CROSS JOIN LATERAL flow_of(m, m, 0, 0, b.batch, NULL) q
            UNION ALL SELECT k.authority, k.bank, k.state, -k.payments, -k.ore FROM carried_flow k WHERE k.month = m) f GROUP BY 1, 2, 3
        ON CONFLICT (authority, bank, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore;
    DELETE FROM carried c WHERE c.month = m;
    DELETE FROM carried_place c WHERE c.month = m;
    DELETE FROM carried_flow c WHERE c.month = m;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Puts keyed hashes in the place of what a delivery of the month has made unique. Done twice it does nothing more.
CREATE FUNCTION hash_keys(m date, delivery bigint, inner_block bytea, outer_block bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM month c WHERE c.month = m AND c.dropping_at IS NOT NULL) THEN
        RAISE EXCEPTION 'month % is not being dropped', m;
    END IF;
    WITH gone AS (
        DELETE FROM payment_key k USING payment p, delivery d
        WHERE d.id = delivery AND p.month = m AND p.id >= delivery << 24 AND p.id < (delivery + 1) << 24
            AND k.payer_id = d.payer_id AND k.e2e = p.e2e AND k.payment_id = p.id
        RETURNING k.payer_id, k.e2e, k.payment_id)
    INSERT INTO payment_key_hash (e2e_hash, payer_id, payment_id) SELECT keyed_hash(e2e, inner_block, outer_block), payer_id, payment_id FROM gone;
    UPDATE delivery_key k SET transport_key = hash_name(k.transport_key, inner_block, outer_block) FROM delivery d
        WHERE d.id = delivery AND k.door = d.door AND k.supplier = d.supplier AND k.transport_key = d.transport_key AND k.delivery_id = d.id;
    UPDATE bundle_key k SET group_ref = hash_name(k.group_ref, inner_block, outer_block) FROM delivery d
        WHERE d.id = delivery AND k.payer_id = d.payer_id AND k.group_ref = d.group_ref AND k.delivery_id = d.id;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Takes one partition of a month away. It needs its parent for itself for an instant: set a lock_timeout, and try again.
CREATE FUNCTION drop_part(m date, wanted text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    part text := (SELECT p.name FROM month_parts(m) p WHERE p.parent = wanted AND to_regclass('nks.' || p.name) IS NOT NULL);
BEGIN
    IF NOT EXISTS (SELECT FROM month c WHERE c.month = m AND (c.dropping_at IS NOT NULL OR wanted = 'document_piece' AND c.documents_dropped_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'month % is not being dropped', m;
    END IF;
    IF part IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE nks.%I DETACH PARTITION nks.%I', wanted, part);
    EXECUTE format('DROP TABLE nks.%I', part);
    RETURN true;
END $$;
-- +goose StatementEnd

-- The raw bytes of a month go before the rest of it.
-- +goose StatementBegin
CREATE FUNCTION begin_dropping_documents(m date, now timestamptz, inner_block bytea, outer_block bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    SELECT must_be_over(m, 'documents', now, inner_block, outer_block);
    UPDATE month c SET documents_dropped_at = now WHERE c.month = m AND c.documents_dropped_at IS NULL;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Deletes the rows of a month in tables that have no months, and says that nothing of it is left. Interchanges and messages stay, which
-- hold numbers and sums.
CREATE FUNCTION end_dropping(m date, now timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    first_delivery bigint := month_deliveries(m);
    after_delivery bigint := month_deliveries((m + interval '1 month')::date);
    left_of_it text;
BEGIN
    IF NOT EXISTS (SELECT FROM month c WHERE c.month = m AND c.dropping_at IS NOT NULL) THEN
        RAISE EXCEPTION 'month % is not being dropped', m;
    END IF;
    DELETE FROM text_change c USING interchange i WHERE i.month = m AND c.interchange_id = i.id;
    DELETE FROM fact_tally t USING interchange i WHERE i.month = m AND t.interchange_id = i.id;
    DELETE FROM fact_tally t WHERE t.group_id >= first_delivery << 14 AND t.group_id < after_delivery << 14;
    DELETE FROM order_line l USING interchange i WHERE i.month = m AND l.interchange_id = i.id;
    DELETE FROM obligation o WHERE o.payment_month = m;
    DELETE FROM release_group g WHERE g.month = m;
    DELETE FROM answer_due_tally a WHERE a.delivery_id >= first_delivery AND a.delivery_id < after_delivery;
    DELETE FROM answer_waiting a WHERE a.delivery_id >= first_delivery AND a.delivery_id < after_delivery;
    DELETE FROM bank_doubt d WHERE d.bank_file_id >= month_ids(m) AND d.bank_file_id < month_ids((m + interval '1 month')::date);
    EXECUTE format('DROP SEQUENCE IF EXISTS nks.%I', 'delivery_number_' || to_char(m, 'YYYYMM'));
    SELECT string_agg(l.name, ', ') INTO left_of_it FROM (SELECT p.name FROM month_parts_left(m) p UNION ALL SELECT r.name FROM month_rows_left(m) r WHERE r.n > 0) l;
    IF left_of_it IS NOT NULL THEN
        RAISE EXCEPTION 'of month % there is something left in %', m, left_of_it;
    END IF;
    UPDATE month c SET dropped_at = now WHERE c.month = m AND c.dropped_at IS NULL;
END $$;
-- +goose StatementEnd

-- Deletes what the log tells of looks at payments whose time is over; their commitments stay, and so does the tree. Entries have the
-- machine's time, which business time runs with.
CREATE FUNCTION erase_looks(now timestamptz) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH gone AS (DELETE FROM audit_content c USING audit_entry e WHERE e.id = c.entry_id AND e.place IS NOT NULL AND kept_for('looks') > 0
            AND c.kind IN ('look at a payment', 'search for payments')
            AND e.recorded_at < now - make_interval(months => kept_for('looks'), secs => coalesce((SELECT b.offset_ns FROM business_clock b), 0) / 1e9)
        RETURNING 1)
    SELECT count(*) FROM gone
$$;

REVOKE UPDATE, DELETE ON retention_rule, legal_hold FROM nks_flow;
GRANT UPDATE (lifted_at, lifted_by) ON legal_hold TO nks_flow;
REVOKE INSERT, UPDATE, DELETE ON payment_key_hash FROM nks_flow;
REVOKE UPDATE, DELETE ON hash_key FROM nks_flow;
REVOKE ALL ON FUNCTION must_be_over(date, text, timestamptz, bytea, bytea), open_of_month(date, bytea, bytea), month_rows_left(date),
    begin_dropping(date, timestamptz, text, bigint, bytea, bytea), hash_keys(date, bigint, bytea, bytea), drop_part(date, text),
    begin_dropping_documents(date, timestamptz, bytea, bytea), end_dropping(date, timestamptz), erase_looks(timestamptz), kept_for(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION must_be_over(date, text, timestamptz, bytea, bytea), open_of_month(date, bytea, bytea), month_rows_left(date), month_parts_left(date),
    begin_dropping(date, timestamptz, text, bigint, bytea, bytea), hash_keys(date, bigint, bytea, bytea), drop_part(date, text),
    begin_dropping_documents(date, timestamptz, bytea, bytea), end_dropping(date, timestamptz), erase_looks(timestamptz), kept_for(text),
    first_kept(), dropped_from(), keyed_hash(text, bytea, bytea) TO nks_flow;
GRANT EXECUTE ON FUNCTION bytes_are_erased(bigint) TO nks_flow, nks_page;
RESET ROLE;
