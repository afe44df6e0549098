-- +goose Up
-- Documents that ask or tell something of the register and order no payment, and what is known of holders beside whether they live.
SET ROLE nks_owner;
SET search_path = nks;

-- A delivery that is a request ends answered; what it asks stands in request (gateway.RequestKind).
ALTER TYPE delivery_state ADD VALUE 'answered';
ALTER TABLE delivery ADD COLUMN request text;

ALTER TABLE answer_counter DROP CONSTRAINT answer_counter_kind_check;
ALTER TABLE answer_counter ADD CONSTRAINT answer_counter_kind_check CHECK (kind IN (0, 1, 2, 5, 7, 8, 9, 20, 30));
INSERT INTO answer_counter (kind) VALUES (20), (30);

ALTER TABLE holder_version
    ADD COLUMN born_on      date,
    ADD COLUMN bankrupt_on  date,                                                -- bankruptcy or compulsory dissolution was opened
    ADD COLUMN successor    bigint CHECK (successor BETWEEN 0 AND 9999999999),   -- the number of the same kind that has taken its place
    ADD COLUMN guardian     bigint CHECK (guardian BETWEEN 0 AND 9999999999),    -- the CPR number of who acts for a citizen
    ADD COLUMN guardianship smallint CHECK (guardianship BETWEEN 1 AND 2);       -- 1 guardianship, 2 custody of a minor; null: acts alone
RESET ROLE;
