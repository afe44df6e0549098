-- Takes in an interchange as it was frozen, from a record of the journal: as rendered and never sent, with what was frozen in it but for its
-- orders.

-- step: interchange
-- Versions of reference data that were recorded since are not there, or others have their numbers.
INSERT INTO interchange OVERRIDING SYSTEM VALUE SELECT r.* FROM (SELECT @frozen::jsonb->'interchange' AS i) f
CROSS JOIN LATERAL jsonb_populate_record(NULL::interchange, f.i || jsonb_build_object('document_id', @document::bigint,
    'state', @state::text, 'attempt', 0, 'sent_at', NULL, 'may_be_out_since', NULL, 'contrl', 'none', 'contrl_at', NULL,
    'agreement_version', (SELECT v.id FROM agreement_version v WHERE v.id = (f.i->>'agreement_version')::bigint AND v.bank_centre = f.i->>'bank'),
    'bank_version', (SELECT v.id FROM bank_profile_version v WHERE v.id = (f.i->>'bank_version')::bigint AND v.bank = f.i->>'bank'))) r

-- step: its id is drawn no more
SELECT lift_sequence('interchange_id_seq', (@frozen::jsonb->'interchange'->>'id')::bigint)

-- step: changes of accounts
-- Nobody knows what the register had learned when it was frozen.
INSERT INTO effect_unlooked (interchange_id) SELECT i.id FROM interchange i WHERE i.id = (@frozen::jsonb->'interchange'->>'id')::bigint AND i.kind = 'PAYMUL' ON CONFLICT DO NOTHING

-- step: messages
INSERT INTO message SELECT * FROM jsonb_populate_recordset(NULL::message, nullif(@frozen::jsonb->'messages', 'null'))

-- step: lines
INSERT INTO order_line SELECT r.* FROM jsonb_array_elements(nullif(@frozen::jsonb->'lines', 'null')) l
CROSS JOIN LATERAL jsonb_populate_record(NULL::order_line, l || '{"state": "frozen", "code": null, "text": null, "validated_at": null, "changed_at": null, "facts": 0,
    "later_payments": 0, "later_ore": 0}') r

-- step: recalls
-- They were asked for again as their decisions were taken in.
INSERT INTO recall_line (recall_id, interchange_id, lin) SELECT r.id, (@frozen::jsonb->'interchange'->>'id')::bigint, l.lin
FROM jsonb_to_recordset(nullif(@frozen::jsonb->'recalls', 'null')) l (decision_id bigint, payment_id bigint, lin int)
JOIN recall r ON r.decision_id = l.decision_id AND r.payment_id = l.payment_id
ON CONFLICT DO NOTHING

-- step: changes of texts
INSERT INTO text_change SELECT * FROM jsonb_populate_recordset(NULL::text_change, nullif(@frozen::jsonb->'changes', 'null'))

-- step: references
INSERT INTO bank_reference SELECT * FROM jsonb_populate_recordset(NULL::bank_reference, nullif(@frozen::jsonb->'references', 'null'))
ON CONFLICT (head) DO NOTHING

-- step: reference counter
UPDATE reference_counter SET last = greatest(last, (@frozen::jsonb->>'reference_counter')::bigint)

-- step: numbers between
INSERT INTO unused_number (series, number, free)
SELECT 'bank ' || i.bank, n, true FROM interchange i LEFT JOIN bank_counter c ON c.bank = i.bank
CROSS JOIN LATERAL generate_series(coalesce(c.last + 1, @first::bigint), i.control_ref - 1) n
WHERE i.id = (@frozen::jsonb->'interchange'->>'id')::bigint
ON CONFLICT DO NOTHING

-- step: its number
DELETE FROM unused_number u USING interchange i WHERE i.id = (@frozen::jsonb->'interchange'->>'id')::bigint AND u.series = 'bank ' || i.bank AND u.number = i.control_ref

-- step: last number
INSERT INTO bank_counter AS c (bank, last) SELECT bank, control_ref FROM interchange WHERE id = (@frozen::jsonb->'interchange'->>'id')::bigint
ON CONFLICT (bank) DO UPDATE SET last = greatest(c.last, excluded.last)
