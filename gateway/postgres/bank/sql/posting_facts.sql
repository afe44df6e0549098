-- Keeps the postings and statements of a file that is heard as what the bank has laid out: what each is about, as far as that is known, and
-- what followed.

-- step: postings
INSERT INTO bank_fact (bank_file_id, hearing, n, kind, interchange_id, message_no, lin, seq, payment_id, attempt, reference, meaning, ore, code, text, certainty, effect,
    undecided, exception, at, posting_id)
SELECT @file, @hearing, p.n, 'posting', m.interchange_id, m.message_no, m.lin, m.seq, m.payment_id, m.attempt, nullif(p.reference, ''), p.report, p.ore, m.code,
    coalesce(p.unclear, m.text, p.text),
    CASE WHEN e.effect = 'disputes' THEN 'contradicting' WHEN u.why IS NOT NULL THEN 'undecided' ELSE 'decided' END::bank_certainty,
    CASE WHEN e.effect = 'disputes' OR u.why IS NULL THEN e.effect ELSE f.effect END,
    CASE WHEN e.effect <> 'disputes' OR e.effect IS NULL THEN u.why END,
    CASE WHEN b.effect = 'disputes' THEN @contradicts WHEN e.effect = 'disputes' THEN f.exception WHEN u.why = @unreadable THEN @undecided WHEN u.why IS NOT NULL THEN @unmatched END,
    @now::timestamptz, b.posting_id
FROM heard_posting p LEFT JOIN booked b USING (n)
LEFT JOIN (SELECT n, CASE WHEN bool_or(effect = 'disputes') THEN 'disputes' WHEN bool_or(effect = 'takes') THEN 'takes' END AS effect,
    max(exception) FILTER (WHERE effect = 'disputes') AS exception FROM followed GROUP BY n) f USING (n)
CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN b.effect = 'disputes' THEN b.effect END, f.effect, b.effect) AS effect) e
LEFT JOIN (SELECT n, min(interchange_id) AS interchange_id, min(message_no) AS message_no, min(lin) AS lin, min(seq) AS seq, min(payment_id) AS payment_id, min(attempt) AS attempt,
    min(code) AS code, min(text) AS text
    FROM (SELECT n, interchange_id, message_no, lin, seq, payment_id, attempt, code, text FROM part_match UNION ALL SELECT n, interchange_id, message_no, lin, NULL, NULL, NULL, NULL, NULL FROM debited) q
    GROUP BY n HAVING count(*) = 1) m USING (n)
LEFT JOIN unmatched w USING (posting_id)
CROSS JOIN LATERAL (SELECT CASE WHEN b.n IS NULL THEN @unreadable WHEN w.ore <> 0 AND b.effect = 'takes' THEN @nothing END AS why) u

-- step: statements
INSERT INTO bank_fact (bank_file_id, hearing, n, kind, reference, meaning, ore, text, certainty, effect, undecided, exception, at)
SELECT @file, @hearing, h.n, 'statement', nullif(h.number, ''), 'FINSTA', h.closing_ore, h.unclear,
    CASE WHEN t.n IS NULL THEN 'undecided' WHEN t.effect = 'disputes' THEN 'contradicting' ELSE 'decided' END::bank_certainty, t.effect,
    CASE WHEN t.n IS NULL THEN @statement END, CASE WHEN t.n IS NULL THEN @undecided WHEN t.effect = 'disputes' THEN @wrong END, @now::timestamptz
FROM heard_statement h LEFT JOIN told_statement t USING (n)
