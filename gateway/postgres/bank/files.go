package bank

import (
	"context"
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
	err = s.Transact(ctx, "store bank file", func(x *postgres.Session) error {
		sum, err := w.Finish(ctx, x)
		if err != nil {
			return err
		}
		var others int
		if err := x.QueryRowContext(ctx, `SELECT count(*) FROM bank_file_key WHERE bank = $1 AND name = $2 AND sha256 <> $3`,
			bank, name, sum).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			if err := s.Raise(ctx, x, gateway.BankFileNameReused, fmt.Sprintf("%s document %d", bank, w.ID()), "its name came before with other bytes; both are kept"); err != nil {
				return err
			}
		}
		stored, err = s.keepBankFile(ctx, x, bank, name, sum, w)
		return err
	})
	if err != nil || !stored {
		// Stored before is as good; a commit of which nobody knows keeps the document by its reference.
		return errors.Join(err, s.DropDocument(ctx, w.ID()))
	}
	return nil
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
	if err == nil {
		_, err = x.ExecContext(ctx, `WITH kept AS (
				INSERT INTO bank_file (id, bank, name, sha256, size, document_id, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING bank, id)
			INSERT INTO bank_file_unheard (bank, bank_file_id) SELECT bank, id FROM kept`, id, bank, name, sum, w.Size(), w.ID(), now)
	}
	if err != nil {
		return false, err
	}
	return true, x.BelongsToBankFile(ctx, w.ID(), id)
}
