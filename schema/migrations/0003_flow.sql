-- +goose Up
-- The flow: what came in, the payments in it, the orders to the banks, what became of them, and the answers.
-- PostgreSQL is the state machine: a state has a CHECK or an enum, a step is one guarded statement.
SET ROLE nks_owner;
SET search_path = nks;

-- Which of the cells this database is: a number of the configuration, kept from the first start on. It stands in the ids of
-- deliveries and in every number that goes to banks.
CREATE TABLE cell (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    number   smallint NOT NULL CHECK (number BETWEEN 0 AND 99)
);

-- An id carries the month that its row is of, so that a lookup by id looks into one partition. What other tables know of
-- such a row is its id alone: a foreign key would stand in the way of taking a month away, so the invariants ask instead.
-- The number of a month: 0 is January 2000.
CREATE FUNCTION month_number(m date) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT (extract(year FROM m)::bigint - 2000) * 12 + extract(month FROM m)::bigint - 1 $$;
-- Below the first id of a month: of documents, answers and banks' files.
CREATE FUNCTION month_ids(m date) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT month_number(m) << 40 $$;
-- The same of deliveries, whose ids are multiplied for their payments and carry the cell: cell × 2^32 + month × 2^22 + n.
CREATE FUNCTION month_deliveries(m date) RETURNS bigint LANGUAGE sql STABLE AS
    $$ SELECT (coalesce((SELECT number FROM cell), 0)::bigint << 32) + (month_number(m) << 22) $$;
-- The month of a delivery, from its id.
CREATE FUNCTION month_of(delivery bigint) RETURNS date LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('2000-01-01'::date + make_interval(months => ((delivery >> 22) & 1023)::int))::date $$;
-- The running numbers in the ids of documents, answers and banks' files. Those of deliveries begin anew in each month.
CREATE SEQUENCE document_number MAXVALUE 1099511627775;
CREATE SEQUENCE answer_number MAXVALUE 1099511627775;
CREATE SEQUENCE bank_file_number MAXVALUE 1099511627775;

-- Raw bytes, in pieces of at most 1 MiB before compression (zstd, each piece a frame of its own).
CREATE TABLE document (
    id           bigint PRIMARY KEY,
    size         bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    sha256       bytea,                   -- null until complete
    made_at      timestamptz NOT NULL,
    delivery_id  bigint,                  -- that it is, or is an answer to
    bank_file_id bigint,                  -- that it is
    CHECK (delivery_id IS NULL OR bank_file_id IS NULL)
) PARTITION BY RANGE (id);
CREATE INDEX document_unfinished ON document (made_at) WHERE sha256 IS NULL;
CREATE TABLE document_piece (
    document_id bigint NOT NULL,
    n           int NOT NULL CHECK (n >= 0),
    data        bytea NOT NULL,
    PRIMARY KEY (document_id, n)
) PARTITION BY RANGE (document_id);

-- zstd has compressed them.
ALTER TABLE document_piece ALTER COLUMN data SET STORAGE EXTERNAL;

-- A complete upload into in/ under a temporary name, which waits for its rename.
CREATE TABLE mailbox_upload (
    supplier    text NOT NULL,
    name        text NOT NULL,
    document_id bigint NOT NULL,
    evidence    text,                               -- as of delivery
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (supplier, name)
);
CREATE INDEX mailbox_upload_document ON mailbox_upload (document_id);

-- The last of a supplier's deliveries. Its row is locked from the number to the commit, so that the numbers grow as is committed.
CREATE TABLE arrival_counter (
    supplier text PRIMARY KEY,
    last     bigint NOT NULL
);

CREATE TYPE delivery_state AS ENUM ('received', 'read', 'checked', 'refused');
CREATE TABLE delivery (
    id            bigint PRIMARY KEY,
    door          text NOT NULL CHECK (door IN ('sftp', 'mq', 'rasp')),
    supplier      text NOT NULL,
    arrival       bigint NOT NULL,                  -- its place among the supplier's deliveries, in the order of their commits
    transport_key text NOT NULL,
    uploaded_as   text,                             -- the temporary name that was renamed to the transport key
    document_id   bigint NOT NULL,
    sha256        bytea NOT NULL,
    size          bigint NOT NULL,
    received_at   timestamptz NOT NULL,             -- business time
    counts_at     timestamptz NOT NULL CHECK (counts_at <= received_at), -- what cut-offs go by: earlier where it lay in a queue of a trusted clock
    sent_at       timestamptz,                      -- by the sender's own word
    queued_at     timestamptz,                      -- by the queue's clock
    evidence      text,                             -- who brought it, as the door knows: the login's key, the queue's user
    month         date NOT NULL CHECK (extract(day FROM month) = 1),
    state         delivery_state NOT NULL DEFAULT 'received',
    payer_id      int,
    authority     text,
    message_id    text,
    group_ref     text,
    sender_ean    text,                             -- second From/PartyId, comes back as second To/PartyId
    grouped       boolean,
    return_always boolean NOT NULL DEFAULT false,   -- InstrNks NOCDTRACCT/RETUR
    payments      int NOT NULL DEFAULT 0,
    ore           bigint NOT NULL DEFAULT 0,
    read_at       timestamptz,
    checked_at    timestamptz,
    failures      int NOT NULL DEFAULT 0,           -- times that its present step failed for a reason of our own
    interruptions int NOT NULL DEFAULT 0,           -- times that a condition of the database broke it off
    failing_since timestamptz,                      -- business time of the first of either
    set_aside_at  timestamptz,                      -- null: it is worked on; else it waits until two persons decide
    CHECK ((state IN ('read', 'checked')) = (payer_id IS NOT NULL AND read_at IS NOT NULL)),
    CHECK (set_aside_at IS NULL OR state IN ('received', 'read'))
) PARTITION BY RANGE (id);
CREATE INDEX delivery_todo ON delivery (state, ((failures + interruptions) / 2), received_at, id) WHERE state IN ('received', 'read');
CREATE INDEX delivery_unread ON delivery (supplier, arrival) WHERE state = 'received';
CREATE INDEX delivery_unchecked ON delivery (payer_id, arrival) WHERE state = 'read';
-- What makes a document the same again, in whatever month it comes: how it was called at its door.
CREATE TABLE delivery_key (
    door          text NOT NULL,
    supplier      text NOT NULL,
    transport_key text COLLATE "C" NOT NULL,
    delivery_id   bigint NOT NULL,
    sha256        bytea NOT NULL,
    PRIMARY KEY (door, supplier, transport_key)
);
-- What makes a bundle of a payer the same again. Only accepted bundles consume their ids: a corrected resend is welcome.
CREATE TABLE bundle_key (
    payer_id    int NOT NULL,
    group_ref   text COLLATE "C" NOT NULL,
    sha256      bytea NOT NULL,
    delivery_id bigint NOT NULL,
    CONSTRAINT bundle_key_group_ref PRIMARY KEY (payer_id, group_ref),
    CONSTRAINT bundle_key_bytes UNIQUE (payer_id, sha256)
);

-- A data supplier paying for an authority: the scope in which GrpId and EndToEndId are unique for ever.
CREATE TABLE payer (
    id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier  text NOT NULL,
    authority text NOT NULL,
    UNIQUE (supplier, authority)
);

CREATE TYPE group_state AS ENUM ('unchecked', 'rejected', 'waiting', 'released');
CREATE TABLE release_group (
    id            bigint PRIMARY KEY,   -- delivery × 2^14 + ordinal
    delivery_id   bigint NOT NULL,
    month         date NOT NULL,
    agreement     text NOT NULL,
    debit_account text NOT NULL,
    requested_on  date NOT NULL,
    debit_text    text,                 -- DbtPurp of a grouped bundle
    reject_code   text,                 -- an error of the debit level
    held_payment  bigint,               -- null: as received; else the one payment that was held when the others left
    agreement_id  bigint,
    bank_centre   text,
    los_unit      text,
    no_account    text CHECK (no_account IN ('return', 'cheque')),
    executes_on   date,
    release_at    timestamptz,
    state         group_state NOT NULL DEFAULT 'unchecked',
    payments      int NOT NULL,
    ore           bigint NOT NULL,
    released_at   timestamptz,          -- the instant that the register was asked about
    order_month   date,                 -- of its payments' first orders
    register_counter bigint,            -- the last change of the register that the release knew of
    UNIQUE NULLS NOT DISTINCT (delivery_id, agreement, debit_account, requested_on, reject_code, held_payment),
    CHECK (state <> 'waiting' OR (agreement_id IS NOT NULL AND release_at IS NOT NULL AND executes_on IS NOT NULL)),
    CHECK ((state = 'released') = (released_at IS NOT NULL)),
    CHECK ((state = 'released') = (register_counter IS NOT NULL)),
    CHECK ((state = 'released') = (order_month IS NOT NULL))
);
CREATE INDEX release_group_due ON release_group (release_at) WHERE state = 'waiting';

-- As received, immutable, but for the group of one that is held. id = delivery × 2^24 + ordinal.
CREATE TABLE payment (
    month             date NOT NULL,
    id                bigint NOT NULL,
    group_id          bigint NOT NULL,
    ore               bigint NOT NULL,
    holder            bigint,
    holder_kind       smallint,
    type              smallint NOT NULL CHECK (type IN (1, 2, 3)),
    account_kind      smallint,
    complete          boolean NOT NULL,
    e2e               text COLLATE "C" NOT NULL,
    benefit_type      text NOT NULL,
    authority         text NOT NULL,
    los_unit          text,
    instr_id          text,
    transfer_currency text,
    account           text,
    bic               text,
    bank_code         text,
    statement_text    text,
    debit_text        text,             -- DbtPurp where every payment has a debit block of its own
    read_code         text,             -- the first error that the payment shows by itself
    detail            jsonb,
    PRIMARY KEY (month, id)
) PARTITION BY RANGE (month);

-- The delivery that a payment came with: the upper bits of its id.
CREATE FUNCTION delivery_of(payment bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT payment >> 24 $$;

-- EndToEndId, unique for ever per payer; only accepted payments consume it.
CREATE TABLE payment_key (
    payer_id   int NOT NULL,
    e2e        text COLLATE "C" NOT NULL,
    payment_id bigint NOT NULL,
    PRIMARY KEY (payer_id, e2e)
);
-- Keys come in the order of their payments: a summary of a hundred pages tells which of them are of the open months.
CREATE INDEX payment_key_payment ON payment_key USING brin (payment_id);

-- What became of a payment, or of one attempt to pay it, by itself, and of lines as a whole: append-only. What is true of a
-- million at once stands on group, message or line. A fact is a row of the month it was learned in, also of an older payment.
CREATE TYPE fact_kind AS ENUM ('rejected', 'stopped', 'stop_undone', 'held', 'freed', 'not_payable', 'bank_rejected', 'executed', 'came_back',
    'settled_to_sender', 'settled_by_cheque', 'settled_to_error_account', 'settled_by_hand', 'given_up', 'disputed', 'dispute_settled', 'void');
CREATE TYPE fact_scope AS ENUM ('payment', 'line', 'message', 'interchange', 'group');
CREATE TABLE fact (
    month          date NOT NULL,           -- it was recorded in
    scope          fact_scope NOT NULL,
    n              int NOT NULL CHECK (n > 0), -- the how manyth about the same
    kind           fact_kind NOT NULL,
    attempt        smallint NOT NULL,       -- 0: before any order was made
    payment_id     bigint,                  -- scope payment
    group_id       bigint,                  -- scope group
    interchange_id bigint,                  -- the others, and a payment's order
    message_no     int,
    lin            int,
    payments       int NOT NULL,
    ore            bigint NOT NULL,         -- that it is about; money has moved by it where the kind says so
    currency       text,                    -- null: DKK
    posting        text,                    -- the bank's, where one proves it
    code           text,
    text           text,
    at             timestamptz NOT NULL,    -- business time
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    document_id    bigint,                  -- the bank's that says so
    decision_id    bigint,                  -- the persons' that decided so
    CHECK ((scope = 'payment') = (payment_id IS NOT NULL))
) PARTITION BY RANGE (month);
CREATE UNIQUE INDEX fact_payment ON fact (payment_id, n, month) WHERE scope = 'payment';
CREATE INDEX fact_place ON fact (interchange_id, message_no, lin, n) WHERE scope <> 'payment';

-- Where a payment with facts of its own stands: the last of them, found without looking through months; and where its order is,
-- once there is a later one than the first. Written with the fact (record_facts.sql) or with that order (record_attempts.sql), by
-- nothing else.
CREATE TABLE standing (
    month       date NOT NULL,              -- of the payment
    payment_id  bigint NOT NULL,
    n           int NOT NULL,               -- how many facts there are
    kind        fact_kind,                  -- null: nothing is known of its later order by itself
    attempt     smallint NOT NULL,
    order_month date,                       -- of the order of that attempt; null: its group's
    code        text,
    text        text,
    at          timestamptz NOT NULL,
    PRIMARY KEY (month, payment_id),
    CHECK (kind NOT IN ('rejected', 'stopped', 'stop_undone', 'held', 'freed') OR attempt = 0),
    CHECK (kind IS NOT NULL OR order_month IS NOT NULL)
) PARTITION BY RANGE (month);

-- What standings add up to, by line where there is an order and else by group: signed deltas, so that two statements never wait
-- for each other here.
CREATE TABLE fact_tally (
    group_id       bigint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    kind           fact_kind NOT NULL,
    payments       bigint NOT NULL,
    ore            bigint NOT NULL,
    CHECK ((group_id IS NULL) <> (interchange_id IS NULL))
);
CREATE INDEX fact_tally_line ON fact_tally (interchange_id, message_no, lin) WHERE interchange_id IS NOT NULL;

-- How bank references begin: one beginning per delivery and attempt, unique for ever.
CREATE TABLE bank_reference (
    head        text COLLATE "C" PRIMARY KEY CHECK (head ~ '^[0-9A-Z]{8}$'),
    delivery_id bigint NOT NULL,
    attempt     smallint NOT NULL,
    UNIQUE (delivery_id, attempt)
);
-- The number in the last of them. They do not last if what fails uses them up, as a sequence's are.
CREATE TABLE reference_counter (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    last     bigint NOT NULL DEFAULT 0
);
INSERT INTO reference_counter DEFAULT VALUES;

-- Who owns the connection to a bank; the fence grows with every owner.
CREATE TABLE bank_lease (
    bank  text PRIMARY KEY,
    fence bigint NOT NULL DEFAULT 0
);
-- UNB 0020 to a bank, without holes.
CREATE TABLE bank_counter (
    bank text PRIMARY KEY,
    last bigint NOT NULL DEFAULT 0
);

CREATE TYPE interchange_state AS ENUM ('frozen', 'rendered', 'sending', 'publishing', 'sent', 'unknown', 'void');
CREATE TYPE contrl_state AS ENUM ('none', 'received', 'accepted', 'rejected', 'disputed');
CREATE TABLE interchange (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('PAYMUL', 'CONTRL')),
    bank         text NOT NULL,
    control_ref  bigint NOT NULL CHECK (control_ref BETWEEN 1 AND 99999999999999),
    version      int NOT NULL DEFAULT 1,                            -- the how manyth under this number: those before are void
    earlier_attempts int NOT NULL DEFAULT 0,                        -- to send those: temporary names go on after them
    agreement    text NOT NULL DEFAULT '',
    agreement_id bigint,
    authority    text NOT NULL DEFAULT '',
    executes_on  date,
    prepared_at  timestamptz NOT NULL,
    month        date NOT NULL CHECK (extract(day FROM month) = 1), -- it was frozen in
    since        date,                                              -- the earliest month of a payment in it
    file_name    text NOT NULL,
    messages     int NOT NULL DEFAULT 0,
    payments     int NOT NULL DEFAULT 0,
    ore          bigint NOT NULL DEFAULT 0,
    state        interchange_state NOT NULL DEFAULT 'frozen',
    attempt      int NOT NULL DEFAULT 0,
    fence        bigint NOT NULL DEFAULT 0,
    document_id  bigint,
    may_be_out_since timestamptz,                                   -- null: no attempt can have reached the bank
    sent_at      timestamptz,
    contrl       contrl_state NOT NULL DEFAULT 'none',
    contrl_at    timestamptz,
    UNIQUE (bank, control_ref, version),
    CHECK (state IN ('frozen', 'void') OR document_id IS NOT NULL),
    CHECK (state <> 'void' OR may_be_out_since IS NULL AND kind = 'PAYMUL'),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX interchange_document ON interchange (document_id);
CREATE UNIQUE INDEX interchange_control_ref ON interchange (bank, control_ref) WHERE state <> 'void';
CREATE INDEX interchange_void ON interchange (bank, control_ref) WHERE state = 'void';
CREATE INDEX interchange_todo ON interchange (bank, control_ref) WHERE state IN ('frozen', 'rendered', 'sending', 'publishing');

-- Whether the bank may have an interchange: also one of which somebody said that it had not arrived.
CREATE FUNCTION may_have_left(state interchange_state, attempt int) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT state IN ('sending', 'publishing', 'sent', 'unknown') OR state = 'rendered' AND attempt > 0 $$;

CREATE TYPE order_state AS ENUM ('frozen', 'with_bank', 'accepted', 'assumed', 'executed', 'rejected', 'disputed', 'void');
CREATE TABLE message (
    interchange_id bigint NOT NULL REFERENCES interchange,
    no             int NOT NULL,
    ref            text NOT NULL,               -- BGM 1004
    payments       int NOT NULL,
    ore            bigint NOT NULL,
    void           boolean NOT NULL DEFAULT false, -- as its interchange
    PRIMARY KEY (interchange_id, no)
);
CREATE UNIQUE INDEX message_ref ON message (ref) WHERE NOT void;
CREATE TABLE order_line (
    interchange_id bigint NOT NULL,
    message_no     int NOT NULL,
    lin            int NOT NULL,
    debit_account  text NOT NULL,
    type           smallint NOT NULL,
    transfer_currency text,
    payments       int NOT NULL,
    ore            bigint NOT NULL,
    state          order_state NOT NULL DEFAULT 'frozen',
    code           text,
    text           text,
    validated_at   timestamptz,                 -- the bank's validation answer is in
    changed_at     timestamptz,
    facts          int NOT NULL DEFAULT 0,      -- how many there are of it as a whole
    attempt        smallint NOT NULL,           -- of its orders
    later_payments int NOT NULL DEFAULT 0,      -- that have come to a later attempt: they count there
    later_ore      bigint NOT NULL DEFAULT 0,
    CHECK (later_payments BETWEEN 0 AND payments),
    PRIMARY KEY (interchange_id, message_no, lin),
    FOREIGN KEY (interchange_id, message_no) REFERENCES message
);

-- One row per attempt to pay, appended in rendering order. Never changed: its line carries the state.
CREATE TABLE bank_order (
    month             date NOT NULL,            -- it was frozen in, as its interchange
    payment_id        bigint NOT NULL,
    payer_id          int NOT NULL,
    authority         text NOT NULL,
    ore               bigint NOT NULL,
    interchange_id    bigint NOT NULL,
    account_version   bigint,
    message_no        int NOT NULL,
    lin               int NOT NULL,
    seq               int NOT NULL,
    attempt           smallint NOT NULL,
    type              smallint NOT NULL CHECK (type IN (1, 2, 3, 4)),
    account_kind      smallint NOT NULL,
    rule              smallint NOT NULL,        -- 0 named by the payment, 1 specific, 2 NemKonto, 3 the CVR number's NemKonto, 4 cheque
    account           text NOT NULL,
    bic               text,
    bank_code         text,
    transfer_currency text,
    beneficiary       jsonb,                    -- names and addresses as frozen with the order
    PRIMARY KEY (month, payment_id, attempt)
) PARTITION BY RANGE (month);
CREATE UNIQUE INDEX bank_order_place ON bank_order (interchange_id, message_no, lin, seq, month);

-- Where a payment stands: the same as gateway.PositionOf, for sets. Of a group, or of a line's orders without a fact of their
-- own, it says so of all at once. What is not there is null. Plain enough to be written into every statement by the planner.
CREATE FUNCTION position_of(last fact_kind, in_group group_state, order_type smallint, line order_state, interchange interchange_state)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN order_type IS NULL AND line IS NULL AND interchange IS NULL THEN CASE
            WHEN last = 'rejected' THEN 'rejected'
            WHEN last = 'stopped' THEN 'stopped'
            WHEN last = 'not_payable' THEN 'not_payable'
            WHEN last = 'held' AND in_group = 'waiting' THEN 'held'
            WHEN last IS NOT NULL AND last NOT IN ('freed', 'stop_undone') THEN 'missing'
            WHEN in_group = 'unchecked' THEN 'unread'
            WHEN in_group = 'waiting' THEN 'waiting'
            ELSE 'missing' END
        WHEN in_group IS DISTINCT FROM 'released' OR (order_type BETWEEN 1 AND 4) IS NOT TRUE OR line IS NULL OR interchange IS NULL THEN 'missing'
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
-- Where a payment is, as the ledger has it: the same as gateway.StateOf.
CREATE FUNCTION state_of(last fact_kind, in_group group_state, order_type smallint, line order_state, interchange interchange_state)
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
        WHEN 'assumed' THEN CASE WHEN order_type = 4 THEN 'cheque' ELSE 'executed' END
        WHEN 'executed' THEN CASE WHEN order_type = 4 THEN 'cheque' ELSE 'executed' END
        WHEN 'bank_rejected' THEN 'returned'
        WHEN 'came_back' THEN 'came_back'
        WHEN 'settled' THEN 'settled'
        WHEN 'disputed' THEN 'disputed'
        ELSE 'missing' END
$$;

-- What may follow, made from gateway.FollowTable: what news does to a payment that stands somewhere.
CREATE TABLE may_follow (
    news      text NOT NULL,
    scope     text NOT NULL,
    position  text NOT NULL,
    effect    text NOT NULL,
    certainty text NOT NULL,
    answer    smallint NOT NULL,        -- that is owed; 0: none
    exception text NOT NULL,            -- that is raised; empty: none
    PRIMARY KEY (news, scope, position)
);

-- Names and texts that went to a bank otherwise than they came: transliterated, or too long for their place.
CREATE TABLE text_change (
    interchange_id bigint NOT NULL REFERENCES interchange,
    message_no     int NOT NULL,
    lin            int NOT NULL,
    seq            int NOT NULL,
    field          text NOT NULL,
    what           text NOT NULL
);
CREATE INDEX text_change_order ON text_change (interchange_id, message_no, lin, seq);

-- What banks sent us.
CREATE TYPE bank_file_state AS ENUM ('received', 'done', 'parked');
CREATE TABLE bank_file (
    id          bigint PRIMARY KEY,
    bank        text NOT NULL,
    name        text NOT NULL,
    sha256      bytea NOT NULL,
    size        bigint NOT NULL,
    document_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    state       bank_file_state NOT NULL DEFAULT 'received',
    hearing     int NOT NULL DEFAULT 1,         -- how often it is heard, this time included
    control_ref text,
    contrl_owed boolean NOT NULL DEFAULT false,  -- the bank wants a CONTRL that has no number yet
    note        text
) PARTITION BY RANGE (id);
CREATE INDEX bank_file_contrl_owed ON bank_file (bank, id) WHERE contrl_owed;
CREATE INDEX bank_file_todo ON bank_file (bank, id) WHERE state = 'received';
-- What makes a bank's file the same again, in whatever month it is met.
CREATE TABLE bank_file_key (
    bank         text NOT NULL,
    name         text COLLATE "C" NOT NULL,
    sha256       bytea NOT NULL,
    bank_file_id bigint NOT NULL,
    PRIMARY KEY (bank, name, sha256)
);
-- What makes a bank's interchange the same again; each as it stood in the file. A bank may begin its numbers anew.
CREATE TABLE bank_interchange (
    bank         text NOT NULL,
    sender       text COLLATE "C" NOT NULL,   -- UNB 0004
    control_ref  text COLLATE "C" NOT NULL,   -- UNB 0020
    prepared     text COLLATE "C" NOT NULL,   -- UNB 0017 and 0019
    bank_file_id bigint NOT NULL,             -- that was heard
    sha256       bytea NOT NULL,
    PRIMARY KEY (bank, sender, control_ref, prepared)
);
-- The files that wait to be heard, in whatever month they came.
CREATE TABLE bank_file_unheard (
    bank         text NOT NULL,
    bank_file_id bigint NOT NULL,
    PRIMARY KEY (bank, bank_file_id)
);

-- Answers. A document number is drawn from a locked row: no holes.
CREATE TABLE answer_counter (
    kind smallint PRIMARY KEY CHECK (kind IN (0, 1, 2, 5, 7, 8, 9)),
    last bigint NOT NULL DEFAULT 0
);
INSERT INTO answer_counter (kind) VALUES (0), (1), (2), (5), (7), (8), (9);
CREATE TABLE answer (
    id           bigint PRIMARY KEY,
    kind         smallint NOT NULL,
    number       bigint NOT NULL,
    delivery_id  bigint NOT NULL,
    supplier     text NOT NULL,
    door         text NOT NULL,
    file_name    text NOT NULL,
    status       text NOT NULL DEFAULT '',      -- ACPT, PART, RJCT
    made_at      timestamptz NOT NULL,
    document_id  bigint NOT NULL,
    collected_at timestamptz
) PARTITION BY RANGE (id);
-- Those that lie ready, in whatever month they were made.
CREATE TABLE answer_uncollected (
    supplier  text NOT NULL,
    door      text NOT NULL,
    answer_id bigint NOT NULL,
    made_at   timestamptz NOT NULL,
    PRIMARY KEY (supplier, door, answer_id)
);
-- +goose StatementBegin
CREATE FUNCTION follow_collection() RETURNS trigger LANGUAGE plpgsql SET search_path = nks, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM answer_uncollected WHERE supplier = OLD.supplier AND door = OLD.door AND answer_id = OLD.id;
    END IF;
    IF NEW.collected_at IS NULL THEN
        INSERT INTO answer_uncollected (supplier, door, answer_id, made_at) VALUES (NEW.supplier, NEW.door, NEW.id, NEW.made_at);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER follow_collection AFTER INSERT OR UPDATE OF door, collected_at ON answer FOR EACH ROW EXECUTE FUNCTION follow_collection();
-- Number and name of an answer, unique for ever, and where the answers to a delivery are, in whatever month they were made.
CREATE TABLE answer_key (
    kind        smallint NOT NULL,
    number      bigint NOT NULL,
    supplier    text NOT NULL,
    file_name   text COLLATE "C" NOT NULL,
    delivery_id bigint NOT NULL,
    answer_id   bigint NOT NULL,
    PRIMARY KEY (kind, number),
    UNIQUE (supplier, file_name)
);
CREATE INDEX answer_key_delivery ON answer_key (delivery_id, answer_id);
-- What an answer must still tell: written in the transaction that causes it, in the month of the delivery.
CREATE TABLE answer_due (
    kind           smallint NOT NULL CHECK (kind IN (5, 7, 8, 9)),
    delivery_id    bigint NOT NULL,
    month          date NOT NULL,
    payment_id     bigint NOT NULL DEFAULT 0,   -- 7 and 9
    attempt        smallint NOT NULL DEFAULT 0,
    interchange_id bigint NOT NULL DEFAULT 0,   -- 8: the line that the bank has
    message_no     int NOT NULL DEFAULT 0,
    lin            int NOT NULL DEFAULT 0,
    turn           smallint NOT NULL DEFAULT 0, -- 8 and 9 of a payment: the how manyth, of both, after what was told before
    payments       int NOT NULL DEFAULT 1,
    status         text NOT NULL,
    code           text,
    text           text,
    caused_at      timestamptz NOT NULL,
    answer_id      bigint,
    PRIMARY KEY (kind, delivery_id, payment_id, attempt, interchange_id, message_no, lin, turn)
) PARTITION BY RANGE (delivery_id);
-- In the order in which they are told.
CREATE INDEX answer_due_open ON answer_due (delivery_id, kind, caused_at, payment_id) WHERE answer_id IS NULL;
-- What dues add up to, so that nobody has to add them up: a statement that writes dues tells here how many of each delivery
-- and kind, in rows of its own, so that two never wait for each other. The closer puts them together in answer_waiting.
CREATE TABLE answer_due_tally (
    delivery_id bigint NOT NULL,
    kind        smallint NOT NULL,
    payments    bigint NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL
);
CREATE TABLE answer_waiting (
    delivery_id bigint NOT NULL,
    kind        smallint NOT NULL,
    payments    bigint NOT NULL,
    first_at    timestamptz NOT NULL,   -- of the oldest due that is open
    last_at     timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, kind)
);
CREATE INDEX answer_waiting_first ON answer_waiting (first_at, delivery_id, kind);
CREATE INDEX answer_waiting_last ON answer_waiting (last_at, delivery_id, kind);
CREATE INDEX answer_waiting_full ON answer_waiting (payments);

-- The partitions of a month, each with its parent and bounds.
CREATE FUNCTION month_parts(m date) RETURNS TABLE (parent text, name text, first text, after text) LANGUAGE sql STABLE AS $$
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
        ('bank_fact', month_ids(this)::text, month_ids(next)::text)) v (parent, first, after) $$;
CREATE FUNCTION month_is_made(m date) RETURNS boolean LANGUAGE sql STABLE SET search_path = nks AS
    $$ SELECT bool_and(to_regclass('nks.' || name) IS NOT NULL) FROM month_parts(m) $$;

-- +goose StatementBegin
-- Makes the partitions of a month and of the next one; called before the first row of a month. Of the next, so that nobody
-- waits when a month begins: who comes while another makes them goes on.
CREATE FUNCTION ensure_month(m date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks AS $$
DECLARE
    months CONSTANT date[] := ARRAY[m, (m + interval '1 month')::date];
    made date;
    part record;
BEGIN
    IF extract(day FROM m) <> 1 THEN
        RAISE EXCEPTION 'month % is not the first of a month', m;
    END IF;
    FOREACH made IN ARRAY months LOOP
        CONTINUE WHEN month_is_made(made);
        IF made = m THEN
            PERFORM pg_advisory_xact_lock(hashtext('nks.ensure_month'));
        ELSIF NOT pg_try_advisory_xact_lock(hashtext('nks.ensure_month')) THEN
            RETURN;
        END IF;
        FOR part IN SELECT * FROM month_parts(made) LOOP
            CONTINUE WHEN to_regclass('nks.' || part.name) IS NOT NULL;
            -- Attached, not created as a partition: that would lock the table against everybody at work in it.
            EXECUTE format('CREATE TABLE nks.%I (LIKE nks.%I INCLUDING ALL)', part.name, part.parent);
            EXECUTE format('ALTER TABLE nks.%I ATTACH PARTITION nks.%I FOR VALUES FROM (%L) TO (%L)',
                part.parent, part.name, part.first, part.after);
            -- No page role may read a partition directly: it would escape its parent's row policies. Nor may the flow: it would
            -- escape what its parent does not grant.
            EXECUTE format('REVOKE ALL ON nks.%I FROM nks_page, nks_flow', part.name);
            EXECUTE format('GRANT SELECT ON nks.%I TO nks_flow', part.name);
        END LOOP;
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS nks.%I MAXVALUE 4194303', 'delivery_number_' || to_char(made, 'YYYYMM'));
        INSERT INTO month (month) VALUES (made) ON CONFLICT DO NOTHING;
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Only an owner may gather statistics; without them a statement over a table that has just grown is planned for an
-- empty one. Does it where added rows make a difference.
CREATE FUNCTION flow_analyze(m date, added bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = nks SET default_statistics_target = 10 AS $$
DECLARE
    suffix text := to_char(m, 'YYYYMM');
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['payment_' || suffix, 'fact_' || suffix, 'standing_' || suffix, 'bank_order_' || suffix, 'delivery_' || suffix,
        'answer_due_' || suffix, 'fact_tally', 'payment_key', 'order_line', 'release_group'] LOOP
        IF added > (SELECT 200 + greatest(c.reltuples, 0) / 10 FROM pg_class c WHERE c.oid = to_regclass('nks.' || t)) THEN
            EXECUTE format('ANALYZE nks.%I', t);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA nks TO nks_flow;
REVOKE UPDATE, DELETE ON fact, fact_tally FROM nks_flow;
REVOKE INSERT, UPDATE, DELETE ON may_follow FROM nks_flow;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA nks TO nks_flow;
-- What is unique for ever is never changed and never forgotten, and what was received or made stays. A document that was begun
-- and broken off is deleted with its pieces, and completing one changes it; payment keys are given back within one check.
REVOKE UPDATE, DELETE ON delivery_key, bundle_key, answer_key, bank_file_key, bank_interchange, bank_reference, cell FROM nks_flow;
REVOKE UPDATE ON payment_key, document, document_piece FROM nks_flow;
GRANT UPDATE (size, sha256, delivery_id, bank_file_id) ON document TO nks_flow;
REVOKE DELETE ON delivery, answer, bank_file FROM nks_flow;
GRANT EXECUTE ON FUNCTION ensure_month(date), flow_analyze(date, bigint), may_have_left(interchange_state, int),
    position_of(fact_kind, group_state, smallint, order_state, interchange_state),
    state_of(fact_kind, group_state, smallint, order_state, interchange_state) TO nks_flow;
GRANT EXECUTE ON FUNCTION delivery_of(bigint) TO nks_flow, nks_page;
RESET ROLE;
