-- The payments of a response as they were received and as their orders were frozen, a page at a time.
SELECT p.id, p.e2e, p.instr_id, t.status, t.code, t.text, p.ore,
    coalesce(o.transfer_currency, p.transfer_currency) AS currency, p.complete, p.holder_kind, p.holder,
    o.account_kind, o.account, coalesce(o.rule, 0) AS rule, o.bic, o.bank_code, coalesce(o.beneficiary, p.detail) AS detail,
    coalesce(i.executes_on, g.executes_on) AS executes_on, g.agreement, g.debit_account,
    coalesce(p.debit_text, g.debit_text) AS debit_text
FROM (SELECT * FROM responding WHERE payment_id > @after ORDER BY payment_id LIMIT @page) t
CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = @month AND q.id = t.payment_id LIMIT 1) p
JOIN release_group g ON g.id = p.group_id
LEFT JOIN standing s ON s.month = @month AND s.payment_id = p.id AND s.attempt = t.attempt
LEFT JOIN bank_order o ON o.month = coalesce(s.order_month, g.order_month) AND o.month BETWEEN @month AND @until::date AND o.payment_id = p.id AND o.attempt = t.attempt
LEFT JOIN interchange i ON i.id = o.interchange_id
ORDER BY p.id
