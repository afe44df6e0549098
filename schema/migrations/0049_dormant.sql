-- +goose Up
-- How far the register has been gone through for accounts to which nothing was paid for five years. -- B18.4
SET ROLE nks_owner;
SET search_path = nks;
CREATE TABLE dormant_pass (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    day    date NOT NULL,      -- the last one on which it was worked at
    "left" int NOT NULL,       -- versions that this day may still look at
    last   bigint NOT NULL     -- the last version that was looked at; 0: it begins
);
INSERT INTO dormant_pass (day, "left", last) VALUES ('1970-01-01', 0, 0);
REVOKE ALL ON dormant_pass FROM PUBLIC;
REVOKE INSERT, DELETE, TRUNCATE ON dormant_pass FROM nks_flow;
GRANT SELECT, UPDATE ON dormant_pass TO nks_flow;
RESET ROLE;
