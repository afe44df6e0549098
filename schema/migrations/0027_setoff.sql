-- +goose Up
-- Set-off before payout (modregning): what creditors claim of recipients, what may be taken of which benefit, and what was taken.
SET ROLE nks_owner;
SET search_path = nks;

-- What may be taken of a benefit type; without an authority that of the general one. A benefit without a rule is protected: nothing is taken.
CREATE TABLE setoff_rule_version (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    benefit_type  text NOT NULL,
    authority     text REFERENCES authority,
    thousandths   int NOT NULL CHECK (thousandths BETWEEN 0 AND 1000), -- of a payment; 0: protected
    leaves_ore    bigint NOT NULL CHECK (leaves_ore >= 0),             -- of a payment, at least
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX setoff_rule_version_open ON setoff_rule_version (benefit_type, authority) NULLS NOT DISTINCT WHERE recorded_to IS NULL AND valid_to IS NULL;

-- A claim, for ever. Who takes of claims locks them in the order of their keys.
CREATE TABLE claim (
    creditor text COLLATE "C" NOT NULL REFERENCES authority,
    claim    text COLLATE "C" NOT NULL, -- the creditor's own number
    PRIMARY KEY (creditor, claim)
);
CREATE TABLE claim_version (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    creditor      text COLLATE "C" NOT NULL,
    claim         text COLLATE "C" NOT NULL,
    holder_kind   smallint NOT NULL,    -- of the debtor, who is the same in all versions
    holder_id     bigint NOT NULL,
    priority      int NOT NULL CHECK (priority BETWEEN 1 AND 9999), -- the smallest first
    ore           bigint NOT NULL CHECK (ore >= 0),                 -- all that may be taken, with what was taken before; 0: withdrawn
    account       text NOT NULL CHECK (account ~ '^[0-9]{14}$'),    -- the creditor's
    benefit_types text[],               -- of which it may be taken; null: of any that is not protected
    runs_from     date,                 -- first and last execution day
    runs_to       date,
    valid_from    timestamptz NOT NULL,
    valid_to      timestamptz,
    recorded_from timestamptz NOT NULL,
    recorded_to   timestamptz,
    counter       bigint NOT NULL,
    closed        bigint,
    FOREIGN KEY (creditor, claim) REFERENCES claim,
    CHECK (valid_to > valid_from),
    CHECK (recorded_to >= recorded_from AND closed IS NOT NULL OR recorded_to IS NULL AND closed IS NULL)
);
CREATE UNIQUE INDEX claim_version_open ON claim_version (creditor, claim) WHERE recorded_to IS NULL AND valid_to IS NULL;
CREATE INDEX claim_version_debtor ON claim_version (holder_id, holder_kind) WHERE recorded_to IS NULL;

CREATE TRIGGER keep_closed BEFORE UPDATE ON setoff_rule_version FOR EACH ROW WHEN (OLD.recorded_to IS NOT NULL) EXECUTE FUNCTION keep_version();
CREATE TRIGGER keep_closed BEFORE UPDATE ON claim_version FOR EACH ROW WHEN (OLD.recorded_to IS NOT NULL) EXECUTE FUNCTION keep_version();
CREATE FUNCTION setoff_rule_as_of(on_instant timestamptz, known_at timestamptz) RETURNS SETOF setoff_rule_version LANGUAGE sql STABLE AS $$
    SELECT * FROM nks.setoff_rule_version WHERE valid_from <= on_instant AND (valid_to > on_instant OR valid_to IS NULL)
        AND recorded_from <= known_at AND (recorded_to > known_at OR recorded_to IS NULL) $$;
CREATE FUNCTION claim_as_of(on_instant timestamptz, known_at timestamptz) RETURNS SETOF claim_version LANGUAGE sql STABLE AS $$
    SELECT * FROM nks.claim_version WHERE valid_from <= on_instant AND (valid_to > on_instant OR valid_to IS NULL)
        AND recorded_from <= known_at AND (recorded_to > known_at OR recorded_to IS NULL) $$;

-- What was taken of a payment for a claim. It is a payment of its own, of the same bundle and group, or, where all that is left of the
-- payment goes to one claim, the payment itself. Only ever added, and kept for ever: what remains of a claim follows from it.
CREATE TABLE set_off (
    part_id    bigint PRIMARY KEY,      -- the payment that goes to the creditor
    payment_id bigint NOT NULL,         -- that it was taken of
    month      date NOT NULL,           -- of both
    authority  text NOT NULL,           -- that pays
    creditor   text COLLATE "C" NOT NULL,
    claim      text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,         -- of the claim
    ore        bigint NOT NULL CHECK (ore > 0),
    left_ore   bigint NOT NULL CHECK (left_ore >= ore), -- of the claim, before
    account    text NOT NULL,           -- the creditor's
    at         timestamptz NOT NULL     -- business time
);
CREATE INDEX set_off_payment ON set_off (payment_id);
CREATE INDEX set_off_claim ON set_off (creditor, claim);
CREATE INDEX set_off_month ON set_off (month);

-- What has been taken for a claim: all parts but those that ended before they reached the creditor, less what came back of them. It is
-- not added up anywhere: a part that is rejected, stopped or comes back gives the claim what it had taken by that alone. A part of a
-- month that is dropped counts as taken.
CREATE FUNCTION claim_taken(whose text, which text) RETURNS bigint LANGUAGE sql STABLE SET search_path = nks AS $$
    SELECT coalesce(sum(CASE WHEN a.state IN ('rejected', 'stopped', 'returned') THEN 0 ELSE s.ore - coalesce(b.ore, 0) END), 0)::bigint
    FROM set_off s
    LEFT JOIN LATERAL payment_at(s.month, s.part_id) a ON true
    LEFT JOIN LATERAL (SELECT sum(f.ore) AS ore FROM fact f WHERE f.month >= s.month AND f.scope = 'payment' AND f.payment_id = s.part_id AND f.kind = 'came_back') b ON true
    WHERE s.creditor = whose AND s.claim = which $$;

REVOKE UPDATE, DELETE ON setoff_rule_version, claim, claim_version, set_off FROM nks_flow;
GRANT SELECT, INSERT ON setoff_rule_version, claim, claim_version, set_off TO nks_flow;
-- Locking a row wants it; nothing of a claim's key is ever changed.
GRANT UPDATE (claim) ON claim TO nks_flow;
GRANT UPDATE (recorded_to, closed) ON setoff_rule_version, claim_version TO nks_flow;
GRANT EXECUTE ON FUNCTION setoff_rule_as_of(timestamptz, timestamptz), claim_as_of(timestamptz, timestamptz), claim_taken(text, text) TO nks_flow;

ALTER TABLE set_off ENABLE ROW LEVEL SECURITY;
ALTER TABLE set_off FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON set_off TO nks_owner USING (true) WITH CHECK (true);
CREATE POLICY page ON set_off FOR SELECT TO nks_page USING (authority = page_authority());
GRANT SELECT ON set_off TO nks_page;
RESET ROLE;
