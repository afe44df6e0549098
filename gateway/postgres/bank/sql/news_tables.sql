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
    text           text,
    posting_id     bigint,      -- that proves it, where money has moved
    posting_part   int,
    moved_ore      bigint       -- null: the payment's amount
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
    exception      text,
    n              int,         -- of the status; 0: of none by itself
    certainty      text,
    was            text,        -- its position before
    posting_id     bigint,
    posting_part   int,
    moved_ore      bigint,
    again          boolean      -- something was known of it, or of its line, before; null: of a line, or of an order with it
) ON COMMIT DROP

-- step: table of orders that moved
CREATE TEMP TABLE IF NOT EXISTS moved (
    delivery_id    bigint,
    month          date,
    payment_id     bigint,
    attempt        smallint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    alone          boolean,     -- else with its line
    again          boolean,     -- something may have been told before
    again_alone    boolean,     -- of it by itself
    effect         text,
    answer         smallint,
    text           text
) ON COMMIT DROP

-- step: table of what was told before
CREATE TEMP TABLE IF NOT EXISTS retold (
    LIKE moved,
    turn           smallint,    -- of the last answer about the order by itself; null: there is none
    by_line        boolean,     -- response 8 was owed about its line
    taken          boolean,     -- the bank has taken over its line
    last           smallint,    -- response that its authority was told last; null: none that is known
    unheard        boolean      -- more was known of the order when its line was told of, and it may have been left out
) ON COMMIT DROP

-- step: nothing in them
TRUNCATE word, judged, moved, retold
