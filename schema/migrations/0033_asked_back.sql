-- +goose Up
-- Whether persons have asked a payment's bank for it back, and the bank has not refused: then nothing is ordered for it again by itself.
SET ROLE nks_owner;
SET search_path = nks;
CREATE FUNCTION asked_back(payment bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = nks, pg_temp AS $$
    SELECT EXISTS (SELECT FROM recall r LEFT JOIN recall_answer a ON a.id = recall_answered(r.id)
        WHERE r.payment_id = payment AND r.decision_id IS NOT NULL AND (a.answer IS NULL OR a.answer = 'recalled')) $$;
GRANT EXECUTE ON FUNCTION asked_back(bigint) TO nks_flow;
RESET ROLE;
