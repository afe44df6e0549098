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

// NextOutgoing is the bank's first interchange that is rendered and not sent, in the order of control numbers, but for
// those passed over and those that are held, as what asks for money back never is; none while it is not known what the bank was sent. One that was let go is looked
// after, held or not.
func (s *Store) NextOutgoing(ctx context.Context, bank string, over ...int64) (gateway.Outgoing, error) {
	if over == nil {
		over = []int64{} // NULL would pass over all
	}
	return s.outgoing(ctx, `i.bank = $1 AND i.state IN ('rendered', 'sending', 'publishing') AND i.id <> ALL ($2::bigint[])
		AND NOT bank_in_doubt($1) AND (i.state = 'publishing' OR i.kind = 'FINCAN' OR night_hold(i.bank, i.agreement_id, $3) IS NULL) ORDER BY i.control_ref LIMIT 1`, bank, over, s.Now())
}

func (s *Store) outgoing(ctx context.Context, where string, args ...any) (gateway.Outgoing, error) {
	var o gateway.Outgoing
	var bank string
	var ref gateway.ControlNumber
	var earlier int
	err := s.DB.QueryRowContext(ctx, `SELECT i.id, i.bank, i.control_ref, i.state, i.attempt, i.earlier_attempts, i.file_name, d.size
		FROM interchange i JOIN document d ON d.id = i.document_id WHERE `+where, args...).
		Scan(&o.ID, &bank, &ref, &o.State, &o.Attempt, &earlier, &o.FinalName, &o.Size)
	if errors.Is(err, sql.ErrNoRows) {
		return o, gateway.ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("outgoing: %w", postgres.Transient(err))
	}
	b, err := s.serving(ctx, bank)
	if err != nil {
		return o, err
	}
	o.TempName = b.Files.TempName(ref, earlier+o.Attempt)
	return o, nil
}

// Content opens the interchange's stored bytes.
func (s *Store) Content(ctx context.Context, id int64) (io.ReadCloser, error) {
	var document int64
	if err := s.DB.QueryRowContext(ctx, `SELECT document_id FROM interchange WHERE id = $1`, id).Scan(&document); err != nil {
		return nil, fmt.Errorf("interchange %d: %w", id, postgres.Transient(err))
	}
	return s.OpenDocument(ctx, s.DB, document)
}

// MarkSending begins a new attempt. Nothing of an earlier attempt can have been published: those that could are in
// state publishing.
func (s *Store) MarkSending(ctx context.Context, id, fence int64) (gateway.Outgoing, error) {
	err := s.Transact(ctx, "mark sending", func(x *postgres.Session) error {
		return x.UpdateOne(ctx, `UPDATE interchange i SET state = 'sending', attempt = attempt + 1, fence = $2
			FROM bank_lease l WHERE i.id = $1 AND i.state IN ('rendered', 'sending') AND l.bank = i.bank AND l.fence = $2`, id, fence)
	})
	if err != nil {
		return gateway.Outgoing{ID: id}, err
	}
	return s.outgoing(ctx, `i.id = $1`, id)
}

// MarkPublishing is the last commit before the rename. gateway.ErrHeld: persons have said that it must not go.
func (s *Store) MarkPublishing(ctx context.Context, o gateway.Outgoing, fence int64) error {
	if err := s.Quiet.Refuse(); err != nil {
		return err
	}
	err := s.Transact(ctx, "mark publishing", func(x *postgres.Session) error {
		if err := s.refuseHeld(ctx, x, o.ID); err != nil {
			return err
		}
		return x.UpdateOne(ctx, `UPDATE interchange i SET state = 'publishing', may_be_out_since = coalesce(i.may_be_out_since, $4) FROM bank_lease l
			WHERE i.id = $1 AND i.state = 'sending' AND i.attempt = $2 AND i.fence = $3
			  AND l.bank = i.bank AND l.fence = $3`, o.ID, o.Attempt, fence, s.Now())
	})
	if err != nil {
		return err
	}
	return s.journalSending(ctx, o)
}

// refuseHeld is gateway.ErrHeld of an interchange that is held; one that is not is not held before the transaction ends.
func (s *Store) refuseHeld(ctx context.Context, x *postgres.Session, id int64) error {
	if err := x.KeepNight(ctx, postgres.NightHolds); err != nil {
		return err
	}
	var by sql.NullInt64
	err := x.GetContext(ctx, &by, `SELECT CASE WHEN kind <> 'FINCAN' THEN night_hold(bank, agreement_id, $2) END FROM interchange WHERE id = $1`, id, s.Now())
	if err == nil && by.Valid {
		err = fmt.Errorf("by control %d: %w", by.Int64, gateway.ErrHeld)
	}
	return err
}

// MarkSent records that the bank's mailbox has the file. A CONTRL that came first has recorded it already.
func (s *Store) MarkSent(ctx context.Context, o gateway.Outgoing, fence int64) error {
	err := s.Transact(ctx, "mark sent", func(x *postgres.Session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		return s.sent(ctx, x, o.ID)
	})
	if err != nil {
		return err
	}
	return s.journalSent(ctx, o.ID)
}

// Arrived records, by a journal, that a bank has an interchange that was let go.
func (s *Store) Arrived(ctx context.Context, x *postgres.Session, id int64) error {
	return s.sent(ctx, x, id)
}

// lockLease refuses when the connection to the interchange's bank has another owner by now.
func (s *Store) lockLease(ctx context.Context, x *postgres.Session, interchange, fence int64) error {
	var one int
	err := x.QueryRowContext(ctx, `SELECT 1 FROM bank_lease l JOIN interchange i ON i.bank = l.bank
		WHERE i.id = $1 AND l.fence = $2 FOR UPDATE OF l`, interchange, fence).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrLostOwnership
	}
	return err
}

// closedByBank is who closes an exception that a status of the bank ends.
const closedByBank = "bank"

// sent moves an interchange and its lines on to the bank; harmless when that was done before.
func (s *Store) sent(ctx context.Context, x *postgres.Session, id int64) error {
	var bank string
	err := x.QueryRowContext(ctx, `UPDATE interchange SET state = 'sent', sent_at = $2
		WHERE id = $1 AND state <> 'sent' AND may_have_left(state, attempt) RETURNING bank`, id, s.Now()).Scan(&bank)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	x.Wakes(postgres.ToAwait(bank), postgres.ToRecall(bank))
	if _, err = x.ExecContext(ctx, `UPDATE order_line SET state = 'with_bank', changed_at = $2
		WHERE interchange_id = $1 AND state = 'frozen'`, id, s.Now()); err != nil {
		return err
	}
	if err := s.CloseMended(ctx, x, gateway.SendFails, id); err != nil {
		return err
	}
	return s.Close(ctx, x, gateway.InterchangeUnknown, fmt.Sprint(id), closedByBank)
}

// SendFails implements gateway.Outbox.
func (s *Store) SendFails(ctx context.Context, o gateway.Outgoing, cause error) error {
	return s.Transact(ctx, "raise", func(x *postgres.Session) error {
		return s.RaiseAgain(ctx, x, gateway.SendFails, fmt.Sprint(o.ID), gateway.DetailFailed.With(cause))
	})
}

// MarkNotSent takes an attempt back of which it is certain that nothing was published.
func (s *Store) MarkNotSent(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.Transact(ctx, "mark not sent", func(x *postgres.Session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		return x.UpdateOne(ctx, `UPDATE interchange SET state = 'rendered'
			WHERE id = $1 AND state IN ('sending', 'publishing') AND attempt = $2 AND fence = $3`, o.ID, o.Attempt, fence)
	})
}

// MarkUnknown leaves the interchange for a person: the bank may have it, and it may not.
func (s *Store) MarkUnknown(ctx context.Context, o gateway.Outgoing, fence int64) error {
	return s.Transact(ctx, "mark unknown", func(x *postgres.Session) error {
		if err := s.lockLease(ctx, x, o.ID, fence); err != nil {
			return err
		}
		r, err := x.ExecContext(ctx, `UPDATE interchange SET state = 'unknown', may_be_out_since = coalesce(may_be_out_since, $2)
			WHERE id = $1 AND state IN ('sending', 'publishing')`, o.ID, s.Now())
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.RaiseDetail(ctx, x, gateway.InterchangeUnknown, fmt.Sprint(o.ID), gateway.DetailFileUnknown.With(o.FinalName))
	})
}
