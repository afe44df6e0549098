-- The newest interchanges and how far each has come. What a bank refuses it does not validate.
SELECT i.id, i.bank, i.kind, i.payments, i.ore, coalesce(d.size, 0), i.contrl,
    i.prepared_at, i.sent_at, i.contrl_at, l.validated
FROM interchange i LEFT JOIN document d ON d.id = i.document_id
LEFT JOIN LATERAL (SELECT max(validated_at) AS validated FROM order_line l WHERE l.interchange_id = i.id
    AND i.contrl = 'accepted' HAVING bool_and(l.validated_at IS NOT NULL)) l ON true
WHERE i.id > $1 ORDER BY i.id
