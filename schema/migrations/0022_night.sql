-- +goose Up
-- What persons decide about a night: what is held, which cut-offs are moved, and what may leave by its sums.
SET ROLE nks_owner;
SET search_path = nks;

-- A hold, or a cut-off that is moved on one day, by the number of the decision that made it. Changed once, when it ends: by another
-- decision, or because its time is over.
CREATE TABLE night_control (
    id       bigint PRIMARY KEY REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    effect   text NOT NULL CHECK (effect IN ('hold', 'receive_by', 'send_by')),
    reach    text NOT NULL CHECK (reach IN ('all', 'bank', 'authority', 'agreement')),
    subject  text COLLATE "C" NOT NULL,     -- the bank's id, the authority's number, the agreement's; '' of all
    from_at  timestamptz NOT NULL,          -- business time, as all of them
    until_at timestamptz,                   -- null: until it is lifted
    on_day   date,                          -- of a cut-off: the day on which it is moved, and
    moved_to time,                          -- when it is then, in Copenhagen
    ended_at timestamptz,
    ended_by bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED, -- null: its time was over
    CHECK ((reach = 'all') = (subject = '')),
    CHECK (num_nonnulls(on_day, moved_to) = CASE effect WHEN 'hold' THEN 0 ELSE 2 END),
    CHECK (effect <> 'send_by' OR reach IN ('all', 'bank')),
    CHECK (until_at > from_at),
    CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);
CREATE INDEX night_control_open ON night_control (effect) WHERE ended_at IS NULL;
CREATE TRIGGER keep_closed BEFORE UPDATE ON night_control FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION keep_closed();

-- Whether a control reaches payments of an agreement at a bank. gateway.Reach.Reaches is the same.
CREATE FUNCTION night_reaches(reach text, subject text, of_bank text, of_agreement bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT CASE reach WHEN 'all' THEN true WHEN 'bank' THEN subject = of_bank
        WHEN 'authority' THEN EXISTS (SELECT FROM agreement a WHERE a.id = of_agreement AND a.authority = subject)
        WHEN 'agreement' THEN EXISTS (SELECT FROM agreement a WHERE a.id = of_agreement AND a.agreement = subject) END
$$;
-- The hold that keeps payments of an agreement from a bank at a time; null: none does. gateway.NightControl.InForce asks the same.
CREATE FUNCTION night_hold(of_bank text, of_agreement bigint, at timestamptz) RETURNS bigint LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT min(c.id) FROM night_control c WHERE c.effect = 'hold' AND c.ended_at IS NULL AND c.from_at <= at AND (c.until_at IS NULL OR c.until_at > at)
        AND night_reaches(c.reach, c.subject, of_bank, of_agreement)
$$;

-- Since when a group is planned otherwise than by the terms that it came under: somebody has moved a cut-off.
ALTER TABLE release_group ADD COLUMN replanned_at timestamptz;

-- What may leave without two persons: the last row of a reach, subject and limit counts, and of several reaches the narrowest.
CREATE TABLE release_limit (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reach    text NOT NULL CHECK (reach IN ('all', 'authority', 'agreement')),
    subject  text COLLATE "C" NOT NULL,
    limit_of text NOT NULL CHECK (limit_of IN ('payment', 'bundle', 'day', 'history')),
    most     bigint NOT NULL CHECK (most >= 0), -- øre, of history times; 0: none
    since    timestamptz NOT NULL,
    decision bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,  -- null: the configuration, into an empty table
    CHECK ((reach = 'all') = (subject = ''))
);
CREATE INDEX release_limit_last ON release_limit (reach, subject, limit_of, id);

-- What an agreement has released for an execution day: its history is the last of these, and costs the same however many there are.
CREATE TABLE release_day (
    agreement_id bigint NOT NULL,
    executes_on  date NOT NULL,
    payments     bigint NOT NULL,
    ore          bigint NOT NULL,
    largest      bigint NOT NULL,           -- øre of the largest payment
    PRIMARY KEY (agreement_id, executes_on)
);

-- Groups that would leave together and are over a limit. They wait until two persons let exactly these go, as they were seen.
CREATE TABLE over_limit (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agreement_id bigint NOT NULL,
    bank         text NOT NULL,
    executes_on  date NOT NULL,
    groups       bigint[] NOT NULL CHECK (cardinality(groups) > 0), -- ascending
    payments     bigint NOT NULL,
    ore          bigint NOT NULL,
    largest      bigint NOT NULL,
    group_ore    bigint NOT NULL,           -- of the groups, with what was rejected of them
    breaches     text[] NOT NULL CHECK (cardinality(breaches) > 0), -- as persons are shown them
    limits       bigint NOT NULL,           -- the last row of release_limit that it was judged by
    seen_at      timestamptz NOT NULL,
    again_at     timestamptz NOT NULL,      -- the send-by after which it is told again
    freed_at     timestamptz,
    freed_by     bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    ended_at     timestamptz,               -- its groups have left, or are others by now
    CHECK ((freed_at IS NULL) = (freed_by IS NULL))
);
CREATE UNIQUE INDEX over_limit_open ON over_limit ((groups[1])) WHERE ended_at IS NULL;
CREATE TRIGGER keep_closed BEFORE UPDATE ON over_limit FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION keep_closed();

REVOKE UPDATE, DELETE ON night_control, release_limit, over_limit FROM nks_flow;
REVOKE DELETE ON release_day FROM nks_flow;
GRANT SELECT, INSERT ON night_control, release_limit, release_day, over_limit TO nks_flow;
GRANT UPDATE (ended_at, ended_by) ON night_control TO nks_flow;
GRANT UPDATE (payments, ore, largest) ON release_day TO nks_flow;
GRANT UPDATE (again_at, freed_at, freed_by, ended_at) ON over_limit TO nks_flow;
GRANT EXECUTE ON FUNCTION night_reaches(text, text, text, bigint), night_hold(text, bigint, timestamptz) TO nks_flow;
RESET ROLE;
