-- +goose Up
-- What authorities want done with money that has nowhere to go, and what is done with it.
SET ROLE nks_owner;
SET search_path = nks;
-- Functions below name values that their types get here: they are read when they are called.
SET LOCAL check_function_bodies = off;

-- A version of what an authority wants done in one case, for one benefit type, or, without one, for all that have none of their own.
CREATE TABLE standing_choice_version (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    authority     text NOT NULL REFERENCES authority,
    benefit_type  text,
    cause         text NOT NULL CHECK (cause IN ('no_account', 'bank_rejected', 'came_back')),
    choice        text NOT NULL CHECK (choice IN ('return', 'cheque', 'error_account', 'hold')),
    hold_days     int CHECK (hold_days BETWEEN 1 AND 250), -- banking days
    otherwise     text CHECK (otherwise IN ('return', 'cheque', 'error_account')),
    error_account text CHECK (error_account ~ '^[0-9]{14}$'),
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK ((choice = 'hold') = (hold_days IS NOT NULL)),
    CHECK ((choice IN ('hold', 'cheque')) = (otherwise IS NOT NULL)),
    CHECK (choice <> 'cheque' OR otherwise <> 'cheque'),
    CHECK ((choice = 'error_account' OR coalesce(otherwise, '') = 'error_account') = (error_account IS NOT NULL)),
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX standing_choice_version_open ON standing_choice_version (authority, benefit_type, cause) NULLS NOT DISTINCT
    WHERE recorded_to IS NULL AND valid_to IS NULL;
REVOKE UPDATE, DELETE ON standing_choice_version FROM nks_flow;
GRANT SELECT, INSERT ON standing_choice_version TO nks_flow;
GRANT UPDATE (recorded_to, closed) ON standing_choice_version TO nks_flow;
CREATE TRIGGER keep_closed BEFORE UPDATE ON standing_choice_version FOR EACH ROW WHEN (OLD.recorded_to IS NOT NULL) EXECUTE FUNCTION keep_version();
CREATE FUNCTION standing_choice_as_of(on_instant timestamptz, known_at timestamptz) RETURNS SETOF standing_choice_version LANGUAGE sql STABLE AS $$
    SELECT * FROM nks.standing_choice_version WHERE valid_from <= on_instant AND (valid_to > on_instant OR valid_to IS NULL)
        AND recorded_from <= known_at AND (recorded_to > known_at OR recorded_to IS NULL) $$;

-- A payment that is kept for an account stands by this fact; its group has left without it.
ALTER TYPE fact_kind ADD VALUE 'awaits_account';
-- What a choice orders: a cheque, a transfer to the error account, or, when it has arrived, to the recipient's account.
ALTER TYPE obligation_kind ADD VALUE 'cheque';
ALTER TYPE obligation_kind ADD VALUE 'error_account';
ALTER TYPE obligation_kind ADD VALUE 'complete';
ALTER TABLE obligation ADD COLUMN cause text CHECK (cause IN ('no_account', 'bank_rejected', 'came_back')), -- null: its order was void
    ADD COLUMN cause_month date,            -- the cause's fact is found in
    ADD COLUMN holder bigint, ADD COLUMN holder_kind smallint, -- of the recipient, where an account is waited for
    ADD COLUMN hold_until date,             -- the last day on which it is
    ADD CHECK ((cause IS NULL) = (choice IS NULL) AND (cause IS NULL) = (cause_month IS NULL)),
    ADD CHECK (hold_until IS NULL OR holder IS NOT NULL AND holder_kind IS NOT NULL);
CREATE INDEX obligation_holder ON obligation (holder, holder_kind) WHERE state = 'open' AND hold_until IS NOT NULL;
-- It is due sooner when its account arrives, and more of it when more comes back.
GRANT UPDATE (due_on, ore) ON obligation TO nks_flow;

-- What the banks have rejected or sent back, and nobody has looked up yet what is done with it.
CREATE TABLE settle_due (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause          text NOT NULL CHECK (cause IN ('bank_rejected', 'came_back')),
    bank           text NOT NULL,
    interchange_id bigint NOT NULL,         -- of the order
    message_no     int NOT NULL,
    lin            int NOT NULL,
    payment_month  date,                    -- null: the whole line was rejected, but for what stands by itself
    payment_id     bigint,
    fact_n         int NOT NULL,            -- the fact: the how manyth about the payment, or the line
    fact_month     date NOT NULL,           -- and where it is found
    given_back     bigint,                  -- øre that the choice had something ordered for, which could not be: they go to the sender
    why            text,                    -- it could not be
    CHECK ((payment_month IS NULL) = (payment_id IS NULL)),
    CHECK (given_back IS NULL OR payment_id IS NOT NULL),
    CHECK ((given_back IS NULL) = (why IS NULL))
);
CREATE INDEX settle_due_interchange ON settle_due (interchange_id, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON settle_due TO nks_flow;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA nks TO nks_flow;

-- Up to which change of the register it was looked whose accounts have arrived.
CREATE TABLE arrivals_followed (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch    bigint NOT NULL,
    counter  bigint NOT NULL
);
INSERT INTO arrivals_followed (epoch, counter) SELECT epoch, counter FROM register_counter;
REVOKE DELETE ON arrivals_followed FROM nks_flow;
GRANT SELECT, UPDATE ON arrivals_followed TO nks_flow;

-- An order may be of a part of its payment, which counts as a whole where its last order is.
ALTER TABLE order_line ADD COLUMN payment_ore bigint CHECK (payment_ore > ore); -- of the payments; null: as ore
ALTER TABLE bank_order DROP CONSTRAINT bank_order_type_check, ADD CONSTRAINT bank_order_type_check CHECK (type IN (1, 2, 3, 4, 5, 6)); -- 5: a salary or pension; 6: to the error account

-- What a bank must debit of a line, also of orders that are a part of their payments: those have no tally of their own amounts.
CREATE OR REPLACE FUNCTION line_due(interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (CASE WHEN l.state = 'void' THEN 0 WHEN l.state = 'rejected' THEN coalesce(t.paid, 0) ELSE l.ore - coalesce(t.rejected, 0) END
        - CASE WHEN l.later_payments = 0 OR l.payment_ore IS NOT NULL THEN 0 ELSE coalesce((SELECT sum(o.ore) FROM interchange i
            JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
            WHERE i.id = l.interchange_id AND o.message_no = l.message_no AND o.lin = l.lin
            AND EXISTS (SELECT FROM fact f WHERE f.scope = 'payment' AND f.payment_id = o.payment_id AND f.attempt = o.attempt AND f.kind = 'bank_rejected')
            AND EXISTS (SELECT FROM standing s WHERE s.month = month_of(delivery_of(o.payment_id)) AND s.payment_id = o.payment_id AND s.attempt > o.attempt)), 0) END)::bigint
    FROM order_line l
    LEFT JOIN LATERAL (SELECT sum(y.ore) FILTER (WHERE y.kind = 'bank_rejected') AS rejected,
            sum(y.ore) FILTER (WHERE y.kind NOT IN ('bank_rejected', 'disputed', 'dispute_settled')) AS paid
        FROM fact_tally y WHERE l.payment_ore IS NULL AND y.interchange_id = l.interchange_id AND y.message_no = l.message_no AND y.lin = l.lin
        UNION ALL
        SELECT sum(o.ore) FILTER (WHERE k.kind = 'bank_rejected'), sum(o.ore) FILTER (WHERE k.kind NOT IN ('bank_rejected', 'disputed', 'dispute_settled'))
        FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
        CROSS JOIN LATERAL (SELECT f.kind FROM fact f WHERE f.scope = 'payment' AND f.payment_id = o.payment_id AND f.attempt = o.attempt ORDER BY f.n DESC LIMIT 1) k
        WHERE l.payment_ore IS NOT NULL AND i.id = l.interchange_id AND o.message_no = l.message_no AND o.lin = l.lin) t ON (t.rejected, t.paid) IS DISTINCT FROM (NULL, NULL)
    WHERE l.interchange_id = interchange AND l.message_no = message AND l.lin = line $$;

CREATE OR REPLACE FUNCTION position_of(last fact_kind, in_group group_state, order_type smallint, line order_state, interchange interchange_state)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN order_type IS NULL AND line IS NULL AND interchange IS NULL THEN CASE
            WHEN last = 'rejected' THEN 'rejected'
            WHEN last = 'stopped' THEN 'stopped'
            WHEN last = 'not_payable' THEN 'not_payable'
            WHEN last = 'held' AND in_group = 'waiting' THEN 'held'
            WHEN last = 'awaits_account' AND in_group = 'released' THEN 'waiting'
            WHEN last IS NOT NULL AND last NOT IN ('freed', 'stop_undone') THEN 'missing'
            WHEN in_group = 'unchecked' THEN 'unread'
            WHEN in_group = 'waiting' THEN 'waiting'
            ELSE 'missing' END
        WHEN in_group IS DISTINCT FROM 'released' OR (order_type BETWEEN 1 AND 6) IS NOT TRUE OR line IS NULL OR interchange IS NULL THEN 'missing'
        WHEN last IS NOT NULL AND last NOT IN ('freed', 'stop_undone', 'dispute_settled') THEN CASE last
            WHEN 'bank_rejected' THEN 'bank_rejected'
            WHEN 'executed' THEN 'executed'
            WHEN 'came_back' THEN 'came_back'
            WHEN 'disputed' THEN 'disputed'
            WHEN 'rejected' THEN 'missing'
            WHEN 'stopped' THEN 'missing'
            WHEN 'held' THEN 'missing'
            WHEN 'not_payable' THEN 'missing'
            WHEN 'void' THEN 'missing'
            WHEN 'awaits_account' THEN 'missing'
            ELSE 'settled' END
        WHEN last = 'dispute_settled' AND line IN ('rejected', 'executed', 'disputed') THEN 'with_bank'
        WHEN line = 'rejected' THEN 'bank_rejected'
        WHEN line = 'executed' THEN 'executed'
        WHEN line = 'assumed' THEN 'assumed'
        WHEN line = 'disputed' THEN 'disputed'
        WHEN line = 'void' THEN 'void'
        WHEN interchange = 'unknown' THEN 'unsure'
        WHEN interchange = 'sent' AND line = 'with_bank' THEN 'with_bank'
        WHEN interchange = 'sent' AND line = 'accepted' THEN 'accepted'
        WHEN interchange IN ('frozen', 'rendered', 'sending', 'publishing') AND line = 'frozen' THEN 'frozen'
        ELSE 'missing' END
$$;
CREATE OR REPLACE FUNCTION state_of(last fact_kind, in_group group_state, order_type smallint, line order_state, interchange interchange_state)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE position_of(last, in_group, order_type, line, interchange)
        WHEN 'unread' THEN 'unread'
        WHEN 'waiting' THEN 'waiting'
        WHEN 'held' THEN 'held'
        WHEN 'stopped' THEN 'stopped'
        WHEN 'rejected' THEN 'rejected'
        WHEN 'not_payable' THEN 'returned'
        WHEN 'frozen' THEN 'frozen'
        WHEN 'void' THEN 'void'
        WHEN 'unsure' THEN 'unknown'
        WHEN 'with_bank' THEN 'with_bank'
        WHEN 'accepted' THEN 'with_bank'
        WHEN 'assumed' THEN CASE order_type WHEN 4 THEN 'cheque' WHEN 6 THEN 'settled' ELSE 'executed' END
        WHEN 'executed' THEN CASE order_type WHEN 4 THEN 'cheque' WHEN 6 THEN 'settled' ELSE 'executed' END
        WHEN 'bank_rejected' THEN 'returned'
        WHEN 'came_back' THEN 'came_back'
        WHEN 'settled' THEN 'settled'
        WHEN 'disputed' THEN 'disputed'
        ELSE 'missing' END
$$;

CREATE OR REPLACE FUNCTION payment_states(first_month date, before_month date, first_delivery bigint, before_delivery bigint) RETURNS TABLE (month date, payment_id bigint, supplier text, authority text, agreement text,
    ore bigint, order_ore bigint, state text)
LANGUAGE sql STABLE AS $$
    SELECT p.month, p.id, d.supplier, p.authority, g.agreement, p.ore, CASE WHEN o.attempt = 1 THEN o.ore ELSE p.ore END, state_of(s.kind, g.state, o.type, l.state, i.state)
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
CREATE OR REPLACE FUNCTION payment_at(m date, payment bigint) RETURNS TABLE (supplier text, authority text, agreement text, ore bigint, order_ore bigint, state text)
LANGUAGE sql STABLE AS $$
    SELECT d.supplier, p.authority, g.agreement, p.ore, CASE WHEN o.attempt = 1 THEN o.ore ELSE p.ore END, state_of(s.kind, g.state, o.type, l.state, i.state)
    FROM (SELECT q.authority, q.group_id, q.ore FROM payment q WHERE q.month = m AND q.id = payment LIMIT 1) p
    CROSS JOIN LATERAL (SELECT r.agreement, r.state, r.order_month FROM release_group r WHERE r.id = p.group_id LIMIT 1) g
    CROSS JOIN LATERAL (SELECT e.supplier FROM delivery e WHERE e.id = delivery_of(payment) LIMIT 1) d
    LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = m AND t.payment_id = payment LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT b.* FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = payment
        AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT k.state FROM order_line k WHERE k.interchange_id = o.interchange_id AND k.message_no = o.message_no AND k.lin = o.lin LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT f.state FROM interchange f WHERE f.id = o.interchange_id LIMIT 1) i ON true
$$;
-- How much less than their payments the last orders of payments are, of months that are kept from one on and before another (null: all).
CREATE FUNCTION parts_left(first_month date, before_month date) RETURNS TABLE (authority text, agreement text, state text, ore bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.authority, g.agreement, state_of(s.kind, g.state, o.type, l.state, i.state), sum(p.ore - o.ore)::bigint
    FROM obligation w
    CROSS JOIN LATERAL (SELECT q.* FROM payment q WHERE q.month = w.payment_month AND q.id = w.payment_id LIMIT 1) p
    JOIN standing s ON s.month = w.payment_month AND s.payment_id = w.payment_id AND s.attempt = w.attempt
    JOIN release_group g ON g.id = p.group_id
    JOIN bank_order o ON o.month = s.order_month AND o.payment_id = w.payment_id AND o.attempt = w.attempt
    JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
    JOIN interchange i ON i.id = o.interchange_id
    WHERE w.state = 'ordered' AND w.cause = 'came_back' AND w.ore <> p.ore AND w.payment_month >= first_month AND (before_month IS NULL OR w.payment_month < before_month)
    GROUP BY 1, 2, 3
$$;
CREATE INDEX obligation_came_back ON obligation (payment_month) WHERE state = 'ordered' AND cause = 'came_back';
-- The same of months that are dropped.
CREATE TABLE part_left (
    authority text NOT NULL,
    agreement text NOT NULL,
    state     text NOT NULL,
    ore       bigint NOT NULL
);
REVOKE UPDATE, DELETE ON part_left FROM nks_flow;
GRANT SELECT, INSERT ON part_left TO nks_flow;
GRANT EXECUTE ON FUNCTION parts_left(date, date) TO nks_flow;

CREATE OR REPLACE FUNCTION flow_of(first_month date, before_month date, first_delivery bigint, before_delivery bigint, picked bigint, own text) RETURNS TABLE (authority text, bank text, state text, payments bigint, ore bigint)
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
            sum(coalesce(l.payment_ore, l.ore) - l.later_ore) AS ore FROM some_lines l GROUP BY 1, 2, 3, 4, 5
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

RESET ROLE;
