package bank

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
)

// StoreBankFile stores what a bank laid out for us. The same name with the same bytes is one file; with other bytes
// it is another, and an exception.
func (s *Store) StoreBankFile(ctx context.Context, bank, name string, fetch func(io.Writer) error) error {
	w, err := s.NewDocument(ctx, s.DB)
	if err != nil {
		return err
	}
	if err := fetch(w); err != nil {
		return errors.Join(err, s.DropDocument(ctx, w.ID()))
	}
	s.Failpoint("after-fetch-before-commit")
	stored := false
	var sum []byte
	err = s.Transact(ctx, "store bank file", func(x *postgres.Session) (err error) {
		if sum, err = w.Finish(ctx, x); err != nil {
			return err
		}
		var others int
		if err := x.QueryRowContext(ctx, `SELECT count(*) FROM bank_file_key WHERE bank = $1 AND name = $2 AND sha256 <> $3`,
			bank, name, sum).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			if err := s.raiseOfFile(ctx, x, bank, gateway.BankFileNameReused, fmt.Sprintf("%s document %d", bank, w.ID()), gateway.DetailNameCameBefore.With(), s.RaiseDetail); err != nil {
				return err
			}
		}
		// It may still not go away: that is told, or over, when it is known.
		for _, kind := range []gateway.ExceptionKind{gateway.FetchFails, gateway.BankFileStalls, gateway.BankFileChanges, gateway.BankFileTooLarge} {
			if err := s.Close(ctx, x, kind, remoteSubject(bank, name), postgres.ClosedByFlow); err != nil {
				return err
			}
		}
		stored, err = s.keepBankFile(ctx, x, bank, name, sum, w)
		return err
	})
	if err != nil || !stored {
		// Stored before is as good; a commit of which nobody knows keeps the document by its reference.
		err = errors.Join(err, s.DropDocument(ctx, w.ID()))
	}
	if err != nil {
		return err
	}
	err = s.Keep(ctx, postgres.JournalBankFile, `SELECT concat_ws(' ', f.bank, left(encode(sha256(convert_to(f.name, 'UTF8')), 'hex'), 16), left(encode(f.sha256, 'hex'), 16)),
		f.document_id, row_to_json(f) FROM bank_file f WHERE f.id = (SELECT k.bank_file_id FROM bank_file_key k WHERE k.bank = $1 AND k.name = $2 AND k.sha256 = $3)`,
		bank, name, sum)
	if !stored && errors.Is(err, sql.ErrNoRows) {
		return nil // it came again, and its month is dropped
	}
	return err
}

// FetchFails implements gateway.Outbox. The name is the bank's and may be anything: the exception has its digest.
func (s *Store) FetchFails(ctx context.Context, bank string, f gateway.RemoteFile, stored bool, cause error) error {
	kind, detail := fetchFailure(stored, cause)
	subject := remoteSubject(bank, f.Name)
	return s.Transact(ctx, "raise", func(x *postgres.Session) error {
		for _, other := range gateway.RemoteFileKinds() {
			if other == kind {
				continue
			}
			if err := s.Close(ctx, x, other, subject, postgres.ClosedByFlow); err != nil {
				return err
			}
		}
		return s.raiseOfFile(ctx, x, bank, kind, subject, detail, s.RaiseAgain)
	})
}

// fetchFailure is what is wrong with a file in a bank's mailbox.
func fetchFailure(stored bool, cause error) (gateway.ExceptionKind, gateway.ExceptionDetail) {
	switch {
	case stored:
		return gateway.RemoveFails, gateway.DetailFailed.With(cause)
	case errors.Is(cause, gateway.ErrRefused):
		return gateway.BankFileTooLarge, gateway.DetailFileTooLarge.With()
	case errors.Is(cause, gateway.ErrStalls):
		return gateway.BankFileStalls, gateway.DetailFailed.With(cause)
	case errors.Is(cause, gateway.ErrStillChanging):
		return gateway.BankFileChanges, gateway.DetailFailed.With(cause)
	}
	return gateway.FetchFails, gateway.DetailFailed.With(cause)
}

// FetchMended implements gateway.Outbox.
func (s *Store) FetchMended(ctx context.Context, bank string, there []gateway.RemoteFile) error {
	waits := make([]string, 0, len(there))
	for _, f := range there {
		waits = append(waits, remoteSubject(bank, f.Name))
	}
	return s.Transact(ctx, "files are gone", func(x *postgres.Session) error {
		var open []openException
		err := x.SelectContext(ctx, &open, `SELECT kind, subject FROM exception WHERE kind = ANY ($1::text[]) AND closed_at IS NULL
			AND starts_with(subject, $2) AND subject <> ALL ($3::text[])`, gateway.RemoteFileKinds(), remotePrefix(bank), waits)
		for _, e := range open {
			err = errors.Join(err, s.Close(ctx, x, e.Kind, e.Subject, postgres.ClosedByFlow))
		}
		if err != nil {
			return err
		}
		return s.endMoreRemote(ctx, x, bank)
	})
}

// remotePrefix is how the names of files in a bank's mailbox begin in exceptions.
func remotePrefix(bank string) string { return bank + " file name " }

// remoteSubject is how an exception names a file in a bank's mailbox.
func remoteSubject(bank, name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s%x", remotePrefix(bank), sum[:6])
}

// keepBankFile makes a complete document the bank's next file to be heard, unless it is known: then it tells false.
func (s *Store) keepBankFile(ctx context.Context, x *postgres.Session, bank, name string, sum []byte, w *postgres.DocumentWriter) (bool, error) {
	x.Wakes(postgres.ToHear(bank))
	now := s.Now()
	month, err := s.EnsureMonth(ctx, x, now)
	if err != nil {
		return false, err
	}
	var id int64
	err = x.QueryRowContext(ctx, `INSERT INTO bank_file_key (bank, name, sha256, bank_file_id) VALUES ($1, $2, $3, $4::bigint + nextval('bank_file_number'))
		ON CONFLICT (bank, name, sha256) DO NOTHING RETURNING bank_file_id`, bank, name, sum, month.IDs()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	var document int64
	if err == nil {
		document, err = x.InMonth(ctx, w.ID(), month)
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `WITH kept AS (
				INSERT INTO bank_file (id, bank, name, sha256, size, document_id, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING bank, id)
			INSERT INTO bank_file_unheard (bank, bank_file_id) SELECT bank, id FROM kept`, id, bank, name, sum, w.Size(), document, now)
	}
	if err != nil {
		return false, err
	}
	return true, x.BelongsToBankFile(ctx, document, id)
}
