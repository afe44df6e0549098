package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// NextToAcknowledge answers the bank's next interchange that was heard and wants a CONTRL; it goes the way of every other
// interchange to that bank. It reports whether there was one. Only here does a CONTRL draw its control number: a release keeps
// the bank's counter to its end, and hearing must not wait for that.
func (s *Store) NextToAcknowledge(ctx context.Context, bankID string) (bool, error) {
	bank, err := s.serving(ctx, bankID)
	if err != nil {
		return false, err
	}
	return s.SkipFailing(ctx, gateway.BankFileFails, func(over []int64) (took []int64, err error) {
		err = s.Transact(ctx, "acknowledge", func(x *postgres.Session) error {
			var file heardFile
			err := x.GetContext(ctx, &file, `SELECT id, document_id, state = 'parked' AS parked FROM bank_file
				WHERE bank = $1 AND contrl_owed AND state <> 'received' AND id <> ALL ($2::bigint[]) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`, bankID, over)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{file.ID}
			if err := s.acknowledge(ctx, x, bank, file); err != nil {
				return fmt.Errorf("bank %s file %d: %w", bankID, file.ID, err)
			}
			return s.CloseMended(ctx, x, gateway.BankFileFails, file.ID)
		})
		return took, err
	})
}

var errOtherwise = errors.New("another end")

// heardFile is a bank's file that has been heard, or parked because it cannot be.
type heardFile struct {
	ID         int64 `db:"id"`
	DocumentID int64 `db:"document_id"`
	Parked     bool  `db:"parked"`
}

// acknowledge accepts a file, or names the error for which it was parked: what the codec finds in the same bytes is the same.
func (s *Store) acknowledge(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file heardFile) error {
	content, err := s.OpenDocument(ctx, x, file.DocumentID)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	envelope, fault := bank.Codec.Read(content, s.Now(), &deaf{})
	var unproven *gateway.UnprovenError
	if errors.As(fault, &unproven) {
		fault = unproven.Fault // only what was proven is answered, whatever keys the profile has by now
	}
	var bad *gateway.UnreadableError
	if fault != nil && !errors.As(fault, &bad) {
		return fault
	}
	if file.Parked != (fault != nil) {
		return fmt.Errorf("its hearing parked it: %t, but the same bytes are read with: %w", file.Parked, errors.Join(errOtherwise, fault))
	}
	number, err := s.NextControlNumber(ctx, x, bank.ID)
	if err != nil {
		return err
	}
	now := s.Now()
	answer, err := bank.Codec.Answer(envelope, fault, number.String(), now.In(s.Location))
	var signature gateway.Signature
	if err == nil {
		signature, err = bank.Codec.Signature()
	}
	if err != nil {
		return fmt.Errorf("CONTRL %d: %w", number, err)
	}
	document, _, err := s.StoreDocument(ctx, x, answer)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, prepared_at, month, file_name, messages, state, document_id, signed_by)
		VALUES ('CONTRL', $1, $2, $3, $6, $4, 1, 'rendered', $5, $7)`, bank.ID, number, now, bank.Files.FinalName(number), document, s.thisMonth(), signature.Key)
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToSend(bank.ID))
	return x.UpdateOne(ctx, `UPDATE bank_file SET contrl_owed = false WHERE id = $1 AND contrl_owed`, file.ID)
}

// deaf is a sink for a file that has been heard. What hearing refuses it refuses, too.
type deaf struct{ controls int }

// Contrl implements gateway.BankSink.
func (d *deaf) Contrl(gateway.Contrl) error {
	if d.controls == mostContrls {
		return tooManyContrls()
	}
	d.controls++
	return nil
}

// Status implements gateway.BankSink.
func (*deaf) Status(gateway.BankStatus) error { return nil }

// Posting implements gateway.BankSink.
func (*deaf) Posting(gateway.BankPosting) error { return nil }

// Statement implements gateway.BankSink.
func (*deaf) Statement(gateway.BankStatement) error { return nil }

// Unknown implements gateway.BankSink.
func (*deaf) Unknown(string) error { return nil }
