package reliable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Own implements door.Sendings, over all processes on the database: the lock ends with the connection.
func (s *Store) Own(ctx context.Context, party string, do func(context.Context) error) (owned bool, err error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return false, fmt.Errorf("send to %s: %w", party, postgres.Transient(err))
	}
	defer func() { _ = conn.Close() }()
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtext('rasp_sending'), hashtext($1))`, party).Scan(&owned); err != nil || !owned {
		return false, err
	}
	defer func() {
		// Where it cannot be given back the connection is dead, and the lock with it.
		_, unlock := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtext('rasp_sending'), hashtext($1))`, party)
		err = errors.Join(err, unlock)
	}()
	return true, do(ctx)
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
