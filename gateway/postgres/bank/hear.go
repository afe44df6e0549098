package bank

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// NextToHear matches the next file that a bank has sent, all of it or nothing. It reports whether there was one.
func (s *Store) NextToHear(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return false, err
	}
	return s.SkipFailing(ctx, gateway.BankFileFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "hear", func(x *postgres.Session) error {
			if err := x.LockLines(ctx, bankID); err != nil {
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

// LockLines locks the lines of several banks, in the order that everybody keeps. Who locks rows that are about lines of a bank takes
// this lock first, as hearing does.
func (s *Store) LockLines(ctx context.Context, x *postgres.Session, banks []string) error {
	for _, bank := range slices.Compact(slices.Sorted(slices.Values(banks))) {
		if err := x.LockLines(ctx, bank); err != nil {
			return err
		}
	}
	return nil
}

// nextFile claims the oldest file of a bank that waits to be heard; sql.ErrNoRows when there is none.
func nextFile(ctx context.Context, x *postgres.Session, bank string, over []int64) (file bankFile, err error) {
	err = x.GetContext(ctx, &file.ID, `SELECT bank_file_id FROM bank_file_unheard WHERE bank = $1 AND bank_file_id <> ALL ($2::bigint[])
		ORDER BY bank_file_id LIMIT 1 FOR UPDATE SKIP LOCKED`, bank, over)
	if err == nil {
		err = x.GetContext(ctx, &file, `SELECT id, name, document_id, size, sha256, received_at, hearing, contrl_withheld FROM bank_file WHERE id = $1 FOR UPDATE`, file.ID)
	}
	return file, err
}

type bankFile struct {
	ID         int64     `db:"id"`
	Name       string    `db:"name"`
	DocumentID int64     `db:"document_id"`
	Size       int64     `db:"size"`
	SHA256     []byte    `db:"sha256"`
	ReceivedAt time.Time `db:"received_at"`
	Hearing    int       `db:"hearing"`
	// Withheld: it was not answered, since nothing proved who wrote it.
	Withheld bool `db:"contrl_withheld"`
}

// owesContrl reports whether a file that its bank is known to have written is to be answered: at its first hearing, or at the first at
// which that is known.
func (f bankFile) owesContrl(e gateway.BankEnvelope) bool {
	return e.WantsContrl && (f.Hearing == 1 || f.Withheld)
}

// hear reads one file. A file that cannot be read is parked for a person, and the bank is told by CONTRL; one that
// came before under another name does no harm. What nobody can decide is kept as a doubt: silence then counts for nothing
// of what it may concern. The bank is answered at the first hearing alone.
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
	envelope, err := bank.Codec.Read(content, file.ReceivedAt, heard)
	if err == nil {
		err = heard.flush()
	}
	var unproven *gateway.UnprovenError
	if errors.As(err, &unproven) {
		return s.parkUnproven(ctx, x, bank, file, unproven)
	}
	var bad *gateway.UnreadableError
	if errors.As(err, &bad) {
		return s.park(ctx, x, bank, file, envelope, err)
	}
	if err != nil {
		return err
	}
	if twin, err := s.twin(ctx, x, bank, file, envelope); err != nil || twin {
		return err
	}
	var facts []fact
	for _, c := range heard.controls {
		of, err := s.applyContrl(ctx, x, bank, c, now, file)
		if err != nil {
			return err
		}
		facts = append(facts, of...)
	}
	if err := s.applyRecalls(ctx, x, bank, file, now); err != nil {
		return err
	}
	if err := s.applyStatuses(ctx, x, bank, file.DocumentID, now); err != nil {
		return err
	}
	if err := s.applyBookings(ctx, x, bank, file, heard, now); err != nil {
		return err
	}
	if err := s.noteAbout(ctx, x, bank, file, heard); err != nil {
		return err
	}
	if err := s.raiseUnclear(ctx, x, bank, file); err != nil {
		return err
	}
	if err := s.raiseUnknown(ctx, x, bank, file, heard); err != nil {
		return err
	}
	facts = append(facts, heard.unknown...)
	if heard.n == 0 {
		facts = append(facts, fact{N: 1, Kind: kindFile, Interchange: anyBank, Meaning: "nothing", Effect: gateway.Keeps})
	}
	if err := s.keepFacts(ctx, x, bank, file, facts...); err != nil {
		return err
	}
	if err := s.keepStatuses(ctx, x, file); err != nil {
		return err
	}
	if err := s.keepBookings(ctx, x, bank, file, heard); err != nil {
		return err
	}
	if err := s.doubtStatuses(ctx, x, bank, file); err != nil {
		return err
	}
	x.Wakes(postgres.ToAcknowledge(bank.ID))
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'done', control_ref = $2, contrl_owed = contrl_owed OR $3, contrl_withheld = false, signed_by = $4
		WHERE id = $1 AND state = 'received'`, file.ID, envelope.ControlRef, file.owesContrl(envelope), envelope.SignedBy)
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
	if err != nil || first == file.ID { // it is heard again
		return false, err
	}
	whole := fact{N: 1, Kind: kindFile, Interchange: anyBank, Reference: e.ControlRef, Meaning: "came before", Effect: gateway.Repeats}
	if !bytes.Equal(sum, file.SHA256) {
		whole = whole.undecidable(gateway.UndecidedNumber, fileSubject(bank, file))
		err := s.raiseOfFile(ctx, x, bank.ID, gateway.BankNumberReused, fileSubject(bank, file), gateway.DetailNumberCameBefore.With(e.ControlRef, first), s.RaiseDetail)
		if err != nil {
			return false, err
		}
	}
	if err := s.keepFacts(ctx, x, bank, file, whole); err != nil {
		return false, err
	}
	return true, x.UpdateOne(ctx, `UPDATE bank_file SET state = 'parked', note = $2, signed_by = $3 WHERE id = $1 AND state = 'received'`,
		file.ID, fmt.Sprintf("interchange %s came before, in file %d", e.ControlRef, first), e.SignedBy)
}

// park keeps a file that cannot be read for a person, and answers it with the CONTRL that names the error.
func (s *Store) park(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, e gateway.BankEnvelope, cause error) error {
	if err := s.raiseOfFile(ctx, x, bank.ID, gateway.BankFileUnreadable, fileSubject(bank, file), gateway.DetailUnreadable.With(cause), s.RaiseDetail); err != nil {
		return err
	}
	whole := fact{N: 1, Kind: kindFile, Interchange: anyBank, Reference: e.ControlRef, Meaning: "unreadable", Text: cause.Error()}
	if err := s.keepFacts(ctx, x, bank, file, whole.undecidable(gateway.UndecidedFile, fileSubject(bank, file))); err != nil {
		return err
	}
	x.Wakes(postgres.ToAcknowledge(bank.ID))
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'parked', note = $2, contrl_owed = contrl_owed OR $3, contrl_withheld = false, signed_by = $4
		WHERE id = $1 AND state = 'received'`, file.ID, cause.Error(), file.owesContrl(e), e.SignedBy)
}

// parkUnproven keeps a file of which nothing proves that its bank wrote it for a person. What it says is not looked at, its number is
// not taken, and it is not answered: a CONTRL would speak to the bank of an interchange that it may never have written. That the
// bank may have written it, and what, is a doubt as of any file that cannot be read. // B16.4
func (s *Store) parkUnproven(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, cause *gateway.UnprovenError) error {
	if err := s.raiseOfFile(ctx, x, bank.ID, gateway.BankFileUnproven, fileSubject(bank, file), gateway.DetailUnproven.With(cause), s.RaiseDetail); err != nil {
		return err
	}
	whole := fact{N: 1, Kind: kindFile, Interchange: anyBank, Meaning: "unproven", Text: cause.Error()}
	if err := s.keepFacts(ctx, x, bank, file, whole.undecidable(gateway.UndecidedProof, fileSubject(bank, file))); err != nil {
		return err
	}
	return x.UpdateOne(ctx, `UPDATE bank_file SET state = 'parked', note = $2, signed_by = NULL, contrl_withheld = contrl_withheld OR hearing = 1
		WHERE id = $1 AND state = 'received'`, file.ID, cause.Error())
}
