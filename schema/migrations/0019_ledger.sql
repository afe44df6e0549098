-- +goose Up
-- The ledger: what each fact moved, what accounts stood at when a day ended, and the certificates.
SET ROLE nks_owner;
SET search_path = nks;

-- Where what a fact is about stood before, and how much stood there and moved by it: of a line what did not stand by itself. Of a return,
-- ore is what came back of it.
ALTER TABLE fact ADD COLUMN was text, ADD COLUMN stood_payments int, ADD COLUMN stood_ore bigint;
-- Facts come in the order of business time: a day is found by a summary of pages.
CREATE INDEX fact_at ON fact USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX obligation_ended ON obligation (ended_at) WHERE ended_at IS NOT NULL;

-- A day whose book is closed.
CREATE TABLE book (
    day       date PRIMARY KEY,
    until     timestamptz NOT NULL,     -- business time of its end: what comes later is of another day
    booked_at timestamptz NOT NULL      -- business time
);
-- What an account of an agreement stood at before a day and after it, where it has moved on it.
CREATE TABLE book_balance (
    day         date NOT NULL REFERENCES book,
    authority   text COLLATE "C" NOT NULL,
    agreement   text COLLATE "C" NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL, -- ledger.Account
    opening_ore bigint NOT NULL,
    in_ore      bigint NOT NULL CHECK (in_ore >= 0),
    out_ore     bigint NOT NULL CHECK (out_ore >= 0),
    PRIMARY KEY (authority, agreement, currency, account, day)
);
CREATE INDEX book_balance_day ON book_balance (day);

-- What is certified of a day of an agreement at its bank centre, or why it is not: only ever added, the last of a day counts.
CREATE TABLE certificate (
    day            date NOT NULL REFERENCES book,
    authority      text COLLATE "C" NOT NULL,
    agreement      text COLLATE "C" NOT NULL,
    bank_centre    text COLLATE "C" NOT NULL,
    n              int NOT NULL CHECK (n > 0),
    issued         boolean NOT NULL,     -- false: refused
    reasons        text[] NOT NULL,      -- why it is refused
    difference_ore bigint NOT NULL,      -- of all accounts, as amounts
    sums           jsonb NOT NULL,       -- of each account: opening, in, out
    made_at        timestamptz NOT NULL, -- business time
    audit_entry    bigint NOT NULL,      -- that tells all this to the log
    PRIMARY KEY (day, authority, agreement, bank_centre, n),
    CHECK (issued = (cardinality(reasons) = 0)),
    CHECK (NOT issued OR difference_ore = 0)
);

-- A day of an agreement that is not certified: it is looked at until it is.
CREATE TABLE certificate_due (
    day         date NOT NULL REFERENCES book,
    authority   text COLLATE "C" NOT NULL,
    agreement   text COLLATE "C" NOT NULL,
    bank_centre text COLLATE "C" NOT NULL,
    PRIMARY KEY (day, authority, agreement, bank_centre)
);

-- What closed months add up to, by agreement, too.
ALTER TABLE closed_sum ADD COLUMN agreement text NOT NULL DEFAULT '', DROP CONSTRAINT closed_sum_pkey;
ALTER TABLE closed_sum ALTER COLUMN agreement DROP DEFAULT, ADD PRIMARY KEY (supplier, authority, agreement, state);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION freeze_month(m date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
DECLARE
    following date := m + interval '1 month';
    mine bigint := nextval('carried_batch') * 1024 + month_number(m);
BEGIN
    IF NOT EXISTS (SELECT FROM month c WHERE c.month = m AND c.state = 'closing') THEN
        RAISE EXCEPTION 'month % is not closing', m;
    END IF;
    -- What has moved since the closing began stands in the snapshot as it is now.
    DELETE FROM carried c WHERE c.month = m;
    DELETE FROM carried_place c WHERE c.month = m;
    DELETE FROM carried_flow c WHERE c.month = m;
    INSERT INTO carried (month, payment_id, supplier, authority, agreement, state, ore, order_ore, at_closing)
        SELECT p.month, p.payment_id, p.supplier, p.authority, p.agreement, p.state, p.ore, p.order_ore, true
        FROM payment_states(m, following) p WHERE NOT is_final(p.state);
    INSERT INTO month_sum (month, supplier, authority, agreement, state, payments, ore, order_ore)
        SELECT m, p.supplier, p.authority, p.agreement, p.state, count(*), sum(p.ore), sum(p.order_ore) FROM payment_states(m, following) p GROUP BY 2, 3, 4, 5;
    INSERT INTO closed_sum AS c (supplier, authority, agreement, state, payments, ore, order_ore)
        SELECT s.supplier, s.authority, s.agreement, s.state, sum(s.payments), sum(s.ore), sum(s.order_ore) FROM month_sum s WHERE s.month = m GROUP BY 1, 2, 3, 4
        ON CONFLICT (supplier, authority, agreement, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore,
            order_ore = c.order_ore + excluded.order_ore;
    INSERT INTO carried_place (month, batch, authority, group_id)
        SELECT m, mine, d.authority, g.id FROM release_group g JOIN delivery d ON d.id = g.delivery_id
        WHERE g.month = m AND d.id >= month_deliveries(m) AND d.id < month_deliveries(following) AND g.state IN ('unchecked', 'waiting');
    INSERT INTO carried_place (month, batch, authority, interchange_id, message_no, lin)
        SELECT m, mine, a.authority, l.interchange_id, l.message_no, l.lin FROM interchange i JOIN order_line l ON l.interchange_id = i.id
        JOIN agreement a ON a.id = i.agreement_id
        WHERE i.month = m AND (NOT is_final(state_of(NULL, 'released', l.type, l.state, i.state)) OR EXISTS (
            SELECT FROM fact_tally t WHERE t.interchange_id = l.interchange_id AND t.message_no = l.message_no AND t.lin = l.lin
            AND NOT is_final(state_of(t.kind, 'released', l.type, l.state, i.state)) GROUP BY t.kind HAVING sum(t.payments) <> 0));
    INSERT INTO closed_flow AS c (authority, bank, state, payments, ore)
        SELECT f.authority, f.bank, f.state, sum(f.payments), sum(f.ore) FROM (
            SELECT * FROM flow_of(m, following, month_deliveries(m), month_deliveries(following), 0, NULL) UNION ALL
            SELECT k.authority, k.bank, k.state, -k.payments, -k.ore FROM flow_of(m, m, 0, 0, mine, NULL) k) f GROUP BY 1, 2, 3
        ON CONFLICT (authority, bank, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION begin_dropping(m date, now timestamptz, who text, entry bigint, inner_block bytea, outer_block bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    PERFORM must_be_over(m, 'payments', now, inner_block, outer_block);
    UPDATE month c SET dropping_at = now, dropped_by = who, drop_entry = entry WHERE c.month = m;
    INSERT INTO closed_sum AS c (supplier, authority, agreement, state, payments, ore, order_ore)
        SELECT f.supplier, f.authority, f.agreement, f.state, sum(f.payments), sum(f.ore), sum(f.order_ore) FROM (
            SELECT k.supplier, k.authority, k.agreement, k.state, -1 AS payments, -k.ore AS ore, -k.order_ore AS order_ore FROM carried k WHERE k.month = m
            UNION ALL SELECT k.supplier, k.authority, k.agreement, k.stands, 1, k.now_ore, k.now_order_ore FROM carried_states k WHERE k.month = m) f GROUP BY 1, 2, 3, 4
        ON CONFLICT (supplier, authority, agreement, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore,
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

REVOKE UPDATE, DELETE ON book, book_balance, certificate FROM nks_flow;
REVOKE UPDATE ON certificate_due FROM nks_flow;
GRANT SELECT, INSERT ON book, book_balance, certificate, certificate_due TO nks_flow;
RESET ROLE;
