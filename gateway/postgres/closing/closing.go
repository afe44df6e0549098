// Package closing closes months: what their payments added up to is frozen into the log that cannot be forged unseen, and what
// is not at its end is carried on.
package closing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Store closes months. Safe for concurrent use.
type Store struct {
	*postgres.Base
	// After is how many months after its end a month is closed by itself; 0: never.
	After int
}

// ErrNotYet: the month cannot be closed as things stand.
var ErrNotYet = errors.New("the month cannot be closed yet")

const (
	// itself closes months when it is time.
	itself = "nks"
	// settles is how long after its end a month takes no delivery any more: one may be on its way into the tables.
	settles = 24 * time.Hour
	// lock is the advisory lock of the one who closes.
	lock = `SELECT pg_try_advisory_xact_lock(hashtextextended('nks.closing', 0))`
)

// Next closes the first open month when it is time, or goes on with one that is closing. It reports whether it has closed one.
func (s *Store) Next(ctx context.Context) (bool, error) {
	month, state, err := s.first(ctx)
	if err != nil || state == "" || state == "open" && (s.After == 0 || s.Now().Before(s.due(month))) {
		return false, err
	}
	err = s.Close(ctx, month, itself)
	if errors.Is(err, ErrNotYet) || errors.Is(err, gateway.ErrLostOwnership) {
		s.Log.Warn().Err(err).Msg("month is not closed, it will be tried again")
		return false, nil
	}
	return err == nil, err
}

// NextDue is when the first open month is to be closed, where that is later than the given time.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	month, state, err := s.first(ctx)
	if err != nil || state != "open" || s.After == 0 || !s.due(month).After(after) {
		return time.Time{}, err
	}
	return s.due(month), nil
}

func (s *Store) due(m gateway.Month) time.Time {
	return (m + 1 + gateway.Month(s.After)).Begins(s.Location).Add(settles)
}

// first is the first month that is not closed; without a state there is none.
func (s *Store) first(ctx context.Context) (m gateway.Month, state string, err error) {
	var first time.Time
	err = s.DB.QueryRowContext(ctx, `SELECT month, state FROM month WHERE state <> 'closed' ORDER BY month LIMIT 1`).Scan(&first, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("first open month: %w", postgres.Transient(err))
	}
	return gateway.MonthOf(first), state, nil
}

// Close closes a month in somebody's name, or goes on with one that is closing. It is ErrNotYet while an earlier one is open, the
// month has not ended a day ago, something of it has not been read, checked or heard, or others are at work upon its payments.
// A month that is closed stays so.
func (s *Store) Close(ctx context.Context, month gateway.Month, who string) error {
	if err := s.Quiet.Refuse(); err != nil {
		return fmt.Errorf("close month %s: %w", month.Name(), err)
	}
	begun, err := s.begin(ctx, month, who)
	if err != nil || !begun {
		return err
	}
	s.Failpoint("after-closing-began")
	if err := s.waitForMovers(ctx, month); err != nil {
		return err
	}
	return s.freeze(ctx, month)
}

// begin has the month closing; it is false when it is closed.
func (s *Store) begin(ctx context.Context, month gateway.Month, who string) (begun bool, err error) {
	err = s.Transact(ctx, "close month "+month.Name(), func(x *postgres.Session) error {
		var state string
		err := x.QueryRowContext(ctx, `SELECT state FROM month WHERE month = $1::date`, month.String()).Scan(&state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%w: nothing is known of it", gateway.ErrNotFound)
		case err != nil || state != "open":
			begun = state == "closing"
			return err
		}
		if err := s.refuse(ctx, x, month); err != nil {
			return err
		}
		return x.QueryRowContext(ctx, `SELECT begin_closing($1::date, $2, $3)`, month.String(), s.Now(), who).Scan(&begun)
	})
	return begun, err
}

// refuse says what stands against closing.
func (s *Store) refuse(ctx context.Context, x *postgres.Session, month gateway.Month) error {
	if ended := month.Next().Begins(s.Location).Add(settles); s.Now().Before(ended) {
		return fmt.Errorf("%w: it must have ended a day ago, which is so from %s on", ErrNotYet, ended.Format("2006-01-02 15:04 MST"))
	}
	var earlier sql.NullTime
	err := x.QueryRowContext(ctx, `SELECT min(month) FROM month WHERE state <> 'closed' AND month < $1::date`, month.String()).Scan(&earlier)
	if err != nil {
		return err
	}
	if earlier.Valid {
		return fmt.Errorf("%w: %s must be closed before it", ErrNotYet, earlier.Time.Format("2006-01"))
	}
	var unread, unchecked, unheard int
	err = x.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM delivery WHERE state = 'received' AND id >= month_deliveries($1::date) AND id < month_deliveries($2::date)),
		(SELECT count(*) FROM delivery WHERE state = 'read' AND id >= month_deliveries($1::date) AND id < month_deliveries($2::date)),
		(SELECT count(*) FROM bank_file WHERE state = 'received' AND id >= month_ids($1::date) AND id < month_ids($2::date))`,
		month.String(), month.Next().String()).Scan(&unread, &unchecked, &unheard)
	if err == nil && unread+unchecked+unheard > 0 {
		err = fmt.Errorf("%w: %d deliveries of it are unread, %d unchecked, and %d files of banks unheard", ErrNotYet, unread, unchecked, unheard)
	}
	return err
}

// waitForMovers waits, for a while, until nobody is at work upon payments of the month who has not seen that it is closing.
func (s *Store) waitForMovers(ctx context.Context, month gateway.Month) error {
	err := s.Transact(ctx, "close month "+month.Name(), func(x *postgres.Session) error {
		// Whoever comes meanwhile waits behind us: not for long.
		if _, err := x.ExecContext(ctx, `SET LOCAL lock_timeout = '2s'`); err != nil {
			return err
		}
		_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('nks.month'), month_number($1::date)::int)`, month.String())
		return err
	})
	if postgres.IsLockTimeout(err) {
		return fmt.Errorf("%w: others are at work upon its payments", ErrNotYet)
	}
	return err
}

// freeze freezes the month's sums in one snapshot, enters them in the log and closes the month.
func (s *Store) freeze(ctx context.Context, month gateway.Month) error {
	return s.Transact(ctx, "close month "+month.Name(), func(x *postgres.Session) error {
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
			return fmt.Errorf("%w: another is closing it", gateway.ErrLostOwnership)
		}
		if _, err := x.ExecContext(ctx, `SELECT freeze_month($1::date)`, month.String()); err != nil {
			return err
		}
		sums, err := frozenSums(ctx, x, month)
		if err != nil {
			return err
		}
		carried, err := carriedDigest(ctx, x, month)
		if err != nil {
			return err
		}
		entered := Frozen{Month: month.Name(), SumsSHA256: digest(sums), CarriedSHA256: carried}
		entered.add(sums)
		entry, err := audit.Commit(ctx, x, audit.FrozenSums, entered)
		if err != nil {
			return err
		}
		s.Failpoint("before-month-is-closed")
		var sealed bool
		err = x.QueryRowContext(ctx, `SELECT seal_month($1::date, $2, decode($3, 'hex'), decode($4, 'hex'), $5)`,
			month.String(), s.Now(), entered.SumsSHA256, entered.CarriedSHA256, entry).Scan(&sealed)
		if err == nil && !sealed {
			err = fmt.Errorf("%w: it is closed by now", gateway.ErrLostOwnership)
		}
		return err
	})
}
