-- Takes in what an answer has told: what is due here is told by it, and what is not yet due was told all the same.

-- step: recorded
CREATE TEMP TABLE IF NOT EXISTS told_due (LIKE answer_due) ON COMMIT DROP

-- step: none of another
TRUNCATE told_due

-- step: what was told
INSERT INTO told_due SELECT r.* FROM jsonb_array_elements(@dues::jsonb) e
CROSS JOIN LATERAL jsonb_populate_record(NULL::answer_due, e || jsonb_build_object('answer_id', @answer::bigint)) r

-- step: what is due
WITH closed AS (
    UPDATE answer_due a SET answer_id = t.answer_id FROM told_due t
    WHERE a.kind = t.kind AND a.delivery_id = t.delivery_id AND a.payment_id = t.payment_id AND a.attempt = t.attempt AND a.interchange_id = t.interchange_id
      AND a.message_no = t.message_no AND a.lin = t.lin AND a.turn = t.turn AND a.answer_id IS NULL
    RETURNING a.delivery_id, a.kind, a.payments)
INSERT INTO answer_due_tally (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, -sum(payments), @now::timestamptz, @now::timestamptz FROM closed GROUP BY 1, 2

-- step: what is not due
INSERT INTO answer_due SELECT * FROM told_due ON CONFLICT DO NOTHING

-- step: what was returned or stopped
INSERT INTO new_fact (month, payment_id, attempt, kind, code, text)
SELECT t.month, t.payment_id, 0, CASE t.kind WHEN 5 THEN 'stopped' ELSE 'not_payable' END::fact_kind, t.code, t.text FROM told_due t
JOIN payment p ON p.month = t.month AND p.id = t.payment_id JOIN release_group g ON g.id = p.group_id AND g.state = 'waiting'
LEFT JOIN standing s ON s.month = t.month AND s.payment_id = t.payment_id
WHERE t.kind IN (5, 7) AND t.status = 'RJCT' AND t.attempt = 0 AND position_of(s.kind, g.state, NULL, NULL, NULL) IN ('waiting', 'held')
