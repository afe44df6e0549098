-- Completes the payments of a slice with accounts. A payment's account is its own, else the register's; without one the
-- standing choice counts; reason is why the register has none, as register.Reason numbers it. The register is not asked
-- when the agreement forbids the payment anyhow. A benefit that goes to a locked specific account only does not become a
-- cheque either. The columns stand in the order of completed.scan; the register puts its lookup at "account".
--
-- Orders that share a LIN come together; a debit account is 14 digits, and numbers are sorted quicker than texts.
--
-- $1-$4: the slice's ranges (deliveries, months, first and last ids); $5: groups; $6: standing choice; $7: instant;
-- $8: whether the bank writes cheques; $9: whether the agreement is in force; $10: its payout accounts.
SELECT o.id, o.ore, coalesce(v.version, 0), coalesce(v.account_kind, 0)::int2, v.type::int2, coalesce(v.rule, 0)::int2,
r.reason, o.debit_account, v.currency, o.e2e, v.account, v.bic, v.bank_code, o.statement_text, o.detail::text, v.beneficiary::text
FROM (SELECT p.*, g.debit_account, CASE WHEN d.return_always THEN 'return' ELSE $6 END AS no_account
    FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[]) AS part (delivery, month, first, last)
    JOIN delivery d ON d.id = part.delivery
    CROSS JOIN LATERAL (SELECT * FROM payment q WHERE q.month = part.month AND q.id BETWEEN part.first AND part.last OFFSET 0) p
    JOIN (SELECT id, debit_account FROM release_group WHERE id = ANY ($5::bigint[])) g ON g.id = p.group_id
    ORDER BY p.holder, p.holder_kind OFFSET 0) o
LEFT JOIN LATERAL /*account*/ f ON NOT o.complete AND $9 AND o.debit_account = ANY ($10::text[])
CROSS JOIN LATERAL (SELECT NOT o.complete AND f.account IS NULL AND o.no_account = 'cheque' AND $8
    AND f.reason IN (3, 4) AND f.street IS NOT NULL AND f.name IS NOT NULL AND f.postcode IS NOT NULL AS cheque) w
CROSS JOIN LATERAL (SELECT
    CASE WHEN NOT $9 THEN 'agreement' WHEN o.debit_account <> ALL ($10::text[]) THEN 'debit account'
        WHEN o.complete THEN NULL
        WHEN w.cheque THEN NULL
        ELSE (ARRAY['unknown', 'ceased', 'no account', 'emigrated', 'no fallback'])[f.reason] END AS reason) r
CROSS JOIN LATERAL (SELECT
    CASE WHEN w.cheque THEN 4 WHEN o.complete THEN o.type WHEN f.account_kind IN (2, 3) THEN 3 ELSE 1 END AS type,
    CASE WHEN w.cheque THEN 5 WHEN o.complete THEN o.account_kind ELSE f.account_kind END AS account_kind,
    CASE WHEN w.cheque THEN '' WHEN o.complete THEN o.account ELSE f.account END AS account,
    CASE WHEN w.cheque THEN NULL WHEN o.complete THEN o.bic ELSE f.bic END AS bic,
    CASE WHEN w.cheque THEN NULL WHEN o.complete THEN o.bank_code ELSE f.bank_code END AS bank_code,
    CASE WHEN w.cheque OR NOT o.complete AND f.account_kind = 1 THEN NULL
        WHEN o.transfer_currency IS NOT NULL THEN o.transfer_currency
        WHEN NOT o.complete AND f.account_kind IN (2, 3) AND f.currency <> 'DKK' THEN f.currency END AS currency,
    CASE WHEN w.cheque THEN 4 WHEN o.complete THEN 0 ELSE f.rule END AS rule,
    CASE WHEN w.cheque OR o.complete THEN NULL ELSE f.version END AS version,
    CASE WHEN w.cheque THEN jsonb_strip_nulls(jsonb_build_object('name', f.name, 'addr', jsonb_build_array(f.street),
            'post', f.postcode, 'town', f.town, 'ctry', f.country))
        WHEN NOT o.complete AND f.account_kind IN (2, 3) THEN jsonb_strip_nulls(jsonb_build_object(
            'name', coalesce(f.holder_name, f.name), 'addr', jsonb_build_array(coalesce(f.holder_address, f.street)),
            'post', CASE WHEN f.holder_address IS NULL THEN f.postcode END,
            'town', CASE WHEN f.holder_address IS NULL THEN f.town END,
            'ctry', CASE WHEN f.holder_address IS NULL THEN f.country ELSE f.bank_country END,
            'bank', f.bank_name, 'bankaddr', CASE WHEN f.bank_address IS NOT NULL THEN jsonb_build_array(f.bank_address) END,
            'bankctry', f.bank_country)) END AS beneficiary OFFSET 0) v
ORDER BY o.debit_account::bigint * 8 + v.type, coalesce(v.currency, ''), o.id
