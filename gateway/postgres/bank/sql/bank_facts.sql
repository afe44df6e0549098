-- Keeps the statuses of a file that is heard as what the bank has laid out: what each is about, as far as that is known, and what
-- followed.
INSERT INTO bank_fact (bank_file_id, hearing, n, kind, interchange_id, message_no, lin, seq, payment_id, attempt, reference, meaning, ore, code, text,
    certainty, effect, undecided, exception, at)
SELECT @file, @hearing, s.n, 'status', w.interchange_id, w.message_no, w.lin, w.seq, w.payment_id, w.attempt,
    nullif(concat_ws(' ', s.message_ref, 'LIN ' || s.lin, 'SEQ ' || s.seq, s.reference), ''), s.meaning, s.ore, s.code, s.text,
    CASE WHEN u.why IS NOT NULL THEN 'undecided' ELSE coalesce(f.certainty, 'decided') END::bank_certainty, CASE WHEN u.why IS NULL THEN f.effect END, u.why,
    CASE WHEN u.why IS NOT NULL THEN @undecided ELSE f.exception END, @now::timestamptz
FROM bank_status s LEFT JOIN matched w USING (n) LEFT JOIN followed f USING (n)
CROSS JOIN LATERAL (SELECT CASE WHEN w.n IS NULL THEN @order::text WHEN w.meaning = @unclear THEN @status::text END AS why) u
