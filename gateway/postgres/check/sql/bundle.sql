-- What the checks need of a delivery's payments: a view for as long as one check lasts. A table of them would have to be
-- written first, which costs more than reading the payments some more times.

-- step: bundle
CREATE TEMP VIEW bundle AS SELECT p.id, p.group_id, p.e2e, p.benefit_type, p.read_code, g.reject_code AS debit_code
FROM payment p JOIN release_group g ON g.id = p.group_id
WHERE p.month = '%[1]s' AND p.id BETWEEN %[2]d AND %[3]d AND g.delivery_id = %[4]d
