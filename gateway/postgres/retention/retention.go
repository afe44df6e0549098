// Package retention drops what has been kept long enough: whole months, whose sums, places in the log and keyed hashes stay; their raw
// bytes before that, where a rule says so; and what the log tells of looks at payments.
package retention

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Store drops what has been kept long enough. Safe for concurrent use.
type Store struct {
	*postgres.Base

	mu sync.Mutex
	// again is when it is tried again, after something stood against it.
	again time.Time
}

// ErrKept: it is kept, as things stand.
var ErrKept = errors.New("it is kept")

const (
	itself = "nks"
	// patience is how long Next leaves alone what something stood against: a hold may stand for years.
	patience = time.Hour
	// lock is the advisory lock of the one who drops.
	lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('nks.retention', 0))`
)

// Next goes on with a month that is being dropped, or drops the next thing whose time is over. It reports whether it has. What
// something stands against is tried again after an hour.
func (s *Store) Next(ctx context.Context) (bool, error) {
	s.mu.Lock()
	again := s.again
	s.mu.Unlock()
	if s.Now().Before(again) {
		return false, nil
	}
	did, err := s.next(ctx)
	if errors.Is(err, ErrKept) || errors.Is(err, gateway.ErrLostOwnership) {
		s.Log.Warn().Err(err).Msg("nothing is dropped, it will be tried again")
		err = nil
	}
	if !did && err == nil {
		s.mu.Lock()
		s.again = s.Now().Add(patience)
		s.mu.Unlock()
	}
	return did, err
}

// next does the first thing that is due and nothing stands against; what stands against another is told where there is none.
func (s *Store) next(ctx context.Context) (bool, error) {
	looks, err := s.eraseLooks(ctx)
	if err != nil || looks {
		return looks, err
	}
	var against error
	for _, k := range []Kind{Payments, Documents} {
		month, due, err := s.due(ctx, k)
		if err == nil && due {
			if k == Payments {
				err = s.Drop(ctx, month, itself)
			} else {
				err = s.DropDocuments(ctx, month)
			}
		}
		if errors.Is(err, ErrKept) {
			against = errors.Join(against, err)
			continue
		}
		if err != nil || due {
			return err == nil, err
		}
	}
	return false, against
}

// due is the next month of which something is to be dropped, or is being dropped; false: there is none.
func (s *Store) due(ctx context.Context, k Kind) (m gateway.Month, due bool, err error) {
	next := `SELECT min(month) FROM month WHERE state = 'closed' AND dropped_at IS NULL`
	if k == Documents {
		next = `SELECT min(month) FROM month WHERE state = 'closed' AND dropping_at IS NULL
			AND (documents_dropped_at IS NULL OR EXISTS (SELECT FROM month_parts_left(month) p WHERE p.name = 'document_piece'))`
	}
	var first sql.NullTime
	if err := s.DB.QueryRowContext(ctx, next).Scan(&first); err != nil {
		return 0, false, fmt.Errorf("months to be dropped: %w", postgres.Transient(err))
	}
	if !first.Valid {
		return 0, false, nil
	}
	m = gateway.MonthOf(first.Time)
	due, err = s.over(ctx, m, k)
	return m, due, err
}

// over reports whether the time of something of a month is over, or its dropping has begun.
func (s *Store) over(ctx context.Context, m gateway.Month, k Kind) (over bool, err error) {
	until, err := s.until(ctx, m, k)
	if err == nil && (until.IsZero() || s.Now().Before(until)) {
		err = s.DB.GetContext(ctx, &over, `SELECT dropping_at IS NOT NULL FROM month WHERE month = $1::date`, m.String())
		return over && k == Payments, err
	}
	return err == nil, err
}

// until is until when something of a month is kept by the rules; zero: for ever.
func (s *Store) until(ctx context.Context, m gateway.Month, k Kind) (time.Time, error) {
	var months int
	if err := s.DB.GetContext(ctx, &months, `SELECT kept_for($1)`, k); err != nil {
		return time.Time{}, fmt.Errorf("retention: %w", postgres.Transient(err))
	}
	if months == 0 {
		return time.Time{}, nil
	}
	return (m + 1 + gateway.Month(months)).Begins(s.Location), nil
}

// eraseLooks deletes what the log tells of looks whose time is over.
func (s *Store) eraseLooks(ctx context.Context) (bool, error) {
	var erased int64
	if err := s.DB.GetContext(ctx, &erased, `SELECT erase_looks($1)`, s.Now()); err != nil {
		return false, fmt.Errorf("erase looks: %w", postgres.Transient(err))
	}
	if erased > 0 {
		s.Log.Info().Int64("looks", erased).Msg("looks at payments are erased in the log: their time is over")
	}
	return erased > 0, nil
}

// kept makes the database's refusal ErrKept.
func kept(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55000" {
		return fmt.Errorf("%w: %s", ErrKept, pg.Message)
	}
	return err
}
