-- The temporary tables of a hearing: what one file of a bank says.

-- step: table of statuses
CREATE TEMP TABLE bank_status (
    n           int PRIMARY KEY,
    message_ref text,
    lin         bigint,
    seq         bigint,
    reference   text COLLATE "C",
    meaning     text NOT NULL,
    ore         bigint,         -- null: no amount is named
    code        text,
    text        text
) ON COMMIT DROP

-- step: table of references that name orders
-- Of statuses by their numbers, of parts of postings by negative ones.
CREATE TEMP TABLE named (n int, reference text COLLATE "C" NOT NULL) ON COMMIT DROP

-- step: table of places
CREATE TEMP TABLE by_place (n int, interchange_id bigint, message_no int, lin int, seq int, month date, payment_id bigint, attempt smallint, ore bigint) ON COMMIT DROP

-- step: table of references
CREATE TEMP TABLE by_reference (n int, interchange_id bigint, message_no int, lin int, seq int, month date, payment_id bigint, attempt smallint, ore bigint) ON COMMIT DROP

-- step: table of what is of dropped months
CREATE TEMP TABLE by_dropped (n int, payment_id bigint) ON COMMIT DROP

-- step: table of matched statuses
CREATE TEMP TABLE matched (
    n              int,
    meaning        text,
    code           text,
    text           text,
    interchange_id bigint,
    message_no     int,
    lin            int,
    seq            int,
    month          date,
    payment_id     bigint,
    attempt        smallint,
    trouble        text     -- why nobody can say what it is about
) ON COMMIT DROP

-- step: table of what follows from statuses
CREATE TEMP TABLE followed (n int, effect text, certainty text, exception text) ON COMMIT DROP

-- step: table of statuses of recalls
CREATE TEMP TABLE recall_status (
    n              int PRIMARY KEY,
    interchange_id bigint,      -- that asks
    named          text,        -- by what the bank names it
    meaning        text,
    code           text,
    text           text,
    recall_id      bigint,
    payment_id     bigint,
    lin            int,
    trouble        text,        -- why nobody can say what it means or is about
    answer         text,
    counted        text,        -- the answer that counted before
    first_answer   text,        -- of the file
    is_first       boolean,
    effect         text,
    exception      text
) ON COMMIT DROP
