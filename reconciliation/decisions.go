package reconciliation

// sameName is whether two names are of one person, as gateway.TwoPersons compares them.
const sameName = `regexp_replace(lower(btrim(a.person)), '\s+', ' ', 'g') = regexp_replace(lower(btrim(d.asked_by)), '\s+', ' ', 'g')`

// decisionInvariants are those of what persons decide.
func decisionInvariants() []invariant {
	return []invariant{
		{"I14", "closed by a decision that was not carried out",
			`SELECT e.id FROM exception e WHERE e.decision IS NOT NULL AND NOT EXISTS (SELECT FROM decision_step s WHERE s.decision_id = e.decision AND s.step = 'executed')
			 UNION ALL SELECT f.id FROM only_bank_file f WHERE f.none_of_ours IS NOT NULL
				AND NOT EXISTS (SELECT FROM decision_step s WHERE s.decision_id = f.none_of_ours AND s.step = 'executed')
			 UNION ALL SELECT p.id FROM person p WHERE NOT EXISTS (SELECT FROM decision_step s WHERE s.decision_id = p.added_by AND s.step = 'executed')
				AND p.added_by IS NOT NULL`},
		{"I14", "decision carried out without those who must stand for it",
			`SELECT d.id FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed'
			 WHERE NOT EXISTS (SELECT FROM decision_step a WHERE a.decision_id = d.id AND a.step = 'signed' AND ` + sameName + `)
			   OR d.persons = 2 AND NOT EXISTS (SELECT FROM decision_step a WHERE a.decision_id = d.id AND a.step = 'approved' AND NOT ` + sameName + `)`},
		{"I14", "decision carried out after it had expired",
			`SELECT d.id FROM decision d JOIN decision_step e ON e.decision_id = d.id AND e.step = 'executed' WHERE e.at >= d.expires_at`},
		{"I14", "exception that does not name the last time that it arose",
			`SELECT e.id FROM exception e WHERE e.previous IS DISTINCT FROM
				(SELECT max(o.id) FROM exception o WHERE o.kind = e.kind AND o.subject = e.subject AND o.id < e.id)`},
		// What nobody knows to be out may have been taken to be so since a restore.
		{"I14", "file that was let go while persons held it",
			`SELECT i.id FROM night_control c JOIN only_interchange i ON i.may_be_out_since > c.from_at AND i.may_be_out_since < coalesce(least(c.ended_at, c.until_at), 'infinity')
				AND night_reaches(c.reach, c.subject, i.bank, i.agreement_id)
			 WHERE c.effect = 'hold' AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = 'interchange unknown' AND e.subject = i.id::text)`},
		{"I14", "what was over a limit, and left without two persons",
			`SELECT o.id FROM over_limit o WHERE o.freed_by IS NOT NULL AND NOT EXISTS (SELECT FROM decision_step s WHERE s.decision_id = o.freed_by AND s.step = 'executed')
			 UNION ALL SELECT o.id FROM over_limit o JOIN release_group g ON g.id = ANY (o.groups) WHERE o.freed_by IS NULL AND o.ended_at IS NULL AND g.state = 'released'`},
	}
}
