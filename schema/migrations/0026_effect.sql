-- +goose Up
-- Orders that would be executed to an account that has changed are found, and what was done with them. -- B25.2
SET ROLE nks_owner;
SET search_path = nks;

-- What an agreement wants done with them.
ALTER TABLE agreement_version ADD COLUMN with_effect text NOT NULL DEFAULT 'tell' CHECK (with_effect IN ('tell', 'hold', 'recall'));

-- Up to which holder of which change of the register it was looked which orders that touches.
CREATE TABLE effect_followed (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    epoch       bigint NOT NULL,
    counter     bigint NOT NULL,
    holder_id   bigint NOT NULL DEFAULT 9223372036854775807, -- all of the change
    holder_kind smallint NOT NULL DEFAULT 32767
);
INSERT INTO effect_followed (epoch, counter) SELECT epoch, counter FROM register_counter;
REVOKE DELETE ON effect_followed FROM nks_flow;
GRANT SELECT, UPDATE ON effect_followed TO nks_flow;

-- Interchanges of which nobody has looked what the register had learned when they became known, or knew of days to come.
CREATE TABLE effect_unlooked (
    interchange_id bigint PRIMARY KEY,
    counter        bigint -- the last change of the register that its orders know; null: any may have been
);
GRANT SELECT, INSERT, DELETE ON effect_unlooked TO nks_flow;

-- Orders to accounts that end, which may be executed too late for them.
CREATE TABLE effect_watch (
    payment_id     bigint NOT NULL,
    attempt        smallint NOT NULL,
    month          date NOT NULL,           -- of the order
    interchange_id bigint NOT NULL,
    look_at        timestamptz NOT NULL,    -- business time
    PRIMARY KEY (payment_id, attempt)
);
CREATE INDEX effect_watch_due ON effect_watch (look_at, interchange_id);
CREATE INDEX effect_watch_interchange ON effect_watch (interchange_id, look_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON effect_watch TO nks_flow;

-- An order that was found, and what was done with it. Only ever added, but for what has no month any more.
CREATE TABLE effect_finding (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month           date NOT NULL,          -- of the payment
    payment_id      bigint NOT NULL,
    attempt         smallint NOT NULL,
    authority       text NOT NULL,
    interchange_id  bigint NOT NULL,
    account_version bigint NOT NULL,        -- that the order goes to
    change          bigint NOT NULL,        -- of the register, by which it ended
    registered_at   timestamptz NOT NULL,   -- that change
    ended_at        timestamptz NOT NULL,   -- the first instant without the account
    effect_on       date NOT NULL,          -- the first execution day on which no order may go there
    executes_on     date NOT NULL,          -- as the bank is or was told
    position        text NOT NULL,          -- where the payment stood
    wanted          text NOT NULL CHECK (wanted IN ('tell', 'hold', 'recall')),
    done            text NOT NULL CHECK (done IN ('told', 'anew', 'recalled')),
    found_at        timestamptz NOT NULL,   -- business time
    UNIQUE (payment_id, change),
    CHECK (wanted <> 'tell' OR done = 'told'),
    CHECK (wanted <> 'hold' OR done <> 'recalled')
);
CREATE INDEX effect_finding_month ON effect_finding (month);
GRANT SELECT, INSERT ON effect_finding TO nks_flow;
REVOKE UPDATE, DELETE ON effect_finding FROM nks_flow;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA nks TO nks_flow;
ALTER TABLE effect_finding ENABLE ROW LEVEL SECURITY;
ALTER TABLE effect_finding FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON effect_finding TO nks_owner USING (true) WITH CHECK (true);
CREATE POLICY page ON effect_finding FOR SELECT TO nks_page USING (authority = page_authority());
GRANT SELECT ON effect_finding TO nks_page;

-- What was found of payments of months that are gone goes, too. It tells how much that is.
CREATE FUNCTION effect_forget() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    WITH gone AS (DELETE FROM effect_finding f WHERE f.month < first_kept() RETURNING f.id) SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION effect_forget() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION effect_forget() TO nks_flow;

-- The orders to one version of an account, of the interchanges that matter.
CREATE INDEX bank_order_version ON bank_order (account_version, interchange_id) WHERE account_version IS NOT NULL;
-- What ends soon, as it is known now.
CREATE INDEX account_version_ends ON account_version (valid_to) WHERE recorded_to IS NULL AND valid_to IS NOT NULL;
-- What banks have and execute now.
CREATE INDEX interchange_executes ON interchange (executes_on) WHERE kind = 'PAYMUL' AND state = 'sent';

-- An order is asked back by a decision, or because it was found here.
ALTER TABLE recall ALTER COLUMN decision_id DROP NOT NULL, ADD COLUMN finding_id bigint UNIQUE, ADD CHECK ((decision_id IS NULL) <> (finding_id IS NULL));
RESET ROLE;
