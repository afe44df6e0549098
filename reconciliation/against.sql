-- What is undecided of what was known before $1: authority, agreement, bank, since, what. Exceptions of other kinds than $2.
SELECT coalesce(a.authority, ''), coalesce(a.agreement, ''), d.bank, d.raised_at, 'undecided: ' || d.kind || ': ' || d.subject
FROM bank_doubt d LEFT JOIN interchange i ON i.id = d.interchange_id AND d.interchange_id <> 0 LEFT JOIN agreement a ON a.id = i.agreement_id
WHERE d.settled_at IS NULL AND d.raised_at < $1
UNION ALL
SELECT a.authority, a.agreement, i.bank, i.may_be_out_since, 'nobody knows whether the bank has interchange ' || i.control_ref
FROM interchange i JOIN agreement a ON a.id = i.agreement_id WHERE i.state = 'unknown' AND i.may_be_out_since < $1
UNION ALL
SELECT coalesce(e.authority, ''), '', coalesce(e.bank, ''), e.raised_at, 'open: ' || e.kind || ': ' || e.subject
FROM exception e WHERE e.closed_at IS NULL AND e.kind <> ALL ($2::text[]) AND e.raised_at < $1
