-- What a file says of our recalls: by the message that asked (RFF+ACW), and in it by LIN, by our reference of the order, or by both.

-- step: statuses that name a message of recalls
WITH asks AS MATERIALIZED (SELECT m.ref, i.id FROM interchange i JOIN message m ON m.interchange_id = i.id
    WHERE i.bank = @bank AND i.kind = 'FINCAN' AND may_have_left(i.state, i.attempt)),
about AS (DELETE FROM bank_status s USING asks a WHERE a.ref = s.message_ref RETURNING s.n, a.id AS interchange_id, s.lin, s.message_ref, s.reference, s.meaning, s.code, s.text)
INSERT INTO recall_status (n, interchange_id, named, meaning, code, text, recall_id, payment_id, lin, trouble)
SELECT s.n, s.interchange_id, concat_ws(' ', s.message_ref, 'LIN ' || s.lin, s.reference), s.meaning, s.code, s.text, r.id, r.payment_id, coalesce(p.lin, q.lin),
    CASE WHEN s.meaning = @unclear THEN s.text
        WHEN p.recall_id IS NULL AND q.recall_id IS NULL THEN 'nothing of ours'
        WHEN p.recall_id IS NULL AND s.lin IS NOT NULL THEN 'the reference is ours, the place is not'
        WHEN q.recall_id IS NULL AND s.reference IS NOT NULL THEN 'the place is ours, the reference is not'
        WHEN p.recall_id <> q.recall_id THEN 'place and reference name different payments' END
FROM about s LEFT JOIN recall_line p ON p.interchange_id = s.interchange_id AND p.lin = s.lin
LEFT JOIN LATERAL (SELECT y.recall_id, y.lin FROM recall_line y JOIN recall k ON k.id = y.recall_id AND k.reference = s.reference
    WHERE y.interchange_id = s.interchange_id LIMIT 1) q ON true
LEFT JOIN recall r ON r.id = coalesce(p.recall_id, q.recall_id)

-- step: what they mean
-- That the bank has taken it up says nothing of the order.
UPDATE recall_status SET answer = CASE meaning WHEN 'executed' THEN 'recalled' WHEN 'rejected' THEN 'refused' ELSE 'noted' END WHERE trouble IS NULL

-- step: what was answered before
UPDATE recall_status s SET counted = a.answer FROM recall_answer a WHERE a.id = recall_answered(s.recall_id)

-- step: what the file itself says first
UPDATE recall_status s SET first_answer = (SELECT f.answer FROM recall_status f WHERE f.recall_id = s.recall_id AND f.answer <> 'noted' ORDER BY f.n LIMIT 1),
    is_first = NOT EXISTS (SELECT FROM recall_status f WHERE f.recall_id = s.recall_id AND f.answer <> 'noted' AND f.n < s.n)
WHERE s.trouble IS NULL AND s.answer <> 'noted'

-- step: what follows
UPDATE recall_status SET effect = CASE WHEN trouble IS NOT NULL THEN NULL WHEN answer = 'noted' THEN 'keeps'
    WHEN answer <> coalesce(counted, first_answer) THEN 'disputes'
    WHEN counted IS NULL AND is_first THEN 'takes' ELSE 'repeats' END

-- step: exceptions
UPDATE recall_status SET exception = CASE WHEN trouble IS NOT NULL THEN @undecided WHEN effect = 'disputes' THEN @contradicts
    WHEN effect = 'takes' AND answer = 'refused' THEN @refused END

-- step: answers
INSERT INTO recall_answer (recall_id, answer, code, text, bank_file_id, at)
SELECT recall_id, answer, code, text, @file::bigint, @now::timestamptz FROM recall_status WHERE trouble IS NULL ORDER BY n
ON CONFLICT DO NOTHING

-- step: facts
INSERT INTO bank_fact (bank_file_id, hearing, n, kind, interchange_id, message_no, lin, reference, meaning, code, text, certainty, effect, undecided, exception, at)
SELECT @file, @hearing, n, 'status', interchange_id, 1, lin, named, 'recall: ' || meaning, code, text,
    CASE WHEN trouble IS NOT NULL THEN 'undecided' WHEN effect = 'disputes' THEN 'contradicting' ELSE 'decided' END::bank_certainty, effect,
    CASE WHEN trouble IS NOT NULL THEN CASE meaning WHEN @unclear THEN @status ELSE @order END END, exception, @now::timestamptz
FROM recall_status
