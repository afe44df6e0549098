package booking

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
	"nks/reconciliation/ledger"
)

// Asked is a day of books as somebody wants to see it.
type Asked struct {
	Day       gateway.Date // zero: today
	Agreement string       // empty: all
	Verify    bool
}

// Show reads the book of a day, and verifies it where that is asked for, in one snapshot.
func (s *Store) Show(ctx context.Context, a Asked) (d *reconciliation.Day, err error) {
	err = s.reading(ctx, func(x *postgres.Session) error {
		if d, err = reconciliation.ShowDay(ctx, x, s.day(a.Day), s.Location, a.Agreement); err != nil || !a.Verify {
			return err
		}
		d.Verified, err = reconciliation.VerifyDay(ctx, x, s.day(a.Day), s.Location)
		return err
	})
	return d, err
}

// Sources lists what an event of a day is made of.
func (s *Store) Sources(ctx context.Context, a Asked, event ledger.Event) (all []reconciliation.Source, err error) {
	err = s.reading(ctx, func(x *postgres.Session) error {
		all, err = reconciliation.Sources(ctx, x, s.day(a.Day), s.Location, a.Agreement, event)
		return err
	})
	return all, err
}

func (s *Store) day(d gateway.Date) gateway.Date {
	if d.IsZero() {
		return gateway.DateOf(s.Now().In(s.Location))
	}
	return d
}

// reading runs f in one snapshot that changes nothing.
func (s *Store) reading(ctx context.Context, f func(*postgres.Session) error) error {
	return s.Transact(ctx, "read books", func(x *postgres.Session) error {
		if _, err := x.ExecContext(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
			return err
		}
		if err := x.PlanForMonths(ctx); err != nil {
			return err
		}
		return f(x)
	})
}
