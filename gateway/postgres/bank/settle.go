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

// HearAgain has a bank's file heard once more, by a decision, that was parked or leaves something open: as after a change of
// the program or the bank's profile. What it says that was carried out before does nothing again, nor is the bank answered
// again; what keeps it from being heard raises its exceptions anew. gateway.ErrLostOwnership: nothing of the file is open.
func (s *Store) HearAgain(ctx context.Context, x *postgres.Session, file, decision int64) error {
	bank, err := s.settle(ctx, x, file, decision)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToHear(bank))
	_, err = x.ExecContext(ctx, `INSERT INTO bank_file_unheard (bank, bank_file_id) VALUES ($1, $2)`, bank, file)
	if err != nil {
		return fmt.Errorf("file %d: %w", file, err)
	}
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'received', control_ref = NULL, note = NULL, none_of_ours = NULL, hearing = hearing + 1
		WHERE id = $1 AND state IN ('parked', 'done') AND NOT bytes_are_erased(document_id)`, file)
}

// NoneOfOurs records by a decision that what is open in a bank's file concerns none of our payments: silence counts again.
// gateway.ErrLostOwnership: nothing of the file is open, or that was decided before.
func (s *Store) NoneOfOurs(ctx context.Context, x *postgres.Session, file, decision int64) error {
	bank, err := s.settle(ctx, x, file, decision)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToAwait(bank))
	return x.UpdateOne(ctx, `UPDATE bank_file SET none_of_ours = $2 WHERE id = $1 AND state IN ('parked', 'done') AND none_of_ours IS NULL`, file, decision)
}

// settle ends the open doubts of a file, with the exceptions that tell of them, and gives its bank.
func (s *Store) settle(ctx context.Context, x *postgres.Session, file, decision int64) (bank string, err error) {
	var parked bool
	err = x.QueryRowContext(ctx, `SELECT bank, state = 'parked' FROM bank_file WHERE id = $1`, file).Scan(&bank, &parked)
	if errors.Is(err, sql.ErrNoRows) {
		return "", gateway.ErrLostOwnership
	}
	if err == nil {
		err = x.LockLines(ctx, bank)
	}
	if err != nil {
		return "", fmt.Errorf("file %d: %w", file, err)
	}
	var open []openException
	err = x.SelectContext(ctx, &open, `UPDATE bank_doubt SET settled_at = $2, decision = $3 WHERE bank_file_id = $1 AND settled_at IS NULL RETURNING kind, subject`,
		file, s.Now(), decision)
	if err == nil && len(open) == 0 && !parked {
		err = gateway.ErrLostOwnership
	}
	for i := 0; err == nil && i < len(open); i++ {
		err = s.CloseDecidedSubject(ctx, x, decision, open[i].Kind, open[i].Subject)
	}
	if err == nil {
		err = s.CloseDecided(ctx, x, decision, gateway.ThingBankFile, file, gateway.BankFileUnreadable, gateway.BankFileUnproven, gateway.BankNumberReused, gateway.BankFileNameReused)
	}
	if err == nil {
		err = s.endMoreDoubted(ctx, x, bank, decision)
	}
	if err != nil {
		return "", fmt.Errorf("file %d: open doubts: %w", file, err)
	}
	return bank, nil
}

// openException is an exception by its name.
type openException struct {
	Kind    gateway.ExceptionKind `db:"kind"`
	Subject string                `db:"subject"`
}
