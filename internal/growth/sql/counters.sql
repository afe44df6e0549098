-- Has every counter stand where so many months have brought it.

-- step: control numbers
UPDATE nks.bank_counter c SET last = f.last * @months::int FROM first_bank_counter f WHERE f.bank = c.bank

-- step: answers' numbers
UPDATE nks.answer_counter c SET last = f.last * @months::int FROM first_answer_counter f WHERE f.kind = c.kind

-- step: arrivals
UPDATE nks.arrival_counter c SET last = f.last * @months::int FROM first_arrival_counter f WHERE f.supplier = c.supplier

-- step: references
UPDATE nks.reference_counter c SET last = f.last * @months::int FROM first_reference_counter f

-- step: sequences
SELECT setval(pg_get_serial_sequence('nks.interchange', 'id'), f.interchanges * @months::int), setval('nks.document_number', f.documents * @months::int),
    setval('nks.bank_file_number', f.files * @months::int), setval('nks.answer_number', f.answers * @months::int),
    setval(('nks.delivery_number_' || @month::text)::regclass, f.deliveries)
FROM first_numbers f
