-- Puts together what dues were added up to since the last time. What another process gathers is its own.
WITH moved AS (
    DELETE FROM answer_due_tally WHERE ctid = ANY (ARRAY(SELECT ctid FROM answer_due_tally FOR UPDATE SKIP LOCKED))
    RETURNING delivery_id, kind, payments, first_at, last_at)
INSERT INTO answer_waiting AS w (delivery_id, kind, payments, first_at, last_at)
SELECT delivery_id, kind, sum(payments), min(first_at), max(last_at) FROM moved GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (delivery_id, kind) DO UPDATE SET payments = w.payments + excluded.payments,
    first_at = least(w.first_at, excluded.first_at), last_at = greatest(w.last_at, excluded.last_at)
