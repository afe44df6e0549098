-- Carries out what the checks have found.

-- step: rejected payments
INSERT INTO payment_event (month, payment_id, attempt, kind, code, at)
SELECT @month::date, payment_id, 0, 'rejected'::event_kind, code, @now::timestamptz
FROM fault WHERE leads ORDER BY payment_id
