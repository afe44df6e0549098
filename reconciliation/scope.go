package reconciliation

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// scope is what the invariants are asked of: every table as it is, or what is of the open months alone. An invariant names tables as
// if there were nothing else; what it asks of whole months bears the scope's bounds by name.
type scope struct {
	with string // common table expressions that stand in the tables' places
	args *strings.Replacer
}

// whole is everything.
func whole() scope {
	return bounds{first: "2000-01-01"}.scope("answer_made AS NOT MATERIALIZED (SELECT * FROM nks.answer)")
}

// bounds are where the open months begin: their first day, and the first ids that may be of them.
type bounds struct {
	first                         string
	delivery, interchange, ofFile int64
}

func (b bounds) scope(tables ...string) scope {
	return scope{"WITH " + strings.Join(tables, ",\n"), strings.NewReplacer("@first", "'"+b.first+"'::date", "@delivery", fmt.Sprint(b.delivery),
		"@interchange", fmt.Sprint(b.interchange), "@payment", fmt.Sprint(b.delivery<<24), "@group", fmt.Sprint(b.delivery<<14), "@file", fmt.Sprint(b.ofFile))}
}

// openMonths is what is of the open months and of nothing else: their deliveries, what came of them, and the files that came and went
// meanwhile. What has moved of payments of closed months is not looked at: the ledger has it, in what is carried. The bounds are
// numbers and no questions, so that the planner looks into the open months and into no others.
func openMonths(ctx context.Context, db Queryer) (scope, error) {
	var b bounds
	var first time.Time
	rows, err := db.QueryContext(ctx, `SELECT m.first, month_deliveries(m.first), month_ids(m.first),
			coalesce((SELECT min(id) FROM interchange WHERE month >= m.first), (SELECT max(id) + 1 FROM interchange), 0)
		FROM (SELECT first_open()) m (first)`)
	if err != nil {
		return scope{}, fmt.Errorf("open months: %w", err)
	}
	for rows.Next() {
		err = rows.Scan(&first, &b.delivery, &b.ofFile, &b.interchange)
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return scope{}, fmt.Errorf("open months: %w", err)
	}
	b.first = first.Format(time.DateOnly)
	var tables []string
	for _, t := range [][2]string{
		{"delivery", "id >= @delivery"},
		{"release_group", "month >= @first AND delivery_id >= @delivery"},
		{"payment", "month >= @first"},
		{"payment_key", "payment_id >= @payment"},
		{"standing", "month >= @first"},
		{"fact", "month >= @first AND (payment_id IS NULL OR payment_id >= @payment)"},
		{"bank_order", "month >= @first AND payment_id >= @payment"},
		{"obligation", "payment_month >= @first"},
		{"bank_reference", "delivery_id >= @delivery"},
		{"interchange", "month >= @first"},
		{"message", "interchange_id >= @interchange"},
		{"order_line", "interchange_id >= @interchange"},
		{"document", "id >= @file"},
		{"document_piece", "document_id >= @file"},
		{"bank_file", "id >= @file"},
		{"bank_file_about", "bank_file_id >= @file"},
		{"bank_fact", "bank_file_id >= @file"},
		{"answer", "id >= @file AND delivery_id >= @delivery"},
		{"answer_due", "delivery_id >= @delivery"},
		{"fact_tally", "group_id >= @group UNION ALL SELECT * FROM nks.fact_tally WHERE interchange_id >= @interchange"},
	} {
		tables = append(tables, t[0]+" AS NOT MATERIALIZED (SELECT * FROM nks."+t[0]+" WHERE "+t[1]+")")
	}
	// Those to deliveries of closed months, too: numbers have no holes.
	tables = append(tables, "answer_made AS NOT MATERIALIZED (SELECT * FROM nks.answer WHERE id >= @file)")
	return b.scope(tables...), nil
}

// counting counts what violates an invariant within the scope, and names the smallest.
func (s scope) counting(query string) string {
	return s.args.Replace(s.with + "\nSELECT count(*), coalesce(min(v.s)::text, '') FROM (" + query + ") v (s)")
}
