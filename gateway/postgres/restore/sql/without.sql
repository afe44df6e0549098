-- The database goes on without what a journal that is gone has known.

-- step: journals that are gone
UPDATE journal_node SET lost_at = @now::timestamptz, restore = @restore::bigint WHERE lost_at IS NULL AND node = ANY (@missing::text[])

-- step: journals that have forgotten what is not known
UPDATE journal_node SET known_to = @now::timestamptz WHERE lost_at IS NULL AND node = ANY (@short::text[])

-- step: such journals of nodes that are not known
INSERT INTO journal_node (node, since, known_to) SELECT n, @now::timestamptz, @now::timestamptz FROM unnest(@short::text[]) n
ON CONFLICT (node) WHERE lost_at IS NULL DO NOTHING

-- step: numbers that were free
UPDATE unused_number SET free = false WHERE free

-- step: control numbers
INSERT INTO unused_number (series, number, free)
SELECT 'bank ' || b.bank, n, false FROM (SELECT bank_centre AS bank FROM agreement_version UNION SELECT bank FROM bank_counter) b
LEFT JOIN bank_counter c ON c.bank = b.bank
CROSS JOIN LATERAL generate_series(coalesce(c.last + 1, @first::bigint), coalesce(c.last, @first::bigint - 1) + @numbers::bigint) n
ON CONFLICT DO NOTHING

-- step: banks' counters
INSERT INTO bank_counter AS c (bank, last)
SELECT b.bank, @first::bigint - 1 + @numbers::bigint FROM (SELECT bank_centre AS bank FROM agreement_version UNION SELECT bank FROM bank_counter) b
ON CONFLICT (bank) DO UPDATE SET last = c.last + @numbers::bigint

-- step: answers' numbers
INSERT INTO unused_number (series, number, free)
SELECT 'answer ' || c.kind, n, false FROM answer_counter c CROSS JOIN LATERAL generate_series(c.last + 1, c.last + @numbers::bigint) n ON CONFLICT DO NOTHING

-- step: answers' counters
UPDATE answer_counter SET last = last + @numbers::bigint

-- step: bank references
UPDATE reference_counter SET last = last + @numbers::bigint

-- step: ids of deliveries
SELECT lift_sequence('delivery_number_' || @month::text, coalesce((SELECT max(id) & 4194303 FROM delivery WHERE month = to_date(@month::text, 'YYYYMM')), 0) + @numbers::bigint)

-- step: ids of decisions
SELECT lift_sequence('decision_id_seq', coalesce((SELECT max(id) FROM decision), 0) + @numbers::bigint)

-- step: ids of interchanges
SELECT lift_sequence('interchange_id_seq', coalesce((SELECT max(id) FROM interchange), 0) + @numbers::bigint)

-- step: ids of parked messages
SELECT lift_sequence('parked_message_id_seq', coalesce((SELECT max(id) FROM parked_message), 0) + @numbers::bigint)
