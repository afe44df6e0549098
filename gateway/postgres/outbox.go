package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"nks/gateway"
)

// NextOutgoing is the bank's first interchange that is rendered and not sent, in the order of control numbers.
func (s *Store) NextOutgoing(ctx context.Context, bank string) (gateway.Outgoing, error) {
	return s.outgoing(ctx, `i.bank = $1 AND i.state IN ('rendered', 'sending', 'publishing') ORDER BY i.control_ref LIMIT 1`, bank)
}

func (s *Store) outgoing(ctx context.Context, where string, arg any) (gateway.Outgoing, error) {
	var o gateway.Outgoing
	var bank string
	var ref int64
	err := s.DB.QueryRowContext(ctx, `SELECT i.id, i.bank, i.control_ref, i.state, i.attempt, i.file_name, d.size
		FROM interchange i JOIN document d ON d.id = i.document_id WHERE `+where, arg).
		Scan(&o.ID, &bank, &ref, &o.State, &o.Attempt, &o.FinalName, &o.Size)
	if errors.Is(err, sql.ErrNoRows) {
		return o, gateway.ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("outgoing: %w", temporary(err))
	}
	o.TempName = s.banks[bank].tempName(ref, o.Attempt)
	return o, nil
}

// Content opens the interchange's stored bytes.
func (s *Store) Content(ctx context.Context, id int64) (io.ReadCloser, error) {
	var document int64
	if err := s.DB.QueryRowContext(ctx, `SELECT document_id FROM interchange WHERE id = $1`, id).Scan(&document); err != nil {
		return nil, fmt.Errorf("interchange %d: %w", id, temporary(err))
	}
	return s.openDocument(ctx, s.DB, document)
}

// MarkSending begins a new attempt. Nothing of an earlier attempt can have been published: those that could are in
// state publishing.
func (s *Store) MarkSending(ctx context.Context, id, fence int64) (gateway.Outgoing, error) {
	err := s.transact(ctx, "mark sending", func(x *session) error {
		return x.touch(ctx, `UPDATE interchange i SET state = 'sending', attempt = attempt + 1, fence = $2
			FROM bank_lease l WHERE i.id = $1 AND i.state IN ('rendered', 'sending') AND l.bank = i.bank AND l.fence = $2`, id, fence)
	})
	if err != nil {
		return gateway.Outgoing{ID: id}, err
	}
	return s.outgoing(ctx, `i.id = $1`, id)
}

// MarkPublishing is the last commit before the rename.
func (s *Store) MarkPublishing(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.transact(ctx, "mark publishing", func(x *session) error {
		return x.touch(ctx, `UPDATE interchange i SET state = 'publishing' FROM bank_lease l
			WHERE i.id = $1 AND i.state = 'sending' AND i.attempt = $2 AND i.fence = $3
			  AND l.bank = i.bank AND l.fence = $3`, o.ID, o.Attempt, fence)
	})
}

// MarkSent records that the bank's mailbox has the file. A CONTRL that came first has recorded it already.
func (s *Store) MarkSent(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.transact(ctx, "mark sent", func(x *session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		return s.sent(ctx, x, o.ID)
	})
}

// lockLease refuses when the connection to the interchange's bank has another owner by now.
func (s *Store) lockLease(ctx context.Context, x *session, interchange, fence int64) error {
	var one int
	err := x.QueryRowContext(ctx, `SELECT 1 FROM bank_lease l JOIN interchange i ON i.bank = l.bank
		WHERE i.id = $1 AND l.fence = $2 FOR UPDATE OF l`, interchange, fence).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrLostOwnership
	}
	return err
}

// mayHaveLeft is true of an interchange i that the bank may have: one that somebody said had not arrived, too.
const mayHaveLeft = `(i.state IN ('sending', 'publishing', 'sent', 'unknown') OR i.state = 'rendered' AND i.attempt > 0)`

// sent moves an interchange and its lines on to the bank; harmless when that was done before.
func (s *Store) sent(ctx context.Context, x *session, id int64) error {
	r, err := x.ExecContext(ctx, `UPDATE interchange i SET state = 'sent', sent_at = $2
		WHERE id = $1 AND state <> 'sent' AND `+mayHaveLeft, id, s.Now())
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err = x.ExecContext(ctx, `UPDATE order_line SET state = 'with_bank', changed_at = $2
		WHERE interchange_id = $1 AND state = 'frozen'`, id, s.Now()); err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `UPDATE exception SET closed_at = $2, closed_by = 'bank'
		WHERE kind = 'interchange unknown' AND subject = $1 AND closed_at IS NULL`, fmt.Sprint(id), s.Now())
	return err
}

// MarkNotSent takes an attempt back of which it is certain that nothing was published.
func (s *Store) MarkNotSent(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.transact(ctx, "mark not sent", func(x *session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		return x.touch(ctx, `UPDATE interchange SET state = 'rendered'
			WHERE id = $1 AND state IN ('sending', 'publishing') AND attempt = $2 AND fence = $3`, o.ID, o.Attempt, fence)
	})
}

// MarkUnknown leaves the interchange for a person: the bank may have it, and it may not.
func (s *Store) MarkUnknown(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.transact(ctx, "mark unknown", func(x *session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		r, err := x.ExecContext(ctx, `UPDATE interchange SET state = 'unknown' WHERE id = $1 AND state IN ('sending', 'publishing')`, o.ID)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.raise(ctx, x, "interchange unknown", fmt.Sprint(o.ID),
			fmt.Sprintf("file %s: nobody knows whether the bank has it; ask the bank, then nks resolve", o.FinalName))
	})
}

// raise opens an exception for a person; the same one again is harmless, and one that was closed opens anew.
func (s *Store) raise(ctx context.Context, x *session, kind, subject, detail string) error {
	r, err := x.ExecContext(ctx, `INSERT INTO exception (kind, subject, detail, raised_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail, raised_at = excluded.raised_at,
			closed_at = NULL, closed_by = NULL, approved_by = NULL WHERE exception.closed_at IS NOT NULL`,
		kind, subject, detail, s.Now())
	if err != nil {
		return fmt.Errorf("raise %s %s: %w", kind, subject, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err // it is open already
	}
	s.Log.Warn().Str("exception", kind).Str("subject", subject).Msg(detail)
	return nil
}

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved struct {
	ID         int64  `db:"id"`
	Bank       string `db:"bank"`
	ControlRef int64  `db:"control_ref"`
	FileName   string `db:"file_name"`
	Payments   int    `db:"payments"`
}

// UnresolvedInterchanges are those that wait for a person to ask the bank.
func (s *Store) UnresolvedInterchanges(ctx context.Context) ([]Unresolved, error) {
	var u []Unresolved
	err := s.DB.SelectContext(ctx, &u, `SELECT id, bank, control_ref, file_name, payments FROM interchange
		WHERE state = 'unknown' ORDER BY bank, control_ref`)
	return u, err
}

// ResolveUnknown records what a person learned from the bank about an interchange in state unknown, and a second
// person approved: the bank has it, or it has not and the same bytes go again under the same name and number.
func (s *Store) ResolveUnknown(ctx context.Context, bank string, controlRef int64, bankHasIt bool, by, approvedBy string) error {
	if by == "" || approvedBy == "" || by == approvedBy {
		return fmt.Errorf("resolve %s %d: two different persons must stand for it", bank, controlRef)
	}
	return s.transact(ctx, "resolve", func(x *session) error {
		var id int64
		err := x.QueryRowContext(ctx, `SELECT id FROM interchange
			WHERE bank = $1 AND control_ref = $2 AND state = 'unknown' FOR UPDATE`, bank, controlRef).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("bank %s interchange %d in state unknown: %w", bank, controlRef, gateway.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if bankHasIt {
			err = s.sent(ctx, x, id)
		} else {
			err = x.touch(ctx, `UPDATE interchange SET state = 'rendered' WHERE id = $1 AND state = 'unknown'`, id)
		}
		if err != nil {
			return err
		}
		_, err = x.ExecContext(ctx, `UPDATE exception SET closed_at = $2, closed_by = $3, approved_by = $4
			WHERE kind = 'interchange unknown' AND subject = $1`, fmt.Sprint(id), s.Now(), by, approvedBy)
		return err
	})
}

// StoreBankFile stores what a bank laid out for us. The same name with the same bytes is one file; with other bytes
// it is another, and an alarm.
func (s *Store) StoreBankFile(ctx context.Context, bank, name string, fetch func(io.Writer) error) error {
	w, err := s.newDocument(ctx, s.DB)
	if err != nil {
		return err
	}
	if err := fetch(w); err != nil {
		return errors.Join(err, s.drop(ctx, w.id))
	}
	s.Gap("after-fetch-before-commit")
	stored := false
	err = s.transact(ctx, "store bank file", func(x *session) error {
		sum, err := w.finish(ctx, x)
		if err != nil {
			return err
		}
		var others int
		if err := x.QueryRowContext(ctx, `SELECT count(*) FROM bank_file WHERE bank = $1 AND name = $2 AND sha256 <> $3`,
			bank, name, sum).Scan(&others); err != nil {
			return err
		}
		if others > 0 {
			if err := s.raise(ctx, x, "bank file name reused", fmt.Sprintf("%s document %d", bank, w.id), "its name came before with other bytes; both are kept"); err != nil {
				return err
			}
		}
		r, err := x.ExecContext(ctx, `INSERT INTO bank_file (bank, name, sha256, size, document_id, received_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (bank, name, sha256) DO NOTHING`, bank, name, sum, w.size, w.id, s.Now())
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		stored = n == 1
		return err
	})
	if err != nil || !stored {
		// Stored before is as good; a commit of which nobody knows keeps the document by its reference.
		return errors.Join(err, s.drop(ctx, w.id))
	}
	return nil
}

// Lease makes the caller the owner of the connection to a bank and gives the fencing number. release lets go. The
// lease is a session lock: a process that dies, or loses its database session, loses the lease. ErrTemporary:
// another process is the owner.
func (s *Store) Lease(ctx context.Context, bank string) (gateway.Lease, error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return gateway.Lease{}, fmt.Errorf("lease %s: connect: %w", bank, err)
	}
	var got bool
	var fence int64
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended('nks.bank.' || $1, 0))`, bank).Scan(&got)
	if err == nil && !got {
		err = fmt.Errorf("another process owns it: %w", gateway.ErrTemporary)
	}
	if err == nil {
		err = conn.QueryRowContext(ctx, `INSERT INTO bank_lease AS l (bank, fence) VALUES ($1, 1)
			ON CONFLICT (bank) DO UPDATE SET fence = l.fence + 1 RETURNING fence`, bank).Scan(&fence)
	}
	if err != nil {
		// The session must not go back to the pool with a lock on it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
		return gateway.Lease{}, fmt.Errorf("lease %s: %w", bank, err)
	}
	held := func(ctx context.Context) error {
		_, err := conn.ExecContext(ctx, `SELECT 1`)
		return err
	}
	release := func() {
		// Also when ctx has ended: the lock must go even if this connection goes back to the pool.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_all()`)
		_ = conn.Close()
	}
	return gateway.Lease{Fence: fence, Held: held, Release: release}, nil
}
