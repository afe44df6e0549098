-- Adds the errors of unpayable recipients, and takes the keys from their payments again.

-- step: statistics of unpayable recipients
ANALYZE unpayable

-- step: keys of unpayable recipients
DELETE FROM payment_key k USING (SELECT p.id, p.e2e FROM unpayable s CROSS JOIN LATERAL (SELECT * FROM bundle b WHERE b.id = s.id OFFSET 0) p) p
WHERE k.payer_id = @payer AND k.e2e = p.e2e AND k.payment_id = p.id

-- step: unpayable recipients
INSERT INTO fault (payment_id, code, rank)
SELECT s.id, r.code, r.rank FROM unpayable s JOIN code_rank r ON r.code = s.code

-- step: fault statistics
ANALYZE fault
