-- Deliveries to be read or checked, by state.
SELECT v.state, d.n, d.age, d.aside FROM (VALUES ('received'::delivery_state), ('read')) v (state)
CROSS JOIN LATERAL (SELECT count(*) AS n, extract(epoch FROM $1 - min(received_at))::bigint AS age,
    count(*) FILTER (WHERE set_aside_at IS NOT NULL) AS aside
    FROM delivery d WHERE d.id >= (SELECT first_open_delivery()) AND d.state IN ('received', 'read') AND d.state = v.state) d
