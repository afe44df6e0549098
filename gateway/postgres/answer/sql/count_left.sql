-- What is left to tell of the delivery and kind, behind what was taken.

-- step: count what is left
WITH oldest AS (SELECT caused_at FROM answer_due WHERE delivery_id = @delivery AND kind = @kind AND answer_id IS NULL ORDER BY caused_at LIMIT 1)
UPDATE answer_waiting SET payments = payments - (SELECT coalesce(sum(payments), 0) FROM closing), first_at = oldest.caused_at
FROM oldest WHERE delivery_id = @delivery AND kind = @kind

-- step: nothing is left
DELETE FROM answer_waiting WHERE delivery_id = @delivery AND kind = @kind
  AND NOT EXISTS (SELECT FROM answer_due WHERE delivery_id = @delivery AND kind = @kind AND answer_id IS NULL)
