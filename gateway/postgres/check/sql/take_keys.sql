-- Gives each payment without an error its EndToEndId for ever, in key order, so that two bundles with the same keys cannot
-- wait for each other. Who comes too late is left in untaken.

-- step: keys
WITH taken AS (
    INSERT INTO payment_key (payer_id, e2e, payment_id)
    SELECT @payer, p.e2e, p.id FROM bundle p
    WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
    ORDER BY p.e2e, p.id
    ON CONFLICT DO NOTHING
    RETURNING payment_id)
INSERT INTO untaken
SELECT p.id FROM bundle p
WHERE NOT EXISTS (SELECT 1 FROM fault f WHERE f.payment_id = p.id)
  AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.payment_id = p.id)
