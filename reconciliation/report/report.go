// Package report makes the reports of reconciliation: what came in, where it is and what became of it, by authority, agreement and
// booking centre. Numbers are added up from groups, lines and tallies, never by walking through payments; each row has a reference
// from which Payments lists the payments that it counts. Without a day a report is about the months that are not closed.
package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
	"nks/pgscript"
	"nks/reconciliation/ledger"
)

// Kind is what a column holds, and so how it is written.
type Kind int

// The kinds of columns.
const (
	Text      Kind = iota
	Word           // a state, side or reason of ours: translated
	Count          // int64
	Money          // int64, øre
	Day            // a gateway.Date; zero: none
	Minute         // a time.Time
	Reference      // what Payments takes; empty: nothing to list
	Facts          // what nks reconcile takes, to list what a number is made of
)

// Column is one of a report's.
type Column struct {
	Danish, English string
	Kind            Kind
}

// Report is one that can be made.
type Report struct {
	Name            string // as on the command line
	Danish, English string // its title
	Summary         string
	// ByDay says what a day is to it; empty: it is about now and takes none.
	ByDay   string
	Columns []Column
	query   string
}

// Options are what a report is about.
type Options struct {
	Day       gateway.Date // zero: all of the open months
	Authority string       // empty: all
	// Supplier is the only one that accounts, control, late and recalls are about; empty: all. The others are about authorities.
	Supplier string
	Now      time.Time // in the zone of business time
	// Late is how old an answer may be before it counts as late.
	Late time.Duration
}

// Queryer reads.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ErrNoDay is given a day by a report that is about now.
var ErrNoDay = errors.New("is about now, and takes no day")

// Row is what a report gives: a value for each column.
type Row []any

// Run gives the rows of a report one after the other.
func (r Report) Run(ctx context.Context, db Queryer, o Options, each func(Row) error) error {
	if !o.Day.IsZero() && r.ByDay == "" {
		return fmt.Errorf("report %s: %w", r.Name, ErrNoDay)
	}
	args, err := scope(ctx, db, o)
	if err == nil {
		err = run(ctx, db, r.query, args, r.Columns, each)
	}
	if err != nil {
		return fmt.Errorf("report %s: %w", r.Name, err)
	}
	return nil
}

// scope is the months that are looked at, as values, so that a statement is planned for them alone: those that are not closed, or the
// month of a day that is in a closed one. Orders are frozen at most some days before they execute, so those of a day are in its month or in
// the one before.
func scope(ctx context.Context, db Queryer, o Options) (pgscript.Args, error) {
	var day any
	if !o.Day.IsZero() {
		day = o.Day.String()
	}
	rows, err := db.QueryContext(ctx, `SELECT f.first::text, f.since::text, f.after::text, month_deliveries(f.first), month_deliveries(f.after) FROM (
		SELECT least(m, o) AS first, CASE WHEN m < o THEN (m + interval '1 month')::date END AS after, least(o, (m - interval '1 month')::date) AS since
		FROM (SELECT date_trunc('month', $1::date)::date AS m, first_open() AS o) AS d) AS f`, day)
	if err != nil {
		return nil, fmt.Errorf("months: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var first, since string
	var after sql.NullString
	var delivery int64
	var before sql.NullInt64
	for rows.Next() {
		if err := rows.Scan(&first, &since, &after, &delivery, &before); err != nil {
			return nil, fmt.Errorf("months: %w", err)
		}
	}
	accounts, events := moves()
	return pgscript.Args{"accounts": accounts, "events": events, "day": day, "first": first, "since": since, "after": after, "first_delivery": delivery, "before_delivery": before,
		"authority": o.Authority, "of_supplier": o.Supplier, "zone": o.Now.Location().String(), "today": gateway.DateOf(o.Now).String(), "late": o.Now.Add(-o.Late)}, rows.Err()
}

// moves are the accounts of the ledger in their order, and of each the events that can move it.
func moves() (accounts, events []string) {
	for _, a := range ledger.Accounts() {
		var names []string
		for _, e := range ledger.Moves(a) {
			names = append(names, string(e))
		}
		accounts, events = append(accounts, string(a)), append(events, strings.Join(names, "|"))
	}
	return accounts, events
}

func run(ctx context.Context, db Queryer, query string, args pgscript.Args, columns []Column, each func(Row) error) error {
	rows, err := db.QueryContext(ctx, query, args)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		cells := make([]any, len(columns))
		for i, c := range columns {
			cells[i] = c.Kind.target()
		}
		if err := rows.Scan(cells...); err != nil {
			return err
		}
		row := make(Row, len(columns))
		for i, c := range columns {
			if row[i], err = c.Kind.value(cells[i]); err != nil {
				return err
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// target is what a column is scanned into.
func (k Kind) target() any {
	switch k {
	case Count, Money:
		return new(int64)
	case Day, Minute:
		return new(sql.NullTime)
	}
	return new(string)
}

// value is what a row has of what was scanned.
func (k Kind) value(cell any) (any, error) {
	switch v := cell.(type) {
	case *int64:
		return *v, nil
	case *sql.NullTime:
		switch {
		case k == Minute:
			return v.Time, nil
		case !v.Valid:
			return gateway.Date{}, nil
		}
		return gateway.DateOf(v.Time), nil
	case *string:
		if k == Reference {
			return reference(*v)
		}
		return *v, nil
	}
	return nil, fmt.Errorf("a cell is a %T", cell)
}

// Named finds a report.
func Named(name string) (Report, bool) {
	all := Reports()
	i := slices.IndexFunc(all, func(r Report) bool { return r.Name == name })
	if i < 0 {
		return Report{}, false
	}
	return all[i], true
}
