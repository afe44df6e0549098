-- Accounts that are known and count since $3 or longer, without an end, and to which no order went in the months from $4 on. What the
-- register has known for a shorter time is not among them: nobody knows what was paid before. A payment counts when it was ordered.
SELECT v.id, v.holder_id, v.holder_kind, coalesce(v.authority, '') AS authority, coalesce(v.benefit_type, '') AS benefit_type
FROM (SELECT * FROM account_version v WHERE v.id > $1 AND v.id <= $2 ORDER BY v.id OFFSET 0) v
WHERE v.recorded_to IS NULL AND v.valid_to IS NULL AND v.recorded_from <= $3::timestamptz AND v.valid_from <= $3::timestamptz
  AND NOT EXISTS (SELECT FROM bank_order o WHERE o.account_version = v.id AND o.month >= $4::date)
  AND NOT EXISTS (SELECT FROM month m WHERE m.month >= $4::date AND m.dropping_at IS NOT NULL)
ORDER BY v.id LIMIT $5
