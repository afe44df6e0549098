-- The payments of a slice, each once, as they are to be completed: those of a debit account together, where there are
-- several. Groups are looked at twice: a payment of none of them is not even taken apart. The columns stand in the order of due.scan; none
-- of the payments has been ordered before.
--
-- $1-$4: the slice's ranges (whether their bundles are returned always, months, first and last ids); $5: groups.
SELECT p.id, p.ore, coalesce(p.holder, 0), coalesce(p.holder_kind, 0)::int2, p.type, coalesce(p.account_kind, 0)::int2, p.complete, part.return_always,
    0::int2, 0::int2, 0::int2,
    g.debit_account, p.authority, p.benefit_type, coalesce(p.debit_text, g.debit_text), p.transfer_currency, p.e2e, p.account, p.bic, p.bank_code, p.statement_text, p.detail::text
FROM unnest($1::boolean[], $2::date[], $3::bigint[], $4::bigint[]) AS part (return_always, month, first, last)
CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = part.month AND q.id BETWEEN part.first AND part.last
    AND q.group_id = ANY ($5::bigint[]) OFFSET 0) p
JOIN (SELECT id, debit_account, debit_text FROM release_group WHERE id = ANY ($5::bigint[])) g ON g.id = p.group_id
