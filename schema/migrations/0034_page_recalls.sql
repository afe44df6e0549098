-- +goose Up
-- Authorities see of recalls also those that the gateway has made itself, since an account had changed: decision 0, asked by nobody.
SET ROLE nks_owner;
SET search_path = nks;

CREATE OR REPLACE FUNCTION page_recalls(viewed bigint) RETURNS TABLE (decision_id bigint, asked_by text, bank text, attempt smallint, ore bigint, asked_at timestamptz, sent_at timestamptz,
    answer text, code text, text text, answered_at timestamptz, back_ore bigint, back_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = nks, pg_temp AS $$
    SELECT coalesce(r.decision_id, 0), coalesce(c.asked_by, ''), r.bank, r.attempt, r.ore, r.asked_at, i.sent_at, coalesce(a.answer, ''), coalesce(a.code, ''), coalesce(a.text, ''), a.at,
        coalesce(b.ore, 0), b.at
    FROM delivery d JOIN recall r ON r.payment_id = viewed LEFT JOIN decision c ON c.id = r.decision_id
    LEFT JOIN recall_line l ON l.recall_id = r.id LEFT JOIN interchange i ON i.id = l.interchange_id
    LEFT JOIN recall_answer a ON a.id = coalesce(recall_answered(r.id), (SELECT max(n.id) FROM recall_answer n WHERE n.recall_id = r.id))
    CROSS JOIN LATERAL (SELECT sum(m.ore)::bigint AS ore, max(m.at) AS at FROM posting_match m
        JOIN posting p ON p.id = m.posting_id AND p.ore > 0 WHERE m.payment_id = viewed AND m.attempt = r.attempt AND m.at >= r.asked_at) b
    WHERE d.id = viewed >> 24 AND d.payer_id IS NOT NULL AND d.authority = page_authority() ORDER BY r.id LIMIT 20
$$;
RESET ROLE;
