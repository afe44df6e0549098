-- The temporary tables of news and of what follows from it; they go with the transaction.

-- step: table of news
CREATE TEMP TABLE IF NOT EXISTS word (
    n              int,
    month          date,        -- of the payment
    payment_id     bigint,      -- null: of the whole line
    attempt        smallint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    seq            int,
    code           text,
    text           text
) ON COMMIT DROP

-- step: table of what follows
CREATE TEMP TABLE IF NOT EXISTS judged (
    month          date,
    payment_id     bigint,      -- null: the whole line, but for what stands by itself
    attempt        smallint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    seq            int,
    code           text,
    text           text,
    effect         text,
    answer         smallint,
    exception      text
) ON COMMIT DROP

-- step: nothing in them
TRUNCATE word, judged
