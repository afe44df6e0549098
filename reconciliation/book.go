package reconciliation

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/reconciliation/ledger"
)

//go:embed movements.sql
var movementsSQL string

// beginning is before anything was received, and end after everything.
var (
	beginning = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)
	end       = time.Date(9000, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// Book is what accounts stood at before and after some time, by what moved them, and what no movement explains.
type Book struct {
	*ledger.Book
	Unexplained []Unexplained
}

// Unexplained is a movement that cannot be.
type Unexplained struct {
	ledger.Movement
	Why string
}

// bookBetween is the book of what was recorded from an instant on and before another, from what accounts stood at before.
func bookBetween(ctx context.Context, db Queryer, opening []ledger.Balance, from, until time.Time) (*Book, error) {
	b := &Book{Book: ledger.NewBook(opening)}
	// A step that begins in a month may end in the next, and what is read has been received in an open month, or a while ago.
	month := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	var first int64
	err := query(ctx, db, func(r *sql.Rows) error { return r.Scan(&first) },
		`SELECT month_deliveries(greatest(least(first_open(), $1::date - interval '3 months'), '2000-01-01')::date)`, month.Format(time.DateOnly))
	if err == nil {
		err = query(ctx, db, func(rows *sql.Rows) error {
			var m ledger.Movement
			m.Currency = ledger.DKK
			err := rows.Scan(&m.Authority, &m.Agreement, &m.Bank, &m.Event, &m.Was, &m.Order, &m.Payments, &m.Stood, &m.Moved, &m.Kept, &m.Exchange)
			if err != nil {
				return err
			}
			if err := b.Add(m); errors.Is(err, ledger.ErrCannotBe) {
				b.Unexplained = append(b.Unexplained, Unexplained{m, err.Error()})
			} else if err != nil {
				return err
			}
			return nil
		}, movementsSQL, from, until, month.Format(time.DateOnly), first)
	}
	if err != nil {
		return nil, fmt.Errorf("book: %w", err)
	}
	return b, nil
}

// lastBook is until when books are closed; the zero time: no day is.
func lastBook(ctx context.Context, db Queryer) (until time.Time, err error) {
	var last sql.NullTime
	err = query(ctx, db, func(r *sql.Rows) error { return r.Scan(&last) }, `SELECT max(until) FROM book`)
	if err != nil {
		return until, fmt.Errorf("last book: %w", err)
	}
	return last.Time, nil
}

// openingOf is what the accounts stood at when the last day that was booked before an instant ended.
func openingOf(ctx context.Context, db Queryer, at time.Time) (all []ledger.Balance, err error) {
	err = query(ctx, db, func(rows *sql.Rows) error {
		b := ledger.Balance{}
		err := rows.Scan(&b.Authority, &b.Agreement, &b.Currency, &b.Account, &b.Opening)
		all = append(all, b)
		return err
	}, `SELECT a.authority, a.agreement, b.currency, b.account, b.ore
		FROM (WITH RECURSIVE keys AS (
				(SELECT authority, agreement, currency, account FROM book_balance ORDER BY 1, 2, 3, 4 LIMIT 1)
				UNION ALL SELECT n.* FROM keys k CROSS JOIN LATERAL (SELECT authority, agreement, currency, account FROM book_balance x
					WHERE (x.authority, x.agreement, x.currency, x.account) > (k.authority, k.agreement, k.currency, k.account) ORDER BY 1, 2, 3, 4 LIMIT 1) n)
			SELECT * FROM keys) a
		CROSS JOIN LATERAL (SELECT x.currency, x.account, x.opening_ore + x.in_ore - x.out_ore AS ore FROM book_balance x
			WHERE x.authority = a.authority AND x.agreement = a.agreement AND x.currency = a.currency AND x.account = a.account
				AND x.day <= (SELECT max(k.day) FROM book k WHERE k.until <= $1) ORDER BY x.day DESC LIMIT 1) b
		WHERE b.ore <> 0`, at)
	if err != nil {
		return nil, fmt.Errorf("opening balances: %w", err)
	}
	return all, nil
}

// BookOf is the book between two instants: from what was booked before the first, and all that was recorded since. db should be a
// transaction of one snapshot.
func BookOf(ctx context.Context, db Queryer, from, until time.Time) (*Book, error) {
	booked := beginning
	if err := query(ctx, db, func(r *sql.Rows) error { return r.Scan(&booked) }, `SELECT coalesce(max(until), $2) FROM book WHERE until <= $1`, from, beginning); err != nil {
		return nil, fmt.Errorf("book: %w", err)
	}
	opening, err := openingOf(ctx, db, booked)
	if err != nil {
		return nil, err
	}
	if booked.Before(from) {
		between, err := bookBetween(ctx, db, opening, booked, from)
		if err != nil {
			return nil, err
		}
		opening = between.Balances()
		book, err := bookBetween(ctx, db, opening, from, until)
		if err == nil {
			book.Unexplained = append(between.Unexplained, book.Unexplained...)
		}
		return book, err
	}
	return bookBetween(ctx, db, opening, from, until)
}

// States are the payments of every agreement by state, as Ledger has them by authority.
func States(ctx context.Context, db Queryer) (states []ledger.State, err error) {
	open, err := firstOpen(ctx, db)
	if err == nil {
		err = hashing(ctx, db, true)
	}
	if err == nil {
		err = query(ctx, db, func(rows *sql.Rows) error {
			s := ledger.State{}
			s.Currency = ledger.DKK
			err := rows.Scan(&s.Authority, &s.Agreement, &s.State, &s.Payments, &s.Ore, &s.OrderOre)
			states = append(states, s)
			return err
		}, `SELECT authority, agreement, state, sum(payments)::bigint, sum(ore)::bigint, sum(order_ore)::bigint FROM (`+everyState+`) p
			GROUP BY 1, 2, 3 HAVING sum(payments) <> 0 OR sum(ore) <> 0 OR sum(order_ore) <> 0 ORDER BY 1, 2, 3`, open.first, open.delivery)
	}
	if err == nil {
		err = hashing(ctx, db, false)
	}
	if err == nil {
		states, err = ofPartOrders(ctx, db, states)
	}
	if err != nil {
		return nil, fmt.Errorf("states of agreements: %w", err)
	}
	return states, nil
}

// ofPartOrders takes from states what orders that were made of a part of their payments are less than those.
func ofPartOrders(ctx context.Context, db Queryer, states []ledger.State) ([]ledger.State, error) {
	err := query(ctx, db, func(rows *sql.Rows) error {
		left := ledger.State{}
		left.Currency = ledger.DKK
		if err := rows.Scan(&left.Authority, &left.Agreement, &left.State, &left.OrderOre); err != nil {
			return err
		}
		left.OrderOre = -left.OrderOre
		states = append(states, left)
		return nil
	}, `SELECT authority, agreement, state, sum(ore)::bigint FROM (SELECT * FROM parts_left(first_kept(), NULL) UNION ALL SELECT * FROM part_left) p GROUP BY 1, 2, 3`)
	return states, err
}

// Balanced is how the books stand at this moment against where the payments are.
type Balanced struct {
	Book        *Book
	States      []ledger.State
	Differences []ledger.Difference
}

// Balance sets what all movements have left the accounts at against where every payment is. db must be a transaction of one snapshot, or
// nothing may move meanwhile; the caller leaves time between two runs.
func Balance(ctx context.Context, db Queryer) (b Balanced, err error) {
	from, err := lastBook(ctx, db)
	if err != nil {
		return b, err
	}
	if from.IsZero() {
		from = beginning
	}
	if b.Book, err = BookOf(ctx, db, from, end); err != nil {
		return b, err
	}
	if b.States, err = States(ctx, db); err != nil {
		return b, err
	}
	b.Differences = ledger.Compare(b.Book.Balances(), b.States)
	return b, nil
}

// BookOfDay is the book of one day.
func BookOfDay(ctx context.Context, db Queryer, day gateway.Date, at *time.Location) (*Book, error) {
	from, until := daysOf(day, at)
	return BookOf(ctx, db, from, until)
}
