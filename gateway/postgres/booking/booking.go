// Package booking closes the book of each day after it has ended, and certifies it: for each agreement and bank centre a certificate into
// the log that cannot be forged unseen, or why there is none.
package booking

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
)

// Store keeps the books. Safe for concurrent use.
type Store struct {
	*postgres.Base

	mu     sync.Mutex
	looked time.Time // when certificates were looked at last, in business time
}

const (
	// settles is how long after its end a day is booked: what was begun before midnight is committed by then.
	settles = time.Hour
	// refusedAt is when, on the day after, what cannot be certified is refused.
	refusedAt = 12 * time.Hour
	// again is how long after a look at certificates that are due the next is taken.
	again = time.Hour
	// lock is the advisory lock of the one who keeps the books.
	lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('nks.booking', 0))`
)

// Next books the next day that has ended, or looks at the certificates that are due, at most once an hour. It reports whether it has
// booked one or changed what is certified.
func (s *Store) Next(ctx context.Context) (bool, error) {
	if s.Quiet.Refuse() != nil {
		return false, nil
	}
	day, err := s.next(ctx)
	if err != nil {
		return false, err
	}
	if !day.IsZero() && !s.Now().Before(s.booksAt(day)) {
		if booked, err := s.book(ctx, day); booked || err != nil {
			s.lookAgain(time.Time{})
			return booked, err
		}
	}
	now := s.Now()
	if now.Before(s.looksAt()) {
		return false, nil
	}
	n, err := s.Certify(ctx)
	if err == nil {
		s.lookAgain(now)
	}
	return n > 0, err
}

// NextDue is when the next day is booked or certificates are looked at, where that is later than the given time.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	day, err := s.next(ctx)
	if err != nil || day.IsZero() {
		return time.Time{}, err
	}
	next := s.booksAt(day)
	var due bool
	if err := s.DB.GetContext(ctx, &due, `SELECT EXISTS (SELECT FROM certificate_due)`); err != nil {
		return time.Time{}, fmt.Errorf("certificates due: %w", postgres.Transient(err))
	}
	if due {
		next = gateway.Sooner(next, s.looksAt())
	}
	if !next.After(after) {
		return time.Time{}, nil
	}
	return next, nil
}

func (s *Store) booksAt(day gateway.Date) time.Time {
	return day.AddDays(1).At(0, s.Location).Add(settles)
}

// looksAt is when certificates are looked at again: an hour after the last time, or at noon, when the day before is refused.
func (s *Store) looksAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looked.IsZero() {
		return s.looked
	}
	next := s.looked.Add(again)
	if noon := gateway.DateOf(s.looked.In(s.Location)).At(refusedAt, s.Location); noon.After(s.looked) {
		next = gateway.Sooner(next, noon)
	}
	return next
}

func (s *Store) lookAgain(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = at
}

// next is the first day that has no book; the zero date while nothing was received.
func (s *Store) next(ctx context.Context) (gateway.Date, error) {
	var last, first sql.NullTime
	err := s.DB.QueryRowContext(ctx, `SELECT max(day), CASE WHEN max(day) IS NULL THEN (SELECT min(read_at) FROM delivery WHERE state IN ('read', 'checked')) END FROM book`).
		Scan(&last, &first)
	switch {
	case err != nil:
		return gateway.Date{}, fmt.Errorf("day to book: %w", postgres.Transient(err))
	case last.Valid:
		return gateway.DateOf(last.Time).AddDays(1), nil
	case first.Valid:
		return gateway.DateOf(first.Time.In(s.Location)), nil
	}
	return gateway.Date{}, nil
}

// snapshot runs f in one snapshot; it is gateway.ErrLostOwnership while another keeps the books.
func (s *Store) snapshot(ctx context.Context, what string, f func(*postgres.Session) error) error {
	return s.Transact(ctx, what, func(x *postgres.Session) error {
		if _, err := x.ExecContext(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
			return err
		}
		if err := x.PlanForMonths(ctx); err != nil {
			return err
		}
		var ours bool
		if err := x.QueryRowContext(ctx, lock).Scan(&ours); err != nil {
			return err
		}
		if !ours {
			return fmt.Errorf("%w: another keeps the books", gateway.ErrLostOwnership)
		}
		return f(x)
	})
}

// begunBefore reports whether a transaction is at work that began so long ago: what it records may be of the day before.
const begunBefore = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
	AND xact_start < clock_timestamp() - make_interval(secs => $1))`

// book closes the book of a day: what has moved on it, and what is to be certified of it. It is false while something that was begun on the
// day is not committed.
func (s *Store) book(ctx context.Context, day gateway.Date) (booked bool, err error) {
	until := day.AddDays(1).At(0, s.Location)
	var begun bool
	if err := s.DB.GetContext(ctx, &begun, begunBefore, s.Now().Sub(until).Seconds()); err != nil || begun {
		return false, postgres.Transient(err)
	}
	err = s.snapshot(ctx, "book of "+day.String(), func(x *postgres.Session) error {
		b, err := reconciliation.BookOfDay(ctx, x, day, s.Location)
		if err == nil && len(b.Transactions) == 0 {
			day, until, b, err = s.idle(ctx, x, day, b)
		}
		if err != nil {
			return err
		}
		if _, err := x.ExecContext(ctx, `INSERT INTO book (day, until, booked_at) VALUES ($1, $2, $3)`, day.String(), until, s.Now()); err != nil {
			return err
		}
		if err := keepBalances(ctx, x, day, b); err != nil {
			return err
		}
		return oweCertificates(ctx, x, day, until, b)
	})
	return err == nil, err
}

// idle is the last day that has ended of those from an idle one on, where nothing has moved on any of them: they are booked at once. Else
// it is the day itself.
func (s *Store) idle(ctx context.Context, x *postgres.Session, day gateway.Date, b *reconciliation.Book) (gateway.Date, time.Time, *reconciliation.Book, error) {
	until := day.AddDays(1).At(0, s.Location)
	last := gateway.DateOf(s.Now().Add(-settles).In(s.Location)).AddDays(-1)
	if !day.Before(last) {
		return day, until, b, nil
	}
	end := last.AddDays(1).At(0, s.Location)
	all, err := reconciliation.BookOf(ctx, x, day.At(0, s.Location), end)
	if err != nil || len(all.Transactions) > 0 {
		return day, until, b, err
	}
	return last, end, all, nil
}
