-- What must leave a bank by an instant and has not.
SELECT $1::text, coalesce(sum(payments), 0)::bigint, coalesce(sum(ore), 0)::bigint FROM (
    SELECT payments, ore FROM release_group WHERE state = 'waiting' AND bank_centre = $1 AND release_at <= $2
    UNION ALL SELECT payments, ore FROM interchange
    WHERE bank = $1 AND state IN ('frozen', 'rendered', 'sending', 'publishing')) t
