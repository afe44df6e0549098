-- What each account of an agreement stood at before a day and after it, by the books, with the verdict on the day. Days on which nothing moved are booked together, as the
-- last of them. A supplier is told of agreements that were never another's, and of reasons without what they name: it may be others'. Without a day: the last that is booked.
WITH RECURSIVE booked AS (SELECT CASE WHEN @day::date IS NULL THEN max(b.day) ELSE min(b.day) FILTER (WHERE b.day >= @day::date) END AS last, coalesce(@day::date, max(b.day)) AS day FROM book b),
keys AS (
    (SELECT authority, agreement, currency, account FROM book_balance ORDER BY 1, 2, 3, 4 LIMIT 1)
    UNION ALL SELECT n.* FROM keys k CROSS JOIN LATERAL (SELECT authority, agreement, currency, account FROM book_balance x
        WHERE (x.authority, x.agreement, x.currency, x.account) > (k.authority, k.agreement, k.currency, k.account) ORDER BY 1, 2, 3, 4 LIMIT 1) n),
stood AS (
    SELECT k.authority, k.agreement, k.account, CASE WHEN x.day = b.last THEN x.opening_ore ELSE x.opening_ore + x.in_ore - x.out_ore END AS opening,
        CASE WHEN x.day = b.last THEN x.in_ore ELSE 0 END AS came, CASE WHEN x.day = b.last THEN x.out_ore ELSE 0 END AS went
    FROM booked b CROSS JOIN keys k
    CROSS JOIN LATERAL (SELECT * FROM book_balance y WHERE (y.authority, y.agreement, y.currency, y.account) = (k.authority, k.agreement, k.currency, k.account) AND y.day <= b.last
        ORDER BY y.day DESC LIMIT 1) x
    WHERE (@authority::text = '' OR k.authority = @authority::text)
      AND (@of_supplier::text = '' OR (SELECT bool_and(a.supplier = @of_supplier::text) FROM agreement a WHERE a.agreement = k.agreement AND a.authority = k.authority))),
verdict AS (
    SELECT authority, agreement, string_agg(bank_centre, ' ' ORDER BY bank_centre) AS banks,
        CASE WHEN NOT bool_and(coalesce(issued, true)) THEN 'refused' WHEN bool_or(issued IS NULL) THEN 'not certified' ELSE 'certified' END AS verdict,
        coalesce(string_agg(bank_centre || ': ' || (SELECT string_agg(CASE WHEN @of_supplier::text = '' THEN r ELSE substring(r FROM '^[^:]*(?:: [^:]*)?') END, '; ' ORDER BY n)
            FROM unnest(reasons) WITH ORDINALITY u (r, n)), ' / ' ORDER BY bank_centre) FILTER (WHERE issued IS FALSE), '') AS reasons
    FROM (SELECT DISTINCT ON (q.authority, q.agreement, q.bank_centre) q.* FROM booked b CROSS JOIN LATERAL (
            SELECT c.authority, c.agreement, c.bank_centre, c.n, c.issued, c.reasons FROM certificate c WHERE c.day = b.last
            UNION ALL SELECT d.authority, d.agreement, d.bank_centre, 0, NULL, '{}' FROM certificate_due d WHERE d.day = b.last) q
        ORDER BY q.authority, q.agreement, q.bank_centre, q.n DESC) l GROUP BY 1, 2)
SELECT day, authority, agreement, bank, account, opening, came, went, closing, verdict, reasons, facts FROM (
SELECT b.day, s.authority, s.agreement, coalesce(v.banks, '') AS bank, s.account, s.opening::bigint, s.came::bigint, s.went::bigint, (s.opening + s.came - s.went)::bigint AS closing,
    coalesce(v.verdict, '') AS verdict, coalesce(v.reasons, '') AS reasons,
    CASE WHEN s.came = 0 AND s.went = 0 THEN '' ELSE 'nks reconcile --day ' || b.day || ' --agreement ' || s.agreement || ' --facts ' || m.events END AS facts, m.n
FROM booked b CROSS JOIN stood s LEFT JOIN verdict v USING (authority, agreement)
LEFT JOIN unnest(@accounts::text[], @events::text[]) WITH ORDINALITY m (account, events, n) ON m.account = s.account
WHERE s.opening <> 0 OR s.came <> 0 OR s.went <> 0
UNION ALL SELECT b.day, @authority::text, '', '', '', 0, 0, 0, 0, 'not booked', '', '', 0 FROM booked b WHERE b.last IS NULL AND b.day IS NOT NULL) r
ORDER BY authority, agreement, n
