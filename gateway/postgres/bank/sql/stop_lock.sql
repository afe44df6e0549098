-- Keeps the payments of the temporary table stopping where they are. Who checks or answers a bundle holds its delivery, who releases
-- or holds payments their group, and who orders anew the lines of the orders that are void.

-- step: deliveries
SELECT FROM delivery WHERE id IN (SELECT delivery_of(payment_id) FROM stopping) AND id >= @first::bigint AND id < @after::bigint ORDER BY id FOR UPDATE

-- step: groups
SELECT FROM release_group WHERE id IN (SELECT group_id FROM stopping) ORDER BY id FOR UPDATE

-- step: lines of void orders
SELECT FROM order_line l WHERE (l.interchange_id, l.message_no, l.lin) IN (SELECT interchange_id, message_no, lin FROM stopping WHERE position = 'void')
ORDER BY l.interchange_id, l.message_no, l.lin FOR UPDATE

-- step: what is locked
CREATE TEMP TABLE IF NOT EXISTS stop_locked (payment_id bigint, group_id bigint, interchange_id bigint, position text) ON COMMIT DROP

-- step: none of another
TRUNCATE stop_locked

-- step: places
INSERT INTO stop_locked SELECT payment_id, group_id, interchange_id, CASE WHEN position IN ('frozen', 'void') THEN position END FROM stopping
