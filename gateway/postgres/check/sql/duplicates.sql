-- Tells every faulty payment, too, that its EndToEndId is used up, and marks each payment's leading error.

-- step: keys of faulty payments
INSERT INTO fault (payment_id, code, rank)
SELECT DISTINCT p.id, r.code, r.rank FROM fault f CROSS JOIN LATERAL (SELECT * FROM bundle b WHERE b.id = f.payment_id OFFSET 0) p
CROSS JOIN LATERAL (SELECT k.payment_id FROM payment_key k WHERE k.payer_id = @payer AND k.e2e = p.e2e LIMIT 1) k
JOIN code_rank r ON r.code = @duplicate
WHERE k.payment_id <> p.id AND NOT EXISTS (SELECT 1 FROM fault o WHERE o.payment_id = p.id AND o.code = @duplicate)

-- step: leading errors
UPDATE fault SET leads = true WHERE ctid IN (
    SELECT DISTINCT ON (payment_id) ctid FROM fault ORDER BY payment_id, rank)
