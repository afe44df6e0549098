package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// Upload is a file of the mailbox's in/ while it arrives. Its pieces are stored as they come; nothing counts before
// Commit returns nil.
type Upload struct {
	store    *Store
	supplier string
	name     string
	final    bool
	w        *documentWriter
}

// NewUpload begins to take in/<name>; final tells whether the name makes it a delivery, or a file that a rename will
// make one.
func (s *Store) NewUpload(ctx context.Context, supplier, name string, final bool) (*Upload, error) {
	w, err := s.newDocument(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	return &Upload{store: s, supplier: supplier, name: name, final: final, w: w}, nil
}

// Write stores the next bytes.
func (u *Upload) Write(p []byte) (int, error) {
	if u.w.size+int64(len(u.w.buf)+len(p)) > u.store.Rules.DocumentBytes {
		return 0, fmt.Errorf("upload: %w: limit %d bytes", ErrTooLarge, u.store.Rules.DocumentBytes)
	}
	return u.w.Write(p)
}

// ErrTooLarge: the document exceeds the configured limit.
var ErrTooLarge = errors.New("too large")

// Commit makes the upload count: as a delivery under a final name, else as a complete file that waits for its rename.
func (u *Upload) Commit(ctx context.Context) error {
	s := u.store
	err := s.transact(ctx, "upload", func(x *session) error {
		sum, err := u.w.finish(ctx, x)
		if err != nil {
			return err
		}
		if u.final {
			return s.deliver(ctx, x, arrival{Door: "sftp", Supplier: u.supplier, Key: u.name, Document: u.w.id, SHA256: sum, Size: u.w.size})
		}
		return s.stage(ctx, x, u)
	})
	if err != nil {
		// What was refused must not stay; where the outcome of the commit is not known, the document's reference keeps it.
		return errors.Join(err, u.Abort(ctx), s.alarmConflict(ctx, err, u.supplier))
	}
	if u.final {
		s.Gap("after-commit-before-acknowledgement")
	} else {
		s.Gap("after-upload-before-reply")
	}
	return nil
}

// stage keeps a complete upload for its rename, in the place of an earlier one of that name.
func (s *Store) stage(ctx context.Context, x *session, u *Upload) error {
	_, err := x.ExecContext(ctx, `
		WITH earlier AS (DELETE FROM mailbox_upload WHERE supplier = $1 AND name = $2 RETURNING document_id)
		DELETE FROM document WHERE id IN (SELECT document_id FROM earlier)`, u.supplier, u.name)
	if err != nil {
		return fmt.Errorf("earlier upload: %w", err)
	}
	_, err = x.ExecContext(ctx, `INSERT INTO mailbox_upload (supplier, name, document_id, complete, made_at) VALUES ($1, $2, $3, true, $4)`,
		u.supplier, u.name, u.w.id, s.Now())
	return err
}

// alarmConflict makes an alarm of a name that was used again with other bytes; the refusal itself was rolled back.
func (s *Store) alarmConflict(ctx context.Context, err error, supplier string) error {
	var c *conflictError
	if !errors.As(err, &c) {
		return nil
	}
	return s.alarm(context.WithoutCancel(ctx), "name used again with other bytes", fmt.Sprintf("delivery %d", c.delivery),
		"supplier "+supplier+" sent other bytes under this delivery's name; they were refused")
}

// conflictError is ErrConflict with the delivery that has the name. It does not say the name: a supplier may have put
// personal data there.
type conflictError struct{ delivery int64 }

func (e *conflictError) Error() string {
	return fmt.Sprintf("delivery %d: %v", e.delivery, gateway.ErrConflict)
}

func (e *conflictError) Unwrap() error { return gateway.ErrConflict }

// Abort forgets the upload, unless something refers to it: an upload whose commit may have happened stays.
func (u *Upload) Abort(ctx context.Context) error { return u.store.drop(ctx, u.w.id) }

// arrival is a document that is complete at a door.
type arrival struct {
	Door, Supplier, Key string
	UploadedAs          string // the temporary name that was renamed
	Document            int64
	SHA256              []byte
	Size                int64
}

// deliver makes a complete document a delivery, stamped with the business clock. The same key with the same bytes is
// the delivery that it was; with other bytes it is refused.
func (s *Store) deliver(ctx context.Context, x *session, a arrival) error {
	now := s.Now()
	month := s.month(now)
	if _, err := x.ExecContext(ctx, `SELECT ensure_month($1::date)`, month); err != nil {
		return fmt.Errorf("month %s: %w", month, err)
	}
	r, err := x.ExecContext(ctx, `INSERT INTO delivery (door, supplier, transport_key, document_id, sha256, size, received_at, month, uploaded_as)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, '')) ON CONFLICT (door, supplier, transport_key) DO NOTHING`,
		a.Door, a.Supplier, a.Key, a.Document, a.SHA256, a.Size, now, month, a.UploadedAs)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 1 {
		return err
	}
	var before []byte
	var delivery int64
	err = x.QueryRowContext(ctx, `SELECT id, sha256 FROM delivery WHERE door = $1 AND supplier = $2 AND transport_key = $3`,
		a.Door, a.Supplier, a.Key).Scan(&delivery, &before)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if !bytes.Equal(before, a.SHA256) {
		return &conflictError{delivery}
	}
	// The bytes are there already.
	if _, err := x.ExecContext(ctx, `DELETE FROM document WHERE id = $1`, a.Document); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

// RenameUpload publishes a complete upload under a final name: it becomes a delivery. A rename whose reply was lost may
// be repeated: when the upload is gone and the final name is a delivery, it has happened.
func (s *Store) RenameUpload(ctx context.Context, supplier, from, to string, final bool) error {
	err := s.transact(ctx, "rename upload", func(x *session) error {
		var a arrival
		err := x.QueryRowContext(ctx, `SELECT u.document_id, d.sha256, d.size FROM mailbox_upload u JOIN document d ON d.id = u.document_id
			WHERE u.supplier = $1 AND u.name = $2 AND u.complete FOR UPDATE OF u`, supplier, from).Scan(&a.Document, &a.SHA256, &a.Size)
		if errors.Is(err, sql.ErrNoRows) {
			return s.renamedBefore(ctx, x, supplier, from, to)
		}
		if err != nil {
			return err
		}
		if !final {
			_, err = x.ExecContext(ctx, `UPDATE mailbox_upload SET name = $3 WHERE supplier = $1 AND name = $2`, supplier, from, to)
			return err
		}
		a.Door, a.Supplier, a.Key, a.UploadedAs = "sftp", supplier, to, from
		if err := x.touch(ctx, `DELETE FROM mailbox_upload WHERE supplier = $1 AND name = $2`, supplier, from); err != nil {
			return err
		}
		return s.deliver(ctx, x, a)
	})
	if err != nil {
		return errors.Join(err, s.alarmConflict(ctx, err, supplier))
	}
	if final {
		s.Gap("after-commit-before-acknowledgement")
	}
	return nil
}

// renamedBefore is nil when the delivery to was once the upload from: a repeated rename.
func (s *Store) renamedBefore(ctx context.Context, x *session, supplier, from, to string) error {
	var one int
	err := x.QueryRowContext(ctx, `SELECT 1 FROM delivery WHERE door = 'sftp' AND supplier = $1 AND transport_key = $2 AND uploaded_as = $3`,
		supplier, to, from).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	return err
}

// MailboxFile is a file as the mailbox shows it.
type MailboxFile struct {
	Name     string    `db:"name"`
	Size     int64     `db:"size"`
	Modified time.Time `db:"modified"`
	Document int64     `db:"document_id"`
}

// StatIn tells about a file of in/: one that waits for its rename, or one that has been taken.
func (s *Store) StatIn(ctx context.Context, supplier, name string) (MailboxFile, error) {
	return s.mailboxFile(ctx, `
		SELECT u.name, d.size, u.made_at AS modified, u.document_id FROM mailbox_upload u JOIN document d ON d.id = u.document_id
			WHERE u.supplier = $1 AND u.name = $2
		UNION ALL SELECT transport_key, size, received_at, document_id FROM delivery
			WHERE door = 'sftp' AND supplier = $1 AND transport_key = $2 LIMIT 1`, supplier, name)
}

// StatOut tells about an answer that lies in out/.
func (s *Store) StatOut(ctx context.Context, supplier, name string) (MailboxFile, error) {
	return s.mailboxFile(ctx, `SELECT a.file_name AS name, d.size, a.made_at AS modified, a.document_id
		FROM answer a JOIN document d ON d.id = a.document_id
		WHERE a.supplier = $1 AND a.file_name = $2 AND a.door = 'sftp' AND a.collected_at IS NULL`, supplier, name)
}

func (s *Store) mailboxFile(ctx context.Context, query, supplier, name string) (MailboxFile, error) {
	var f MailboxFile
	err := s.DB.GetContext(ctx, &f, query, supplier, name)
	if errors.Is(err, sql.ErrNoRows) {
		return f, gateway.ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("mailbox file: %w", temporary(err))
	}
	return f, nil
}

// mailboxListing bounds what one listing shows; the reader removes what it has and lists again.
const mailboxListing = 10_000

// ListIn is the files of in/ that are complete and wait for their rename. What was taken is no longer there.
func (s *Store) ListIn(ctx context.Context, supplier string) ([]MailboxFile, error) {
	return s.mailboxFiles(ctx, `SELECT u.name, d.size, u.made_at AS modified, u.document_id
		FROM mailbox_upload u JOIN document d ON d.id = u.document_id WHERE u.supplier = $1 ORDER BY u.name LIMIT $2`, supplier)
}

// ListOut is the answers that the supplier has not yet taken away, oldest first.
func (s *Store) ListOut(ctx context.Context, supplier string) ([]MailboxFile, error) {
	return s.mailboxFiles(ctx, `SELECT a.file_name AS name, d.size, a.made_at AS modified, a.document_id
		FROM answer a JOIN document d ON d.id = a.document_id
		WHERE a.supplier = $1 AND a.door = 'sftp' AND a.collected_at IS NULL ORDER BY a.id LIMIT $2`, supplier)
}

func (s *Store) mailboxFiles(ctx context.Context, query, supplier string) ([]MailboxFile, error) {
	var f []MailboxFile
	if err := s.DB.SelectContext(ctx, &f, query, supplier, mailboxListing); err != nil {
		return nil, fmt.Errorf("mailbox listing: %w", temporary(err))
	}
	return f, nil
}

// RemoveIn forgets an upload that was not renamed.
func (s *Store) RemoveIn(ctx context.Context, supplier, name string) error {
	return s.one(ctx, "remove upload", `
		WITH removed AS (DELETE FROM mailbox_upload WHERE supplier = $1 AND name = $2 RETURNING document_id)
		DELETE FROM document WHERE id IN (SELECT document_id FROM removed)`, supplier, name)
}

// Collect records that the supplier has taken an answer away.
func (s *Store) Collect(ctx context.Context, supplier, name string) error {
	err := s.one(ctx, "collect", `UPDATE answer SET collected_at = $3
		WHERE supplier = $1 AND file_name = $2 AND door = 'sftp' AND collected_at IS NULL`, supplier, name, s.Now())
	if err == nil {
		s.Gap("after-collection-before-reply")
	}
	return err
}

func (s *Store) one(ctx context.Context, op, query string, args ...any) error {
	r, err := s.DB.ExecContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", op, temporary(err))
	}
	if n, err := r.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", op, gateway.ErrNotFound)
}

// OpenOut opens an answer that lies in out/.
func (s *Store) OpenOut(ctx context.Context, supplier, name string) (*Document, error) {
	f, err := s.StatOut(ctx, supplier, name)
	if err != nil {
		return nil, err
	}
	return s.openRandom(ctx, f.Document)
}
