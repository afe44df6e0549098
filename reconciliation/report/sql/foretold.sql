-- What receipt 1 foretold and is not, or not any more, kept, by groups: what of one is not paid at all is taken out by its tally, and told by responses 2, 5 and 7.
-- What was ordered anew is looked up by its obligations.
WITH foretold AS (
    SELECT d.supplier, d.authority, d.set_aside_at, g.*, coalesce(t.payments, 0) AS unpaid, coalesce(t.ore, 0) AS unpaid_ore
    FROM release_group g JOIN delivery d ON d.id = g.delivery_id AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
    LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y
        WHERE y.group_id = g.id AND y.kind IN ('rejected', 'stopped', 'not_payable')) t ON true
    WHERE g.month >= @first::date AND (@after::date IS NULL OR g.month < @after::date) AND g.foretold_on IS NOT NULL AND g.state <> 'rejected'
      AND (@authority::text = '' OR d.authority = @authority::text) AND (@day::date IS NULL OR g.foretold_on = @day::date)),
unkept AS (
    SELECT f.id, f.supplier, f.authority, f.agreement, coalesce(f.bank_centre, '') AS bank, f.foretold_on, CASE WHEN f.state = 'released' THEN f.executes_on END AS on_account,
        CASE
            WHEN f.set_aside_at IS NOT NULL THEN 'delivery set aside'
            WHEN f.state = 'unchecked' THEN 'not checked'
            WHEN f.held_payment IS NOT NULL AND EXISTS (SELECT FROM fact h WHERE h.month >= @first::date AND h.scope = 'payment' AND h.payment_id = f.held_payment
                AND h.kind = 'held') THEN 'held'
            WHEN f.held_payment IS NOT NULL THEN 'account in doubt'
            WHEN f.state = 'waiting' THEN 'waits'
            WHEN f.released_at > f.release_at + interval '15 min' THEN 'released late'
            ELSE 'other terms' END AS why,
        (f.payments - f.unpaid)::bigint AS payments, (f.ore - f.unpaid_ore)::bigint AS ore
    FROM foretold f
    WHERE CASE WHEN f.state = 'released' THEN f.executes_on <> f.foretold_on ELSE f.foretold_on <= @today::date END
    UNION ALL
    SELECT f.id, f.supplier, f.authority, f.agreement, i.bank, f.foretold_on, i.executes_on, 'ordered anew', count(*), sum(o.ore)::bigint
    FROM obligation w
    JOIN payment p ON p.month = w.payment_month AND p.month >= @first::date AND p.id = w.payment_id
    JOIN foretold f ON f.id = p.group_id
    JOIN standing s ON s.month = p.month AND s.payment_id = p.id AND s.attempt = w.attempt
    JOIN bank_order o ON o.month = s.order_month AND o.month >= @first::date AND o.payment_id = p.id AND o.attempt = w.attempt
    JOIN interchange i ON i.id = o.interchange_id
    WHERE w.state = 'ordered' AND w.cause IS NULL AND f.executes_on = f.foretold_on AND i.executes_on <> f.foretold_on
    GROUP BY 1, 2, 3, 4, 5, 6, 7)
SELECT authority, agreement, bank, foretold_on, on_account, why, payments, ore, jsonb_strip_nulls(jsonb_build_object('group', id::text, 'paid', 'yes',
    'anew', CASE WHEN why = 'ordered anew' THEN 'yes' END))::text AS ref
FROM unkept WHERE payments > 0 ORDER BY foretold_on, supplier, authority, agreement, why, on_account, id
