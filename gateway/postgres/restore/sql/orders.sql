-- Takes in orders as they were recorded, of payments that are here and may go, and tells how many.
--
-- $1: the orders.
WITH recorded AS MATERIALIZED (SELECT e FROM jsonb_array_elements($1::jsonb) e),
taken AS (
    INSERT INTO bank_order SELECT r.* FROM recorded
    JOIN delivery d ON d.id = delivery_of((e->>'payment_id')::bigint) AND d.state = 'checked'
    JOIN payment p ON p.month = d.month AND p.id = (e->>'payment_id')::bigint AND p.ore = (e->>'ore')::bigint
    JOIN release_group g ON g.id = p.group_id AND g.state = 'waiting'
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
    CROSS JOIN LATERAL jsonb_populate_record(NULL::bank_order, e || jsonb_build_object('payer_id', d.payer_id, 'account_version',
        (SELECT v.id FROM account_version v WHERE v.id = (e->>'account_version')::bigint AND v.account = e->>'account'))) r
    WHERE position_of(s.kind, g.state, NULL, NULL, NULL) = 'waiting' AND (e->>'attempt')::int = 1
    RETURNING 1)
SELECT (SELECT count(*) FROM recorded), (SELECT count(*) FROM taken)
