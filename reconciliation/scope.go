package reconciliation

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// scope is which months an invariant is asked of. Its query names tables as only_TABLE: the rows of those months; own_TABLE: of
// those, the rows about payments of those months; open_TABLE: rows about those payments, and about older ones that were ordered
// in those months. A table without such a word is looked into by its keys.
type scope struct {
	whole                              bool
	since                              string // the first of the months
	delivery, document, group, payment int64  // the first number of each in those months
}

// everything is all months.
var everything = scope{whole: true}

// openMonths are those that are not closed, of a database in which some are; else everything.
func openMonths(ctx context.Context, db Queryer) (s scope, err error) {
	rows, err := db.QueryContext(ctx, `SELECT f.m::text, month_deliveries(f.m), month_ids(f.m), month_deliveries(f.m) << 14, month_deliveries(f.m) << 24
		FROM (SELECT first_open() AS m) f WHERE EXISTS (SELECT FROM month WHERE state = 'closed')`)
	if err != nil {
		return s, fmt.Errorf("open months: %w", err)
	}
	defer func() { _ = rows.Close() }()
	s = everything
	for rows.Next() {
		s.whole = false
		if err := rows.Scan(&s.since, &s.delivery, &s.document, &s.group, &s.payment); err != nil {
			return s, fmt.Errorf("open months: %w", err)
		}
	}
	return s, rows.Err()
}

var scoped = regexp.MustCompile(`\b(only|own|open)_([a-z_]+)\b`)

// of gives the query of an invariant for the scope. Dates and numbers are written out, so that other months are not even planned for.
func (s scope) of(query string) string {
	return scoped.ReplaceAllStringFunc(query, func(word string) string {
		m := scoped.FindStringSubmatch(word)
		table := m[2]
		if table == "groups" { // own_groups: the first group's number
			return strconv.FormatInt(s.group, 10)
		}
		if s.whole {
			return table
		}
		rows := `SELECT * FROM ` + table + ` WHERE ` + s.rows(table)
		switch m[1] {
		case "own":
			rows += ` AND payment_id >= ` + strconv.FormatInt(s.payment, 10)
		case "open":
			id := "payment_id"
			if table == "payment" {
				id = "id"
			}
			rows += ` UNION ALL SELECT t.* FROM (SELECT DISTINCT payment_id FROM bank_order WHERE month >= '` + s.since + `' AND payment_id < ` +
				strconv.FormatInt(s.payment, 10) + `) o CROSS JOIN LATERAL (SELECT month_of(delivery_of(o.payment_id)) AS month) d
				CROSS JOIN LATERAL (SELECT * FROM ` + table + ` q WHERE q.month = d.month AND q.` + id + ` = o.payment_id LIMIT 1) t`
		}
		return `(` + rows + `)`
	})
}

// rows is the condition for a table's rows of the months.
func (s scope) rows(table string) string {
	month := `month >= '` + s.since + `'`
	from := func(column string, first int64) string { return column + ` >= ` + strconv.FormatInt(first, 10) }
	switch table {
	case "delivery":
		return from("id", s.delivery)
	case "answer_due", "bank_reference":
		return from("delivery_id", s.delivery)
	case "document", "answer", "bank_file", "posting":
		return from("id", s.document)
	case "payment_key":
		return from("payment_id", s.payment)
	case "document_piece":
		return from("document_id", s.document)
	case "answer_uncollected", "answer_key":
		return from("answer_id", s.document)
	case "bank_fact", "bank_file_about":
		return from("bank_file_id", s.document)
	case "posting_part", "posting_match":
		return from("posting_id", s.document)
	case "obligation":
		return `payment_month >= '` + s.since + `'`
	case "order_line", "message":
		return `interchange_id IN (SELECT id FROM interchange WHERE ` + month + `)`
	case "book_balance", "certificate":
		return `day >= '` + s.since + `'`
	case "fact_tally":
		return `(` + from("group_id", s.group) + ` OR interchange_id IN (SELECT id FROM interchange WHERE ` + month + `))`
	}
	return month
}
