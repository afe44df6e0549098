-- What a bank has booked, each posting once for ever: by what it is known by, never by its file. Lookups in what only grows are by whole
-- keys: LATERAL with LIMIT keeps them that.

-- step: statistics of postings
ANALYZE heard_posting, heard_part, heard_line

-- step: the how manyth of equal ones, and contradictions
-- A reference of the bank stands for one day and amount on an account.
INSERT INTO booked (n, running, effect)
SELECT p.n, row_number() OVER (PARTITION BY p.message, p.account, p.reference, p.posted_on, p.ore ORDER BY p.n),
    CASE WHEN p.reference <> '' AND (o.found OR first_value(p.posted_on) OVER same <> p.posted_on OR first_value(p.ore) OVER same <> p.ore) THEN 'disputes' END
FROM heard_posting p
LEFT JOIN LATERAL (SELECT true AS found FROM posting_key k WHERE k.bank = @bank AND k.account = p.account AND k.reference = p.reference AND k.reference <> ''
    AND (k.posted_on, k.ore) <> (p.posted_on, p.ore) LIMIT 1) o ON true
WHERE p.account IS NOT NULL AND p.posted_on IS NOT NULL AND p.ore IS NOT NULL
WINDOW same AS (PARTITION BY p.account, p.reference ORDER BY p.n)

-- step: keys
WITH added AS (
    INSERT INTO posting_key (bank, account, posted_on, ore, reference, running, posting_id)
    SELECT @bank, account, posted_on, ore, reference, running, @ids::bigint + nextval('posting_number')
    FROM (SELECT DISTINCT ON (p.account, p.posted_on, p.ore, p.reference, b.running) p.account, p.posted_on, p.ore, p.reference, b.running
        FROM booked b JOIN heard_posting p USING (n) WHERE b.effect IS NULL) d
    ON CONFLICT DO NOTHING RETURNING posting_id)
INSERT INTO fresh_posting SELECT posting_id FROM added

-- step: which postings they are
UPDATE booked b SET posting_id = q.posting_id, effect = q.effect
FROM (SELECT c.n, k.posting_id,
        CASE WHEN f.posting_id IS NOT NULL AND c.n = min(c.n) OVER (PARTITION BY k.posting_id) THEN 'takes' ELSE 'repeats' END AS effect
    FROM booked c JOIN heard_posting p USING (n)
    CROSS JOIN LATERAL (SELECT y.posting_id FROM posting_key y WHERE y.bank = @bank AND y.account = p.account AND y.posted_on = p.posted_on AND y.ore = p.ore
        AND y.reference = p.reference AND y.running = c.running LIMIT 1) k
    LEFT JOIN fresh_posting f ON f.posting_id = k.posting_id
    WHERE c.effect IS NULL) q
WHERE q.n = b.n

-- step: postings
INSERT INTO posting (id, bank, account, reference, posted_on, value_on, ore, running, charge_ore, parts, heard_in, bank_file_id, hearing, text, at)
SELECT b.posting_id, @bank, p.account, p.reference, p.posted_on, p.value_on, p.ore, b.running, p.charge_ore, CASE WHEN p.unclear IS NULL THEN p.parts ELSE 0 END, p.report,
    @file::bigint, @hearing::int, p.text, @now::timestamptz
FROM booked b JOIN heard_posting p USING (n) WHERE b.effect = 'takes' ORDER BY b.posting_id

-- step: postings whose parts are told
INSERT INTO parted
SELECT DISTINCT ON (b.posting_id) b.n, b.posting_id, x.found IS NOT NULL
FROM booked b JOIN heard_posting p USING (n)
LEFT JOIN LATERAL (SELECT true AS found FROM posting_part y WHERE y.posting_id = b.posting_id LIMIT 1) x ON true
WHERE b.posting_id IS NOT NULL AND p.parts > 0 AND p.unclear IS NULL
ORDER BY b.posting_id, b.n

-- step: lines that are debited
-- Of one line all that is debited but charges; of several each what is due of it, which must be all of it.
INSERT INTO debited
SELECT h.n, h.part, h.reference, l.interchange_id, l.message_no, l.lin, CASE WHEN count(*) OVER (PARTITION BY h.n) = 1 THEN -p.ore - p.charge_ore ELSE l.due END,
    CASE WHEN i.dropped THEN 'dropped' WHEN l.lin IS NULL THEN 'nothing of ours' WHEN l.debit_account <> p.account THEN 'another account' END
FROM parted d JOIN heard_line h USING (n) JOIN heard_posting p USING (n)
LEFT JOIN LATERAL (SELECT y.id, y.since < first_kept() AS dropped FROM interchange y WHERE y.bank = @bank AND y.control_ref = h.control_ref AND y.state <> 'void'
    AND y.kind = 'PAYMUL' AND may_have_left(y.state, y.attempt) LIMIT 1) i ON true
LEFT JOIN LATERAL (SELECT y.interchange_id, y.message_no, y.lin, y.debit_account, line_due(y.interchange_id, y.message_no, y.lin) - line_debited(y.interchange_id, y.message_no, y.lin) AS due FROM order_line y
    WHERE y.interchange_id = i.id AND y.message_no = h.message_no AND y.lin = h.lin LIMIT 1) l ON true

-- step: debits that nobody can divide
UPDATE heard_posting p SET unclear = 'it is not what is due of the lines that it names'
FROM (SELECT n, sum(ore) AS ore, bool_and(ore > 0) AS whole FROM debited GROUP BY n HAVING count(*) > 1) s
WHERE s.n = p.n AND (s.ore = -p.ore - p.charge_ore AND s.whole) IS NOT TRUE

-- step: they are of no line
DELETE FROM debited b USING heard_posting p WHERE p.n = b.n AND p.unclear IS NOT NULL

-- step: they have no parts
DELETE FROM parted d USING heard_posting p WHERE p.n = d.n AND p.unclear IS NOT NULL

-- step: charges that a statement of account did not tell
UPDATE posting t SET charge_ore = p.charge_ore
FROM booked b JOIN heard_posting p USING (n)
WHERE t.id = b.posting_id AND b.effect = 'repeats' AND p.report = 'DEBMUL' AND p.charge_ore > 0 AND p.unclear IS NULL AND t.heard_in = 'FINSTA' AND t.charge_ore = 0

-- step: lines as parts
-- Where the bank does not list orders.
INSERT INTO heard_part (n, part, reference, ore, charge_ore)
SELECT b.n, b.part, b.reference, CASE WHEN b.lin IS NULL THEN -p.ore - p.charge_ore ELSE b.ore END, 0
FROM debited b JOIN parted d USING (n) JOIN heard_posting p USING (n) WHERE NOT EXISTS (SELECT FROM heard_part h WHERE h.n = b.n)

-- step: parts
INSERT INTO posting_part (posting_id, n, reference, ore, charge_ore, ordered_ore, foreign_amount, foreign_currency, rate, account, code, text)
SELECT d.posting_id, h.part, h.reference, h.ore, h.charge_ore, h.ordered_ore, h.foreign_amount, h.foreign_currency, h.rate::numeric, h.account, h.code, h.text
FROM parted d JOIN heard_part h USING (n) WHERE NOT d.known ORDER BY 1, 2

-- step: parts that are others than before
UPDATE booked b SET effect = 'disputes'
FROM parted d
CROSS JOIN LATERAL (SELECT array_agg(ROW (h.part, h.reference, h.ore, h.charge_ore) ORDER BY h.part)::text AS all FROM heard_part h WHERE h.n = d.n) told
CROSS JOIN LATERAL (SELECT array_agg(ROW (y.n, y.reference, y.ore, y.charge_ore) ORDER BY y.n)::text AS all FROM posting_part y WHERE y.posting_id = d.posting_id) before
WHERE d.known AND d.n = b.n AND told.all <> before.all

-- step: parts that are to be matched
-- Also those that nothing was found for, where the file is heard again.
INSERT INTO asked_part
SELECT row_number() OVER (ORDER BY d.posting_id, y.n), d.n, d.posting_id, y.n, y.reference, y.ore, y.charge_ore, y.ordered_ore, y.code, y.text, p.ore < 0
FROM parted d JOIN heard_posting p USING (n) JOIN booked b USING (n) CROSS JOIN LATERAL (SELECT * FROM posting_part t WHERE t.posting_id = d.posting_id OFFSET 0) y
WHERE b.effect <> 'disputes' AND (NOT d.known OR @hearing::int > 1 AND coalesce((SELECT sum(m.ore) FROM posting_match m WHERE m.posting_id = d.posting_id AND m.part IN (0, y.n)), 0) <= 0)
  AND NOT EXISTS (SELECT FROM debited b WHERE b.n = d.n)

-- step: what they name
INSERT INTO named (n, reference) SELECT -k, reference FROM asked_part WHERE reference IS NOT NULL

-- step: statistics of what they name
ANALYZE named, asked_part
