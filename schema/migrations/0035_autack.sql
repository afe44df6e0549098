-- +goose Up
-- Who signed what went to a bank, and what came from one. B16.4
SET ROLE nks_owner;
SET search_path = nks;

-- Fingerprint of the key that signs it, SHA-256 of its PKIX form: frozen with it, since another key would give other bytes. NULL: it is not signed.
ALTER TABLE interchange ADD COLUMN signed_by bytea CHECK (length(signed_by) = 32);

ALTER TABLE bank_file
    ADD COLUMN signed_by bytea CHECK (length(signed_by) = 32),               -- of the key that proved at the last hearing who wrote it
    ADD COLUMN contrl_withheld boolean NOT NULL DEFAULT false; -- it was not answered, since nothing proved that yet
RESET ROLE;
