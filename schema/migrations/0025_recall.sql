-- +goose Up
-- Orders that a bank has are asked back, and what the bank answers.
SET ROLE nks_owner;
SET search_path = nks;

-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    SELECT conname INTO STRICT name FROM pg_constraint WHERE conrelid = 'interchange'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%CONTRL%';
    EXECUTE format('ALTER TABLE interchange DROP CONSTRAINT %I', name);
END $$;
-- +goose StatementEnd
ALTER TABLE interchange ADD CONSTRAINT interchange_kind_check CHECK (kind IN ('PAYMUL', 'CONTRL', 'FINCAN'));

CREATE INDEX interchange_fincan ON interchange (bank, id) WHERE kind = 'FINCAN';

-- An order that a decision asks back of its bank. Only ever added.
CREATE TABLE recall (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision_id    bigint NOT NULL REFERENCES decision,
    month          date NOT NULL,               -- of the payment
    payment_id     bigint NOT NULL,
    attempt        smallint NOT NULL,
    bank           text NOT NULL,
    interchange_id bigint NOT NULL,             -- the order's
    message_no     int NOT NULL,
    lin            int NOT NULL,
    reference      text COLLATE "C" NOT NULL,   -- RFF+CR of the order
    ore            bigint NOT NULL,
    position       text NOT NULL,               -- where the payment stood
    asked_at       timestamptz NOT NULL,        -- business time
    UNIQUE (decision_id, payment_id)
);
CREATE INDEX recall_payment ON recall (payment_id, id);
CREATE INDEX recall_month ON recall (month);
CREATE INDEX recall_bank ON recall (bank, id);

-- Where it is written to the bank, once: a LIN of a FINCAN. Only ever added.
CREATE TABLE recall_line (
    recall_id      bigint PRIMARY KEY REFERENCES recall,
    interchange_id bigint NOT NULL REFERENCES interchange,
    lin            int NOT NULL,
    UNIQUE (interchange_id, lin)
);

-- What the bank has answered. The first of an order that is recalled, refused or failed counts. Only ever added.
CREATE TABLE recall_answer (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recall_id    bigint NOT NULL REFERENCES recall,
    answer       text NOT NULL CHECK (answer IN ('noted', 'recalled', 'refused', 'failed')), -- failed: the bank's CONTRL has rejected the FINCAN
    code         text,
    text         text,
    bank_file_id bigint NOT NULL,
    at           timestamptz NOT NULL,          -- business time
    UNIQUE (recall_id, answer, bank_file_id)
);

-- The answer that counts; null: none so far.
CREATE FUNCTION recall_answered(of_recall bigint) RETURNS bigint LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT a.id FROM recall_answer a WHERE a.recall_id = of_recall AND a.answer <> 'noted' ORDER BY a.id LIMIT 1
$$;
GRANT SELECT, INSERT ON recall, recall_line, recall_answer TO nks_flow;
REVOKE UPDATE, DELETE ON recall, recall_line, recall_answer FROM nks_flow;
GRANT EXECUTE ON FUNCTION recall_answered(bigint) TO nks_flow;

-- Of a month that is dropped these rows go, too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_rows_left(m date) RETURNS TABLE (name text, n bigint)
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
        ('stop_outcome', (SELECT count(*) FROM stop_outcome o WHERE o.month = m)),
        ('recall', (SELECT count(*) FROM recall r WHERE r.month = m)),
        ('answer_due_tally', (SELECT count(*) FROM answer_due_tally a WHERE a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery)),
        ('answer_waiting', (SELECT count(*) FROM answer_waiting a WHERE a.delivery_id >= s.first_delivery AND a.delivery_id < s.after_delivery)),
        ('bank_doubt', (SELECT count(*) FROM bank_doubt d WHERE d.bank_file_id >= s.first_id AND d.bank_file_id < s.after_id)),
        ('carried', (SELECT count(*) FROM carried c WHERE c.month = m)),
        ('carried_place', (SELECT count(*) FROM carried_place c WHERE c.month = m)),
        ('carried_flow', (SELECT count(*) FROM carried_flow c WHERE c.month = m)),
        ('delivery_key', (SELECT count(*) FROM delivery_key k WHERE k.delivery_id >= s.first_delivery AND k.delivery_id < s.after_delivery AND NOT is_hash(k.transport_key))),
        ('bundle_key', (SELECT count(*) FROM bundle_key k WHERE k.delivery_id >= s.first_delivery AND k.delivery_id < s.after_delivery AND NOT is_hash(k.group_ref)))
    ) r (name, n) $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION end_dropping(m date, now timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
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
    DELETE FROM stop_outcome o WHERE o.month = m;
    DELETE FROM recall_answer a USING recall r WHERE r.month = m AND a.recall_id = r.id;
    DELETE FROM recall_line l USING recall r WHERE r.month = m AND l.recall_id = r.id;
    DELETE FROM recall r WHERE r.month = m;
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
RESET ROLE;
