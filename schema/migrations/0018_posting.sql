-- +goose Up
-- What banks have booked on accounts, and what of ours each booking is about.
SET ROLE nks_owner;
SET search_path = nks;

-- Where money that comes back is credited; null: the account that was debited.
ALTER TABLE agreement_version ADD COLUMN return_account text CHECK (return_account ~ '^[0-9]{14}$');

-- One amount booked on one account. Which file it came in is told, and is not what it is known by. Its id carries the month that it was
-- heard in: month × 2^40 + n.
CREATE SEQUENCE posting_number MAXVALUE 1099511627775;
CREATE TABLE posting (
    id           bigint PRIMARY KEY,
    bank         text NOT NULL,
    account      text NOT NULL CHECK (account ~ '^[0-9]{14}$'),
    reference    text COLLATE "C" NOT NULL, -- the bank's; empty: it gives none
    posted_on    date NOT NULL,
    value_on     date,
    ore          bigint NOT NULL CHECK (ore <> 0), -- credits positive, debits negative
    running      int NOT NULL,              -- the how manyth of otherwise equal ones in one message
    charge_ore   bigint NOT NULL DEFAULT 0, -- of it
    parts        int NOT NULL,              -- 0: the bank says nothing of them
    heard_in     text NOT NULL CHECK (heard_in IN ('DEBMUL', 'CREMUL', 'FINSTA')), -- first
    bank_file_id bigint NOT NULL,           -- that it was heard in first
    hearing      int NOT NULL,
    text         text,
    at           timestamptz NOT NULL       -- business time
) PARTITION BY RANGE (id);
CREATE INDEX posting_day ON posting (bank, account, posted_on);
-- What makes a posting the same again, for ever.
CREATE TABLE posting_key (
    bank       text NOT NULL,
    account    text NOT NULL,
    posted_on  date NOT NULL,
    ore        bigint NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    running    int NOT NULL,
    posting_id bigint NOT NULL,
    PRIMARY KEY (bank, account, posted_on, ore, reference, running)
);
CREATE INDEX posting_key_reference ON posting_key (bank, account, reference) WHERE reference <> '';

-- What a posting is made of, as far as the bank says: of a credit what came back, of a debit the lines or orders that were debited.
CREATE TABLE posting_part (
    posting_id   bigint NOT NULL,
    n            int NOT NULL CHECK (n > 0),
    reference    text COLLATE "C",          -- of ours, as the bank wrote it: RFF+CR of an order, RFF+AEK of a line
    ore          bigint NOT NULL CHECK (ore > 0),
    charge_ore   bigint NOT NULL DEFAULT 0 CHECK (charge_ore >= 0), -- of a return: kept back by the bank, beside ore
    ordered_ore  bigint,                    -- as the bank says
    foreign_amount bigint,                  -- in minor units of
    foreign_currency text,
    account      text,                      -- the other's
    code         text,                      -- Kxxxx
    text         text,
    PRIMARY KEY (posting_id, n)
) PARTITION BY RANGE (posting_id);

-- What of ours a part is about: only ever added. One that persons take back is another row, of the negative amount.
CREATE TABLE posting_match (
    posting_id     bigint NOT NULL,
    part           int NOT NULL,            -- 0: the posting as a whole
    n              int NOT NULL CHECK (n > 0),
    payment_id     bigint,                  -- of a payment's order
    attempt        smallint,
    interchange_id bigint,                  -- of the order, or of a line
    message_no     int,
    lin            int,
    ore            bigint NOT NULL CHECK (ore <> 0),
    charge_ore     bigint NOT NULL DEFAULT 0,
    rule           text NOT NULL CHECK (rule IN ('reference', 'amount', 'sum', 'persons')),
    decision_id    bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    at             timestamptz NOT NULL,
    PRIMARY KEY (posting_id, part, n),
    CHECK ((payment_id IS NULL) = (attempt IS NULL)),
    CHECK ((rule = 'persons') = (decision_id IS NOT NULL))
) PARTITION BY RANGE (posting_id);
CREATE INDEX posting_match_payment ON posting_match (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX posting_match_line ON posting_match (interchange_id, message_no, lin) WHERE payment_id IS NULL;

-- A bank's statement of one account. Its id is of the postings' series.
CREATE TABLE statement (
    id           bigint NOT NULL UNIQUE,
    bank         text NOT NULL,
    account      text NOT NULL CHECK (account ~ '^[0-9]{14}$'),
    number       text NOT NULL,
    day          date NOT NULL,
    opening_ore  bigint NOT NULL,
    closing_ore  bigint NOT NULL,
    entries      int NOT NULL,
    entries_ore  bigint NOT NULL,           -- what they add up to
    agrees       boolean NOT NULL,          -- opening, entries and closing with each other
    bank_file_id bigint NOT NULL,
    hearing      int NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (bank, account, day, number)
);
-- In which statement a posting stands: the first that has it.
CREATE TABLE statement_entry (
    posting_id   bigint PRIMARY KEY,
    statement_id bigint NOT NULL
) PARTITION BY RANGE (posting_id);

-- A statement of a bank's file that tells what was booked names the posting; a statement of account does not.
ALTER TYPE bank_fact_kind ADD VALUE 'posting';
ALTER TYPE bank_fact_kind ADD VALUE 'statement';
ALTER TABLE bank_fact ADD COLUMN posting_id bigint;

-- What a bank must debit of a line: its sum less what the bank has rejected by now.
CREATE FUNCTION line_due(interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (CASE WHEN l.state = 'void' THEN 0 WHEN l.state = 'rejected' THEN coalesce(t.paid, 0) ELSE l.ore - coalesce(t.rejected, 0) END
        - CASE WHEN l.later_payments = 0 THEN 0 ELSE coalesce((SELECT sum(o.ore) FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
            WHERE i.id = l.interchange_id AND o.message_no = l.message_no AND o.lin = l.lin
            AND EXISTS (SELECT FROM fact f WHERE f.scope = 'payment' AND f.payment_id = o.payment_id AND f.attempt = o.attempt AND f.kind = 'bank_rejected')
            AND EXISTS (SELECT FROM standing s WHERE s.month = month_of(delivery_of(o.payment_id)) AND s.payment_id = o.payment_id AND s.attempt > o.attempt)), 0) END)::bigint
    FROM order_line l LEFT JOIN LATERAL (SELECT sum(y.ore) FILTER (WHERE y.kind = 'bank_rejected') AS rejected,
            sum(y.ore) FILTER (WHERE y.kind NOT IN ('bank_rejected', 'disputed', 'dispute_settled')) AS paid
        FROM fact_tally y WHERE y.interchange_id = l.interchange_id AND y.message_no = l.message_no AND y.lin = l.lin) t ON true
    WHERE l.interchange_id = interchange AND l.message_no = message AND l.lin = line $$;

-- What a bank has debited of a line.
CREATE FUNCTION line_debited(interchange bigint, message int, line int) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(m.ore), 0)::bigint FROM posting_match m WHERE m.payment_id IS NULL AND m.interchange_id = interchange AND m.message_no = message AND m.lin = line $$;

-- A fact of money that moved names the part of the posting that proves it, and says how much it was.
ALTER TABLE fact DROP COLUMN posting, ADD COLUMN posting_id bigint, ADD COLUMN posting_part int;

CREATE OR REPLACE FUNCTION month_parts(m date) RETURNS TABLE (parent text, name text, first text, after text) LANGUAGE sql STABLE AS $$
    SELECT v.parent, v.parent || '_' || to_char(m, 'YYYYMM'), v.first, v.after
    FROM (SELECT m AS this, (m + interval '1 month')::date AS next) t CROSS JOIN LATERAL (VALUES
        ('payment', this::text, next::text),
        ('fact', this::text, next::text),
        ('standing', this::text, next::text),
        ('bank_order', this::text, next::text),
        ('document', month_ids(this)::text, month_ids(next)::text),
        ('document_piece', month_ids(this)::text, month_ids(next)::text),
        ('delivery', month_deliveries(this)::text, month_deliveries(next)::text),
        ('answer', month_ids(this)::text, month_ids(next)::text),
        ('answer_due', month_deliveries(this)::text, month_deliveries(next)::text),
        ('bank_file', month_ids(this)::text, month_ids(next)::text),
        ('bank_file_about', month_ids(this)::text, month_ids(next)::text),
        ('bank_fact', month_ids(this)::text, month_ids(next)::text),
        ('posting', month_ids(this)::text, month_ids(next)::text),
        ('posting_part', month_ids(this)::text, month_ids(next)::text),
        ('posting_match', month_ids(this)::text, month_ids(next)::text),
        ('statement_entry', month_ids(this)::text, month_ids(next)::text)) v (parent, first, after) $$;

REVOKE UPDATE, DELETE ON posting, posting_key, posting_part, posting_match, statement, statement_entry FROM nks_flow;
GRANT SELECT, INSERT ON posting, posting_key, posting_part, posting_match, statement, statement_entry TO nks_flow;
GRANT USAGE, SELECT ON SEQUENCE posting_number TO nks_flow;
GRANT EXECUTE ON FUNCTION line_due(bigint, int, int), line_debited(bigint, int, int) TO nks_flow;

-- As in 0009, and of postings: "BEC posting 17".
CREATE OR REPLACE FUNCTION exception_place(thing text, subject text) RETURNS TABLE (id bigint, authority text, bank text)
LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    WITH named AS (SELECT substring(subject FROM '^[0-9]{1,18}$')::bigint AS whole,
        CASE WHEN subject !~ '^[0-9]+$' THEN split_part(subject, ' ', 1) END AS bank)
    SELECT i.id, a.authority, coalesce(i.bank, n.bank) FROM named n
        LEFT JOIN interchange i ON i.id = coalesce(n.whole, substring(subject FROM ' interchange ([0-9]{1,18})')::bigint,
            (SELECT o.id FROM interchange o WHERE o.bank = n.bank AND o.state <> 'void'
                AND o.control_ref = substring(subject FROM '^[^ ]+ "?([0-9]{1,14})"?(?: |$)')::bigint))
        LEFT JOIN agreement a ON a.id = i.agreement_id
        WHERE thing = 'interchange'
    UNION ALL
    SELECT f.id, NULL, coalesce(f.bank, n.bank) FROM named n
        LEFT JOIN bank_file f ON f.id = coalesce(n.whole, substring(subject FROM ' file ([0-9]{1,18})')::bigint,
            (SELECT o.id FROM bank_file o WHERE o.document_id = substring(subject FROM ' document ([0-9]{1,18})')::bigint LIMIT 1))
        WHERE thing = 'bank file'
    UNION ALL
    SELECT substring(subject FROM ' (?:posting|statement) ([0-9]{1,18})$')::bigint, NULL, n.bank FROM named n WHERE thing IN ('posting', 'statement')
    UNION ALL
    SELECT g.id, d.authority, g.bank_centre FROM named n JOIN release_group g ON g.id = n.whole JOIN delivery d ON d.id = g.delivery_id
        WHERE thing = 'group'
    UNION ALL
    SELECT a.id, a.authority, NULL FROM named n JOIN agreement a ON a.id = n.whole WHERE thing = 'agreement'
    UNION ALL
    SELECT NULL, NULL, subject WHERE thing = 'bank'
    UNION ALL
    SELECT n.whole, d.authority, NULL FROM named n JOIN delivery d ON d.id = delivery_of(n.whole) WHERE thing = 'payment'
    UNION ALL
    SELECT d.id, d.authority, NULL FROM delivery d
        WHERE thing = 'delivery' AND d.id = substring(subject FROM '^(?:delivery )?([0-9]{1,18})$')::bigint
$$;
RESET ROLE;
