package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Dropped is what the log is told of a month that is dropped.
type Dropped struct {
	Month    string           `json:"month"`
	Payments int64            `json:"payments"`
	Ore      int64            `json:"ore"`
	Ended    []Ended          `json:"ended"` // as they were at their end, those that were carried included
	Rows     map[string]int64 `json:"rows"`  // of each table with months
}

// Ended is the payments of a month that ended in one state.
type Ended struct {
	State    gateway.PaymentState `db:"state" json:"state"`
	Payments int64                `db:"payments" json:"payments"`
	Ore      int64                `db:"ore" json:"ore"`
}

// Drop drops a month in somebody's name, or goes on with one that is being dropped. It is ErrKept while the rules keep it, an
// earlier one is kept, something of it is open, somebody holds it, or others are at work upon its tables. One that is dropped stays so.
func (s *Store) Drop(ctx context.Context, month gateway.Month, who string) error {
	if err := s.Quiet.Refuse(); err != nil {
		return fmt.Errorf("drop month %s: %w", month.Name(), err)
	}
	begun, err := s.begin(ctx, month, who)
	if err != nil || !begun {
		return err
	}
	s.Failpoint("after-dropping-began")
	if err := s.hashKeys(ctx, month); err != nil {
		return err
	}
	s.Failpoint("after-keys-are-hashed")
	if err := s.dropParts(ctx, month); err != nil {
		return err
	}
	s.Failpoint("after-partitions-are-dropped")
	err = s.Transact(ctx, "drop month "+month.Name(), func(x *postgres.Session) error {
		_, err := x.ExecContext(ctx, `SELECT end_dropping($1::date, $2)`, month.String(), s.Now())
		return err
	})
	if err == nil {
		s.Log.Info().Str("month", month.Name()).Str("by", who).Msg("month is dropped")
	}
	return err
}

// begin has the month count as gone; it is false when it is dropped.
func (s *Store) begin(ctx context.Context, month gateway.Month, who string) (begun bool, err error) {
	err = s.Transact(ctx, "drop month "+month.Name(), func(x *postgres.Session) error {
		var dropping, dropped bool
		err := x.QueryRowContext(ctx, `SELECT dropping_at IS NOT NULL, dropped_at IS NOT NULL FROM month WHERE month = $1::date`, month.String()).Scan(&dropping, &dropped)
		if err != nil {
			return fmt.Errorf("%w: nothing is known of it", errors.Join(gateway.ErrNotFound, err))
		}
		if begun = !dropped; dropping {
			return nil
		}
		hashes, err := s.holdMonth(ctx, x, month)
		if err != nil {
			return err
		}
		inner, outer := hashes.Blocks()
		if _, err := x.ExecContext(ctx, `SELECT must_be_over($1::date, 'payments', $2, $3, $4)`, month.String(), s.Now(), inner, outer); err != nil {
			return kept(err)
		}
		if err := s.refuseUnbooked(ctx, x, month); err != nil {
			return err
		}
		entered, err := s.count(ctx, x, month)
		if err != nil {
			return err
		}
		entry, err := audit.Commit(ctx, x, audit.DroppedMonth, entered)
		if err != nil {
			return err
		}
		_, err = x.ExecContext(ctx, `INSERT INTO part_left SELECT * FROM parts_left($1::date, ($1::date + interval '1 month')::date)`, month.String())
		if err != nil {
			return fmt.Errorf("orders of parts: %w", err)
		}
		_, err = x.ExecContext(ctx, `SELECT begin_dropping($1::date, $2, $3, $4, $5, $6)`, month.String(), s.Now(), who, entry, inner, outer)
		return kept(err)
	})
	return begun, err
}

// refuseUnbooked is ErrKept while something has become of the month that stands in no book: its rows tell whose it is.
func (s *Store) refuseUnbooked(ctx context.Context, x *postgres.Session, month gateway.Month) error {
	var unbooked bool
	err := x.QueryRowContext(ctx, `WITH booked AS MATERIALIZED (SELECT coalesce(max(until), '-infinity') AS until FROM book)
		SELECT b.until < $2 OR EXISTS (SELECT FROM fact f LEFT JOIN interchange i ON i.id = f.interchange_id WHERE f.month >= $1::date AND f.at >= b.until
				AND (i.month = $1::date OR f.payment_id >= month_deliveries($1::date) << 24 AND f.payment_id < month_deliveries(($1::date + interval '1 month')::date) << 24))
			OR EXISTS (SELECT FROM obligation w WHERE w.payment_month = $1::date AND w.ended_at >= b.until) FROM booked b`,
		month.String(), month.Next().Begins(s.Location)).Scan(&unbooked)
	if err == nil && unbooked {
		err = fmt.Errorf("%w: something of it is in no book yet: days are booked an hour after they have ended", ErrKept)
	}
	return err
}

// holdMonth waits, for a while, until nobody is at work upon payments of the month, and keeps others away until the transaction ends.
func (s *Store) holdMonth(ctx context.Context, x *postgres.Session, month gateway.Month) (*postgres.KeyedHash, error) {
	var ours bool
	if err := x.QueryRowContext(ctx, lock).Scan(&ours); err != nil {
		return nil, err
	}
	if !ours {
		return nil, fmt.Errorf("%w: another is dropping", gateway.ErrLostOwnership)
	}
	if _, err := x.ExecContext(ctx, `SET LOCAL lock_timeout = '2s'`); err != nil {
		return nil, err
	}
	_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('nks.month'), month_number($1::date)::int)`, month.String())
	if postgres.IsLockTimeout(err) {
		return nil, fmt.Errorf("%w: others are at work upon its payments", ErrKept)
	}
	if err != nil {
		return nil, err
	}
	return s.BeginHashes(ctx, x)
}

// count is what the log is told.
func (s *Store) count(ctx context.Context, x *postgres.Session, month gateway.Month) (Dropped, error) {
	d := Dropped{Month: month.Name(), Ended: []Ended{}, Rows: map[string]int64{}}
	err := x.SelectContext(ctx, &d.Ended, `SELECT state, sum(payments)::bigint AS payments, sum(ore)::bigint AS ore FROM (
			SELECT state, payments, ore FROM month_sum WHERE month = $1::date
			UNION ALL SELECT state, -1, -ore FROM carried WHERE month = $1::date
			UNION ALL SELECT stands, 1, now_ore FROM carried_states WHERE month = $1::date) f
		GROUP BY 1 HAVING sum(payments) <> 0 OR sum(ore) <> 0 ORDER BY 1`, month.String())
	if err != nil {
		return d, fmt.Errorf("sums: %w", err)
	}
	for _, e := range d.Ended {
		d.Payments, d.Ore = d.Payments+e.Payments, d.Ore+e.Ore
	}
	parts, err := partsLeft(ctx, x, month)
	for _, p := range parts {
		var n int64
		if err = x.GetContext(ctx, &n, `SELECT count(*) FROM `+p+`_`+month.Suffix()); err != nil {
			return d, fmt.Errorf("rows of %s: %w", p, err)
		}
		d.Rows[p] = n
	}
	return d, err
}

// hashKeys puts hashes in the place of what the month's deliveries have made unique, one delivery at a time.
func (s *Store) hashKeys(ctx context.Context, month gateway.Month) error {
	hashes, err := s.Hashes(ctx, s.DB)
	if err != nil {
		return err
	}
	inner, outer := hashes.Blocks()
	parts, err := partsLeft(ctx, s.DB, month)
	if err != nil || len(parts) == 0 {
		return err
	}
	for after := int64(-1); ; {
		var page []int64
		// The partition goes after its keys are hashed, and so is there while one is not.
		err := s.DB.SelectContext(ctx, &page, `SELECT d.id FROM delivery d WHERE d.id >= month_deliveries($1::date) AND d.id < month_deliveries($2::date) AND d.id > $3
			ORDER BY d.id LIMIT 1000`, month.String(), month.Next().String(), after)
		if err != nil {
			return fmt.Errorf("deliveries of %s: %w", month.Name(), postgres.Transient(err))
		}
		if len(page) == 0 {
			return nil
		}
		for _, id := range page {
			if _, err := s.DB.ExecContext(ctx, `SELECT hash_keys($1::date, $2, $3, $4)`, month.String(), id, inner, outer); err != nil {
				return fmt.Errorf("keys of delivery %d: %w", id, postgres.Transient(err))
			}
		}
		after = page[len(page)-1]
	}
}

const (
	// partWaits is how long one try to take a partition away may hold up others who come to its table.
	partWaits = "300ms"
	// partTries and partPause bound the tries, so that who has the table in hand can finish.
	partTries = 50
	partPause = 200 * time.Millisecond
)

// dropParts takes the month's partitions away, each in a transaction of its own: whoever comes to a table meanwhile waits for
// partWaits at most. Deliveries go last, by which the others are found.
func (s *Store) dropParts(ctx context.Context, month gateway.Month) error {
	parts, err := partsLeft(ctx, s.DB, month)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if part != "delivery" {
			if err := s.dropPart(ctx, month, part); err != nil {
				return err
			}
			s.Failpoint("between-partitions")
		}
	}
	return s.dropPart(ctx, month, "delivery")
}

func (s *Store) dropPart(ctx context.Context, month gateway.Month, part string) error {
	for try := 1; ; try++ {
		err := s.Transact(ctx, "drop "+part+" of "+month.Name(), func(x *postgres.Session) error {
			if _, err := x.ExecContext(ctx, `SET LOCAL lock_timeout = '`+partWaits+`'`); err != nil {
				return err
			}
			_, err := x.ExecContext(ctx, `SELECT drop_part($1::date, $2)`, month.String(), part)
			return err
		})
		if !postgres.IsLockTimeout(err) {
			return err
		}
		if try == partTries {
			return fmt.Errorf("%w: others are at work upon %s without a pause", ErrKept, part)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(partPause):
		}
	}
}

// DropDocuments erases the raw bytes of a month before the rest of it. It is ErrKept as Drop is, but for what payments wait for.
func (s *Store) DropDocuments(ctx context.Context, month gateway.Month) error {
	err := s.Transact(ctx, "drop documents of "+month.Name(), func(x *postgres.Session) error {
		hashes, err := s.holdMonth(ctx, x, month)
		if err != nil {
			return err
		}
		var begun bool
		if err := x.GetContext(ctx, &begun, `SELECT documents_dropped_at IS NOT NULL FROM month WHERE month = $1::date`, month.String()); err != nil || begun {
			return err
		}
		inner, outer := hashes.Blocks()
		if _, err := x.ExecContext(ctx, `SELECT begin_dropping_documents($1::date, $2, $3, $4)`, month.String(), s.Now(), inner, outer); err != nil {
			return kept(err)
		}
		var entered DroppedDocuments
		err = x.GetContext(ctx, &entered, `SELECT count(*) AS documents, coalesce(sum(size), 0)::bigint AS bytes FROM document WHERE id >= $1 AND id < $2`, month.IDs(), month.Next().IDs())
		if err != nil {
			return err
		}
		entered.Month = month.Name()
		return s.Audit(ctx, x, audit.DroppedMonth, entered)
	})
	if err != nil {
		return err
	}
	return s.dropPart(ctx, month, "document_piece")
}

// DroppedDocuments is what the log is told of raw bytes that are erased.
type DroppedDocuments struct {
	Month     string `json:"month" db:"-"`
	Documents int64  `json:"documents" db:"documents"`
	Bytes     int64  `json:"bytes" db:"bytes"` // before compression
}
