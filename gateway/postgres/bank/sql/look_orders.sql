-- The orders that money can still have come back of to some accounts, of which one of some accounts was paid, or exactly one of some amounts was left:
-- what a credit without reference may be about. since and until bound the months that are looked at when the statement is planned, since_id the
-- postings. An order that is of two of the accounts is looked for on the return account.
SELECT o.payment_id, o.attempt, month_of(delivery_of(o.payment_id))::text AS month, o.interchange_id, o.message_no, o.lin, o.seq, o.ore,
    (o.ore - coalesce(m.ore, 0))::bigint AS left_ore, o.account AS counterparty, i.executes_on::text AS executes_on,
    CASE WHEN v.return_account = ANY (@accounts::text[]) THEN v.return_account ELSE l.debit_account END AS account
FROM interchange i JOIN order_line l ON l.interchange_id = i.id LEFT JOIN agreement_version v ON v.id = i.agreement_version
CROSS JOIN LATERAL (SELECT b.payment_id, b.attempt, b.interchange_id, b.message_no, b.lin, b.seq, b.type, b.ore, b.account FROM bank_order b
    WHERE b.month = i.month AND b.month BETWEEN @since::date AND @until::date AND b.interchange_id = l.interchange_id AND b.message_no = l.message_no AND b.lin = l.lin
      AND (b.account = ANY (@counterparties::text[]) OR b.ore = ANY (@amounts::bigint[])) OFFSET 0) o
LEFT JOIN LATERAL (SELECT t.kind, t.attempt FROM standing t WHERE t.month = month_of(delivery_of(o.payment_id)) AND t.month BETWEEN @since::date AND @until::date
    AND t.payment_id = o.payment_id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT sum(y.ore + y.charge_ore - y.exchange_ore) AS ore FROM posting_match y WHERE y.posting_id >= @since_id::bigint AND y.payment_id = o.payment_id
    AND y.attempt = o.attempt) m ON true
JOIN may_follow f ON f.news = @news AND f.scope = 'order' AND f.effect = 'takes'
    AND f.position = position_of(CASE WHEN s.attempt = o.attempt THEN s.kind END, 'released', o.type, l.state, i.state)
WHERE i.month BETWEEN @since::date AND @until::date AND i.bank = @bank AND i.kind = 'PAYMUL' AND i.state = 'sent' AND i.since >= first_kept()
  AND i.executes_on BETWEEN @from::date AND @to::date AND (l.debit_account = ANY (@accounts::text[]) OR v.return_account = ANY (@accounts::text[]))
  AND (s.attempt > o.attempt) IS NOT TRUE
