package activate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Provider takes the files of letters, such as banklink.Link.
type Provider interface {
	Put(ctx context.Context, f gateway.Outgoing, content io.Reader, beforeRename func(context.Context) error) error
	Look(ctx context.Context, f gateway.Outgoing) (gateway.Sighting, error)
}

// batchLetters bounds the letters of a batch.
const batchLetters = 500

// posted is a letter on its way.
type posted struct {
	ID          int64                       `db:"id"`
	Activation  int64                       `db:"activation"`
	Application int64                       `db:"application"`
	File        string                      `db:"file_name"`
	Size        int64                       `db:"size"`
	Hash        []byte                      `db:"sha256"`
	Sealed      []byte                      `db:"sealed"`
	Attempts    int                         `db:"attempts"`
	Reference   gateway.ActivationReference `db:"reference"`
	Holder      gateway.HolderStatus        `db:"holder_status"`
	To          gateway.HolderStatus        `db:"to_status"`
	Waits       bool                        `db:"waits"` // its application still waits for its holder
}

// ToPost reports whether letters wait, or the index of a batch.
func (s *Store) ToPost(ctx context.Context) (waits bool, err error) {
	err = s.DB.GetContext(ctx, &waits, `SELECT EXISTS (SELECT FROM letter WHERE state = 'waits') OR EXISTS (SELECT FROM letter_batch WHERE sent_at IS NULL)`)
	if err != nil {
		return false, fmt.Errorf("letters that wait: %w", postgres.Transient(err))
	}
	return waits, nil
}

// Post hands one batch of letters over, and its index after them; false: none waits. Only one process at a time may. What broke off goes on:
// the same bytes go under the same names, also where it is not known whether they arrived. An error ends the turn; what was handed over stays so.
func (s *Store) Post(ctx context.Context, to Provider) (bool, error) {
	batch, err := s.batch(ctx)
	if err != nil || batch == 0 {
		return false, err
	}
	for {
		var l posted
		err := s.Transact(ctx, "letter to post", func(x *postgres.Session) error { return s.take(ctx, x, batch, &l) })
		if errors.Is(err, sql.ErrNoRows) {
			return true, s.index(ctx, batch, to)
		}
		if err != nil {
			return true, err
		}
		if err := s.hand(ctx, l, to); err != nil {
			return true, err
		}
	}
}

// batch is the one that is not whole yet, or another of letters that wait; 0: none does.
func (s *Store) batch(ctx context.Context) (id int64, err error) {
	err = s.Transact(ctx, "batch of letters", func(x *postgres.Session) error {
		err := x.GetContext(ctx, &id, `SELECT id FROM letter_batch WHERE sent_at IS NULL`)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var some bool
		if err := x.GetContext(ctx, &some, `SELECT EXISTS (SELECT FROM letter WHERE state = 'waits')`); err != nil || !some {
			return err
		}
		if err := x.GetContext(ctx, &id, `INSERT INTO letter_batch (made_at) VALUES ($1) RETURNING id`, s.Now()); err != nil {
			return err
		}
		_, err = x.ExecContext(ctx, `UPDATE letter SET batch = $1 WHERE id IN (SELECT id FROM letter WHERE state = 'waits' AND batch IS NULL ORDER BY id LIMIT $2)`, id, batchLetters)
		return err
	})
	return id, err
}

// take begins another attempt with the next letter of a batch; sql.ErrNoRows: it has no more.
func (s *Store) take(ctx context.Context, x *postgres.Session, batch int64, l *posted) error {
	err := x.GetContext(ctx, l, `SELECT l.id, l.activation, l.application, l.file_name, l.size, l.sha256, l.sealed, l.attempts + 1 AS attempts, v.reference,
			coalesce((SELECT max(h.status) FROM holder_version h WHERE h.id = l.holder_id AND h.kind = l.holder_kind AND h.recorded_to IS NULL AND h.valid_to IS NULL), 0) AS holder_status,
			coalesce((SELECT max(h.status) FROM holder_version h WHERE h.id = l.to_id AND h.kind = l.to_kind AND h.recorded_to IS NULL AND h.valid_to IS NULL), 0) AS to_status,
			coalesce((SELECT p.state FROM account_application_step p WHERE p.application = l.application ORDER BY p.n DESC LIMIT 1), '') = 'waits_activation' AS waits
		FROM letter l JOIN activation v ON v.id = l.activation WHERE l.batch = $1 AND l.state = 'waits' ORDER BY l.id LIMIT 1 FOR UPDATE OF l`, batch)
	if err != nil {
		return err
	}
	return x.UpdateOne(ctx, `UPDATE letter SET attempts = attempts + 1 WHERE id = $1`, l.ID)
}

// hand hands a letter over, unless nobody should get it any more. // B13
func (s *Store) hand(ctx context.Context, l posted, to Provider) error {
	gone := func(status gateway.HolderStatus) bool {
		return status == gateway.Dead || status == gateway.Ceased || status == 0
	}
	switch {
	case !l.Waits:
		return s.ends(ctx, l, "the application does not wait any more")
	case gone(l.Holder) || gone(l.To):
		return s.ends(ctx, l, "the holder "+gateway.ErrNotAlive.Error())
	}
	hashes, err := s.Hashes(ctx, s.DB)
	if err != nil {
		return err
	}
	document, err := open(hashes, l.Reference, l.Sealed)
	if err != nil {
		return fmt.Errorf("letter %d: %w", l.ID, err)
	}
	if hash := sha256.Sum256(document); !bytes.Equal(hash[:], l.Hash) {
		return fmt.Errorf("letter %d: its bytes are others than were made: %w", l.ID, gateway.ErrCountMismatch)
	}
	err = lay(ctx, to, l.File, l.Attempts, document)
	if errors.Is(err, gateway.ErrConflict) {
		return s.ends(ctx, l, "the print provider has another file of the name "+l.File)
	}
	if err != nil {
		return fmt.Errorf("letter %d: %w", l.ID, err)
	}
	s.Failpoint("letter handed over")
	return s.ChangeOne(ctx, "letter sent", `UPDATE letter SET state = 'sent', sealed = NULL, ended_at = $2 WHERE id = $1 AND state = 'waits'`, l.ID, s.Now())
}

// ends has a letter never leave, and its code count for nothing; where the application still waits, a person is told.
func (s *Store) ends(ctx context.Context, l posted, why string) error {
	return s.Transact(ctx, "letter does not leave", func(x *postgres.Session) error {
		if err := x.UpdateOne(ctx, `UPDATE letter SET state = CASE WHEN $3 THEN 'failed' ELSE 'void' END, sealed = NULL, ended_at = $2 WHERE id = $1 AND state = 'waits'`, l.ID, s.Now(), l.Waits); err != nil {
			return err
		}
		var state gateway.ActivationState
		if err := x.GetContext(ctx, &state, `SELECT state FROM activation WHERE id = $1 FOR UPDATE`, l.Activation); err != nil {
			return err
		}
		if state != gateway.ActivationOpen && state != gateway.ActivationLocked {
			return nil
		}
		to := gateway.ActivationEnded
		if l.Waits {
			to = gateway.ActivationUnsent
		}
		if err := s.moves(ctx, x, l.Activation, to, postgres.ClosedByFlow, why); err != nil || !l.Waits {
			return err
		}
		return s.RaiseDetail(ctx, x, gateway.LetterUnsent, subject(l.Application), gateway.DetailLetterUnsent.With(why))
	})
}

// index hands over which letters a batch has, and with that has them printed: name, length and SHA-256 of each. A batch of none has no index.
func (s *Store) index(ctx context.Context, batch int64, to Provider) error {
	var list []posted
	if err := s.DB.SelectContext(ctx, &list, `SELECT file_name, size, sha256 FROM letter WHERE batch = $1 AND state = 'sent' ORDER BY id`, batch); err != nil {
		return fmt.Errorf("letters of batch %d: %w", batch, postgres.Transient(err))
	}
	if len(list) > 0 {
		var attempt int
		if err := s.DB.GetContext(ctx, &attempt, `UPDATE letter_batch SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts`, batch); err != nil {
			return fmt.Errorf("batch %d: %w", batch, postgres.Transient(err))
		}
		content := []byte("file;bytes;sha256\n")
		for _, l := range list {
			content = fmt.Appendf(content, "%s;%d;%x\n", l.File, l.Size, l.Hash)
		}
		hash := sha256.Sum256(content)
		if err := lay(ctx, to, fmt.Sprintf("LETTERS-%010d-%x.csv", batch, hash[:4]), attempt, content); err != nil {
			return fmt.Errorf("index of batch %d: %w", batch, err)
		}
	}
	return s.ChangeOne(ctx, "batch sent", `UPDATE letter_batch SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL`, batch, s.Now())
}

// lay lays a file at the provider. One of its name and length that is there already is the same file, of an attempt that broke off.
func lay(ctx context.Context, to Provider, name string, attempt int, content []byte) error {
	f := gateway.Outgoing{TempName: fmt.Sprintf(".%s.%d.tmp", name, attempt), FinalName: name, Size: int64(len(content))}
	err := to.Put(ctx, f, bytes.NewReader(content), nil)
	if !errors.Is(err, gateway.ErrConflict) {
		return err
	}
	seen, looked := to.Look(ctx, f)
	switch {
	case looked != nil:
		return fmt.Errorf("look for %s: %w: %w", name, gateway.ErrNotSent, looked)
	case seen == gateway.Present:
		return nil
	case seen == gateway.Absent: // it has been fetched meanwhile
		return fmt.Errorf("%s was there, and is not: %w", name, gateway.ErrNotSent)
	}
	return err
}
