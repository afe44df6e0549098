-- The temporary tables of what a file of a bank tells of postings and statements.

-- step: table of postings
CREATE TEMP TABLE IF NOT EXISTS heard_posting (
    n          int PRIMARY KEY,
    message    int NOT NULL,
    report     text NOT NULL,
    statement  int NOT NULL,    -- of its message that it is an entry of; 0: of none
    account    text,
    reference  text COLLATE "C" NOT NULL,
    posted_on  date,
    value_on   date,
    ore        bigint,
    charge_ore bigint NOT NULL,
    parts      int NOT NULL,
    text       text,
    unclear    text             -- why nobody can say what it is made of
) ON COMMIT DROP

-- step: table of parts
CREATE TEMP TABLE IF NOT EXISTS heard_part (n int, part int, reference text COLLATE "C", ore bigint, charge_ore bigint, ordered_ore bigint, foreign_amount bigint,
    foreign_currency text, rate text, account text, code text, text text, PRIMARY KEY (n, part)) ON COMMIT DROP

-- step: table of lines that are named
CREATE TEMP TABLE IF NOT EXISTS heard_line (n int, part int, reference text COLLATE "C", control_ref bigint, message_no int, lin int, PRIMARY KEY (n, part)) ON COMMIT DROP

-- step: table of statements
CREATE TEMP TABLE IF NOT EXISTS heard_statement (n int PRIMARY KEY, message int, statement int, account text, number text, day date, opening_ore bigint, closing_ore bigint, entries int,
    entries_ore bigint, adds_up boolean, unclear text) ON COMMIT DROP

-- step: table of what they are
-- Of those alone that have what a posting is known by.
CREATE TEMP TABLE IF NOT EXISTS booked (
    n          int PRIMARY KEY,
    running    int NOT NULL,
    effect     text,            -- takes, repeats, disputes
    posting_id bigint           -- null: it contradicts another
) ON COMMIT DROP

-- step: table of those that are new
CREATE TEMP TABLE IF NOT EXISTS fresh_posting (posting_id bigint PRIMARY KEY) ON COMMIT DROP

-- step: table of those whose parts are told
CREATE TEMP TABLE IF NOT EXISTS parted (n int PRIMARY KEY, posting_id bigint NOT NULL, known boolean NOT NULL) ON COMMIT DROP

-- step: table of lines that are found
CREATE TEMP TABLE IF NOT EXISTS debited (n int, part int, reference text COLLATE "C", interchange_id bigint, message_no int, lin int, ore bigint, trouble text) ON COMMIT DROP

-- step: table of parts that are to be matched
CREATE TEMP TABLE IF NOT EXISTS asked_part (
    k           int PRIMARY KEY,
    n           int NOT NULL,
    posting_id  bigint NOT NULL,
    part        int NOT NULL,
    reference   text COLLATE "C",
    ore         bigint NOT NULL,
    charge_ore  bigint NOT NULL,
    ordered_ore bigint,
    code        text,
    text        text,
    debit       boolean NOT NULL
) ON COMMIT DROP

-- step: table of parts and what they are about
CREATE TEMP TABLE IF NOT EXISTS part_match (
    k              int PRIMARY KEY,
    n              int NOT NULL,
    posting_id     bigint NOT NULL,
    part           int NOT NULL,
    ore            bigint NOT NULL,
    charge_ore     bigint NOT NULL,
    code           text,
    text           text,
    month          date,
    payment_id     bigint,
    attempt        smallint,
    interchange_id bigint,
    message_no     int,
    lin            int,
    seq            int,
    trouble        text,        -- why no money is booked by it
    round          int,         -- of several about one payment the how manyth
    order_ore      bigint,
    abroad         boolean NOT NULL DEFAULT false, -- its recipient gets another currency
    exchange_ore   bigint NOT NULL DEFAULT 0,      -- more than was ordered, by the rate
    earlier        boolean NOT NULL DEFAULT false -- its order is not the last of the payment: the last was made of what came back before
) ON COMMIT DROP

-- step: table of statements and which they are
CREATE TEMP TABLE IF NOT EXISTS told_statement (n int PRIMARY KEY, statement_id bigint NOT NULL, effect text NOT NULL) ON COMMIT DROP
