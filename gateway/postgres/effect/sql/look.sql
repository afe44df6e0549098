-- The orders of one interchange that are to be looked at, as they stand, with what is known of the end of their accounts: the last version
-- of the same account that is known now and has begun, or, where there is none, when the last that was known was closed.
--
-- $1: the interchange; $2: now; $3: the payments.
SELECT w.payment_id, w.attempt, p.month AS payment_month, p.authority, p.benefit_type, coalesce(p.holder, 0) AS holder, coalesce(p.holder_kind, 0) AS holder_kind,
    o.account_kind, o.account, o.account_version, i.bank, i.agreement_id, i.executes_on, i.state, i.may_be_out_since IS NOT NULL OR i.state IN ('sent', 'unknown') AS published,
    coalesce(s.attempt, 1) AS stands_attempt, position_of(s.kind, g.state, o.type, l.state, i.state) AS position,
    e.id IS NOT NULL AND e.valid_to IS NULL AS lasts, coalesce(e.valid_to, c.recorded_to) AS ended_at, coalesce(e.recorded_from, c.recorded_to) AS registered_at,
    coalesce(e.counter, c.closed) AS change
FROM (SELECT * FROM effect_watch t WHERE t.interchange_id = $1 AND t.payment_id = ANY ($3::bigint[])) w
CROSS JOIN LATERAL (SELECT * FROM interchange t WHERE t.id = w.interchange_id LIMIT 1) i
CROSS JOIN LATERAL (SELECT * FROM bank_order t WHERE t.month = w.month AND t.payment_id = w.payment_id AND t.attempt = w.attempt LIMIT 1) o
CROSS JOIN LATERAL (SELECT * FROM order_line t WHERE t.interchange_id = o.interchange_id AND t.message_no = o.message_no AND t.lin = o.lin LIMIT 1) l
CROSS JOIN LATERAL (SELECT * FROM payment t WHERE t.month = month_of(delivery_of(w.payment_id)) AND t.id = w.payment_id LIMIT 1) p
CROSS JOIN LATERAL (SELECT * FROM release_group t WHERE t.id = p.group_id LIMIT 1) g
LEFT JOIN LATERAL (SELECT * FROM standing t WHERE t.month = p.month AND t.payment_id = p.id LIMIT 1) s ON true
CROSS JOIN LATERAL (SELECT * FROM account_version t WHERE t.id = o.account_version LIMIT 1) a
LEFT JOIN LATERAL (SELECT x.* FROM account_version x WHERE x.holder_id = a.holder_id AND x.holder_kind = a.holder_kind
    AND (x.authority, x.benefit_type) IS NOT DISTINCT FROM (a.authority, a.benefit_type) AND x.account_kind = a.account_kind AND x.account = a.account
    AND (x.bic, x.bank_code) IS NOT DISTINCT FROM (a.bic, a.bank_code) AND x.recorded_to IS NULL AND x.valid_from <= $2
    ORDER BY x.valid_to DESC NULLS FIRST LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT max(x.recorded_to) AS recorded_to, max(x.closed) AS closed FROM account_version x WHERE e.id IS NULL
    AND x.holder_id = a.holder_id AND x.holder_kind = a.holder_kind
    AND (x.authority, x.benefit_type) IS NOT DISTINCT FROM (a.authority, a.benefit_type) AND x.account_kind = a.account_kind AND x.account = a.account
    AND (x.bic, x.bank_code) IS NOT DISTINCT FROM (a.bic, a.bank_code) AND x.recorded_to IS NOT NULL) c ON true
ORDER BY w.payment_id
