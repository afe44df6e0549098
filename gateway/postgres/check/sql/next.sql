-- The next bundle to check. Of each payer it is the one that was taken first, so that who comes first wins a duplicate; it waits
-- also for those of its supplier that were taken before it and are not read yet: they may be the payer's. What was set aside has
-- lost its turn. Numbers of arrival are committed in their order: who sees one sees all before it.
--
-- $1: below the first delivery of the open months.
SELECT d.id FROM delivery d
JOIN (SELECT DISTINCT ON (payer_id) id FROM delivery WHERE state = 'read' AND set_aside_at IS NULL AND id >= $1 ORDER BY payer_id, arrival) first USING (id)
WHERE d.state = 'read' AND d.set_aside_at IS NULL AND d.id >= $1
  AND NOT EXISTS (SELECT FROM delivery e WHERE e.state = 'received' AND e.set_aside_at IS NULL AND e.id >= $1 AND e.supplier = d.supplier AND e.arrival < d.arrival)
ORDER BY (d.failures + d.interruptions) / 2, d.received_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED
