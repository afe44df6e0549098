-- step: payments told
INSERT INTO responding SELECT payment_id, attempt, status, code, text FROM closing
