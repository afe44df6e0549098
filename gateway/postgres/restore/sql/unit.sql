-- Takes in what a release did, once the orders of all of its interchanges are here: groups, what was returned, and what waited.
-- The temporary table taken_group has the groups as they were recorded; what is ordered anew is of groups that were released before.

-- step: groups
CREATE TEMP TABLE taken_group ON COMMIT DROP AS
SELECT DISTINCT ON (own.id) own.id AS own, g.* FROM jsonb_array_elements(@groups::jsonb) e
CROSS JOIN LATERAL jsonb_populate_record(NULL::release_group, e) g
CROSS JOIN LATERAL (SELECT coalesce((SELECT p.group_id FROM payment p WHERE p.month = g.month AND p.id = g.held_payment), g.id) AS id) own
WHERE g.state = 'released' AND EXISTS (SELECT FROM release_group r WHERE r.id = own.id AND r.state = 'waiting')

-- step: lock groups
SELECT FROM release_group WHERE id IN (SELECT own FROM taken_group) ORDER BY id FOR UPDATE

-- step: dues
WITH owed AS (
    INSERT INTO answer_due SELECT r.* FROM jsonb_array_elements(@dues::jsonb) e
    CROSS JOIN LATERAL jsonb_populate_record(NULL::answer_due, e || '{"answer_id": null}') r
    ON CONFLICT DO NOTHING RETURNING *),
counted AS (
    INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
    SELECT delivery_id, kind, sum(payments), min(caused_at), max(caused_at) FROM owed GROUP BY 1, 2)
INSERT INTO new_fact (month, payment_id, attempt, kind, code, text)
SELECT o.month, o.payment_id, 0, 'not_payable', o.code, o.text FROM owed o
WHERE o.status = 'RJCT' AND NOT EXISTS (SELECT FROM standing s WHERE s.month = o.month AND s.payment_id = o.payment_id AND s.kind = 'not_payable')
