package bank

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// NextToHear matches the next file that a bank has sent, all of it or nothing. It reports whether there was one.
func (s *Store) NextToHear(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.Banks.ByID(bankID)
	if err != nil {
		return false, err
	}
	return s.SkipFailing(ctx, gateway.BankFileFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "hear", func(x *postgres.Session) error {
			if err := lockLines(ctx, x, bankID); err != nil {
				return err
			}
			file, err := nextFile(ctx, x, bankID, over)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{file.ID}
			x.Wakes(postgres.ToAnswer, postgres.ToAwait(bankID))
			if err := s.hear(ctx, x, bank, file); err != nil {
				return fmt.Errorf("bank %s file %d: %w", bankID, file.ID, err)
			}
			if err := x.UpdateOne(ctx, `DELETE FROM bank_file_unheard WHERE bank = $1 AND bank_file_id = $2`, bankID, file.ID); err != nil {
				return fmt.Errorf("bank %s file %d: %w", bankID, file.ID, err)
			}
			return s.CloseMended(ctx, x, gateway.BankFileFails, file.ID)
		})
		return took, err
	})
}

// lockLines lets one transaction at a time move the lines of a bank on: two that touch the same lines in another order
// would wait for each other.
func lockLines(ctx context.Context, x *postgres.Session, bank string) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.lines.' || $1, 0))`, bank); err != nil {
		return fmt.Errorf("lock lines of %s: %w", bank, err)
	}
	return nil
}

// nextFile claims the oldest file of a bank that waits to be heard; sql.ErrNoRows when there is none.
func nextFile(ctx context.Context, x *postgres.Session, bank string, over []int64) (file bankFile, err error) {
	err = x.GetContext(ctx, &file.ID, `SELECT bank_file_id FROM bank_file_unheard WHERE bank = $1 AND bank_file_id <> ALL ($2::bigint[])
		ORDER BY bank_file_id LIMIT 1 FOR UPDATE SKIP LOCKED`, bank, over)
	if err == nil {
		err = x.GetContext(ctx, &file, `SELECT id, name, document_id, size, sha256 FROM bank_file WHERE id = $1 FOR UPDATE`, file.ID)
	}
	return file, err
}

type bankFile struct {
	ID         int64  `db:"id"`
	Name       string `db:"name"`
	DocumentID int64  `db:"document_id"`
	Size       int64  `db:"size"`
	SHA256     []byte `db:"sha256"`
}

// hear reads one file. A file that cannot be read is parked for a person, and the bank is told by CONTRL; one that
// came before under another name does no harm.
func (s *Store) hear(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) error {
	content, err := s.OpenDocument(ctx, x, file.DocumentID)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	now := s.Now()
	if err := makeTables(ctx, x); err != nil {
		return err
	}
	heard := newHearing(ctx, x)
	envelope, err := bank.Codec.Read(content, heard)
	if err == nil {
		err = heard.flush()
	}
	var bad *gateway.UnreadableError
	if errors.As(err, &bad) {
		return s.park(ctx, x, bank, file, envelope, err, now)
	}
	if err != nil {
		return err
	}
	if twin, err := s.twin(ctx, x, bank, file, envelope); err != nil || twin {
		return err
	}
	for _, c := range heard.controls {
		if err := s.applyContrl(ctx, x, bank, c, now); err != nil {
			return err
		}
	}
	if err := s.applyStatuses(ctx, x, bank, file.DocumentID, now); err != nil {
		return err
	}
	if err := s.noteAbout(ctx, x, bank, file, heard); err != nil {
		return err
	}
	for _, kind := range heard.unknown {
		if err := s.Raise(ctx, x, gateway.BankMessageUnknown, fmt.Sprintf("%s file %d %s", bank.ID, file.ID, kind), "message type "+kind); err != nil {
			return err
		}
	}
	if envelope.WantsContrl {
		if err := s.oweContrl(ctx, x, bank, envelope, nil, now); err != nil {
			return err
		}
	}
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'done', control_ref = $2 WHERE id = $1 AND state = 'received'`, file.ID, envelope.ControlRef)
}

// twin reports whether an interchange of this sender, number and time of preparation came before, in whatever month: the
// file is then parked. With other bytes it may say something else, which a person must see. One that is new is kept in mind.
func (s *Store) twin(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, e gateway.BankEnvelope) (bool, error) {
	var first int64
	var sum []byte
	err := x.QueryRowContext(ctx, `SELECT bank_file_id, sha256 FROM bank_interchange
		WHERE bank = $1 AND sender = $2 AND control_ref = $3 AND prepared = $4`, bank.ID, e.Sender, e.ControlRef, e.Prepared).Scan(&first, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = x.ExecContext(ctx, `INSERT INTO bank_interchange (bank, sender, control_ref, prepared, bank_file_id, sha256)
			VALUES ($1, $2, $3, $4, $5, $6)`, bank.ID, e.Sender, e.ControlRef, e.Prepared, file.ID, file.SHA256)
		return false, err
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(sum, file.SHA256) {
		err := s.Raise(ctx, x, gateway.BankNumberReused, fmt.Sprintf("%s file %d", bank.ID, file.ID),
			fmt.Sprintf("interchange %s came before with other bytes, in file %d", e.ControlRef, first))
		if err != nil {
			return false, err
		}
	}
	return true, x.UpdateOne(ctx, `UPDATE bank_file SET state = 'parked', note = $2 WHERE id = $1 AND state = 'received'`,
		file.ID, fmt.Sprintf("interchange %s came before, in file %d", e.ControlRef, first))
}

// park keeps a file that cannot be read for a person, and answers it with the CONTRL that names the error.
func (s *Store) park(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, e gateway.BankEnvelope, cause error, now time.Time) error {
	if e.WantsContrl {
		if err := s.oweContrl(ctx, x, bank, e, cause, now); err != nil {
			return err
		}
	}
	if err := s.Raise(ctx, x, gateway.BankFileUnreadable, fmt.Sprintf("%s file %d", bank.ID, file.ID), cause.Error()); err != nil {
		return err
	}
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'parked', note = $2 WHERE id = $1 AND state = 'received'`, file.ID, cause.Error())
}

// oweContrl queues the answer to a bank's interchange; it goes the way of every other interchange to that bank.
func (s *Store) oweContrl(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, e gateway.BankEnvelope, cause error, now time.Time) error {
	number, err := s.NextControlNumber(ctx, x, bank.ID)
	if err != nil {
		return err
	}
	content, err := bank.Codec.Answer(e, cause, number.String(), now.In(s.Location))
	if err != nil {
		return fmt.Errorf("CONTRL %d: %w", number, err)
	}
	document, _, err := s.StoreDocument(ctx, x, content)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToSend(bank.ID))
	_, err = x.ExecContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, prepared_at, file_name, messages, state, document_id)
		VALUES ('CONTRL', $1, $2, $3, $4, 1, 'rendered', $5)`, bank.ID, number, now, bank.Files.FinalName(number), document)
	return err
}
