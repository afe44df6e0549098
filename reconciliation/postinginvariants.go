package reconciliation

// postingInvariants hold of what banks have booked.
func postingInvariants() []invariant {
	return []invariant{
		{"I7", "posting without what makes it unique for ever",
			`SELECT p.id FROM only_posting p LEFT JOIN posting_key k ON k.bank = p.bank AND k.account = p.account AND k.posted_on = p.posted_on AND k.ore = p.ore
				AND k.reference = p.reference AND k.running = p.running AND k.posting_id = p.id WHERE k.posting_id IS NULL`},
		{"I8", "posting that is not what its parts add up to",
			`SELECT p.id FROM only_posting p JOIN (SELECT posting_id, sum(ore) AS ore FROM only_posting_part t GROUP BY 1) s ON s.posting_id = p.id
			 WHERE s.ore <> abs(p.ore) - p.charge_ore`},
		{"I8", "posting that is matched with more than it is",
			`SELECT p.id FROM only_posting p JOIN (SELECT posting_id, sum(ore) AS ore FROM only_posting_match m GROUP BY 1) s ON s.posting_id = p.id
			 WHERE s.ore > abs(p.ore) - p.charge_ore`},
		{"I8", "order of which more came back than was ordered",
			`SELECT m.payment_id FROM only_posting_match m JOIN interchange i ON i.id = m.interchange_id
			 JOIN bank_order o ON o.month = i.month AND o.payment_id = m.payment_id AND o.attempt = m.attempt
			 GROUP BY m.payment_id, m.attempt HAVING sum(m.ore + m.charge_ore - m.exchange_ore) > max(o.ore)`},
		{"I8", "exchange of what is no order abroad",
			`SELECT m.posting_id FROM only_posting_match m LEFT JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.message_no AND l.lin = m.lin
			 WHERE m.exchange_ore <> 0 AND (l.type = 3 AND l.transfer_currency IS NOT NULL) IS NOT TRUE AND ` + keptID("m.posting_id")},
		{"I8", "money that came back without the posting that proves it",
			`SELECT f.payment_id FROM only_fact f LEFT JOIN LATERAL (SELECT sum(m.ore) AS ore FROM posting_match m WHERE m.posting_id = f.posting_id AND m.part = f.posting_part
				AND m.payment_id = f.payment_id AND m.attempt = f.attempt) p ON true
			 WHERE f.kind = 'came_back' AND p.ore IS DISTINCT FROM f.ore AND ` + keptID("f.posting_id")},
		{"I8", "match of a payment by which no money came back",
			`SELECT m.payment_id FROM only_posting_match m WHERE m.payment_id IS NOT NULL AND m.ore > 0 AND NOT EXISTS (SELECT FROM fact f WHERE f.scope IN ('payment', 'order')
				AND f.payment_id = m.payment_id AND f.kind = 'came_back' AND f.attempt = m.attempt AND f.posting_id = m.posting_id AND f.posting_part = m.part)`},
		{"I8", "return of an earlier order that is not with its sender, or whose order is the last",
			`SELECT f.payment_id FROM own_fact f LEFT JOIN only_standing s ON s.payment_id = f.payment_id WHERE f.scope = 'order' GROUP BY f.payment_id, f.attempt
			 HAVING sum(CASE f.kind WHEN 'came_back' THEN f.ore WHEN 'settled_to_sender' THEN -f.ore END) IS DISTINCT FROM 0 OR max(s.attempt) <= f.attempt`},
	}
}

// rateGave is by how much more of a payment came back than was ordered, by the rate: what is ordered of it may be more than it is.
func rateGave(payment string) string {
	return `(SELECT coalesce(sum(y.exchange_ore), 0) FROM posting_match y WHERE y.payment_id = ` + payment + ` AND y.exchange_ore > 0)`
}
