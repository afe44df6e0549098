package bank

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// waiting is an interchange that has waited beyond a deadline, with what of it waits.
type waiting struct {
	ID       int64     `db:"id"`
	FileName string    `db:"file_name"`
	Payments int       `db:"payments"`
	Ore      int64     `db:"ore"`
	Since    time.Time `db:"since"`
}

// alarm is one kind of wait at a bank.
type alarm struct {
	kind gateway.ExceptionKind
	// again reports whether a wait that somebody looked at last at a time has passed another deadline since.
	again func(w waiting, looked time.Time) bool
	// wholly is why the bank as a whole waits, and one exception tells of all; without a code each interchange by itself.
	wholly gateway.ExceptionDetail
	reason gateway.DetailCode // of one interchange
	stays  bool               // it is not closed when the wait has ended
}

// raiseWaits tells of all that has waited beyond its deadline, again after each further one whatever was closed before: one
// exception for the bank, where all of it waits for one reason, else one for each interchange.
func (s *Store) raiseWaits(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, h hearsay, now time.Time) error {
	if err := s.raiseUnsent(ctx, x, bank, now); err != nil {
		return err
	}
	if err := s.raiseUnanswered(ctx, x, bank, now); err != nil {
		return err
	}
	if err := s.raiseUnrecalled(ctx, x, bank, now); err != nil {
		return err
	}
	if err := s.raiseBlocked(ctx, x, bank, h, now); err != nil {
		return err
	}
	for _, d := range dailies(bank) {
		if err := s.raiseDaily(ctx, x, bank, d, h, now); err != nil {
			return err
		}
	}
	return nil
}

// raise tells of those that wait, and closes what was told of others.
func (s *Store) raise(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, a alarm, all []waiting) error {
	subjects := map[string]bool{}
	for _, w := range all {
		subjects[fmt.Sprint(w.ID)] = true
	}
	if a.wholly.Code != "" && len(all) > 0 {
		subjects[bank.ID] = true
	}
	if !a.stays {
		if err := s.closeEnded(ctx, x, bank, a.kind, subjects); err != nil {
			return err
		}
	}
	if a.wholly.Code != "" && len(all) > 0 {
		sum := together(all)
		detail := a.wholly.Code.With(bank.ID, len(all), s.clock(sum.Since), sum.Payments, sum.Ore)
		detail.Args = append(detail.Args, a.wholly.Args...)
		return s.raiseOne(ctx, x, a, bank.ID, sum, detail)
	}
	for _, w := range all {
		err := s.raiseOne(ctx, x, a, fmt.Sprint(w.ID), w, a.reason.With(bank.ID, w.FileName, s.clock(w.Since), w.Payments, w.Ore))
		if err != nil {
			return err
		}
	}
	return nil
}

// clock is a moment as an exception tells it.
func (s *Store) clock(t time.Time) string { return t.In(s.Location).Format("2006-01-02 15:04") }

// together is the sum of all that wait, since the first of them does.
func together(all []waiting) waiting {
	sum := all[0]
	for _, w := range all[1:] {
		sum.Payments, sum.Ore = sum.Payments+w.Payments, sum.Ore+w.Ore
		if w.Since.Before(sum.Since) {
			sum.Since = w.Since
		}
	}
	return sum
}

// raiseOne raises an exception, unless it is open, or was raised or closed since the last deadline.
func (s *Store) raiseOne(ctx context.Context, x *postgres.Session, a alarm, subject string, w waiting, detail gateway.ExceptionDetail) error {
	var last sql.NullTime
	var open bool
	err := x.QueryRowContext(ctx, `SELECT max(greatest(raised_at, closed_at)), coalesce(bool_or(closed_at IS NULL), false) FROM exception
		WHERE kind = $1 AND subject = $2`, a.kind, subject).Scan(&last, &open)
	if err != nil {
		return fmt.Errorf("%s %s: %w", a.kind, subject, err)
	}
	if open || last.Valid && !a.again(w, last.Time) {
		return nil
	}
	return s.RaiseDetail(ctx, x, a.kind, subject, detail)
}

// closeEnded closes what is open of a kind about a bank and its interchanges, and does not wait any more.
func (s *Store) closeEnded(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, kind gateway.ExceptionKind, waits map[string]bool) error {
	var open []string
	err := x.SelectContext(ctx, &open, `SELECT e.subject FROM exception e WHERE e.kind = $1 AND e.closed_at IS NULL AND (e.subject = $2
		OR EXISTS (SELECT 1 FROM interchange i WHERE i.bank = $2 AND i.id = CASE WHEN e.subject ~ '^[0-9]{1,18}$' THEN e.subject::bigint END))`, kind, bank.ID)
	if err != nil {
		return fmt.Errorf("open %s of %s: %w", kind, bank.ID, err)
	}
	for _, subject := range open {
		if waits[subject] {
			continue
		}
		if err := s.Close(ctx, x, kind, subject, postgres.ClosedByFlow); err != nil {
			return err
		}
	}
	return nil
}

// periodic is told again after each further of a wait's deadlines.
func periodic(every time.Duration, now time.Time) func(waiting, time.Time) bool {
	return func(w waiting, raised time.Time) bool {
		return raised.Before(gateway.LastDeadline(w.Since, every, now))
	}
}
