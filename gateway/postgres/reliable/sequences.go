// Package reliable keeps what the signed endpoint owes to reliable sequences: what has come and how it was replied to, and where its own
// sequences to suppliers are. It writes rasp_sequence, rasp_message and rasp_sending.
package reliable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/postgres"
)

// Limits bound what a party may keep open.
type Limits struct {
	Sequences int // of a party, open ones; of its ended ones eight times as many are remembered
}

const endedPerOpen = 8

// Store keeps sequences. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Limits Limits
}

// Open implements door.Sequences.
func (s *Store) Open(ctx context.Context, party, messageID, offered string, at time.Time) (door.Sequence, error) {
	var q door.Sequence
	err := s.Transact(ctx, "open sequence", func(x *postgres.Session) error {
		// One party's requests wait for each other, so that its bound holds.
		if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('rasp_sequence'), hashtext($1))`, party); err != nil {
			return err
		}
		err := x.QueryRowContext(ctx, `SELECT id, offered, ended_at IS NOT NULL FROM rasp_sequence WHERE supplier = $1 AND message_id = $2`,
			party, messageID).Scan(&q.ID, &q.Offered, &q.Ended)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var open int
		if err := x.QueryRowContext(ctx, `SELECT count(*) FROM rasp_sequence WHERE supplier = $1 AND ended_at IS NULL`, party).Scan(&open); err != nil {
			return err
		}
		if open >= s.Limits.Sequences {
			return fmt.Errorf("%w: %d sequences are open", gateway.ErrRefused, open)
		}
		// Who opens and ends without end is owed no memory of it: what a client still asks of an ended sequence it asks soon.
		if _, err := x.ExecContext(ctx, `DELETE FROM rasp_sequence WHERE id IN (SELECT id FROM rasp_sequence
			WHERE supplier = $1 AND ended_at IS NOT NULL ORDER BY ended_at DESC, used_at DESC OFFSET $2)`, party, endedPerOpen*s.Limits.Sequences); err != nil {
			return err
		}
		q = door.Sequence{ID: soap.NewID(), Offered: offered}
		_, err = x.ExecContext(ctx, `INSERT INTO rasp_sequence (id, supplier, message_id, offered, opened_at, used_at) VALUES ($1, $2, $3, $4, $5, $5)`,
			q.ID, party, messageID, offered, at)
		return err
	})
	return q, err
}

// Find implements door.Sequences.
func (s *Store) Find(ctx context.Context, party, id string, at time.Time) (door.Sequence, error) {
	q := door.Sequence{ID: id}
	err := s.DB.QueryRowContext(ctx, `UPDATE rasp_sequence q SET used_at = $3 WHERE supplier = $1 AND id = $2
		RETURNING offered, ended_at IS NOT NULL, coalesce((SELECT max(number) FROM rasp_message m WHERE m.sequence_id = q.id AND m.last AND m.settled), 0)`,
		party, id, at).Scan(&q.Offered, &q.Ended, &q.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return q, fmt.Errorf("sequence: %w", gateway.ErrNotFound)
	}
	if err == nil {
		// Consecutive numbers differ from their place in the order by the same.
		err = s.DB.SelectContext(ctx, &q.Came, `SELECT min(number) AS lower, max(number) AS upper
			FROM (SELECT number, number - row_number() OVER (ORDER BY number) AS run FROM rasp_message WHERE sequence_id = $1 AND settled) m
			GROUP BY run ORDER BY lower`, id)
	}
	if err != nil {
		return q, fmt.Errorf("sequence: %w", postgres.Transient(err))
	}
	return q, nil
}

// Message implements door.Sequences.
func (s *Store) Message(ctx context.Context, id string, number int64) (door.SequenceMessage, error) {
	m := door.SequenceMessage{Number: number}
	var sum []byte
	err := s.DB.QueryRowContext(ctx, `SELECT message_id, sha256, last, fault, reason FROM rasp_message WHERE sequence_id = $1 AND number = $2 AND settled`,
		id, number).Scan(&m.MessageID, &sum, &m.Last, &m.Fault, &m.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return m, gateway.ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("message of a sequence: %w", postgres.Transient(err))
	}
	copy(m.SHA256[:], sum)
	return m, nil
}

// Claim implements door.Sequences.
func (s *Store) Claim(ctx context.Context, id string, m door.SequenceMessage) error {
	return s.record(ctx, id, m, false)
}

// Keep implements door.Sequences.
func (s *Store) Keep(ctx context.Context, id string, m door.SequenceMessage) error {
	return s.record(ctx, id, m, true)
}

// record keeps what is known of a message: what is settled stays as it is.
func (s *Store) record(ctx context.Context, id string, m door.SequenceMessage, settled bool) error {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO rasp_message AS m (sequence_id, number, message_id, sha256, last, fault, reason, settled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (sequence_id, number) DO UPDATE SET sha256 = $4, last = $5, fault = $6, reason = $7, settled = $8
			WHERE m.message_id = $3 AND NOT m.settled`, id, m.Number, m.MessageID, m.SHA256[:], m.Last, m.Fault, m.Reason, settled)
	if err != nil {
		return fmt.Errorf("message of a sequence: %w", postgres.Transient(err))
	}
	var has string
	if err := s.DB.QueryRowContext(ctx, `SELECT message_id FROM rasp_message WHERE sequence_id = $1 AND number = $2`, id, m.Number).Scan(&has); err != nil {
		return fmt.Errorf("message of a sequence: %w", postgres.Transient(err))
	}
	if has != m.MessageID {
		return fmt.Errorf("message of a sequence: %w", gateway.ErrConflict)
	}
	return nil
}

// End implements door.Sequences.
func (s *Store) End(ctx context.Context, id string, at time.Time) error {
	_, err := s.DB.ExecContext(ctx, `UPDATE rasp_sequence SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, at)
	if err != nil {
		return fmt.Errorf("end sequence: %w", postgres.Transient(err))
	}
	return nil
}

// Forget implements door.Sequences.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	if _, err := s.DB.ExecContext(ctx, `DELETE FROM rasp_sequence WHERE used_at < $1`, before); err != nil {
		return fmt.Errorf("forget sequences: %w", postgres.Transient(err))
	}
	return nil
}
