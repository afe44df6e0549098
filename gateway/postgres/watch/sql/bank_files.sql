-- What of each bank waits to be matched, and who owns its connection.
SELECT b.bank, f.n, f.age, coalesce(l.fence, 0) FROM unnest($2::text[]) b (bank)
LEFT JOIN bank_lease l ON l.bank = b.bank
CROSS JOIN LATERAL (SELECT count(*) AS n, extract(epoch FROM $1 - min(received_at))::bigint AS age
    FROM bank_file WHERE bank = b.bank AND state = 'received' AND id >= (SELECT month_ids(first_open()))) f
