-- +goose Up
-- What an authority may see of the register: what decides where one of its own payments goes, and no more. Accounts leave
-- with their last four digits hidden, names and addresses not at all, and another authority's specific accounts never.
SET ROLE nks_owner;
SET search_path = nks;
SET LOCAL check_function_bodies = off; -- the table of obligations is made later

-- A holder as it was at an instant, as the register's change known and those before it had it, with the accounts that may be paid to by one
-- authority. times is more than one where it had the holder twice, which must not be. Null for a holder that it did not
-- know. No viewer is asked for here: no page may call it.
CREATE FUNCTION page_holder(whose bigint, whose_kind smallint, payer text, at timestamptz, known bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT jsonb_build_object('times', count(*) OVER (), 'status', h.status, 'ended_on', h.ended_on, 'parent', h.parent, 'accounts', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'authority', coalesce(a.authority, ''), 'benefit_type', coalesce(a.benefit_type, ''),
            'locked', a.locked, 'from', nullif(a.valid_from, '-infinity'), 'to', a.valid_to, 'recorded', a.recorded_from,
            'account', CASE WHEN length(a.account) > 4 THEN left(a.account, -4) || 'xxxx' ELSE repeat('x', length(a.account)) END)
            ORDER BY a.valid_from, a.id), '[]')
        FROM account_version a
        WHERE a.holder_id = whose AND a.holder_kind = whose_kind AND a.counter <= known AND (a.closed > known OR a.closed IS NULL)
          AND (a.authority IS NULL OR a.authority = payer)))
    -- What is known and what was closed are found by indexes of their own.
    FROM (SELECT k.status, k.ended_on, k.parent FROM holder_version k
            WHERE k.id = whose AND k.kind = whose_kind AND k.valid_from <= at AND (k.valid_to > at OR k.valid_to IS NULL)
              AND k.counter <= known AND k.recorded_to IS NULL
        UNION ALL
        SELECT c.status, c.ended_on, c.parent FROM holder_version c
            WHERE c.id = whose AND c.kind = whose_kind AND c.valid_from <= at AND (c.valid_to > at OR c.valid_to IS NULL)
              AND c.counter <= known AND c.recorded_to IS NOT NULL AND c.closed > known) h
    LIMIT 1
$$;

-- What the register says of where a payment goes: as it stood at the instant of the release, by the changes that the
-- release knew of, or the freezing of its last order anew; while the payment waits as it stands at the given instant, by all that is known. Null unless it is the
-- viewer's own, was accepted, and does not name its account itself.
CREATE FUNCTION page_decision(payment_id bigint, now timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    SELECT jsonb_build_object('as_of', asked.at, 'kind', p.holder_kind, 'number', p.holder,
        'holder', own.facts,
        'company', CASE WHEN p.holder_kind IN (3, 4) THEN page_holder((own.facts ->> 'parent')::bigint, 2::smallint, p.authority, asked.at, asked.known) END,
        'words', (SELECT jsonb_build_object('emigrated', w.emigrated, 'p_numbers', w.p_numbers) FROM authority_word w
            WHERE w.authority = p.authority AND w.valid_from <= asked.at AND (w.valid_to > asked.at OR w.valid_to IS NULL)
              AND w.counter <= asked.known AND (w.closed > asked.known OR w.closed IS NULL) LIMIT 1),
        'fallback', (SELECT b.fallback FROM benefit_fallback b
            WHERE b.benefit_type = p.benefit_type AND (b.authority = p.authority OR b.authority IS NULL)
              AND b.valid_from <= asked.at AND (b.valid_to > asked.at OR b.valid_to IS NULL)
              AND b.counter <= asked.known AND (b.closed > asked.known OR b.closed IS NULL)
            ORDER BY b.authority NULLS LAST LIMIT 1),
        'days', (SELECT jsonb_object_agg(d.kind, d.days) FROM account_period d
            WHERE d.valid_from <= asked.at AND (d.valid_to > asked.at OR d.valid_to IS NULL)
              AND d.counter <= asked.known AND (d.closed > asked.known OR d.closed IS NULL)))
    FROM delivery d
    JOIN payment p ON p.month = d.month AND p.id = page_decision.payment_id
    JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing t ON t.month = d.month AND t.payment_id = p.id
    LEFT JOIN obligation o ON o.payment_id = p.id AND o.attempt = t.attempt
    CROSS JOIN LATERAL (SELECT coalesce(o.ended_at, g.released_at, page_decision.now) AS at,
        coalesce(o.register_counter, g.register_counter, 9223372036854775807) AS known) asked
    CROSS JOIN LATERAL (SELECT page_holder(p.holder, p.holder_kind, p.authority, asked.at, asked.known) AS facts OFFSET 0) own
    WHERE d.id = page_decision.payment_id >> 24 AND d.payer_id IS NOT NULL AND d.authority = page_authority() AND p.authority = page_authority()
      AND g.state IN ('waiting', 'released') AND NOT p.complete
      AND NOT EXISTS (SELECT FROM standing s WHERE s.month = d.month AND s.payment_id = p.id AND s.kind = 'rejected')
$$;

REVOKE ALL ON FUNCTION page_holder(bigint, smallint, text, timestamptz, bigint) FROM PUBLIC, nks_flow;
REVOKE ALL ON FUNCTION page_decision(bigint, timestamptz) FROM PUBLIC, nks_flow;
GRANT EXECUTE ON FUNCTION page_decision(bigint, timestamptz) TO nks_page;
RESET ROLE;
