package bank

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
)

// StoreBankFile stores what a bank laid out for us. The same name with the same bytes is one file; with other bytes
// it is another, and an exception. A file that is not taken for its size is one, too.
func (s *Store) StoreBankFile(ctx context.Context, bank, name string, fetch func(io.Writer) error) error {
	w, err := s.NewDocument(ctx, s.DB)
	if err != nil {
		return err
	}
	if err := fetch(w); err != nil {
		return errors.Join(err, s.DropDocument(ctx, w.ID()), s.raiseTooLarge(ctx, err, bank, name))
	}
	s.Failpoint("after-fetch-before-commit")
	stored := false
	err = s.Transact(ctx, "store bank file", func(x *postgres.Session) error {
		sum, err := w.Finish(ctx, x)
		if err != nil {
			return err
		}
		var others int
		if err := x.QueryRowContext(ctx, `SELECT count(*) FROM bank_file WHERE bank = $1 AND name = $2 AND sha256 <> $3`,
			bank, name, sum).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			if err := s.RaiseDetail(ctx, x, gateway.BankFileNameReused, fmt.Sprintf("%s document %d", bank, w.ID()), gateway.DetailNameCameBefore.With()); err != nil {
				return err
			}
		}
		r, err := x.ExecContext(ctx, `INSERT INTO bank_file (bank, name, sha256, size, document_id, received_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (bank, name, sha256) DO NOTHING`, bank, name, sum, w.Size(), w.ID(), s.Now())
		if err != nil {
			return err
		}
		x.Wakes(postgres.ToHear(bank))
		n, err := r.RowsAffected()
		stored = n == 1
		return err
	})
	if err != nil || !stored {
		// Stored before is as good; a commit of which nobody knows keeps the document by its reference.
		return errors.Join(err, s.DropDocument(ctx, w.ID()))
	}
	return nil
}

// raiseTooLarge raises an exception for a file that stays at the bank for its size; the bank may have put anything into its name.
func (s *Store) raiseTooLarge(ctx context.Context, err error, bank, name string) error {
	if !errors.Is(err, gateway.ErrRefused) {
		return nil
	}
	return s.RaiseDetailAlone(ctx, gateway.BankFileTooLarge, fmt.Sprintf("%s file %.8x", bank, sha256.Sum256([]byte(name))), gateway.DetailFileTooLarge.With())
}
