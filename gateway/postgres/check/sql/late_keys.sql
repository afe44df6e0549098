-- Gives the keys that came free to the next who asked for them; who still has none is a duplicate.

-- step: duplicates
WITH late AS (SELECT p.id, p.e2e FROM untaken u CROSS JOIN LATERAL (SELECT * FROM bundle b WHERE b.id = u.id OFFSET 0) p
    WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)),
taken AS (
    INSERT INTO payment_key (payer_id, e2e, payment_id)
    SELECT @payer, e2e, id FROM late ORDER BY e2e, id
    ON CONFLICT DO NOTHING
    RETURNING payment_id)
INSERT INTO fault (payment_id, code, rank)
SELECT l.id, r.code, r.rank FROM late l JOIN code_rank r ON r.code = @duplicate
WHERE NOT EXISTS (SELECT 1 FROM taken t WHERE t.payment_id = l.id)
