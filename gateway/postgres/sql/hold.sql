-- Locks the groups of the payments of the temporary table holding, and says of each what holding it would do. since and until
-- bound the months that are looked at when the statements are planned.

-- step: statistics
ANALYZE holding

-- step: lock groups
SELECT FROM release_group WHERE id IN (SELECT group_id FROM holding) ORDER BY id FOR UPDATE

-- step: what holding does
-- One that has moved to another group meanwhile is somebody else's.
UPDATE holding h SET aside = g.held_payment IS NOT NULL, effect = f.effect
FROM payment p JOIN release_group g ON g.id = p.group_id
LEFT JOIN standing s ON s.month = p.month AND s.month BETWEEN @since::date AND @until::date AND s.payment_id = p.id
JOIN may_follow f ON f.news = 'held' AND f.scope = 'order' AND f.position = position_of(s.kind, g.state, NULL, NULL, NULL)
WHERE p.month = h.month AND p.month BETWEEN @since::date AND @until::date AND p.id = h.payment_id AND p.group_id = h.group_id AND s.kind IS DISTINCT FROM 'awaits_account'

-- step: those that move
INSERT INTO moving (month, payment_id) SELECT month, payment_id FROM holding WHERE effect = 'takes' AND NOT aside
