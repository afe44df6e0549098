-- Parts the payments of the temporary table new_set_off, whose groups are locked, in what is left of them and what goes to creditors. The
-- sums of bundle and group stay what they are. since and until bound the months that are looked at when the statements are planned.

-- step: statistics
ANALYZE new_set_off

-- step: what is taken is a payment of its own
INSERT INTO payment (month, id, group_id, ore, type, account_kind, complete, e2e, benefit_type, authority, los_unit, account, statement_text, debit_text)
SELECT p.month, n.part_id, p.group_id, n.ore, 1, 1, true, n.e2e, p.benefit_type, p.authority, p.los_unit, n.account, n.claim, p.debit_text
FROM new_set_off n JOIN payment p ON p.month = n.month AND p.month BETWEEN @since::date AND @until::date AND p.id = n.payment_id
WHERE n.part_id <> n.payment_id

-- step: its EndToEndId is used
INSERT INTO payment_key (payer_id, e2e, payment_id) SELECT d.payer_id, n.e2e, n.part_id FROM new_set_off n JOIN delivery d ON d.id = delivery_of(n.part_id)
WHERE n.part_id <> n.payment_id

-- step: what facts before any order count is what is left
INSERT INTO fact_tally (group_id, kind, payments, ore)
SELECT p.group_id, s.kind, 0, -sum(n.ore) FROM new_set_off n
JOIN payment p ON p.month = n.month AND p.month BETWEEN @since::date AND @until::date AND p.id = n.payment_id
JOIN standing s ON s.month = n.month AND s.month BETWEEN @since::date AND @until::date AND s.payment_id = n.payment_id AND s.kind IS NOT NULL
WHERE n.part_id <> n.payment_id GROUP BY 1, 2

-- step: groups have more payments
UPDATE release_group g SET payments = g.payments + q.parts
FROM (SELECT p.group_id, count(*) AS parts FROM new_set_off n
    JOIN payment p ON p.month = n.month AND p.month BETWEEN @since::date AND @until::date AND p.id = n.payment_id WHERE n.part_id <> n.payment_id GROUP BY 1) q
WHERE g.id = q.group_id

-- step: what is left of payments
UPDATE payment p SET ore = p.ore - q.ore
FROM (SELECT n.month, n.payment_id, sum(n.ore) AS ore FROM new_set_off n WHERE n.part_id <> n.payment_id GROUP BY 1, 2) q
WHERE p.month = q.month AND p.month BETWEEN @since::date AND @until::date AND p.id = q.payment_id

-- step: on record
INSERT INTO set_off SELECT part_id, payment_id, month, authority, creditor, claim, version, ore, left_ore, account, at FROM new_set_off

-- step: it is done
TRUNCATE new_set_off
