package register

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Prepare gives the transaction the temporary tables that it asks through, empty: it puts its questions in wanted and
// reads the answers in found. The transaction's end drops both.
func Prepare(ctx context.Context, tx Tx) error {
	_, err := tx.ExecContext(ctx, `
		CREATE TEMP TABLE IF NOT EXISTS wanted (
			payment_id bigint, kind smallint, holder bigint, authority text, benefit_type text) ON COMMIT DROP;
		CREATE TEMP TABLE IF NOT EXISTS found (
			payment_id bigint, life smallint, rule smallint, version bigint, account_kind smallint, account text, bic text,
			bank_code text, currency text, name text, street text, postcode text, town text, country text,
			bank_name text, bank_address text, bank_country text, holder_name text, holder_address text) ON COMMIT DROP;
		TRUNCATE pg_temp.wanted, pg_temp.found`)
	if err != nil {
		return fmt.Errorf("prepare lookup: %w", err)
	}
	return nil
}

// Identify puts one row in found for each wanted one: its payment and the holder's life status, NULL for a holder that
// does not exist. Everything else stays NULL. Holders carry no history: asOf is when the question is asked. // G-ident
func Identify(ctx context.Context, tx Tx, asOf time.Time) error {
	return lookup(ctx, tx, "identify", `
		INSERT INTO pg_temp.found (payment_id, life)
		SELECT w.payment_id, h.life
		FROM (SELECT * FROM pg_temp.wanted ORDER BY holder, kind) w
		LEFT JOIN LATERAL (SELECT * FROM nks.holder h WHERE h.id = w.holder AND h.kind = w.kind OFFSET 0) h ON true`)
}

// Resolve puts one row in found for each wanted one: what Identify tells, the holder's name and address, and the
// account that was in force at asOf: the specific one for that authority and benefit type, else the holder's NemKonto,
// else the NemKonto of the CVR number above an SE or P number. Without any, account and rule are NULL. // B5.2 // B9.2 // B14 // B23.2
func Resolve(ctx context.Context, tx Tx, asOf time.Time) error {
	// The joins are written so that nothing but an index walk in the order of the holders' numbers can come of them: its
	// cost grows with the questions alone. A planner left free hashes, and reads the whole register for any big batch.
	// Two versions in force at once come out twice, which lookup notices.
	return lookup(ctx, tx, "resolve", `
		INSERT INTO pg_temp.found (payment_id, life, name, street, postcode, town, country, rule, `+chosenColumns+`)
		SELECT w.payment_id, h.life, h.name, h.street, h.postcode, h.town, h.country,
			CASE WHEN a.authority IS NOT NULL THEN 1 WHEN a.id IS NOT NULL THEN 2 WHEN p.id IS NOT NULL THEN 3 END,
			`+choose("id", "account_kind", "account", "bic", "bank_code", "currency", "bank_name", "bank_address",
		"bank_country", "holder_name", "holder_address")+`
		FROM (SELECT * FROM pg_temp.wanted ORDER BY holder, kind) w
		LEFT JOIN LATERAL (SELECT * FROM nks.holder h WHERE h.id = w.holder AND h.kind = w.kind OFFSET 0) h ON true
		LEFT JOIN LATERAL (SELECT * FROM nks.account_version v
			WHERE v.holder_id = w.holder AND v.holder_kind = w.kind
			AND (v.authority IS NULL OR v.authority = w.authority AND v.benefit_type = w.benefit_type)
			AND v.valid_from <= $1 AND (v.valid_to > $1 OR v.valid_to IS NULL)
			ORDER BY v.authority IS NULL FETCH FIRST ROW WITH TIES) a ON true
		LEFT JOIN LATERAL (SELECT * FROM nks.account_version v
			WHERE a.id IS NULL AND v.holder_id = h.parent AND v.holder_kind = 2 AND v.authority IS NULL
			AND v.valid_from <= $1 AND (v.valid_to > $1 OR v.valid_to IS NULL) OFFSET 0) p ON true`, asOf)
}

const chosenColumns = `version, account_kind, account, bic, bank_code, currency, bank_name, bank_address, bank_country,
	holder_name, holder_address`

// choose selects each column from the account that counts: all from the same one, also where it holds NULL.
func choose(columns ...string) string {
	for i, c := range columns {
		columns[i] = fmt.Sprintf("CASE WHEN a.id IS NOT NULL THEN a.%[1]s ELSE p.%[1]s END", c)
	}
	return strings.Join(columns, ", ")
}

// lookup runs a statement that must answer each wanted row once.
func lookup(ctx context.Context, tx Tx, what, statement string, args ...any) error {
	// Without statistics the planner takes a million questions for a handful.
	if _, err := tx.ExecContext(ctx, `ANALYZE pg_temp.wanted`); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	res, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	answers, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var questions int64
	err = each(ctx, tx, `SELECT count(*) FROM pg_temp.wanted`, func(r *sql.Rows) error { return r.Scan(&questions) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if answers != questions {
		return fmt.Errorf("%s: %d answers to %d questions: %w", what, answers, questions, ErrInconsistent)
	}
	return nil
}
