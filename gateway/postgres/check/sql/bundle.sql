-- What the checks need of a delivery's payments.

-- step: bundle
INSERT INTO bundle (id, group_id, e2e, benefit_type, holder, holder_kind, complete, read_code, debit_code)
SELECT p.id, p.group_id, p.e2e, p.benefit_type, p.holder, p.holder_kind, p.complete, p.read_code, g.reject_code
FROM payment p JOIN release_group g ON g.id = p.group_id
WHERE p.month = @month AND p.id BETWEEN @first AND @last AND g.delivery_id = @delivery

-- step: bundle statistics
ANALYZE bundle
