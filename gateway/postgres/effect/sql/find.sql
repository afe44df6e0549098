-- Puts the orders to some versions of accounts in effect_watch, where their account does not count for ever: those that are still to be
-- sent, or executed of late. since bounds the months that are looked at when the statement is planned.
INSERT INTO effect_watch (payment_id, attempt, month, interchange_id, look_at)
SELECT o.payment_id, o.attempt, o.month, o.interchange_id, @now
FROM (SELECT DISTINCT a.* FROM (/*versions*/) q (id) JOIN account_version a ON a.id = q.id
    WHERE NOT EXISTS (SELECT FROM account_version w WHERE w.holder_id = a.holder_id AND w.holder_kind = a.holder_kind
        AND (w.authority, w.benefit_type) IS NOT DISTINCT FROM (a.authority, a.benefit_type) AND w.account_kind = a.account_kind AND w.account = a.account
        AND (w.bic, w.bank_code) IS NOT DISTINCT FROM (a.bic, a.bank_code) AND w.recorded_to IS NULL AND w.valid_to IS NULL AND w.valid_from <= @now::timestamptz)
    OFFSET 0) v
CROSS JOIN LATERAL (SELECT b.* FROM bank_order b WHERE b.account_version = v.id AND b.interchange_id BETWEEN @first_interchange AND @last_interchange
    AND b.month >= @since::date AND b.rule BETWEEN 1 AND 3 OFFSET 0) o
JOIN interchange i ON i.id = o.interchange_id
JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
WHERE i.kind = 'PAYMUL' AND i.state <> 'void' AND l.state NOT IN ('void', 'rejected') AND (i.state <> 'sent' OR i.executes_on >= @earliest::date)
ON CONFLICT (payment_id, attempt) DO UPDATE SET look_at = excluded.look_at
