-- step: close dues
UPDATE answer_due a SET answer_id = @answer FROM closing c
WHERE a.kind = c.kind AND a.delivery_id = c.delivery_id AND a.payment_id = c.payment_id AND a.attempt = c.attempt
  AND a.delivery_id = @delivery AND a.interchange_id = c.interchange_id AND a.message_no = c.message_no AND a.lin = c.lin AND a.turn = c.turn
