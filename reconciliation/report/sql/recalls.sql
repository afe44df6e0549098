-- The payments that banks were asked to give back, and what became of that: those that were asked for, or answered, on the day.
SELECT r.*, b.ore AS back, '' AS ref FROM (
    SELECT d.authority, r.payment_id::text AS payment, regexp_replace(p.e2e, '\d{6}[- ]?\d{4}', 'xxxxxxxxxx', 'g') AS e2e, r.bank, r.asked_at, r.ore,
        coalesce(a.answer, 'none') AS answer, regexp_replace(concat_ws(' ', a.code, a.text), '\d{6}[- ]?\d{4}', 'xxxxxxxxxx', 'g') AS text, (a.at AT TIME ZONE @zone::text)::date AS answered
    FROM recall r JOIN delivery d ON d.id = delivery_of(r.payment_id) JOIN payment p ON p.month = r.month AND p.id = r.payment_id
    LEFT JOIN recall_answer a ON a.id = coalesce(recall_answered(r.id), (SELECT max(n.id) FROM recall_answer n WHERE n.recall_id = r.id))
    WHERE (@authority::text = '' OR d.authority = @authority::text) AND (@of_supplier::text = '' OR d.supplier = @of_supplier::text)
      AND CASE WHEN @day::date IS NULL THEN r.month >= @first::date ELSE (r.asked_at AT TIME ZONE @zone::text)::date = @day::date OR (a.at AT TIME ZONE @zone::text)::date = @day::date END
    ORDER BY d.authority, r.id) AS r
CROSS JOIN LATERAL (SELECT coalesce(sum(m.ore), 0)::bigint AS ore FROM posting_match m JOIN posting q ON q.id = m.posting_id AND q.ore > 0
    WHERE m.payment_id = r.payment::bigint AND m.at >= r.asked_at) AS b
