-- Carries out what the checks have found.

-- step: rejected payments
INSERT INTO new_fact (month, payment_id, attempt, kind, code)
SELECT @month::date, payment_id, 0, 'rejected'::fact_kind, code FROM fault WHERE leads ORDER BY payment_id
