-- What is known of a payment ($1) as it stands: its month, authority, and everything else as an object in which nobody is named and no account is whole.
SELECT p.month::text AS month, p.authority, jsonb_strip_nulls(jsonb_build_object(
    'position', position_of(s.kind, g.state, o.type, l.state, i.state), 'ore', p.ore,
    'account', left(coalesce(o.account, p.account), -4) || 'xxxx', 'attempt', o.attempt,
    'bank', i.bank, 'control_reference', i.control_ref, 'message', m.ref, 'lin', o.lin, 'seq', o.seq, 'executes_on', i.executes_on, 'sent_at', i.sent_at, 'contrl', i.contrl,
    'line', l.state, 'line_text', hidden.line, 'fact', s.kind, 'fact_text', hidden.fact, 'fact_at', s.at,
    'answers', (SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'status', a.status, 'text', regexp_replace(coalesce(a.text, ''), '\d{6}[- ]?\d{4}', 'xxxxxxxxxx', 'g'),
            'at', a.caused_at, 'answer', a.answer_id) ORDER BY a.caused_at, a.turn)
        FROM answer_due a WHERE a.delivery_id = d.id AND (a.payment_id = p.id OR a.payment_id = 0 AND a.interchange_id = i.id AND a.message_no = o.message_no AND a.lin = o.lin)),
    'recalls', (SELECT jsonb_agg(jsonb_build_object('recall', r.id, 'asked_at', r.asked_at) ORDER BY r.id) FROM recall r WHERE r.payment_id = p.id)))::text AS known
FROM delivery d JOIN payment p ON p.month = d.month AND p.id = $1 JOIN release_group g ON g.id = p.group_id
LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = p.id AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
LEFT JOIN message m ON m.interchange_id = o.interchange_id AND m.no = o.message_no
LEFT JOIN interchange i ON i.id = o.interchange_id
CROSS JOIN LATERAL (SELECT regexp_replace(nullif(concat_ws(' ', l.code, l.text), ''), '\d{6}[- ]?\d{4}', 'xxxxxxxxxx', 'g') AS line,
    regexp_replace(nullif(concat_ws(' ', s.code, s.text), ''), '\d{6}[- ]?\d{4}', 'xxxxxxxxxx', 'g') AS fact) hidden
WHERE d.id = delivery_of($1) AND d.state IN ('read', 'checked')
