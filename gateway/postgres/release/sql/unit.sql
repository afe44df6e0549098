-- The most urgent unit that is due, and waits for nothing that came in time and may be of it: a delivery that is not read yet, of a
-- supplier that has the same agreement of the same authority; or one that is not checked yet, of the same payer. Nor is it held.
--
-- $1: now; $2: groups, and $3: units, to pass over; $4: below the first delivery of the open months.
WITH unread AS (SELECT supplier, min(counts_at) AS since FROM delivery WHERE state = 'received' AND set_aside_at IS NULL AND id >= $4 GROUP BY 1),
unchecked AS (SELECT payer_id, min(counts_at) AS since FROM delivery WHERE state = 'read' AND set_aside_at IS NULL AND id >= $4 GROUP BY 1),
awaited AS (SELECT agreement_id, min(since) AS since FROM (
    SELECT own.id AS agreement_id, unread.since FROM unread
    JOIN agreement shared ON shared.supplier = unread.supplier
    JOIN agreement own ON own.agreement = shared.agreement AND own.authority = shared.authority
    UNION ALL
    SELECT own.id, unchecked.since FROM unchecked
    JOIN payer ON payer.id = unchecked.payer_id
    JOIN agreement own ON own.supplier = payer.supplier AND own.authority = payer.authority) either GROUP BY 1),
due AS (SELECT g.bank_centre, g.agreement_id, g.executes_on, g.release_at, g.salary, coalesce(g.held_payment, 0) AS held,
        hashtextextended(concat_ws('/', 'nks.unit', g.bank_centre, g.agreement_id, g.executes_on, extract(epoch FROM g.release_at), g.held_payment, CASE WHEN g.salary THEN 'salary' END), 0) AS lock
    FROM release_group g LEFT JOIN awaited a ON a.agreement_id = g.agreement_id
    WHERE g.state = 'waiting' AND g.release_at <= $1 AND g.id <> ALL ($2::bigint[]) AND (a.since > g.release_at) IS NOT FALSE
      AND night_hold(g.bank_centre, g.agreement_id, $1) IS NULL
      -- A payment that is over its limit waits until it is freed, a limit is another, or it is to be told again.
      AND (g.held_payment IS NULL OR NOT EXISTS (SELECT FROM over_limit o WHERE o.groups[1] = g.id AND o.ended_at IS NULL AND o.freed_at IS NULL AND o.again_at >= $1
        AND o.limits = (SELECT max(l.id) FROM release_limit l)))
      -- What somebody holds or has stopped goes when it is freed.
      AND NOT EXISTS (SELECT FROM standing t WHERE t.month = g.month AND t.payment_id = g.held_payment AND t.kind IN ('held', 'stopped')))
SELECT * FROM due WHERE lock <> ALL ($3::bigint[])
ORDER BY held > 0, release_at, executes_on, bank_centre, agreement_id, salary, held LIMIT 1
