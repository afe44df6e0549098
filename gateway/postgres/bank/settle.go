package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Doubt is something in a bank's file that nobody could decide: while it is open, silence decides nothing of what it may
// concern.
type Doubt struct {
	File        int64                 `db:"bank_file_id"`
	Name        string                `db:"name"` // that the bank gave it
	Bank        string                `db:"bank"`
	Interchange int64                 `db:"interchange_id"` // 0: it names none of ours and may concern any of the bank
	Kind        gateway.ExceptionKind `db:"kind"`
	Subject     string                `db:"subject"` // of the exception
	RaisedAt    time.Time             `db:"raised_at"`
}

// Doubts lists the open doubts, the oldest first, at most 1,000.
func (s *Store) Doubts(ctx context.Context) ([]Doubt, error) {
	var all []Doubt
	err := s.DB.SelectContext(ctx, &all, `SELECT d.bank_file_id, f.name, d.bank, d.interchange_id, d.kind, d.subject, d.raised_at
		FROM bank_doubt d JOIN bank_file f ON f.id = d.bank_file_id WHERE d.settled_at IS NULL ORDER BY d.id LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("doubts: %w", postgres.Transient(err))
	}
	return all, nil
}

// HearAgain has a file heard once more that leaves something open: it could not be read, or something in it could not be
// decided. What it says that was carried out before does nothing again, nor is the bank answered again. ErrNotFound:
// nothing of the file is open.
func (s *Store) HearAgain(ctx context.Context, file int64) error {
	return s.settle(ctx, "hear again", file, closedByNewHearing, "", func(x *postgres.Session, bank string) error {
		x.Wakes(postgres.ToHear(bank))
		if _, err := x.ExecContext(ctx, `DELETE FROM bank_file_about WHERE bank_file_id = $1`, file); err != nil {
			return err
		}
		return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'received', control_ref = NULL, note = NULL, hearing = hearing + 1
			WHERE id = $1 AND state IN ('parked', 'done')`, file)
	})
}

// closedByNewHearing is who settles what a new hearing of a file judges anew.
const closedByNewHearing = "new hearing"

// ConcernsNone records that what is open in a file concerns none of our payments, as the bank has told a person and a
// second one approves. ErrNotFound: nothing of the file is open.
func (s *Store) ConcernsNone(ctx context.Context, file int64, by, approvedBy string) error {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return fmt.Errorf("file %d concerns none: %w", file, err)
	}
	return s.settle(ctx, "concerns none", file, by, approvedBy, func(x *postgres.Session, bank string) error {
		x.Wakes(postgres.ToAwait(bank))
		return nil
	})
}

// settle ends the open doubts of a file with the exceptions that tell of them, and does what follows from it.
func (s *Store) settle(ctx context.Context, op string, file int64, by, approvedBy string, then func(x *postgres.Session, bank string) error) error {
	return s.Transact(ctx, op, func(x *postgres.Session) error {
		var bank string
		err := x.QueryRowContext(ctx, `SELECT bank FROM bank_file WHERE id = $1`, file).Scan(&bank)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := lockLines(ctx, x, bank); err != nil {
			return err
		}
		var open []openException
		err = x.SelectContext(ctx, &open, `UPDATE bank_doubt SET settled_at = $2, settled_by = $3, approved_by = nullif($4, '')
			WHERE bank_file_id = $1 AND settled_at IS NULL RETURNING kind, subject`, file, s.Now(), by, approvedBy)
		if err == nil && len(open) == 0 {
			err = gateway.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("file %d: open doubts: %w", file, err)
		}
		for _, d := range open {
			if err := s.closeDoubt(ctx, x, d, by, approvedBy); err != nil {
				return err
			}
		}
		return then(x, bank)
	})
}

// openException is an exception by its name.
type openException struct {
	Kind    gateway.ExceptionKind `db:"kind"`
	Subject string                `db:"subject"`
}

func (s *Store) closeDoubt(ctx context.Context, x *postgres.Session, d openException, by, approvedBy string) error {
	if approvedBy == "" {
		return s.Close(ctx, x, d.Kind, d.Subject, by)
	}
	return s.CloseDecided(ctx, x, d.Kind, d.Subject, by, approvedBy)
}
