-- What the first month has used of each series of numbers, and what it takes to go on with them.

-- step: numbers
CREATE TEMP TABLE first_numbers AS SELECT
    (SELECT max(id) FROM nks.interchange) AS interchanges,
    (SELECT max(id & 1099511627775) FROM nks.document) AS documents,
    (SELECT max(id & 1099511627775) FROM nks.bank_file) AS files,
    (SELECT max(id & 1099511627775) FROM nks.answer) AS answers,
    (SELECT max(id & 4194303) FROM nks.delivery) AS deliveries

-- step: control numbers
CREATE TEMP TABLE first_bank_counter AS TABLE nks.bank_counter

-- step: answers' numbers
CREATE TEMP TABLE first_answer_counter AS TABLE nks.answer_counter

-- step: arrivals
CREATE TEMP TABLE first_arrival_counter AS TABLE nks.arrival_counter

-- step: counter of references
CREATE TEMP TABLE first_reference_counter AS TABLE nks.reference_counter

-- step: references
CREATE TEMP TABLE first_reference AS SELECT head, row_number() OVER (ORDER BY head) AS n FROM nks.bank_reference

-- step: how a reference begins
CREATE FUNCTION pg_temp.reference_head(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '00' || string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', ((n / (36 ^ p)::bigint) % 36)::int + 1, 1), '' ORDER BY p DESC)
    FROM generate_series(0, 5) p
$$

-- step: where a scan begins
SET synchronize_seqscans = off
