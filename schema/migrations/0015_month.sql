-- +goose Up
-- Months close: what their payments added up to is frozen, and what is not at its end is carried on. Money rows of a closed month
-- never change. What moves of it afterwards is carried, with the state that it was frozen in, so that at any instant
--     the ledger = what was frozen - what is carried, as frozen + what is carried, as it stands + the open months.
-- The overview is made of places (groups and lines) and not of payments; what holds for payments holds for them as well.
SET ROLE nks_owner;
SET search_path = nks;

CREATE TYPE month_state AS ENUM ('open', 'closing', 'closed');
-- A month with partitions. They close in their order, so that all from the first open one on are open.
CREATE TABLE month (
    month          date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    state          month_state NOT NULL DEFAULT 'open',
    closing_at     timestamptz,             -- business time, as below
    closed_at      timestamptz,
    closed_by      text,                    -- a person; nks: it was time
    payments       bigint,                  -- of all states, as frozen
    ore            bigint,
    carried        bigint,                  -- that were not at their end
    carried_ore    bigint,
    sums_sha256    bytea CHECK (length(sums_sha256) = 32),
    carried_sha256 bytea CHECK (length(carried_sha256) = 32),
    audit_entry    bigint,                  -- that tells all this to the log
    CHECK ((state = 'open') = (closing_at IS NULL) AND (closing_at IS NULL) = (closed_by IS NULL)),
    CHECK (num_nonnulls(closed_at, payments, ore, carried, carried_ore, sums_sha256, carried_sha256, audit_entry)
        = CASE WHEN state = 'closed' THEN 8 ELSE 0 END)
);
INSERT INTO month (month) SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'nks.payment'::regclass;

-- What the payments of a closed month added up to. order_ore is by what their orders say.
CREATE TABLE month_sum (
    month     date NOT NULL REFERENCES month,
    supplier  text COLLATE "C" NOT NULL,
    authority text COLLATE "C" NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    state     text COLLATE "C" NOT NULL,
    payments  bigint NOT NULL,
    ore       bigint NOT NULL,
    order_ore bigint NOT NULL,
    PRIMARY KEY (month, supplier, authority, agreement, state)
);
-- The same of all closed months together, so that nobody adds them up.
CREATE TABLE closed_sum (
    supplier  text NOT NULL,
    authority text NOT NULL,
    state     text NOT NULL,
    payments  bigint NOT NULL,
    ore       bigint NOT NULL,
    order_ore bigint NOT NULL,
    PRIMARY KEY (supplier, authority, state)
);
-- A payment of a closed month that was not at its end, or has moved since.
CREATE TABLE carried (
    month      date NOT NULL,
    payment_id bigint NOT NULL,
    supplier   text NOT NULL,
    authority  text NOT NULL,
    agreement  text NOT NULL,
    state      text NOT NULL,               -- that it was frozen in
    ore        bigint NOT NULL,
    order_ore  bigint NOT NULL,
    at_closing boolean NOT NULL,            -- false: it was at its end then
    PRIMARY KEY (month, payment_id)
);

-- What the groups of a closed month, and the lines that were frozen in it, are counted as in the overview, but for those of
-- carried_place: signed, for what lines hold their groups miss.
CREATE TABLE closed_flow (
    authority text NOT NULL,
    bank      text NOT NULL,
    state     text NOT NULL,
    payments  bigint NOT NULL,
    ore       bigint NOT NULL,
    PRIMARY KEY (authority, bank, state)
);
-- A group or line of a closed month that was not at its end, or in which something has moved since: counted as it stands.
CREATE SEQUENCE carried_batch;
CREATE TABLE carried_place (
    month          date NOT NULL,           -- of the group, or that the line was frozen in
    batch          bigint NOT NULL,         -- a number of carried_batch × 1024 + that of the month: what one statement has carried of it
    authority      text NOT NULL,
    group_id       bigint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    CHECK ((group_id IS NULL) <> (interchange_id IS NULL)),
    UNIQUE NULLS NOT DISTINCT (group_id, interchange_id, message_no, lin)
);
CREATE INDEX carried_place_batch ON carried_place (batch);
-- What closed_flow counts of places that are carried since.
CREATE TABLE carried_flow (
    month     date NOT NULL,
    authority text NOT NULL,
    bank      text NOT NULL,
    state     text NOT NULL,
    payments  bigint NOT NULL,
    ore       bigint NOT NULL
);

CREATE INDEX release_group_month ON release_group (month);
CREATE INDEX interchange_month ON interchange (month, id);
CREATE INDEX fact_tally_group ON fact_tally (group_id) WHERE group_id IS NOT NULL;

-- The first month that is not closed; where all are, the one after them. Pages ask, too.
CREATE FUNCTION first_open() RETURNS date LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT coalesce(min(month) FILTER (WHERE state <> 'closed'), max(month) + interval '1 month', '2000-01-01')::date FROM month $$;
-- Below the first delivery of it.
CREATE FUNCTION first_open_delivery() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS
    $$ SELECT month_deliveries(first_open()) $$;
-- The same as gateway.PaymentState.Final.
CREATE FUNCTION is_final(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT state IN ('rejected', 'stopped', 'executed', 'cheque', 'returned', 'settled') $$;

-- Where every payment of some months is, without an end: of all from the first on; of several orders of a payment the last one
-- counts. No table is read before those months. An end costs the planner its guess: it expects next to nothing between two bounds.
-- Who gives the bounds of their deliveries as values has them planned for those months.
CREATE FUNCTION payment_states(first_month date, before_month date, first_delivery bigint, before_delivery bigint) RETURNS TABLE (month date, payment_id bigint, supplier text, authority text, agreement text,
    ore bigint, order_ore bigint, state text)
LANGUAGE sql STABLE AS $$
    SELECT p.month, p.id, d.supplier, p.authority, g.agreement, p.ore, coalesce(o.ore, p.ore), state_of(s.kind, g.state, o.type, l.state, i.state)
    FROM payment p
    JOIN release_group g ON g.id = p.group_id AND g.month >= first_month AND (before_month IS NULL OR g.month < before_month)
    JOIN delivery d ON d.id = delivery_of(p.id) AND d.id >= first_delivery AND (before_delivery IS NULL OR d.id < before_delivery)
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id AND s.month >= first_month AND (before_month IS NULL OR s.month < before_month)
    LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.month >= first_month
        AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
    LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
        AND l.interchange_id >= (SELECT min(f.id) FROM interchange f WHERE f.month >= first_month)
    LEFT JOIN interchange i ON i.id = o.interchange_id AND i.month >= first_month
    WHERE p.month >= first_month AND (before_month IS NULL OR p.month < before_month)
$$;
CREATE FUNCTION payment_states(first_month date, before_month date) RETURNS TABLE (month date, payment_id bigint, supplier text, authority text, agreement text,
    ore bigint, order_ore bigint, state text)
LANGUAGE sql STABLE AS $$
    SELECT * FROM payment_states(first_month, before_month, month_deliveries(first_month), month_deliveries(before_month))
$$;
-- The same of one payment, by whole keys: each is looked up, however the rest of a statement is joined.
CREATE FUNCTION payment_at(m date, payment bigint) RETURNS TABLE (supplier text, authority text, agreement text, ore bigint, order_ore bigint, state text)
LANGUAGE sql STABLE AS $$
    SELECT d.supplier, p.authority, g.agreement, p.ore, coalesce(o.ore, p.ore), state_of(s.kind, g.state, o.type, l.state, i.state)
    FROM (SELECT q.authority, q.group_id, q.ore FROM payment q WHERE q.month = m AND q.id = payment LIMIT 1) p
    CROSS JOIN LATERAL (SELECT r.agreement, r.state, r.order_month FROM release_group r WHERE r.id = p.group_id LIMIT 1) g
    CROSS JOIN LATERAL (SELECT e.supplier FROM delivery e WHERE e.id = delivery_of(payment) LIMIT 1) d
    LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = m AND t.payment_id = payment LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT b.* FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = payment
        AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT k.state FROM order_line k WHERE k.interchange_id = o.interchange_id AND k.message_no = o.message_no AND k.lin = o.lin LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT f.state FROM interchange f WHERE f.id = o.interchange_id LIMIT 1) i ON true
$$;
-- What is carried: as it was frozen, and as it stands.
CREATE VIEW carried_states AS
    SELECT c.*, coalesce(a.state, 'missing') AS stands, coalesce(a.ore, c.ore) AS now_ore, coalesce(a.order_ore, c.order_ore) AS now_order_ore
    FROM carried c LEFT JOIN LATERAL payment_at(c.month, c.payment_id) a ON true;

-- Where payments are, from the tables that are small: of the groups of some months and their deliveries, the lines that were frozen in them, and the
-- places that were carried in one batch (0: none, null: all of them). A payment without a fact of its own is
-- where its group or its line is; one with a fact is taken out of that sum and stands by itself. What a released group
-- holds is missing, but for what is found in lines. own: of this authority alone; null: of all.
CREATE FUNCTION flow_of(first_month date, before_month date, first_delivery bigint, before_delivery bigint, picked bigint, own text) RETURNS TABLE (authority text, bank text, state text, payments bigint, ore bigint)
LANGUAGE sql STABLE AS $$
    WITH places AS MATERIALIZED (SELECT c.* FROM carried_place c WHERE picked IS NULL OR c.batch = picked),
    first AS MATERIALIZED (SELECT min(f.id) AS id FROM interchange f WHERE f.month >= first_month),
    some_groups AS (
        SELECT g.id, d.authority, coalesce(g.bank_centre, '') AS bank, g.state, g.payments, g.ore FROM release_group g
        JOIN delivery d ON d.id = g.delivery_id AND d.id >= first_delivery AND (before_delivery IS NULL OR d.id < before_delivery)
        WHERE g.month >= first_month AND (before_month IS NULL OR g.month < before_month) AND (own IS NULL OR d.authority = own)
        UNION ALL
        SELECT g.id, c.authority, coalesce(g.bank_centre, ''), g.state, g.payments, g.ore FROM places c JOIN release_group g ON g.id = c.group_id
        WHERE own IS NULL OR c.authority = own),
    some_lines AS (
        SELECT a.authority, i.bank, i.state AS interchange, l.* FROM interchange i JOIN order_line l ON l.interchange_id = i.id
        JOIN agreement a ON a.id = i.agreement_id
        WHERE i.month >= first_month AND (before_month IS NULL OR i.month < before_month) AND l.interchange_id >= (SELECT id FROM first) AND (own IS NULL OR a.authority = own)
        UNION ALL
        SELECT c.authority, i.bank, i.state, l.* FROM places c
        JOIN order_line l ON l.interchange_id = c.interchange_id AND l.message_no = c.message_no AND l.lin = c.lin
        JOIN interchange i ON i.id = l.interchange_id
        WHERE own IS NULL OR c.authority = own),
    early AS (
        SELECT t.group_id, t.kind, sum(t.payments) AS payments, sum(t.ore) AS ore FROM fact_tally t
        WHERE t.group_id >= first_delivery << 14 AND (before_delivery IS NULL OR t.group_id < before_delivery << 14) GROUP BY 1, 2
        UNION ALL
        SELECT t.group_id, t.kind, sum(t.payments), sum(t.ore) FROM places c JOIN fact_tally t ON t.group_id = c.group_id GROUP BY 1, 2),
    late AS (
        SELECT t.interchange_id, t.message_no, t.lin, t.kind, sum(t.payments) AS payments, sum(t.ore) AS ore FROM interchange i
        JOIN fact_tally t ON t.interchange_id = i.id
        WHERE i.month >= first_month AND (before_month IS NULL OR i.month < before_month) AND t.interchange_id >= (SELECT id FROM first) GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT t.interchange_id, t.message_no, t.lin, t.kind, sum(t.payments), sum(t.ore) FROM places c
        JOIN fact_tally t ON t.interchange_id = c.interchange_id AND t.message_no = c.message_no AND t.lin = c.lin GROUP BY 1, 2, 3, 4),
    -- Added up first, told apart afterwards: there are few kinds of groups and lines.
    groups AS (
        SELECT g.authority, g.bank, g.state, NULL::fact_kind AS kind, sum(g.payments) AS payments, sum(g.ore) AS ore FROM some_groups g GROUP BY 1, 2, 3
        UNION ALL
        SELECT g.authority, g.bank, g.state, CASE WHEN f.sign > 0 THEN e.kind END, sum(f.sign * e.payments), sum(f.sign * e.ore)
        FROM early e JOIN some_groups g ON g.id = e.group_id CROSS JOIN (VALUES (1), (-1)) AS f (sign) GROUP BY 1, 2, 3, 4),
    lines AS (
        SELECT l.authority, l.bank, l.interchange, l.state, l.type, NULL::fact_kind AS kind, sum(l.payments - l.later_payments) AS payments,
            sum(l.ore - l.later_ore) AS ore FROM some_lines l GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT l.authority, l.bank, l.interchange, l.state, l.type, CASE WHEN f.sign > 0 THEN e.kind END, sum(f.sign * e.payments), sum(f.sign * e.ore)
        FROM late e JOIN some_lines l ON l.interchange_id = e.interchange_id AND l.message_no = e.message_no AND l.lin = e.lin
        CROSS JOIN (VALUES (1), (-1)) AS f (sign) GROUP BY 1, 2, 3, 4, 5, 6),
    parts AS (
        SELECT authority, bank, state_of(kind, state, NULL, NULL, NULL) AS state, payments, ore FROM groups
        UNION ALL SELECT authority, bank, state_of(NULL, 'released', NULL, NULL, NULL), -payments, -ore FROM lines
        UNION ALL SELECT authority, bank, state_of(kind, 'released', type, state, interchange), payments, ore FROM lines)
    SELECT p.authority, p.bank, p.state, sum(p.payments)::bigint, sum(p.ore)::bigint FROM parts p GROUP BY 1, 2, 3 HAVING sum(p.payments) <> 0 OR sum(p.ore) <> 0
$$;

-- Where the payments are, of a viewer: the states of the ledger.
-- +goose StatementBegin
CREATE FUNCTION page_flow() RETURNS TABLE (authority text, bank text, state text, payments bigint, ore bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = nks, pg_temp SET jit = off AS $$
DECLARE
    own CONSTANT text := page_authority();
    since CONSTANT date := first_open();
BEGIN
    IF own IS NULL AND NOT page_operations() THEN
        RETURN;
    END IF;
    -- Planned anew each time, for the months that are open: the others are not even looked at.
    RETURN QUERY EXECUTE $flow$
        WITH parts AS (
            SELECT f.* FROM flow_of($1, $2, $3, $4, NULL, $5) f
            UNION ALL SELECT c.authority, c.bank, c.state, c.payments, c.ore FROM closed_flow c WHERE $6 OR c.authority = $5
            UNION ALL SELECT c.authority, c.bank, c.state, -c.payments, -c.ore FROM carried_flow c WHERE $6 OR c.authority = $5)
        -- What is missing at one bank may be found at another, where its agreement has gone.
        SELECT p.authority, CASE WHEN p.state <> 'missing' THEN p.bank ELSE '' END, p.state, sum(p.payments)::bigint, sum(p.ore)::bigint FROM parts p
        GROUP BY 1, 2, 3 HAVING sum(p.payments) > 0 $flow$
        USING since, NULL::date, month_deliveries(since), NULL::bigint, own, page_operations();
END $$;
-- +goose StatementEnd

-- Whatever moves a payment of the month to another state from now on carries it.
CREATE FUNCTION begin_closing(m date, now timestamptz, who text) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH begun AS (UPDATE month SET state = 'closing', closing_at = now, closed_by = who WHERE month = m AND state = 'open' RETURNING 1)
    SELECT count(*) = 1 FROM begun
$$;
-- Freezes the sums of a month that is closing and carries what is not at its end, as of the snapshot of its transaction.
-- +goose StatementBegin
CREATE FUNCTION freeze_month(m date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
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
    INSERT INTO closed_sum AS c (supplier, authority, state, payments, ore, order_ore)
        SELECT s.supplier, s.authority, s.state, sum(s.payments), sum(s.ore), sum(s.order_ore) FROM month_sum s WHERE s.month = m GROUP BY 1, 2, 3
        ON CONFLICT (supplier, authority, state) DO UPDATE SET payments = c.payments + excluded.payments, ore = c.ore + excluded.ore,
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
-- Closes a month whose sums are frozen and entered in the log.
CREATE FUNCTION seal_month(m date, now timestamptz, sums bytea, carried_on bytea, entry bigint) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH sealed AS (UPDATE month SET state = 'closed', closed_at = now, sums_sha256 = sums, carried_sha256 = carried_on, audit_entry = entry,
            payments = s.payments, ore = s.ore, carried = c.payments, carried_ore = c.ore
        FROM (SELECT coalesce(sum(payments), 0) AS payments, coalesce(sum(ore), 0) AS ore FROM month_sum WHERE month_sum.month = m) s,
            (SELECT count(*) AS payments, coalesce(sum(ore), 0) AS ore FROM carried WHERE carried.month = m AND at_closing) c
        WHERE month.month = m AND state = 'closing' RETURNING 1)
    SELECT count(*) = 1 FROM sealed
$$;

-- What is frozen is written by these functions alone, and what is carried is only ever added.
REVOKE ALL ON FUNCTION begin_closing(date, timestamptz, text), freeze_month(date), seal_month(date, timestamptz, bytea, bytea, bigint), page_flow(),
    payment_states(date, date), payment_states(date, date, bigint, bigint), payment_at(date, bigint), flow_of(date, date, bigint, bigint, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_closing(date, timestamptz, text), freeze_month(date), seal_month(date, timestamptz, bytea, bytea, bigint),
    payment_states(date, date), payment_states(date, date, bigint, bigint), payment_at(date, bigint), flow_of(date, date, bigint, bigint, bigint, text) TO nks_flow;
GRANT EXECUTE ON FUNCTION first_open(), first_open_delivery() TO nks_flow, nks_page;
GRANT EXECUTE ON FUNCTION page_flow() TO nks_page;
REVOKE INSERT, UPDATE, DELETE ON month, month_sum, closed_sum, closed_flow, carried_states FROM nks_flow;
REVOKE UPDATE, DELETE ON carried, carried_place, carried_flow FROM nks_flow;
RESET ROLE;
