-- +goose Up
-- What waits in a data supplier's queues, as the node that has them tells: by place, how many and since when. What is not in it is not known.
SET ROLE nks_owner;
SET search_path = nks;

ALTER TABLE line ADD COLUMN held jsonb CHECK (held IS NULL OR kind = 'queue');
RESET ROLE;
