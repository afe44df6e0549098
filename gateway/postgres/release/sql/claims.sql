-- The creditors and numbers of claims that count for recipients of payments of some groups.
--
-- $1: now; $2: the execution day; $3: the deliveries; $4: the groups.
SELECT concat(v.creditor, e'\n', v.claim) FROM claim_as_of($1, 'infinity') v
WHERE v.ore > 0 AND (v.runs_from IS NULL OR v.runs_from <= $2::date) AND (v.runs_to IS NULL OR v.runs_to >= $2::date)
  AND (v.holder_id, v.holder_kind) IN (SELECT p.holder, p.holder_kind FROM unnest($3::bigint[]) d (id)
    CROSS JOIN LATERAL (SELECT q.holder, q.holder_kind FROM payment q WHERE q.month = month_of(d.id) AND q.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
        AND q.group_id = ANY ($4::bigint[]) AND NOT q.complete AND q.holder IS NOT NULL OFFSET 0) p
    -- The sums of a month that is closed are frozen.
    WHERE NOT EXISTS (SELECT FROM month m WHERE m.month = month_of(d.id) AND m.state <> 'open'))
