package register

import (
	"context"
	"strings"
	"time"

	"nks/pgscript"
)

// bringAccounts makes versions of the staged rows. The purpose of an account is its holder, or holder, authority and
// benefit type; a row in force from f to t says that the account serves its purpose from f to t.
//
//   - A purpose that the register does not know: the row becomes a version as it stands, an empty f meaning always.
//   - A row that a version with the same account, the same end and a beginning no later already says: nothing.
//   - Any other row takes effect at f, but not before now: what was paid was paid by what was known. Versions that it
//     meets are closed where it begins, those not yet in force at their own beginning. One whose t is past adds nothing;
//     if the files say of the purpose nothing but what is past, the version with that account ends now.
func (l *loader) bringAccounts(ctx context.Context, staged string, sum *FileSummary) error {
	now := l.options.Now.Round(time.Microsecond) // PostgreSQL keeps no more
	steps := []pgscript.Step{
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
		{Name: closeMet, Statement: `UPDATE nks.account_version v SET valid_to = greatest(v.valid_from, x.begins)
			FROM (SELECT v.id, min(c.begins) AS begins FROM load_changed c
				JOIN nks.account_version v ON ` + samePurpose("v", "c") + ` AND ` + meets("v", "c") + `
				WHERE c.known GROUP BY v.id) x
			WHERE x.id = v.id`},
		{Name: closePast, Statement: `UPDATE nks.account_version v SET valid_to = @now
			FROM load_changed c
			WHERE c.known AND c.valid_to <= @now AND ` + samePurpose("v", "c") + ` AND ` + sameAccount("v", "c") + `
			AND v.valid_from <= @now AND (v.valid_to > @now OR v.valid_to IS NULL)
			AND NOT EXISTS (SELECT FROM ` + staged + ` l WHERE ` + samePurpose("l", "c") + `
				AND (l.valid_to > @now OR l.valid_to IS NULL))`},
		{Name: addVersions, Statement: `INSERT INTO nks.account_version (recorded_at, ` + accountColumns + `)
			SELECT @now, holder_kind, holder_id, authority, benefit_type, locked, account_kind, account, bank_code, bic,
				bank_name, bank_address, bank_country, currency, holder_name, holder_address,
				CASE WHEN known THEN begins ELSE coalesce(valid_from, '-infinity') END, valid_to
			FROM load_changed WHERE NOT known OR valid_to IS NULL OR valid_to > begins`},
		{Name: "no more changed rows", Statement: `DROP TABLE load_changed`},
	}
	return pgscript.RunSteps(ctx, l.tx, steps, pgscript.Args{"now": now}, func(name string, rows int64) {
		switch name {
		case closeMet, closePast:
			sum.Changed += rows
		case addVersions:
			sum.Added += rows
		}
	})
}

// Steps of bringAccounts whose rows are told.
const (
	closeMet    = "close versions that a row meets"
	closePast   = "close versions that are past"
	addVersions = "add versions"
)

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
		AND A.valid_to IS NOT DISTINCT FROM B.valid_to AND A.valid_from IS DISTINCT FROM A.valid_to
		AND A.valid_from <= greatest(B.valid_from, @now::timestamptz))`, a, b)
}

// meets: version a is in force at some time of what changed row b changes.
func meets(a, b string) string {
	return expand(`(A.valid_from IS DISTINCT FROM A.valid_to AND B.begins < coalesce(B.valid_to, 'infinity')
		AND B.begins < coalesce(A.valid_to, 'infinity') AND A.valid_from < coalesce(B.valid_to, 'infinity'))`, a, b)
}

// expand puts the names of two rows in the place of A and B.
func expand(condition, a, b string) string {
	return strings.NewReplacer("A.", a+".", "B.", b+".").Replace(condition)
}
