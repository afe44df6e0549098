-- +goose Up
-- What waits for a person, what persons decide, and who they are. Nothing here is ever overwritten: a decision's approval,
-- execution and undoing are rows of their own, and an exception that comes back is a new row that names the last.
SET ROLE nks_owner;
SET search_path = nks;

-- What somebody has asked for, about the things of decision_item. Never changed. What a decision is for is checked at the end of
-- the transaction: a rehearsal, which is taken back, has no decision yet.
CREATE TABLE decision (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    content     jsonb NOT NULL,                 -- what the kind takes beside the things
    persons     smallint NOT NULL CHECK (persons IN (1, 2)),
    asked_by    text NOT NULL CHECK (asked_by <> ''),
    why         text NOT NULL CHECK (why <> ''),
    asked_at    timestamptz NOT NULL,           -- business time
    expires_at  timestamptz NOT NULL,
    environment text NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32), -- SHA-256 of all of it and of its things
    CHECK (expires_at > asked_at)
);
CREATE TABLE decision_item (
    decision_id bigint NOT NULL REFERENCES decision,
    thing       text NOT NULL,                  -- gateway.Thing
    id          bigint NOT NULL,
    authority   text,
    bank        text,
    state       text NOT NULL,                  -- as it was when it was asked; one that has moved on is left alone
    preview     text NOT NULL,                  -- what was to become of it
    PRIMARY KEY (decision_id, thing, id)
);
CREATE INDEX decision_item_thing ON decision_item (thing, id);

-- What became of it: each step at most once.
CREATE TABLE decision_step (
    decision_id bigint NOT NULL REFERENCES decision,
    step        text NOT NULL CHECK (step IN ('signed', 'approved', 'executed', 'expired', 'undone')),
    at          timestamptz NOT NULL,           -- business time
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    person      text,                           -- who signed or approved
    signature   text,                           -- by ssh-keygen -Y sign; null where names are believed
    outcome     jsonb,                          -- of the execution, for each thing
    undone_by   bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (decision_id, step),
    CHECK ((person IS NOT NULL) = (step IN ('signed', 'approved'))),
    CHECK ((outcome IS NOT NULL) = (step = 'executed')),
    CHECK ((undone_by IS NOT NULL) = (step = 'undone'))
);
CREATE INDEX decision_step_undone_by ON decision_step (undone_by) WHERE undone_by IS NOT NULL;

-- Who may decide, with the key that each signs with. A person who gets another key is another row.
CREATE TABLE person (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    name_key   text NOT NULL,                   -- the name as it is compared: gateway.PersonKey
    public_key text NOT NULL,                   -- a line of authorized_keys, without comment
    since      timestamptz NOT NULL,
    added_by   bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,      -- null: the configuration, into an empty table
    until      timestamptz,
    removed_by bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    CHECK ((until IS NULL) = (removed_by IS NULL))
);
CREATE UNIQUE INDEX person_name ON person (name_key) WHERE until IS NULL;
CREATE UNIQUE INDEX person_key ON person (public_key) WHERE until IS NULL;

-- What cannot be decided waits here for a person: one row for each time that it arose. It is changed twice at most, when
-- somebody takes it on and when it is closed.
CREATE TABLE exception (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    subject     text NOT NULL,
    thing       text,                           -- what it is about, where it is one thing of ours
    thing_id    bigint,
    authority   text,
    bank        text,
    severity    smallint NOT NULL DEFAULT 3 CHECK (severity IN (1, 2, 3)), -- gateway.Severity
    detail      text NOT NULL,                  -- in English
    detail_code text NOT NULL DEFAULT 'technical', -- gateway.DetailCode, with
    detail_args text[] NOT NULL DEFAULT '{}',
    raised_at   timestamptz NOT NULL,
    deadline    timestamptz,                    -- by when somebody must have looked; a notice closes itself then
    owner       text,
    previous    bigint REFERENCES exception,    -- the same, before it came back
    closed_at   timestamptz,
    closed_by   text,                           -- the fact that ended it: nks, its work succeeded; bank, its word; time, of a notice
    decision    bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED,     -- or the decision that closed it
    CHECK (num_nonnulls(closed_by, decision) = CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END),
    CHECK (previous < id)
);
CREATE UNIQUE INDEX exception_open ON exception (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX exception_history ON exception (kind, subject, id);
CREATE INDEX exception_old_notice ON exception (deadline) WHERE closed_at IS NULL AND severity = 1;
CREATE INDEX exception_decision ON exception (decision) WHERE decision IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION keep_closed() RETURNS trigger LANGUAGE plpgsql SET search_path = nks, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% % is closed, and what is closed is never changed', TG_TABLE_NAME, OLD.id;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keep_closed BEFORE UPDATE ON exception FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION keep_closed();
CREATE TRIGGER keep_closed BEFORE UPDATE ON person FOR EACH ROW WHEN (OLD.until IS NOT NULL) EXECUTE FUNCTION keep_closed();

REVOKE UPDATE, DELETE ON decision, decision_item, decision_step, person, exception FROM nks_flow;
GRANT UPDATE (owner, closed_at, closed_by, decision) ON exception TO nks_flow;
GRANT UPDATE (until, removed_by) ON person TO nks_flow;

-- A parked file of which persons have decided that nothing in it is about us; the last such decision.
ALTER TABLE bank_file ADD COLUMN none_of_ours bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX bank_file_none_of_ours ON bank_file (none_of_ours) WHERE none_of_ours IS NOT NULL;

-- What an exception is about, of its kind's thing and its subject: "17", "BEC file 17", "BEC document 17 item 2",
-- "BEC 17 message 1 LIN 2", "delivery 17".
CREATE FUNCTION exception_place(thing text, subject text) RETURNS TABLE (id bigint, authority text, bank text)
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

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['decision', 'decision_item', 'decision_step', 'exception'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO nks_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY page ON %I FOR SELECT TO nks_page USING (page_operations())', t);
        EXECUTE format('GRANT SELECT ON %I TO nks_page', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
RESET ROLE;
