-- What was frozen in an interchange, but for its orders: key, document and the rows as JSON. Of the groups of its payments also what was returned
-- by the same release.
--
-- $1: the interchange; $2: the key.
WITH grouped AS MATERIALIZED (SELECT DISTINCT p.group_id FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
    JOIN payment p ON p.month = month_of(delivery_of(o.payment_id)) AND p.id = o.payment_id WHERE i.id = $1),
released AS MATERIALIZED (SELECT g.* FROM release_group g WHERE g.id IN (SELECT group_id FROM grouped)),
referred AS (SELECT DISTINCT delivery_of(o.payment_id) AS delivery_id, o.attempt FROM interchange i JOIN bank_order o ON o.month = i.month AND o.interchange_id = i.id
    WHERE i.id = $1)
SELECT $2::text, i.document_id, jsonb_build_object(
    'interchange', to_jsonb(i),
    'messages', (SELECT jsonb_agg(to_jsonb(m)) FROM message m WHERE m.interchange_id = i.id),
    'lines', (SELECT jsonb_agg(to_jsonb(l)) FROM order_line l WHERE l.interchange_id = i.id),
    'changes', (SELECT jsonb_agg(to_jsonb(c)) FROM text_change c WHERE c.interchange_id = i.id),
    'recalls', (SELECT jsonb_agg(jsonb_build_object('decision_id', r.decision_id, 'payment_id', r.payment_id, 'lin', l.lin))
        FROM recall_line l JOIN recall r ON r.id = l.recall_id WHERE l.interchange_id = i.id),
    'groups', (SELECT jsonb_agg(to_jsonb(g)) FROM released g),
    'set_offs', (SELECT jsonb_agg(to_jsonb(s) || jsonb_build_object('e2e', p.e2e)) FROM released g JOIN set_off s ON s.month = g.month
        AND s.part_id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215 JOIN payment p ON p.month = s.month AND p.id = s.part_id AND p.group_id = g.id),
    'references', (SELECT jsonb_agg(to_jsonb(r)) FROM bank_reference r JOIN referred USING (delivery_id, attempt)),
    'reference_counter', (SELECT last FROM reference_counter),
    'dues', (SELECT jsonb_agg(to_jsonb(w)) FROM released g JOIN answer_due w ON w.delivery_id = g.delivery_id AND w.kind = 7 AND w.attempt = 0
        JOIN payment p ON p.month = g.month AND p.id = w.payment_id AND p.group_id = g.id))
FROM interchange i WHERE i.id = $1
