-- The payments of a reference, by their groups. Every condition is left out where the reference does not have it.
SELECT p.id, p.e2e, d.supplier, p.authority, g.agreement, p.ore, state_of(s.kind, g.state, o.type, l.state, i.state) AS state
FROM release_group g
JOIN delivery d ON d.id = g.delivery_id AND d.id >= @first_delivery::bigint AND (@before_delivery::bigint IS NULL OR d.id < @before_delivery::bigint)
JOIN payment p ON p.month = g.month AND p.month >= @first::date AND (@after::date IS NULL OR p.month < @after::date) AND p.group_id = g.id
    AND p.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = greatest(coalesce(s.attempt, 1), 1)
LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
LEFT JOIN interchange i ON i.id = o.interchange_id
WHERE g.month >= @first::date AND (@after::date IS NULL OR g.month < @after::date)
  AND (@supplier::text IS NULL OR d.supplier = @supplier::text)
  AND (@authority::text IS NULL OR d.authority = @authority::text)
  AND (@agreement::text IS NULL OR g.agreement = @agreement::text)
  AND (@centre::text IS NULL OR coalesce(g.bank_centre, '') = @centre::text)
  AND (@received_since::date IS NULL OR (d.received_at AT TIME ZONE @zone::text)::date >= @received_since::date)
  AND (@received_until::date IS NULL OR (d.received_at AT TIME ZONE @zone::text)::date <= @received_until::date)
  AND (@planned::text IS NULL OR coalesce(g.executes_on::text, '') = @planned::text)
  AND (@group::bigint IS NULL OR g.id = @group::bigint)
  AND (@delivery::bigint IS NULL OR d.id = @delivery::bigint)
  AND (@part::bigint IS NULL OR p.id = @part::bigint)
  AND (@ordered::text IS NULL OR (o.payment_id IS NOT NULL) = (@ordered::text = 'yes'))
  AND (@anew::text IS NULL OR (o.attempt > 1) = (@anew::text = 'yes'))
  AND (@paid::text IS NULL OR (coalesce(s.kind, 'freed') NOT IN ('rejected', 'stopped', 'not_payable')) = (@paid::text = 'yes'))
  AND (@kind::text IS NULL OR s.kind::text = @kind::text)
  AND (@code::text IS NULL OR coalesce(s.code, '') = @code::text)
  AND (@text::text IS NULL OR coalesce(s.text, '') = @text::text)
  AND (@learned::date IS NULL OR (s.at AT TIME ZONE @zone::text)::date = @learned::date)
  AND (@due::smallint IS NULL OR EXISTS (SELECT FROM answer_due a WHERE a.delivery_id = d.id AND a.kind = @due::smallint AND a.answer_id IS NULL
    AND (a.payment_id = p.id OR a.payment_id = 0 AND (a.interchange_id, a.message_no, a.lin) = (o.interchange_id, o.message_no, o.lin))))
  AND (@state::text IS NULL OR state_of(s.kind, g.state, o.type, l.state, i.state) = @state::text)
ORDER BY p.id
