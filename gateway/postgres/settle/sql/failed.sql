-- The payments of an authority that failed, as they stand: of a delivery (0: any), an agreement, a day on which that became known, a bank's code.
SELECT q.*, EXISTS (SELECT FROM fact t WHERE t.payment_id = q.payment_id AND t.scope = 'payment' AND t.kind = 'came_back') AS came_back,
    EXISTS (SELECT FROM obligation w WHERE w.payment_id = q.payment_id AND w.state = 'open') AS owed,
    EXISTS (SELECT FROM settle_due u WHERE u.payment_id = q.payment_id OR u.payment_id IS NULL AND u.interchange_id = q.interchange_id AND u.message_no = q.message_no AND u.lin = q.lin) AS settling,
    EXISTS (SELECT FROM paid_by_hand b WHERE b.payment_id = q.payment_id) AS by_hand,
    EXISTS (SELECT FROM set_off k WHERE k.part_id = q.payment_id) AS set_off,
    asked_back(q.payment_id) AS recalled,
    -- An order that persons or a choice had before for the same attempt: one to the account that counts is opened again, another is not.
    EXISTS (SELECT FROM obligation w WHERE w.payment_id = q.payment_id AND w.attempt = q.attempt + 1
        AND NOT (w.state = 'given_up' AND w.kind = 'complete' AND w.cause = 'bank_rejected' AND w.ore = q.order_ore)) AS spent,
    /*contradicted*/ AS contradicted,
    EXISTS (SELECT FROM posting_match m JOIN posting b ON b.id = m.posting_id AND b.ore < 0 WHERE m.payment_id = q.payment_id)
        OR EXISTS (SELECT FROM exception e WHERE e.kind = @debit_differs::text AND e.subject = q.interchange_id::text AND e.closed_at IS NULL) AS debited,
    coalesce((SELECT min(p.id) FROM delivery e JOIN payment p ON p.month = e.month AND p.id BETWEEN e.id << 24 AND (e.id << 24) + 16777215
        LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
        WHERE e.payer_id = q.payer_id AND e.received_at >= q.known_at AND p.id <> q.payment_id
          -- Of either something may have been set off.
          AND p.ore + coalesce((SELECT sum(k.ore) FROM set_off k WHERE k.payment_id = p.id AND k.part_id <> p.id), 0)
            IN (q.ore, q.ore + coalesce((SELECT sum(k.ore) FROM set_off k WHERE k.payment_id = q.payment_id AND k.part_id <> q.payment_id), 0))
          AND p.benefit_type = q.benefit_type
          AND (nullif(q.holder, 0), p.holder_kind) IS NOT DISTINCT FROM (p.holder, CASE WHEN p.holder IS NULL THEN p.holder_kind ELSE q.holder_kind END)
          AND s.kind IS DISTINCT FROM 'rejected' AND s.kind IS DISTINCT FROM 'stopped'), 0) AS sent_again
FROM (SELECT p.id AS payment_id, p.month, d.id AS delivery_id, d.payer_id, p.authority, p.benefit_type, coalesce(p.holder, 0) AS holder, coalesce(p.holder_kind, 0) AS holder_kind, p.ore,
        g.agreement_id, coalesce(o.attempt, 0) AS attempt, coalesce(o.ore, p.ore) AS order_ore, coalesce(o.account_kind, 0) AS account_kind, coalesce(o.account, '') AS account,
        coalesce(l.debit_account, '') AS debit_account, coalesce(i.id, 0) AS interchange_id, coalesce(o.message_no, 0) AS message_no, coalesce(o.lin, 0) AS lin,
        s.kind IS NULL AS by_line, CASE WHEN s.kind IS NULL THEN coalesce(l.facts, 0) ELSE s.n END AS fact_n,
        coalesce(f.month, date_trunc('month', l.changed_at AT TIME ZONE @zone::text)::date, p.month) AS fact_month, coalesce(s.at, l.changed_at) AS known_at,
        coalesce(s.code, l.code, '') AS code, coalesce(s.text, l.text, '') AS text, a.position
    FROM delivery d JOIN payment p ON p.month = d.month AND p.id BETWEEN d.id << 24 AND (d.id << 24) + 16777215
    JOIN release_group g ON g.id = p.group_id
    LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id
    LEFT JOIN LATERAL (SELECT * FROM bank_order b WHERE b.month = coalesce(s.order_month, g.order_month) AND b.payment_id = p.id AND b.attempt = greatest(coalesce(s.attempt, 1), 1) LIMIT 1) o ON true
    LEFT JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin
    LEFT JOIN interchange i ON i.id = o.interchange_id
    LEFT JOIN LATERAL (SELECT t.month FROM fact t WHERE t.payment_id = p.id AND t.n = s.n AND t.scope = 'payment' LIMIT 1) f ON true
    CROSS JOIN LATERAL (SELECT position_of(s.kind, g.state, o.type, l.state, i.state) AS position OFFSET 0) a
    WHERE d.authority = @authority::text AND d.state = 'checked' AND d.month >= first_kept() AND (@delivery::bigint = 0 OR d.id = @delivery::bigint)
      AND (@agreement::text = '' OR g.agreement = @agreement::text) AND a.position IN ('bank_rejected', 'came_back', 'settled', 'not_payable')
      AND CASE @cause::text WHEN '' THEN true WHEN 'no_account' THEN a.position = 'not_payable' WHEN 'came_back' THEN a.position IN ('came_back', 'settled') ELSE a.position = @cause::text END
      AND (@day::text = '' OR (coalesce(s.at, l.changed_at) AT TIME ZONE @zone::text)::date = nullif(@day::text, '')::date)
      AND (@code::text = '' OR coalesce(s.code, l.code) = @code::text)) q
ORDER BY q.payment_id LIMIT @most
