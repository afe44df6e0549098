-- What was foretold and is not kept, of the open months ($1, first delivery $2) on the day $3; $4 to $11 are the reasons. By groups: what of one
-- is not paid at all is taken out by its tally. What was ordered anew is looked up by its obligations.
WITH foretold AS (
    SELECT d.supplier, d.authority, d.set_aside_at, g.*, coalesce(t.payments, 0) AS unpaid, coalesce(t.ore, 0) AS unpaid_ore
    FROM release_group g JOIN delivery d ON d.id = g.delivery_id AND d.id >= $2
    LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y
        WHERE y.group_id = g.id AND y.kind IN ('rejected', 'stopped', 'not_payable')) t ON true
    WHERE g.month >= $1 AND g.foretold_on IS NOT NULL AND g.state <> 'rejected'),
unkept AS (
    SELECT f.supplier, f.authority, f.agreement, f.bank_centre, f.foretold_on, CASE WHEN f.state = 'released' THEN f.executes_on END AS on_account,
        CASE
            WHEN f.set_aside_at IS NOT NULL THEN $4
            WHEN f.state = 'unchecked' THEN $5
            WHEN f.held_payment IS NOT NULL AND EXISTS (SELECT FROM fact h WHERE h.month >= $1 AND h.scope = 'payment' AND h.payment_id = f.held_payment AND h.kind = 'held') THEN $6
            WHEN f.held_payment IS NOT NULL THEN $7
            WHEN f.state = 'waiting' THEN $10
            WHEN f.released_at > f.release_at + interval '15 min' THEN $8
            ELSE $9 END::text AS why, f.payments - f.unpaid AS payments, f.ore - f.unpaid_ore AS ore
    FROM foretold f
    WHERE CASE WHEN f.state = 'released' THEN f.executes_on <> f.foretold_on ELSE f.foretold_on <= $3::date END
    UNION ALL
    SELECT f.supplier, f.authority, f.agreement, i.bank, f.foretold_on, i.executes_on, $11::text, count(*), sum(o.ore)
    FROM obligation w
    JOIN payment p ON p.month = w.payment_month AND p.month >= $1 AND p.id = w.payment_id
    JOIN foretold f ON f.id = p.group_id
    JOIN standing s ON s.month = p.month AND s.payment_id = p.id AND s.attempt = w.attempt
    JOIN bank_order o ON o.month = s.order_month AND o.month >= $1 AND o.payment_id = p.id AND o.attempt = w.attempt
    JOIN interchange i ON i.id = o.interchange_id
    WHERE w.state = 'ordered' AND f.executes_on = f.foretold_on AND i.executes_on <> f.foretold_on
    GROUP BY 1, 2, 3, 4, 5, 6)
SELECT supplier, authority, agreement, coalesce(bank_centre, ''), foretold_on, on_account, why, sum(payments)::bigint, sum(ore)::bigint FROM unkept
GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(payments) > 0 ORDER BY foretold_on, supplier, authority, agreement, why, on_account
