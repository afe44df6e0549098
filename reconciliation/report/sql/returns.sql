-- What will not reach its recipient, by reason: payments with a fact of their own, and what of rejected lines has none.
WITH alone AS (
    SELECT d.authority, ''::text AS bank, s.kind::text AS kind, coalesce(s.code, '') AS code, CASE WHEN s.kind = 'not_payable' THEN coalesce(s.text, '') ELSE '' END AS text,
        count(*) AS payments, sum(p.ore) AS ore
    FROM standing s JOIN delivery d ON d.id = delivery_of(s.payment_id) AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
    JOIN payment p ON p.month = s.month AND p.id = s.payment_id AND p.month >= @first::date AND (@after::date IS NULL OR p.month < @after::date)
    WHERE s.month >= @first::date AND (@after::date IS NULL OR s.month < @after::date) AND s.kind IN ('rejected', 'stopped', 'not_payable', 'bank_rejected', 'came_back')
      AND (@authority::text = '' OR d.authority = @authority::text) AND (@day::date IS NULL OR (s.at AT TIME ZONE @zone::text)::date = @day::date)
    GROUP BY 1, 2, 3, 4, 5),
whole AS (
    SELECT a.authority, i.bank, coalesce(l.code, '') AS code, l.payments - l.later_payments - coalesce(t.payments, 0) AS payments, l.ore - l.later_ore - coalesce(t.ore, 0) AS ore
    FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id
    LEFT JOIN LATERAL (SELECT sum(y.payments) AS payments, sum(y.ore) AS ore FROM fact_tally y
        WHERE y.interchange_id = l.interchange_id AND y.message_no = l.message_no AND y.lin = l.lin) t ON true
    WHERE i.kind = 'PAYMUL' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date) AND l.state = 'rejected'
      AND (@authority::text = '' OR a.authority = @authority::text) AND (@day::date IS NULL OR (l.changed_at AT TIME ZONE @zone::text)::date = @day::date))
SELECT authority, bank, kind, code, text, payments::bigint, ore::bigint, jsonb_strip_nulls(jsonb_build_object('authority', authority, 'kind', kind, 'code', code,
    'text', CASE WHEN kind = 'not_payable' THEN text END, 'learned', @day::date))::text AS ref FROM alone
UNION ALL
SELECT authority, bank, 'bank_rejected', code, '', sum(payments)::bigint, sum(ore)::bigint, jsonb_strip_nulls(jsonb_build_object('authority', authority, 'bank', bank,
    'line', 'rejected', 'code', code, 'learned', @day::date, 'executes', '..'))::text FROM whole GROUP BY 1, 2, 4 HAVING sum(payments) <> 0
ORDER BY 1, 3, 4, 5, 2
