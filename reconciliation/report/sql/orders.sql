-- The payments of a reference, by their orders: the last ones of each. Every condition is left out where the reference does not have it.
SELECT p.id, p.e2e, d.supplier, p.authority, i.agreement, o.ore, state_of(s.kind, 'released', o.type, l.state, i.state) AS state
FROM interchange i JOIN agreement a ON a.id = i.agreement_id
JOIN bank_order o ON o.month = i.month AND o.month >= @since::date AND (@after::date IS NULL OR o.month < @after::date) AND o.interchange_id = i.id
JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
CROSS JOIN LATERAL (SELECT q.* FROM payment q WHERE q.month = month_of(delivery_of(o.payment_id)) AND q.id = o.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT e.* FROM delivery e WHERE e.id = delivery_of(o.payment_id) LIMIT 1) d
LEFT JOIN LATERAL (SELECT t.* FROM standing t WHERE t.month = p.month AND t.payment_id = p.id LIMIT 1) s ON true
WHERE i.kind = 'PAYMUL' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date)
  AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
  AND (@authority::text IS NULL OR a.authority = @authority::text)
  AND (@agreement::text IS NULL OR i.agreement = @agreement::text)
  AND (@bank::text IS NULL OR i.bank = @bank::text)
  AND (@control::bigint IS NULL OR i.control_ref = @control::bigint AND i.state <> 'void')
  AND (@executes_since::date IS NULL OR i.executes_on >= @executes_since::date)
  AND (@executes_until::date IS NULL OR i.executes_on <= @executes_until::date)
  AND (@prepared_since::date IS NULL OR (i.prepared_at AT TIME ZONE @zone::text)::date >= @prepared_since::date)
  AND (@prepared_until::date IS NULL OR (i.prepared_at AT TIME ZONE @zone::text)::date <= @prepared_until::date)
  AND (@cheque::text IS NULL OR (o.type = 4) = (@cheque::text = 'yes'))
  AND (@line::text IS NULL OR l.state::text = @line::text AND (s.kind IS NULL OR s.attempt IS DISTINCT FROM o.attempt) AND coalesce(l.code, '') = @code::text)
  AND (@learned::date IS NULL OR (l.changed_at AT TIME ZONE @zone::text)::date = @learned::date)
  AND (@state::text IS NULL OR state_of(s.kind, 'released', o.type, l.state, i.state) = @state::text)
ORDER BY p.id
