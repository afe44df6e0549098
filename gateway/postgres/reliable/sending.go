package reliable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Names of the locks: who sends to a party at the moment, and which processes will as long as they run.
const (
	lockSending = "rasp_sending"
	lockServing = "rasp_serving"
)

// Own implements door.Sendings, over all processes on the database.
func (s *Store) Own(ctx context.Context, party string, do func(context.Context) error) (owned bool, err error) {
	return s.alone(ctx, lockSending, party, do)
}

// alone does something while nobody else on the database has the lock of a party: it ends with the connection.
func (s *Store) alone(ctx context.Context, lock, party string, do func(context.Context) error) (owned bool, err error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return false, fmt.Errorf("send to %s: %w", party, postgres.Transient(err))
	}
	defer func() { _ = conn.Close() }()
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtext($1), hashtext($2))`, lock, party).Scan(&owned); err != nil || !owned {
		return false, err
	}
	defer func() {
		// Where it cannot be given back in time the connection is closed, and the lock goes with it.
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), postgres.LettingGo)
		defer cancel()
		_, unlock := conn.ExecContext(soon, `SELECT pg_advisory_unlock(hashtext($1), hashtext($2))`, lock, party)
		err = errors.Join(err, unlock)
	}()
	return true, do(ctx)
}

// Unserved does something while no process on the database serves a party, and nobody sends to it; false: one does. What its answers
// wait for is then for this process to say, whatever others are configured with.
func (s *Store) Unserved(ctx context.Context, party string, do func(context.Context) error) (bool, error) {
	var owned bool
	unserved, err := s.alone(ctx, lockServing, party, func(ctx context.Context) (err error) {
		owned, err = s.Own(ctx, party, do)
		return err
	})
	return unserved && owned, err
}

// servingCheck is the pause between two looks whether the session that serves is still there, servingWait how long it may take to say so.
const servingCheck, servingWait = time.Second, 5 * time.Second

// Serve has all processes on the database know that this one sends to parties, until ctx ends. begun is called when they do.
func (s *Store) Serve(ctx context.Context, parties []string, begun func(), failed func(error)) {
	for ctx.Err() == nil {
		if err := s.serve(ctx, parties, begun); err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("serve endpoints: %w", postgres.Transient(err)))
			gateway.Pause(ctx, servingCheck)
		}
	}
}

func (s *Store) serve(ctx context.Context, parties []string, begun func()) error {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return err
	}
	defer func() {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), postgres.LettingGo)
		defer cancel()
		_, _ = conn.ExecContext(soon, `SELECT pg_advisory_unlock_all()`)
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // what is not unlocked goes with it
		_ = conn.Close()
	}()
	for _, party := range parties {
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock_shared(hashtext($1), hashtext($2))`, lockServing, party); err != nil {
			return err
		}
	}
	begun()
	for {
		if gateway.Pause(ctx, servingCheck); ctx.Err() != nil {
			return nil
		}
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), servingWait)
		_, err := conn.ExecContext(soon, `SELECT 1`)
		cancel()
		if err != nil {
			return err
		}
	}
}

// Sending implements door.Sendings.
func (s *Store) Sending(ctx context.Context, party string) (door.Sending, error) {
	var at door.Sending
	err := s.DB.QueryRowContext(ctx, `SELECT sequence, number, answer_id FROM rasp_sending WHERE supplier = $1`, party).Scan(&at.Sequence, &at.Number, &at.Answer)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, fmt.Errorf("sending to %s: %w", party, postgres.Transient(err))
	}
	return at, nil
}

// SetSending implements door.Sendings.
func (s *Store) SetSending(ctx context.Context, party string, from, to door.Sending) error {
	r, err := s.DB.ExecContext(ctx, `INSERT INTO rasp_sending AS s (supplier, sequence, number, answer_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT (supplier) DO UPDATE SET sequence = $2, number = $3, answer_id = $4 WHERE s.sequence = $5 AND s.number = $6 AND s.answer_id = $7`,
		party, to.Sequence, to.Number, to.Answer, from.Sequence, from.Number, from.Answer)
	if err == nil {
		var set int64
		if set, err = r.RowsAffected(); err == nil && set == 0 {
			err = gateway.ErrLostOwnership
		}
	}
	if err != nil {
		return fmt.Errorf("sending to %s: %w", party, postgres.Transient(err))
	}
	return nil
}
