package receive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/postgres"
)

// Take implements door.Intake: the document is stored piece by piece as it comes, and becomes a delivery in one
// transaction at its end.
func (s *Store) Take(ctx context.Context, a door.Arrival) error {
	err := s.keep(ctx, a, func(x *postgres.Session, document int64, sum []byte, size int64) error {
		return s.deliver(ctx, x, arrived{Arrival: a, document: document, sha256: sum, size: size})
	})
	if err != nil {
		return errors.Join(err, s.raiseConflict(ctx, err, a.Party))
	}
	s.Failpoint("after-commit-before-acknowledgement")
	return s.journal(ctx, a.Door, a.Party, a.Key)
}

// journal records a delivery before its sender hears that it was taken.
func (s *Store) journal(ctx context.Context, at door.Kind, party, key string) error {
	if s.Journal == nil {
		return nil
	}
	var delivery int64
	err := s.DB.QueryRowContext(ctx, `SELECT delivery_id FROM delivery_key WHERE door = $1 AND supplier = $2 AND transport_key = $3`, at, party, key).Scan(&delivery)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // it came again, and its month is dropped: its name stands as a hash
	}
	if err != nil {
		return fmt.Errorf("journal: %w", postgres.Transient(err))
	}
	return s.KeepDelivery(ctx, delivery)
}

// keep stores an arrival's bytes; count makes them count, in the transaction that completes the document.
func (s *Store) keep(ctx context.Context, a door.Arrival, count func(x *postgres.Session, document int64, sum []byte, size int64) error) error {
	if a.Size > s.Rules.DocumentBytes {
		return s.refuseSize(ctx, a, a.Size)
	}
	w, err := s.NewDocument(ctx, s.DB)
	if err != nil {
		return fmt.Errorf("arrival: %w", postgres.Transient(err))
	}
	n, err := io.Copy(storing{w}, io.LimitReader(a.Content, s.Rules.DocumentBytes+1))
	if err == nil && n > s.Rules.DocumentBytes {
		err = s.refuseSize(ctx, a, n)
	}
	if err == nil {
		err = s.Transact(ctx, "arrival", func(x *postgres.Session) error {
			sum, err := w.Finish(ctx, x)
			if err != nil {
				return err
			}
			return count(x, w.ID(), sum, w.Size())
		})
	}
	if err != nil {
		// What was refused must not stay; where the outcome of the commit is not known, the document's reference keeps it.
		return errors.Join(err, s.DropDocument(ctx, w.ID()))
	}
	return nil
}

// storing tells a failure of the database from one of the content: only the first may pass by itself.
type storing struct{ to io.Writer }

func (w storing) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	return n, postgres.Transient(err)
}

// refuseSize refuses a document over the limit; of a queue's message, which is parked, a person must be told.
func (s *Store) refuseSize(ctx context.Context, a door.Arrival, size int64) error {
	err := fmt.Errorf("%w: too large: more than %d bytes", gateway.ErrRefused, s.Rules.DocumentBytes)
	if a.Door != door.Queue {
		return err
	}
	return errors.Join(err, s.RaiseDetailAlone(ctx, gateway.MessageTooBig, fmt.Sprintf("%s %.8x", a.Party, sha256.Sum256([]byte(a.Key))),
		gateway.DetailTooBig.With(a.Party, size)))
}

// arrived is an arrival whose bytes are stored.
type arrived struct {
	door.Arrival
	uploadedAs string // the temporary name that was renamed
	document   int64
	sha256     []byte
	size       int64
}

// deliver makes a complete document a delivery, stamped with the business clock. The same key with the same bytes is
// the delivery that it was; with other bytes it is refused.
func (s *Store) deliver(ctx context.Context, x *postgres.Session, a arrived) error {
	if err := s.Quiet.Refuse(); err != nil {
		return err
	}
	x.Wakes(postgres.ToRead)
	again, err := s.deliveredBefore(ctx, x, a)
	if err != nil || again {
		return err
	}
	now := s.Now()
	id, err := s.NextDeliveryID(ctx, x, now)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	r, err := x.ExecContext(ctx, `INSERT INTO delivery_key (door, supplier, transport_key, delivery_id, sha256) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (door, supplier, transport_key) DO NOTHING`, a.Door, a.Party, a.Key, id, a.sha256)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		// It came twice at the same moment.
		if again, berr := s.deliveredBefore(ctx, x, a); err != nil || berr != nil || again {
			return errors.Join(err, berr)
		}
		return fmt.Errorf("deliver: %w: its key is taken and not there", gateway.ErrTransient)
	}
	if err := s.stillNew(ctx, x, a.Key, `SELECT EXISTS (SELECT FROM delivery_key WHERE transport_key = $1 AND door = $2 AND supplier = $3)`, a.Door, a.Party); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	var waited time.Duration
	if a.Waited != nil {
		waited = a.Waited()
	}
	month := gateway.MonthOf(now.In(s.Location))
	if a.document, err = x.InMonth(ctx, a.document, month); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	_, err = x.ExecContext(ctx, `WITH drawn AS (INSERT INTO arrival_counter AS c (supplier, last) VALUES ($3, 1)
			ON CONFLICT (supplier) DO UPDATE SET last = c.last + 1 RETURNING last)
		INSERT INTO delivery (id, door, supplier, arrival, transport_key, document_id, sha256, size, received_at, counts_at, month,
			uploaded_as, sent_at, queued_at, evidence)
		SELECT $1, $2, $3, last, $4, $5, $6, $7, $8, $9, $10, nullif($11, ''), $12, $13, nullif($14, '') FROM drawn`,
		id, a.Door, a.Party, a.Key, a.document, a.sha256, a.size, now, gateway.CountsAt(now, waited, s.Rules.QueueTime),
		month.String(), a.uploadedAs, known(a.Sent), known(a.Queued), a.Evidence)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return x.BelongsToDelivery(ctx, a.document, id)
}

// deliveredBefore reports whether a document came before under its key, in whatever month; its bytes are then there
// already, and the new ones are dropped. Other bytes are a conflictError.
func (s *Store) deliveredBefore(ctx context.Context, x *postgres.Session, a arrived) (bool, error) {
	var before []byte
	var delivery int64
	hashed, err := s.hashedName(ctx, x, a.Key)
	if err != nil {
		return false, err
	}
	err = x.QueryRowContext(ctx, `SELECT delivery_id, sha256 FROM delivery_key WHERE door = $1 AND supplier = $2 AND transport_key IN ($3, $4)
		ORDER BY delivery_id LIMIT 1`, a.Door, a.Party, a.Key, hashed).Scan(&delivery, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("deliver: %w", err)
	case !bytes.Equal(before, a.sha256):
		return true, &conflictError{delivery}
	}
	return true, x.DeleteDocument(ctx, a.document)
}

// known is a time that may be unknown, as a column wants it.
func known(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }

// raiseConflict raises an exception for a name that was used again with other bytes; the refusal itself was rolled back.
func (s *Store) raiseConflict(ctx context.Context, err error, supplier string) error {
	var c *conflictError
	if !errors.As(err, &c) {
		return nil
	}
	return s.RaiseDetailAlone(context.WithoutCancel(ctx), gateway.NameReused, fmt.Sprintf("delivery %d", c.delivery), gateway.DetailOtherBytes.With(supplier))
}

// conflictError is ErrConflict with the delivery that has the name. It does not say the name: a supplier may have put
// personal data there.
type conflictError struct{ delivery int64 }

func (e *conflictError) Error() string {
	return fmt.Sprintf("delivery %d: %v", e.delivery, gateway.ErrConflict)
}

func (e *conflictError) Unwrap() error { return gateway.ErrConflict }
