-- +goose Up
-- What authorities see of recalls; inquiries: a citizen misses a payment, and somebody finds out where it is; what failed, and persons order anew or
-- have paid by hand.
SET ROLE nks_owner;
SET search_path = nks;

-- What the viewer's own payment was asked back for, the oldest first, with the answer that counts and the money that came back.
CREATE FUNCTION page_recalls(viewed bigint) RETURNS TABLE (decision_id bigint, asked_by text, bank text, attempt smallint, ore bigint, asked_at timestamptz, sent_at timestamptz,
    answer text, code text, text text, answered_at timestamptz, back_ore bigint, back_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    SELECT r.decision_id, c.asked_by, r.bank, r.attempt, r.ore, r.asked_at, i.sent_at, coalesce(a.answer, ''), coalesce(a.code, ''), coalesce(a.text, ''), a.at, coalesce(b.ore, 0), b.at
    FROM delivery d JOIN recall r ON r.payment_id = viewed JOIN decision c ON c.id = r.decision_id
    LEFT JOIN recall_line l ON l.recall_id = r.id LEFT JOIN interchange i ON i.id = l.interchange_id
    LEFT JOIN recall_answer a ON a.id = coalesce(recall_answered(r.id), (SELECT max(n.id) FROM recall_answer n WHERE n.recall_id = r.id))
    CROSS JOIN LATERAL (SELECT sum(m.ore)::bigint AS ore, max(m.at) AS at FROM posting_match m
        JOIN posting p ON p.id = m.posting_id AND p.ore > 0 WHERE m.payment_id = viewed AND m.attempt = r.attempt AND m.at >= r.asked_at) b
    WHERE d.id = viewed >> 24 AND d.payer_id IS NOT NULL AND d.authority = page_authority() ORDER BY r.id LIMIT 20
$$;
REVOKE ALL ON FUNCTION page_recalls(bigint) FROM PUBLIC, nks_flow;
GRANT EXECUTE ON FUNCTION page_recalls(bigint) TO nks_page;

-- Somebody misses a payment: a case about it, from the question to the answer. What was known when it was opened stays as it was. Only
-- ever added.
CREATE TABLE inquiry (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month       date NOT NULL,                  -- of the payment
    payment_id  bigint NOT NULL,
    authority   text NOT NULL,
    opened_by   text NOT NULL,
    why         text NOT NULL,                  -- the purpose of looking
    evidence    text NOT NULL,                  -- where the question stands
    known       jsonb NOT NULL,                 -- where the payment stood, what its bank had said, what its authority was told; masked
    opened_at   timestamptz NOT NULL,           -- business time
    due_on      date NOT NULL,                  -- it is to be closed until the end of that day
    decision_id bigint NOT NULL REFERENCES decision DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX inquiry_payment ON inquiry (payment_id, id);
CREATE INDEX inquiry_month ON inquiry (month);

-- What was done about it, in order; the last one closes it. Only ever added.
CREATE TABLE inquiry_step (
    inquiry_id  bigint NOT NULL REFERENCES inquiry,
    n           int NOT NULL CHECK (n > 0),
    step        text NOT NULL CHECK (step IN ('note', 'asked_bank', 'bank_answered', 'answered', 'closed')),
    by          text NOT NULL,
    text        text NOT NULL,
    evidence    text,
    outcome     text,
    at          timestamptz NOT NULL,           -- business time
    decision_id bigint NOT NULL REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (inquiry_id, n),
    CHECK ((outcome IS NOT NULL) = (step = 'closed')),
    CHECK (step <> 'bank_answered' OR evidence IS NOT NULL)
);
CREATE UNIQUE INDEX inquiry_closed ON inquiry_step (inquiry_id) WHERE step = 'closed';

CREATE FUNCTION inquiry_is_open(of_inquiry bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM inquiry_step s WHERE s.inquiry_id = of_inquiry AND s.step = 'closed')
$$;
GRANT SELECT, INSERT ON inquiry, inquiry_step TO nks_flow;
REVOKE UPDATE, DELETE ON inquiry, inquiry_step FROM nks_flow;
GRANT EXECUTE ON FUNCTION inquiry_is_open(bigint) TO nks_flow;

-- Of a month that is dropped its inquiries go, too, and what persons did about its payments that failed.
-- +goose StatementBegin
CREATE FUNCTION drop_inquiries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = nks, pg_temp AS $$
BEGIN
    DELETE FROM inquiry_step s USING inquiry i WHERE i.month = NEW.month AND s.inquiry_id = i.id;
    DELETE FROM inquiry i WHERE i.month = NEW.month;
    DELETE FROM follow_up f WHERE f.month = NEW.month;
    DELETE FROM paid_by_hand b WHERE b.month = NEW.month;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER drop_inquiries AFTER UPDATE OF dropped_at ON month FOR EACH ROW WHEN (NEW.dropped_at IS NOT NULL AND OLD.dropped_at IS NULL) EXECUTE FUNCTION drop_inquiries();

-- The inquiries about the viewer's own payment: when each was opened, and what was answered. Nobody's notes.
CREATE FUNCTION page_inquiries(viewed bigint) RETURNS TABLE (id bigint, opened_at timestamptz, due_on date, asked_bank_at timestamptz, answered_at timestamptz, answer text,
    closed_at timestamptz, outcome text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    SELECT i.id, i.opened_at, i.due_on, (SELECT min(s.at) FROM inquiry_step s WHERE s.inquiry_id = i.id AND s.step = 'asked_bank'), a.at, coalesce(a.text, ''), c.at, coalesce(c.outcome, '')
    FROM delivery d JOIN inquiry i ON i.payment_id = viewed
    LEFT JOIN LATERAL (SELECT s.at, s.text FROM inquiry_step s WHERE s.inquiry_id = i.id AND s.step = 'answered' ORDER BY s.n DESC LIMIT 1) a ON true
    LEFT JOIN inquiry_step c ON c.inquiry_id = i.id AND c.step = 'closed'
    WHERE d.id = viewed >> 24 AND d.payer_id IS NOT NULL AND d.authority = page_authority() ORDER BY i.id LIMIT 20
$$;
REVOKE ALL ON FUNCTION page_inquiries(bigint) FROM PUBLIC, nks_flow;
GRANT EXECUTE ON FUNCTION page_inquiries(bigint) TO nks_page;

-- A payment that failed and persons have ordered anew, by which decision: to the account that counts then, whatever its authority chose.
ALTER TABLE obligation ADD COLUMN decision_id bigint REFERENCES decision DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE obligation ADD CHECK (decision_id IS NULL OR cause = 'bank_rejected' AND choice_version = 0);

-- What a decision to order failed payments anew did with each that was looked at. Only ever added.
CREATE TABLE follow_up (
    decision_id bigint NOT NULL REFERENCES decision,
    month       date NOT NULL,
    payment_id  bigint NOT NULL,
    attempt     smallint,                       -- to come; null: refused
    ore         bigint NOT NULL,
    why         text,                           -- it is refused
    PRIMARY KEY (decision_id, payment_id),
    CHECK ((attempt IS NULL) = (why IS NOT NULL))
);
CREATE INDEX follow_up_month ON follow_up (month);

-- A payment that persons have made outside: nothing more is ordered for it. Only ever added.
CREATE TABLE paid_by_hand (
    payment_id  bigint PRIMARY KEY,
    month       date NOT NULL,
    ore         bigint NOT NULL,
    reference   text NOT NULL,                  -- of the payment outside
    evidence    text NOT NULL,
    decision_id bigint NOT NULL REFERENCES decision DEFERRABLE INITIALLY DEFERRED,
    at          timestamptz NOT NULL            -- business time
);
CREATE INDEX paid_by_hand_month ON paid_by_hand (month);
GRANT SELECT, INSERT ON follow_up, paid_by_hand TO nks_flow;
REVOKE UPDATE, DELETE ON follow_up, paid_by_hand FROM nks_flow;
RESET ROLE;
