-- Takes in orders as they were recorded, of payments that are here and may go, and tells how many: first orders of what waits, later ones of what is
-- to be ordered anew.
--
-- $1: the orders.
WITH recorded AS MATERIALIZED (SELECT e FROM jsonb_array_elements($1::jsonb) e),
may_go AS (
    SELECT r.e, d.payer_id FROM recorded r
    JOIN delivery d ON d.id = delivery_of((e->>'payment_id')::bigint) AND d.state = 'checked'
    JOIN payment p ON p.month = d.month AND p.id = (e->>'payment_id')::bigint AND p.ore = (e->>'ore')::bigint
    JOIN release_group g ON g.id = p.group_id AND g.state = 'waiting'
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
    WHERE position_of(s.kind, g.state, NULL, NULL, NULL) = 'waiting' AND (e->>'attempt')::int = 1
    UNION ALL
    SELECT r.e, w.payer_id FROM recorded r
    JOIN obligation w ON w.payment_id = (e->>'payment_id')::bigint AND w.attempt = (e->>'attempt')::int AND w.ore = (e->>'ore')::bigint AND w.state = 'open'
    JOIN payment p ON p.month = w.payment_month AND p.id = w.payment_id
    JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
    LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.payment_id = p.id AND o.attempt = w.attempt - 1
    LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
    LEFT JOIN interchange i ON i.id = o.interchange_id
    JOIN may_follow f ON f.news = 'ordered' AND f.scope = 'order' AND f.position = position_of(s.kind, g.state, o.type, l.state, i.state) AND f.effect = 'takes'),
taken AS (
    INSERT INTO bank_order SELECT r.* FROM may_go
    CROSS JOIN LATERAL jsonb_populate_record(NULL::bank_order, e || jsonb_build_object('payer_id', payer_id, 'account_version',
        (SELECT v.id FROM account_version v WHERE v.id = (e->>'account_version')::bigint AND v.account = e->>'account'))) r
    RETURNING 1)
SELECT (SELECT count(*) FROM recorded), (SELECT count(*) FROM taken)
