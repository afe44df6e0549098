-- The temporary table of payments that are to be stopped, or let go; it goes with the transaction.

-- step: table of payments
CREATE TEMP TABLE IF NOT EXISTS stopping (
    payment_id     bigint PRIMARY KEY,
    month          date NOT NULL,
    ore            bigint NOT NULL,
    group_id       bigint,
    group_state    group_state,
    position       text,            -- where it stands
    kind           fact_kind,       -- the last fact about it
    attempt        smallint,        -- that it stands at; 0: none
    order_month    date,            -- of the order of that attempt, where there is one, as below
    bank           text,
    interchange_id bigint,
    message_no     int,
    lin            int,
    may_stop       boolean NOT NULL DEFAULT false, -- once its interchange is void
    handed_over_at timestamptz,
    outcome        text,
    held           boolean NOT NULL DEFAULT false, -- before it was stopped
    awaited        boolean NOT NULL DEFAULT false  -- an account, before it was stopped: its group has left without it
) ON COMMIT DROP

-- step: none of another
TRUNCATE stopping
