-- +goose Up
-- What comes back of orders abroad comes in kroner at another rate: the difference is exchange, apart from what came back.
SET ROLE nks_owner;
SET search_path = nks;

-- posting_match.exchange_ore of what came back: how much more it is, with what was kept, than what was ordered of it; less: negative.
CREATE INDEX posting_match_exchange ON posting_match (payment_id) WHERE payment_id IS NOT NULL AND exchange_ore <> 0;

-- What came back by a better rate than it was ordered at may be ordered anew, and is more than its payment.
ALTER TABLE order_line DROP CONSTRAINT order_line_check1, ADD CONSTRAINT order_line_payment_ore_check CHECK (payment_ore > 0);

-- Whether all of an order abroad is back with a part of a credit, whatever that is in kroner. back_ore is all that has come back of the order by then, with
-- what was kept, and back_foreign the same in the other currency. It is, where the part names that currency and all of it is within a twentieth of what was ordered, or where
-- the bank gives a rate at which the part is what it says, and all that it transferred is back.
CREATE FUNCTION is_back_abroad(posting bigint, part int, interchange bigint, message int, line int, due_ore bigint, back_ore bigint, back_foreign bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT abs(back_ore - due_ore) <= due_ore / 20
        OR abs(t.ore + t.charge_ore - t.foreign_amount * t.rate) <= t.foreign_amount * power(10::numeric, -scale(t.rate)) / 2 + 1
            AND back_foreign = (SELECT sum(d.foreign_amount) FROM posting_match m JOIN posting_part d ON d.posting_id = m.posting_id AND d.reference = t.reference
                    AND d.foreign_currency = t.foreign_currency
                WHERE m.payment_id IS NULL AND m.interchange_id = interchange AND m.message_no = message AND m.lin = line)
    FROM order_line l JOIN posting_part t ON t.posting_id = posting AND t.n = part AND t.foreign_currency = l.transfer_currency
    WHERE l.interchange_id = interchange AND l.message_no = message AND l.lin = line AND l.type = 3), false) $$;
GRANT EXECUTE ON FUNCTION is_back_abroad(bigint, int, bigint, int, int, bigint, bigint, bigint) TO nks_flow;
RESET ROLE;
