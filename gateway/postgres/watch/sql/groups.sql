-- Groups that wait for their release, by bank, due or not; but for those of one payment that is stopped.
SELECT b.bank, v.due::text, coalesce(g.n, 0), coalesce(g.payments, 0), coalesce(g.ore, 0), coalesce(g.age, 0)
FROM unnest($2::text[]) b (bank) CROSS JOIN (VALUES (true), (false)) v (due)
LEFT JOIN (SELECT CASE WHEN bank_centre = ANY ($2::text[]) THEN bank_centre ELSE 'other' END AS bank, release_at <= $1 AS due,
    count(*) AS n, sum(payments) AS payments, sum(ore)::bigint AS ore,
    greatest(extract(epoch FROM $1 - min(release_at)), 0)::bigint AS age
    FROM release_group w WHERE state = 'waiting'
      AND NOT EXISTS (SELECT FROM standing t WHERE t.month = w.month AND t.payment_id = w.held_payment AND t.kind = 'stopped') GROUP BY 1, 2) g ON g.bank = b.bank AND g.due = v.due
