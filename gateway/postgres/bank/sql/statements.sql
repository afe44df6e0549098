-- Statements of accounts, each once, with the postings that stand in them.

-- step: statements
WITH added AS (
    INSERT INTO statement (id, bank, account, number, day, opening_ore, closing_ore, entries, entries_ore, agrees, bank_file_id, hearing, at)
    SELECT @ids::bigint + nextval('posting_number'), @bank, account, number, day, opening_ore, closing_ore, entries, entries_ore, adds_up, @file::bigint, @hearing::int,
        @now::timestamptz
    FROM (SELECT DISTINCT ON (account, day, number) * FROM heard_statement WHERE unclear IS NULL AND account IS NOT NULL ORDER BY account, day, number, n) d
    ON CONFLICT DO NOTHING RETURNING id, account, day, number)
INSERT INTO told_statement
SELECT n, id, 'takes' FROM (SELECT DISTINCT ON (a.id) h.n, a.id FROM added a JOIN heard_statement h USING (account, day, number) WHERE h.unclear IS NULL ORDER BY a.id, h.n) t

-- step: statements that came before
-- What is said otherwise contradicts.
INSERT INTO told_statement
SELECT h.n, s.id, CASE WHEN (s.opening_ore, s.closing_ore, s.entries, s.entries_ore) = (h.opening_ore, h.closing_ore, h.entries, h.entries_ore) THEN 'repeats' ELSE 'disputes' END
FROM heard_statement h JOIN statement s ON s.bank = @bank AND s.account = h.account AND s.day = h.day AND s.number = h.number
WHERE h.unclear IS NULL AND NOT EXISTS (SELECT FROM told_statement t WHERE t.n = h.n)

-- step: entries
INSERT INTO statement_entry (posting_id, statement_id)
SELECT DISTINCT ON (b.posting_id) b.posting_id, t.statement_id
FROM told_statement t JOIN heard_statement h USING (n) JOIN heard_posting p ON p.message = h.message AND p.statement = h.statement AND p.report = 'FINSTA'
JOIN booked b ON b.n = p.n
WHERE t.effect <> 'disputes' AND b.posting_id IS NOT NULL ORDER BY b.posting_id, t.n
ON CONFLICT DO NOTHING
