-- A payment ($2) with everything that happened to it. Its number carries its delivery ($1), and that the month ($3); its order
-- is of a month of its own ($4). Both are given as constants so that only their partitions are looked at. Each part is looked up by a whole key.
SELECT p.id, p.ore, p.e2e, p.authority, p.benefit_type, coalesce(p.statement_text, '') AS statement_text,
    coalesce(p.account, '') AS named_account, coalesce(p.holder, 0) AS holder,
    CASE WHEN p.holder IS NULL THEN 0 ELSE coalesce(p.holder_kind, 0) END AS holder_kind,
    d.id AS delivery_id, d.door, d.supplier, coalesce(d.group_ref, '') AS group_ref, d.state AS delivery_state, d.received_at, d.read_at, d.checked_at,
    d.document_id,
    g.agreement, g.state AS group_state, g.release_at, g.released_at, g.executes_on,
    coalesce(o.rule, 0) AS "order.rule", coalesce(o.type, 0) AS "order.type", coalesce(o.message_no, 0) AS "order.message_no",
    coalesce(o.lin, 0) AS "order.lin", coalesce(o.seq, 0) AS "order.seq", coalesce(m.ref, '') AS "order.message_ref",
    o.account AS order_account, coalesce(o.account_version, 0) AS "order.version", coalesce(r.head, '') AS reference,
    coalesce(i.id, 0) AS "interchange.id", coalesce(i.control_ref, 0) AS "interchange.control_ref", coalesce(i.file_name, '') AS "interchange.file_name",
    coalesce(i.state::text, '') AS "interchange.state", coalesce(i.bank, '') AS "interchange.bank", i.executes_on AS "interchange.executes_on",
    i.prepared_at AS "interchange.prepared_at", i.sent_at AS "interchange.sent_at", coalesce(i.contrl::text, '') AS "interchange.contrl",
    i.contrl_at AS "interchange.contrl_at", coalesce(i.payments, 0) AS "interchange.payments", coalesce(i.ore, 0) AS "interchange.ore",
    coalesce(i.document_id, 0) AS interchange_document,
    coalesce(l.state::text, '') AS "line.kind", coalesce(l.code, '') AS "line.code", coalesce(l.text, '') AS "line.text", l.changed_at AS "line.at",
    l.validated_at,
    coalesce(s.kind::text, '') AS "fact.kind", coalesce(s.code, '') AS "fact.code", coalesce(s.text, '') AS "fact.text", s.at AS "fact.at",
    coalesce(s.attempt, 0) AS fact_attempt
FROM delivery d
JOIN payment p ON p.month = d.month AND p.id = $2
JOIN release_group g ON g.id = p.group_id
LEFT JOIN standing s ON s.month = d.month AND s.payment_id = $2
LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = $4 AND b.payment_id = $2
    AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
LEFT JOIN bank_reference r ON r.delivery_id = d.id AND r.attempt = o.attempt
LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
LEFT JOIN message m ON m.interchange_id = o.interchange_id AND m.no = o.message_no
LEFT JOIN interchange i ON i.id = o.interchange_id
WHERE d.id = $1 AND d.month = $3
