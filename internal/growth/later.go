package growth

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
	"nks/pgscript"
)

// repeated is a table whose rows of the first month, i, come again in each later one: as they are, but that dates and times are
// months later, and that some columns are made by later or as told. $k is how many months later.
type repeated struct {
	table   string
	months  bool // it is partitioned
	columns map[string]string
}

// later makes columns by their names, in whatever table they stand.
func later() map[string]string {
	const document, file, answer = `documents`, `files`, `answers`
	numbered := func(column, of string) string {
		return fmt.Sprintf(`i.%s + ($k::bigint << 40) + $k * (SELECT %s FROM first_numbers)`, column, of)
	}
	some := func(column, shift string) string {
		return fmt.Sprintf(`CASE i.%[1]s WHEN 0 THEN 0 ELSE i.%[1]s %[2]s END`, column, shift)
	}
	other := func(column string) string { return "i." + column + " || '.' || $k" }
	return map[string]string{
		"delivery_id": "i.delivery_id + ($k::bigint << 22)", "group_id": "i.group_id + ($k::bigint << 36)",
		"payment_id": some("payment_id", "+ ($k::bigint << 46)"), "held_payment": "i.held_payment + ($k::bigint << 46)",
		"interchange_id": some("interchange_id", laterInterchange),
		"document_id":    numbered("document_id", document), "bank_file_id": numbered("bank_file_id", file), "answer_id": numbered("answer_id", answer),
		"sha256": "sha256(i.sha256 || '$k'::bytea)", "e2e": "upper(left(md5(i.e2e || '.' || $k), 24))",
		"transport_key": other("transport_key"), "message_id": other("message_id"), "group_ref": other("group_ref"),
		"file_name": other("file_name"), "prepared": other("prepared"),
		// Of raw bytes the small ones alone are kept.
		"data": `CASE WHEN length(i.data) > 4096 THEN ''::bytea ELSE i.data END`,
	}
}

const (
	laterInterchange = `+ $k * (SELECT interchanges FROM first_numbers)`
	laterControl     = `f.control_ref + $k * (SELECT last FROM first_bank_counter c WHERE c.bank = f.bank)`
	// laterAnswer is an answer's number: each kind has its own.
	laterAnswer = `i.number + $k * (SELECT last FROM first_answer_counter c WHERE c.kind = i.kind)`
)

// withControl is a text with the control number of an interchange in it.
func withControl(column, interchange string) string {
	return fmt.Sprintf(`(SELECT replace(i.%s, lpad(f.control_ref::text, 14, '0'), lpad((%s)::text, 14, '0')) FROM first_interchange f WHERE f.id = i.%s)`,
		column, laterControl, interchange)
}

func repeatedTables() []repeated {
	id := func(column string) map[string]string {
		return map[string]string{"id": strings.ReplaceAll(later()[column], "i."+column, "i.id")}
	}
	and := func(columns map[string]string, more ...string) map[string]string {
		for n := 0; n < len(more); n += 2 {
			columns[more[n]] = more[n+1]
		}
		return columns
	}
	file := map[string]string{"name": "i.name || '.' || $k"}
	return []repeated{
		{"document", true, id("document_id")},
		{"document_piece", true, nil},
		{"delivery", true, and(id("delivery_id"), "arrival", "i.arrival + $k * (SELECT last FROM first_arrival_counter c WHERE c.supplier = i.supplier)")},
		{"delivery_key", false, nil},
		{"bundle_key", false, nil},
		{"release_group", false, id("group_id")},
		{"payment", true, id("payment_id")},
		{"payment_key", false, nil},
		{"standing", true, nil},
		{"fact", true, nil},
		{"fact_tally", false, nil},
		{"bank_reference", false, map[string]string{"head": "pg_temp.reference_head((SELECT r.n FROM first_reference r WHERE r.head = i.head) + $k * (SELECT last FROM first_reference_counter))"}},
		{"interchange", false, and(id("interchange_id"), "control_ref", strings.ReplaceAll(laterControl, "f.", "i."), "file_name", withControl("file_name", "id"))},
		{"message", false, map[string]string{"ref": withControl("ref", "interchange_id")}},
		{"order_line", false, nil},
		{"bank_order", true, nil},
		{"text_change", false, nil},
		{"bank_file", true, and(id("bank_file_id"), "name", file["name"])},
		{"bank_file_key", false, file},
		{"bank_interchange", false, nil},
		{"bank_file_about", true, nil},
		{"bank_fact", true, nil},
		{"answer", true, and(id("answer_id"), "number", laterAnswer)},
		{"answer_key", false, map[string]string{"number": laterAnswer}},
		{"answer_due", true, nil},
	}
}

// onlyOnce are tables whose rows are of no month.
func onlyOnce() []string {
	return []string{"account_period", "account_version", "agreement", "agreement_version", "answer_counter", "answer_uncollected", "arrival_counter", "arrivals_followed",
		"audit_checkpoint", "audit_content", "audit_entry", "audit_hash", "authority", "authority_word", "bank_counter", "bank_lease", "bank_round", "benefit_fallback",
		"benefit_type", "benefit_type_version", "book", "book_balance", "cell", "certificate", "certificate_due", "dormant_pass", "effect_followed", "effect_unlooked", "environment", "goose_db_version", "handout", "hash_key", "holder_version",
		"line", "may_follow", "month", "part_left", "payer", "posting", "posting_key", "posting_match", "posting_part", "reference_counter", "register_change", "register_change_origin",
		"register_counter", "release_day", "release_limit", "standing_choice_version", "statement", "statement_entry", "supplier", "supplier_version"}
}

//go:embed sql/first.sql
var firstScript string

//go:embed sql/counters.sql
var countersScript string

// Repeat makes the later months from the first, and closes all but the last. progress is told of each month.
func (w *World) Repeat(ctx context.Context, progress func(made int)) error {
	return w.asSuperuser(ctx, func(c *pgx.Conn) error {
		if err := refuseUnknown(ctx, c); err != nil {
			return err
		}
		if err := runOn(ctx, c, firstScript, nil); err != nil {
			return err
		}
		for _, t := range repeatedTables() {
			if t.months {
				continue
			}
			if _, err := c.Exec(ctx, fmt.Sprintf(`CREATE TEMP TABLE first_%[1]s AS TABLE nks.%[1]s; ANALYZE first_%[1]s`, t.table)); err != nil {
				return err
			}
		}
		for k := 1; k < w.size.Months; k++ {
			if err := w.makeMonth(ctx, c, k); err != nil {
				return fmt.Errorf("month %s: %w", month(k).Name(), err)
			}
			w.at(month(k).Begins(w.Base.Location).AddDate(0, 0, 3))
			if err := w.Closing.Close(ctx, month(k-1), "A. Hansen"); err != nil {
				return err
			}
			progress(k + 1)
		}
		return all(ctx, "sign the log", w.Sequence.Next)
	})
}

// refuseUnknown fails where the first month has filled a table that would not come again.
func refuseUnknown(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, `SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'nks'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range tables {
		if slices.Contains(onlyOnce(), table) || slices.ContainsFunc(repeatedTables(), func(t repeated) bool { return t.table == table }) {
			continue
		}
		var n int
		if err := c.QueryRow(ctx, "SELECT count(*) FROM nks."+table).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("the first month has %d rows in %s, and it is not known how they come again", n, table)
		}
	}
	return nil
}

func runOn(ctx context.Context, c *pgx.Conn, script string, args pgscript.Args) error {
	steps, err := pgscript.Parse(script)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if _, err := c.Exec(ctx, s.Statement, args); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// makeMonth makes all rows of the month that is k months after the first, in one transaction.
func (w *World) makeMonth(ctx context.Context, c *pgx.Conn, k int) error {
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, `SELECT ensure_month($1::date)`, month(k).String()); err != nil {
		return err
	}
	for _, t := range repeatedTables() {
		statement, err := t.statement(ctx, tx, k)
		if err == nil {
			_, err = tx.Exec(ctx, statement)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.table, err)
		}
	}
	if err := runOn(ctx, tx.Conn(), countersScript, pgscript.Args{"months": k + 1, "month": month(k).Suffix()}); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	return vacuum(ctx, c, month(k), k&(k-1) == 0)
}

// statement writes the first month's rows once more, with whatever columns the table has by now.
func (t repeated) statement(ctx context.Context, tx pgx.Tx, k int) (string, error) {
	rows, err := tx.Query(ctx, `SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = 'nks' AND table_name = $1
		AND is_generated = 'NEVER' ORDER BY ordinal_position`, t.table)
	if err != nil {
		return "", err
	}
	type column struct{ Name, Type string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return "", err
	}
	var names, values []string
	known := 0
	for _, c := range columns {
		value := "i." + c.Name
		if expression, ok := t.columns[c.Name]; ok {
			value = expression
			known++
		} else if expression, ok := later()[c.Name]; ok {
			value = expression
		} else if c.Type == "date" || strings.HasPrefix(c.Type, "timestamp") {
			value = fmt.Sprintf("(i.%s + $k * interval '1 month')::%s", c.Name, c.Type)
		}
		names, values = append(names, c.Name), append(values, value)
	}
	if known != len(t.columns) {
		return "", fmt.Errorf("it has columns %v and not all of %v", names, t.columns)
	}
	source := "first_" + t.table
	if t.months {
		source = "nks." + t.table + "_" + month(0).Suffix()
	}
	return strings.ReplaceAll(fmt.Sprintf("INSERT INTO nks.%s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s i", t.table, strings.Join(names, ", "),
		strings.Join(values, ", "), source), "$k", fmt.Sprint(k)), nil
}

// vacuum does what a server does by itself after a while: of a month, and where asked of what is of all months.
func vacuum(ctx context.Context, c *pgx.Conn, m gateway.Month, others bool) error {
	for _, t := range repeatedTables() {
		name := "nks." + t.table
		if t.months {
			name += "_" + m.Suffix()
		} else if !others {
			continue
		}
		if _, err := c.Exec(ctx, "VACUUM (ANALYZE) "+name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// analyze gathers statistics of everything.
func (w *World) analyze(ctx context.Context) error {
	return w.asSuperuser(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `VACUUM (ANALYZE)`)
		return err
	})
}
