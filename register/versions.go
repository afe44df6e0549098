package register

import (
	"fmt"
	"strings"

	"nks/pgscript"
)

// changedRows is the step of versioned that finds the rows that say something new.
const changedRows = "changed rows"

// versioned makes versions of staged rows that say what holds from an instant on, which is now where a load does not say
// another: a key that the table does not know gets a version since always, or since that instant; one of which something
// else is known gets another from then on, also in the place of what was to come. What was recorded until now of the time
// from then on is closed, and what it said of the time before is recorded anew. first names the step that adds new keys.
func versioned(staged, table, key, facts, first string) []pgscript.Step {
	same, later := sameKey(key, "v", "c"), `v.recorded_to IS NULL AND (v.valid_to > @effective::timestamptz OR v.valid_to IS NULL)`
	of := func(row string) string {
		return row + "." + strings.ReplaceAll(key+", "+facts, ", ", ", "+row+".")
	}
	add := `INSERT INTO ` + table + ` (` + key + `, ` + facts + `, valid_from, valid_to, recorded_from, counter) `
	steps := []pgscript.Step{
		{Name: changedRows, Statement: fmt.Sprintf(`CREATE TEMP TABLE load_changed ON COMMIT DROP AS
			SELECT c.*, EXISTS (SELECT FROM %[1]s v WHERE %[2]s AND v.recorded_to IS NULL) AS known FROM %[3]s c
			WHERE NOT EXISTS (SELECT FROM %[1]s v WHERE %[2]s AND v.recorded_to IS NULL AND v.valid_to IS NULL AND v.valid_from <= @effective::timestamptz
				AND (v.%[4]s) IS NOT DISTINCT FROM (c.%[5]s))`, table, same, staged,
			strings.ReplaceAll(facts, ", ", ", v."), strings.ReplaceAll(facts, ", ", ", c."))},
		{Name: "statistics of changed rows", Statement: `ANALYZE load_changed`},
		{Name: changing + table, Statement: `UPDATE ` + table + ` v SET recorded_to = greatest(@now::timestamptz, v.recorded_from), closed = @counter::bigint
			FROM load_changed c WHERE c.known AND ` + same + ` AND ` + later},
		{Name: "what was before", Statement: add + `SELECT ` + of("v") + `, v.valid_from, @effective::timestamptz, @now::timestamptz, @counter::bigint
			FROM load_changed c JOIN ` + table + ` v ON ` + same + ` WHERE c.known AND v.closed = @counter::bigint AND v.valid_from < @effective::timestamptz`},
		{Name: "what is from then on", Statement: add + `SELECT ` + of("c") + `, @effective::timestamptz, NULL, @now::timestamptz, @counter::bigint FROM load_changed c WHERE c.known`},
		{Name: first, Statement: add + `SELECT ` + of("c") + `,
			CASE WHEN @effective::timestamptz > @now::timestamptz THEN @effective::timestamptz ELSE '-infinity' END, NULL, @now::timestamptz, @counter::bigint FROM load_changed c WHERE NOT c.known`},
	}
	if staged == "load_holder" {
		steps = append(steps, pgscript.Step{Name: "log of changes", Statement: `INSERT INTO nks.register_change (counter, holder_id, holder_kind)
			SELECT @counter::bigint, id, kind FROM load_changed ON CONFLICT DO NOTHING`})
	}
	return append(steps, pgscript.Step{Name: "no more changed rows", Statement: `DROP TABLE load_changed`})
}

// accountSteps make versions of the staged accounts. The purpose of an account is its holder, or holder, authority and
// benefit type; a row in force from f to t says that the account serves its purpose from f to t.
//
//   - A purpose that the register does not know: the row becomes a version as it stands, an empty f meaning always.
//   - A row that a version with the same account, the same end and a beginning no later already says: nothing.
//   - Any other row takes effect at f, but not before now: what was paid was paid by what was known. Versions that it
//     meets count until it begins. One whose t is past adds nothing; if the files say of the purpose nothing but what is
//     past, the version with that account ends now.
//
// A version that is to count for a shorter time is closed, and recorded anew with its new end.
func accountSteps(staged string) []pgscript.Step {
	const account = `authority, benefit_type, locked, account_kind, account, bank_code, bic, bank_name, bank_address, bank_country,
				currency, holder_name, holder_address`
	const add = `INSERT INTO nks.account_version (recorded_from, counter, holder_kind, holder_id, ` + account + `, valid_from, valid_to)`
	const adds = `NOT known OR valid_to IS NULL OR valid_to > begins`
	return []pgscript.Step{
		{Name: "changed rows", Statement: `CREATE TEMP TABLE load_changed ON COMMIT DROP AS
			SELECT l.*, greatest(l.valid_from, @now::timestamptz) AS begins,
				EXISTS (SELECT FROM nks.account_version v WHERE ` + samePurpose("v", "l") + `) AS known
			FROM ` + staged + ` l
			WHERE NOT EXISTS (SELECT FROM nks.account_version v WHERE ` + says("v", "l") + `)`},
		{Name: "statistics of changed rows", Statement: `ANALYZE load_changed`},
		// A version that says one row may be in the way of another: then its row is a change too.
		{Name: "rows in the way", Statement: `INSERT INTO load_changed
			SELECT l.*, greatest(l.valid_from, @now::timestamptz), true
			FROM ` + staged + ` l JOIN nks.account_version v ON ` + says("v", "l") + `
			WHERE EXISTS (SELECT FROM load_changed c WHERE c.known AND ` + samePurpose("v", "c") + ` AND ` + meets("v", "c") + `)`},
		{Name: "versions that end sooner", Statement: `CREATE TEMP TABLE load_ended ON COMMIT DROP AS
			SELECT id, min(ends) AS ends FROM (
				SELECT v.id, c.begins AS ends FROM load_changed c JOIN nks.account_version v ON ` + samePurpose("v", "c") + ` AND ` + meets("v", "c") + `
				WHERE c.known AND v.recorded_to IS NULL
				UNION ALL
				SELECT v.id, @now::timestamptz FROM load_changed c JOIN nks.account_version v ON ` + samePurpose("v", "c") + ` AND ` + sameAccount("v", "c") + `
				WHERE c.known AND c.valid_to <= @now::timestamptz AND v.recorded_to IS NULL AND v.valid_from <= @now::timestamptz AND (v.valid_to > @now::timestamptz OR v.valid_to IS NULL)
				AND NOT EXISTS (SELECT FROM ` + staged + ` l WHERE ` + samePurpose("l", "c") + ` AND (l.valid_to > @now::timestamptz OR l.valid_to IS NULL))) x
			GROUP BY id`},
		{Name: "statistics of versions that end sooner", Statement: `ANALYZE load_ended`},
		// Of two that were in force at once nobody was paid by either while they were: what is known now has neither of it.
		{Name: "versions in each other's way", Statement: `UPDATE load_ended x SET ends = least(x.ends, o.begins)
			FROM (SELECT v.id, min(greatest(v.valid_from, w.valid_from)) AS begins
				FROM load_ended e JOIN nks.account_version v USING (id) JOIN nks.account_version w ON ` + samePurpose("w", "v") + `
				WHERE w.id <> v.id AND w.recorded_to IS NULL AND w.valid_from < coalesce(v.valid_to, 'infinity')
				AND v.valid_from < coalesce(w.valid_to, 'infinity') GROUP BY v.id) o
			WHERE o.id = x.id`},
		{Name: changing + "account_version", Statement: `UPDATE nks.account_version v SET recorded_to = greatest(@now::timestamptz, v.recorded_from), closed = @counter::bigint
			FROM load_ended x WHERE x.id = v.id`},
		{Name: "what was before", Statement: add + `
			SELECT @now::timestamptz, @counter::bigint, holder_kind, holder_id, ` + account + `, valid_from, x.ends
			FROM load_ended x JOIN nks.account_version v USING (id) WHERE v.valid_from < x.ends`},
		{Name: adding + "account_version", Statement: add + `
			SELECT @now::timestamptz, @counter::bigint, holder_kind, holder_id, ` + account + `,
				CASE WHEN known THEN begins ELSE coalesce(valid_from, '-infinity') END, valid_to
			FROM load_changed WHERE ` + adds},
		{Name: "log of changes", Statement: `INSERT INTO nks.register_change (counter, holder_id, holder_kind)
			SELECT @counter::bigint, holder_id, holder_kind FROM load_changed WHERE ` + adds + `
			UNION SELECT @counter::bigint, holder_id, holder_kind FROM load_ended JOIN nks.account_version USING (id)
			ON CONFLICT DO NOTHING`},
		{Name: "no more changed rows", Statement: `DROP TABLE load_changed`},
		{Name: "no more versions that end sooner", Statement: `DROP TABLE load_ended`},
	}
}

func samePurpose(a, b string) string {
	return expand(`(A.holder_id = B.holder_id AND A.holder_kind = B.holder_kind
		AND (A.authority, A.benefit_type) IS NOT DISTINCT FROM (B.authority, B.benefit_type))`, a, b)
}

func sameAccount(a, b string) string {
	return expand(`(A.account_kind = B.account_kind AND A.account = B.account
		AND (A.locked, A.bank_code, A.bic, A.bank_name, A.bank_address, A.bank_country, A.currency, A.holder_name, A.holder_address)
		IS NOT DISTINCT FROM
		(B.locked, B.bank_code, B.bic, B.bank_name, B.bank_address, B.bank_country, B.currency, B.holder_name, B.holder_address))`, a, b)
}

// says: version a already tells all that row b tells of the time from now on. The statement's @now is now.
func says(a, b string) string {
	return `(` + samePurpose(a, b) + ` AND ` + sameAccount(a, b) + expand(`
		AND A.recorded_to IS NULL AND A.valid_to IS NOT DISTINCT FROM B.valid_to
		AND A.valid_from <= greatest(B.valid_from, @now::timestamptz))`, a, b)
}

// meets: version a is in force at some time of what changed row b changes.
func meets(a, b string) string {
	return expand(`(B.begins < coalesce(B.valid_to, 'infinity')
		AND B.begins < coalesce(A.valid_to, 'infinity') AND A.valid_from < coalesce(B.valid_to, 'infinity'))`, a, b)
}

// expand puts the names of two rows in the place of A and B.
func expand(condition, a, b string) string {
	return strings.NewReplacer("A.", a+".", "B.", b+".").Replace(condition)
}
