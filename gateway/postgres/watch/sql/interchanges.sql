-- Interchanges in hand, by bank and state.
SELECT b.bank, v.state, coalesce(i.n, 0), coalesce(i.payments, 0), coalesce(i.ore, 0), coalesce(i.age, 0)
FROM unnest($2::text[]) b (bank)
CROSS JOIN (VALUES ('frozen'), ('rendered'), ('sending'), ('publishing'), ('unknown'), ('awaiting_contrl')) v (state)
LEFT JOIN (SELECT CASE WHEN bank = ANY ($2::text[]) THEN bank ELSE 'other' END AS bank,
    CASE WHEN state = 'sent' THEN 'awaiting_contrl' ELSE state::text END AS state,
    count(*) AS n, sum(payments) AS payments, sum(ore)::bigint AS ore,
    extract(epoch FROM $1 - min(coalesce(sent_at, prepared_at)))::bigint AS age
    FROM interchange WHERE state IN ('frozen', 'rendered', 'sending', 'publishing', 'unknown')
        OR state = 'sent' AND kind <> 'CONTRL' AND contrl IN ('none', 'received')
    GROUP BY 1, 2) i ON i.bank = b.bank AND i.state = v.state
