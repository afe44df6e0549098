-- What went, or goes, to which bank for which day: the interchanges that are not void.
SELECT i.bank, i.executes_on, a.authority, i.agreement, i.control_ref::text AS control, i.state::text AS state, i.contrl::text AS contrl,
    sum(l.payments - l.later_payments)::bigint AS payments, sum(l.ore - l.later_ore)::bigint AS ore,
    jsonb_build_object('bank', i.bank, 'control', i.control_ref::text)::text AS ref
FROM interchange i JOIN agreement a ON a.id = i.agreement_id JOIN order_line l ON l.interchange_id = i.id
WHERE i.kind = 'PAYMUL' AND i.state <> 'void' AND i.month >= @since::date AND (@after::date IS NULL OR i.month < @after::date)
  AND (@authority::text = '' OR a.authority = @authority::text) AND (@day::date IS NULL OR i.executes_on = @day::date)
GROUP BY i.id, a.authority HAVING sum(l.payments - l.later_payments) <> 0 ORDER BY i.executes_on, i.bank, i.agreement, i.control_ref
