-- The payments of an authority that wait, or were released for today or later, or may be in an interchange that is not sent, and that a
-- selection has.
SELECT p.month, p.id, p.ore
FROM (SELECT g.id, g.month, g.delivery_id, g.requested_on, g.executes_on FROM release_group g
    WHERE (@agreement = '' OR g.agreement = @agreement)
      AND (g.state IN ('unchecked', 'waiting') OR g.state = 'released' AND (g.executes_on >= @today::date
        OR g.agreement_id IN (SELECT i.agreement_id FROM interchange i WHERE i.kind = 'PAYMUL' AND i.state IN ('frozen', 'rendered', 'sending', 'publishing', 'unknown')
            UNION SELECT o.agreement_id FROM obligation o WHERE o.state = 'open')))) g
CROSS JOIN LATERAL (SELECT d.id FROM delivery d WHERE d.id = g.delivery_id AND d.authority = @authority AND (@supplier = '' OR d.supplier = @supplier) LIMIT 1) d
CROSS JOIN LATERAL (SELECT q.month, q.id, q.ore FROM payment q WHERE q.month = g.month AND q.id BETWEEN g.delivery_id << 24 AND (g.delivery_id << 24) + 16777215
    AND q.group_id = g.id AND (@benefit = '' OR q.benefit_type = @benefit) AND (@from::bigint = 0 OR q.ore >= @from) AND (@to::bigint = 0 OR q.ore <= @to) OFFSET 0) p
WHERE @day = '' OR @day IN (g.requested_on::text, g.executes_on::text)
