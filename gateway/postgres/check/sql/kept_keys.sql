-- Tells the payments whose EndToEndId was used in a month that is dropped, and takes their keys from them again. It comes after the
-- keys were taken: a month that is dropped meanwhile has put the hash in the key's place before the key was free.

-- step: keys of dropped months
WITH used AS MATERIALIZED (
    SELECT p.id, p.e2e FROM bundle p
    JOIN payment_key_hash h ON h.e2e_hash = keyed_hash(p.e2e, @inner, @outer) AND h.payer_id = @payer),
gone AS (
    DELETE FROM payment_key k USING used u WHERE k.payer_id = @payer AND k.e2e = u.e2e AND k.payment_id = u.id)
INSERT INTO fault (payment_id, code, rank)
SELECT u.id, r.code, r.rank FROM used u JOIN code_rank r ON r.code = @duplicate
WHERE NOT EXISTS (SELECT FROM fault f WHERE f.payment_id = u.id AND f.code = @duplicate)
