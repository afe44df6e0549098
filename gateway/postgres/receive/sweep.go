package receive

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Staging bounds what waits for its rename. A zero is no bound.
type Staging struct {
	Files int           // of one supplier
	Bytes int64         // of one supplier, together
	Keep  time.Duration // then an upload that nobody has renamed is dropped, in business time
}

// staged is what of a supplier waits for its rename, but for the upload of a name, whose place is taken.
func (s *Store) staged(ctx context.Context, db postgres.Queryer, party, name string) (files int, bytes int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(d.size), 0) FROM mailbox_upload u JOIN document d ON d.id = u.document_id
		WHERE u.supplier = $1 AND u.name <> $2`, party, name).Scan(&files, &bytes)
	if err != nil {
		return 0, 0, fmt.Errorf("staged files: %w", postgres.Transient(err))
	}
	return files, bytes, nil
}

// room refuses an upload for which there is none, and else gives what it has left. It is asked before the bytes come, and again, then
// alone, when they count.
func (s *Store) room(ctx context.Context, db postgres.Queryer, party, name string) (int64, error) {
	files, bytes, err := s.staged(ctx, db, party, name)
	if err != nil {
		return 0, err
	}
	q := s.Rules.Staging
	if q.Files > 0 && files >= q.Files {
		return 0, fmt.Errorf("%w: %d files", door.ErrQuota, q.Files)
	}
	if q.Bytes == 0 {
		return s.Rules.DocumentBytes + 1, nil
	}
	if bytes > q.Bytes {
		return 0, s.overBytes()
	}
	return q.Bytes - bytes, nil
}

func (s *Store) overBytes() error {
	return fmt.Errorf("%w: %d MB", door.ErrQuota, s.Rules.Staging.Bytes>>20)
}

// alone keeps others of the supplier from being staged until the transaction ends.
func alone(ctx context.Context, x *postgres.Session, party string) error {
	_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.staging ' || $1, 0))`, party)
	return err
}

// roomy is content for which there is so much room.
type roomy struct {
	io.Reader
	room int64
	over error
}

func (r *roomy) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.room -= int64(n); r.room < 0 {
		return 0, r.over
	}
	return n, err
}

// sweptAtOnce is how many uploads one sweep drops.
const sweptAtOnce = 100

// Sweep drops what uploads have left behind: pieces of such as broke off with the process, and complete ones that nobody has renamed
// for too long.
func (s *Store) Sweep(ctx context.Context) (worked bool, err error) {
	unfinished, err := s.DropUnfinished(ctx)
	if err != nil {
		return false, err
	}
	forgotten, err := s.dropForgotten(ctx)
	if unfinished > 0 || forgotten > 0 {
		s.Log.Info().Int("broken_off", unfinished).Int("never_renamed", forgotten).Msg("uploads swept")
	}
	return forgotten == sweptAtOnce, err
}

// dropForgotten drops staged documents that are too old, and says how many.
func (s *Store) dropForgotten(ctx context.Context) (n int, err error) {
	keep := s.Rules.Staging.Keep
	if keep == 0 {
		return 0, nil
	}
	err = s.Transact(ctx, "sweep uploads", func(x *postgres.Session) error {
		var documents []int64
		if err := x.SelectContext(ctx, &documents, `DELETE FROM mailbox_upload u USING (SELECT supplier, name FROM mailbox_upload
				WHERE made_at < $1 ORDER BY made_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
			WHERE u.supplier = old.supplier AND u.name = old.name RETURNING u.document_id`, s.Now().Add(-keep), sweptAtOnce); err != nil {
			return err
		}
		n = len(documents)
		for _, d := range documents {
			if err := x.DeleteDocument(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// NextSweep is the next business time at which there is something to sweep; zero: never.
func (s *Store) NextSweep(ctx context.Context, after time.Time) (time.Time, error) {
	next, err := s.NextUnfinished(ctx)
	if err != nil {
		return next, err
	}
	if keep := s.Rules.Staging.Keep; keep > 0 {
		var oldest sql.NullTime
		if err := s.DB.GetContext(ctx, &oldest, `SELECT min(made_at) FROM mailbox_upload`); err != nil {
			return next, fmt.Errorf("oldest upload: %w", postgres.Transient(err))
		}
		if oldest.Valid {
			next = gateway.Sooner(next, oldest.Time.Add(keep).Add(time.Microsecond))
		}
	}
	if !next.After(after) {
		return time.Time{}, nil // somebody else has it in hand: it is looked for again in a while
	}
	return next, nil
}
