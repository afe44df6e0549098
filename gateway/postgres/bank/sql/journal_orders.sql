-- The orders of an interchange behind a place, as JSON, how many they are and the place of the last.
--
-- $1: the interchange; $2-$4: message, LIN and SEQ; $5: how many at most.
SELECT coalesce(jsonb_agg(to_jsonb(o)), '[]'), count(*), coalesce(max(o.message_no), 0),
    coalesce((array_agg(o.lin ORDER BY o.message_no, o.lin, o.seq))[count(*)], 0), coalesce((array_agg(o.seq ORDER BY o.message_no, o.lin, o.seq))[count(*)], 0)
FROM (SELECT b.* FROM interchange i JOIN bank_order b ON b.month = i.month AND b.interchange_id = i.id
    WHERE i.id = $1 AND (b.message_no, b.lin, b.seq) > ($2::int, $3::int, $4::int) ORDER BY b.message_no, b.lin, b.seq LIMIT $5) o
