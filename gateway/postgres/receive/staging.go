package receive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Stage implements door.Staging.
func (s *Store) Stage(ctx context.Context, a door.Arrival) error {
	room, err := s.room(ctx, s.DB, a.Party, a.Key)
	if err != nil {
		return err
	}
	a.Content = &roomy{a.Content, room, s.overBytes()}
	err = s.keep(ctx, a, func(x *postgres.Session, document int64, _ []byte, size int64) error {
		if err := alone(ctx, x, a.Party); err != nil {
			return err
		}
		if room, err := s.room(ctx, x, a.Party, a.Key); err != nil {
			return err
		} else if size > room {
			return s.overBytes()
		}
		if err := unstage(ctx, x, a.Party, a.Key); err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return fmt.Errorf("earlier upload: %w", err)
		}
		_, err = x.ExecContext(ctx, `INSERT INTO mailbox_upload (supplier, name, document_id, evidence, made_at)
			VALUES ($1, $2, $3, nullif($4, ''), $5)`, a.Party, a.Key, document, a.Evidence, s.Now())
		return err
	})
	if err == nil {
		s.Failpoint("after-upload-before-reply")
	}
	return err
}

// Publish implements door.Staging. A rename whose reply was lost may be repeated: when the upload is gone and the final
// name is a delivery that it became, it has happened.
func (s *Store) Publish(ctx context.Context, party, from, to string) error {
	err := s.Transact(ctx, "rename upload", func(x *postgres.Session) error {
		a := arrived{Arrival: door.Arrival{Door: door.Mailbox, Party: party, Key: to}, uploadedAs: from}
		var evidence sql.NullString
		err := x.QueryRowContext(ctx, `SELECT u.document_id, d.sha256, d.size, u.evidence FROM mailbox_upload u JOIN document d ON d.id = u.document_id
			WHERE u.supplier = $1 AND u.name = $2 FOR UPDATE OF u`, party, from).Scan(&a.document, &a.sha256, &a.size, &evidence)
		if errors.Is(err, sql.ErrNoRows) {
			return publishedBefore(ctx, x, party, from, to)
		}
		if err != nil {
			return err
		}
		a.Evidence = evidence.String
		if err := x.UpdateOne(ctx, `DELETE FROM mailbox_upload WHERE supplier = $1 AND name = $2`, party, from); err != nil {
			return err
		}
		return s.deliver(ctx, x, a)
	})
	if err != nil {
		return errors.Join(err, s.raiseConflict(ctx, err, party))
	}
	s.Failpoint("after-commit-before-acknowledgement")
	return s.journal(ctx, door.Mailbox, party, to)
}

// publishedBefore is nil when the delivery to was once the upload from: a repeated rename.
func publishedBefore(ctx context.Context, x *postgres.Session, party, from, to string) error {
	var one int
	err := x.QueryRowContext(ctx, `SELECT 1 FROM delivery
		WHERE id = (SELECT delivery_id FROM delivery_key WHERE door = 'sftp' AND supplier = $1 AND transport_key = $2) AND uploaded_as = $3`,
		party, to, from).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	return err
}

// Restage implements door.Staging.
func (s *Store) Restage(ctx context.Context, party, from, to string) error {
	return s.ChangeOne(ctx, "rename upload", `UPDATE mailbox_upload SET name = $3 WHERE supplier = $1 AND name = $2`, party, from, to)
}

// StatStaged implements door.Staging: an upload that waits for its rename, or one that has been taken.
func (s *Store) StatStaged(ctx context.Context, party, name string) (door.StagedFile, error) {
	var f door.StagedFile
	err := s.DB.GetContext(ctx, &f, `
		SELECT u.name, d.size, u.made_at AS modified, u.document_id FROM mailbox_upload u JOIN document d ON d.id = u.document_id
			WHERE u.supplier = $1 AND u.name = $2
		UNION ALL SELECT transport_key, size, received_at, document_id FROM delivery
			WHERE id = (SELECT delivery_id FROM delivery_key WHERE door = 'sftp' AND supplier = $1 AND transport_key = $2) LIMIT 1`, party, name)
	if errors.Is(err, sql.ErrNoRows) {
		return f, gateway.ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("staged file: %w", postgres.Transient(err))
	}
	return f, nil
}

// Staged implements door.Staging. What was taken is no longer there.
func (s *Store) Staged(ctx context.Context, party string) ([]door.StagedFile, error) {
	var f []door.StagedFile
	err := s.DB.SelectContext(ctx, &f, `SELECT u.name, d.size, u.made_at AS modified, u.document_id
		FROM mailbox_upload u JOIN document d ON d.id = u.document_id WHERE u.supplier = $1 ORDER BY u.name LIMIT $2`, party, door.MostListed)
	if err != nil {
		return nil, fmt.Errorf("staged files: %w", postgres.Transient(err))
	}
	return f, nil
}

// Unstage implements door.Staging.
func (s *Store) Unstage(ctx context.Context, party, name string) error {
	return s.Transact(ctx, "remove upload", func(x *postgres.Session) error { return unstage(ctx, x, party, name) })
}

// unstage forgets a staged document with its bytes.
func unstage(ctx context.Context, x *postgres.Session, party, name string) error {
	var document int64
	err := x.QueryRowContext(ctx, `DELETE FROM mailbox_upload WHERE supplier = $1 AND name = $2 RETURNING document_id`, party, name).Scan(&document)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrNotFound
	}
	if err != nil {
		return err
	}
	return x.DeleteDocument(ctx, document)
}
