package reconciliation

// setOffInvariants hold of what was taken of payments for claims.
func setOffInvariants() []invariant {
	return []invariant{
		{"I15", "set-off that is no payment of its bundle and group, or of another amount",
			`SELECT s.part_id FROM only_set_off s LEFT JOIN payment p ON p.month = s.month AND p.id = s.part_id LEFT JOIN payment q ON q.month = s.month AND q.id = s.payment_id
			 WHERE (p.ore IS DISTINCT FROM s.ore OR p.group_id IS DISTINCT FROM q.group_id OR p.authority IS DISTINCT FROM s.authority
				OR delivery_of(s.part_id) <> delivery_of(s.payment_id)) AND ` + kept("s.month")},
		{"I15", "order of what was set off to another than the creditor, or to the creditor of what was not",
			`SELECT o.payment_id FROM only_set_off s JOIN bank_order o ON o.month >= s.month AND o.payment_id = s.part_id WHERE o.account <> s.account OR o.rule <> 6 OR o.type <> 1
			 UNION ALL SELECT o.payment_id FROM own_bank_order o WHERE o.rule = 6 AND NOT EXISTS (SELECT FROM set_off s WHERE s.part_id = o.payment_id)`},
		{"I15", "claim of which more was taken than remained", // a bank that contradicts itself may have brought more
			`SELECT min(s.part_id) FROM set_off s CROSS JOIN LATERAL (SELECT max(v.ore) AS ore FROM claim_version v WHERE v.creditor = s.creditor AND v.claim = s.claim) v
			 WHERE NOT EXISTS (SELECT FROM set_off e LEFT JOIN fact f ON f.month >= e.month AND f.scope = 'payment' AND f.payment_id = e.part_id AND f.kind IN ('disputed', 'stop_undone')
				WHERE e.creditor = s.creditor AND e.claim = s.claim AND (f.payment_id IS NOT NULL OR e.month < first_kept()))
			 GROUP BY s.creditor, s.claim HAVING claim_taken(s.creditor, s.claim) > max(v.ore)`},
		{"I15", "claim of which orders that may be out take more than it ever was",
			`SELECT min(s.part_id) FROM set_off s JOIN bank_order o ON o.month >= s.month AND o.payment_id = s.part_id
			 JOIN order_line l ON l.interchange_id = o.interchange_id AND l.message_no = o.message_no AND l.lin = o.lin AND l.state NOT IN ('void', 'rejected')
			 CROSS JOIN LATERAL (SELECT max(v.ore) AS ore FROM claim_version v WHERE v.creditor = s.creditor AND v.claim = s.claim) v
			 WHERE NOT EXISTS (SELECT FROM fact f WHERE f.month >= s.month AND f.scope = 'payment' AND f.payment_id = s.part_id AND f.attempt = o.attempt
				AND f.kind IN ('bank_rejected', 'came_back', 'disputed'))
			 GROUP BY s.creditor, s.claim HAVING sum(o.ore) > max(v.ore)`},
	}
}
