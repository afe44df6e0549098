package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// applyContrl carries out the bank's CONTRL about a whole interchange. Any CONTRL proves that the bank has the file.
func (s *Store) applyContrl(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, c gateway.Contrl, now time.Time) error {
	number, err := gateway.ParseControlNumber(c.ControlRef)
	var id int64
	var kind string
	var before gateway.ContrlState
	var left bool
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT id, kind, may_have_left(state, attempt), contrl FROM interchange
			WHERE bank = $1 AND control_ref = $2 FOR UPDATE`, bank.ID, number).Scan(&id, &kind, &left, &before)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, gateway.ErrNotFound) {
		return fmt.Errorf("CONTRL for %q: %w", c.ControlRef, err)
	}
	if err != nil || kind != "PAYMUL" || !left {
		return s.Raise(ctx, x, gateway.ContrlForNothing, fmt.Sprintf("%s %q", bank.ID, c.ControlRef), "action "+string(c.Action))
	}
	if err := s.sent(ctx, x, id); err != nil {
		return err
	}
	if err := s.Close(ctx, x, gateway.ContrlMissing, fmt.Sprint(id), closedByBank); err != nil {
		return err
	}
	switch gateway.JudgeContrl(before, c.Action, bank.ReceiptIsFinal) {
	case gateway.ContrlNotesIt:
		_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'received', contrl_at = $2 WHERE id = $1 AND contrl = 'none'`, id, now)
		return err
	case gateway.ContrlAcceptsIt:
		return s.contrlAccepted(ctx, x, bank, id, c, now)
	case gateway.ContrlRejectsIt:
		if _, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'rejected', contrl_at = $2 WHERE id = $1`, id, now); err != nil {
			return err
		}
		return s.rejectMessages(ctx, x, id, nil, gateway.TextInterchangeRejected+c.Code, now)
	case gateway.ContrlContradicts:
		return s.Raise(ctx, x, gateway.ContrlAfterReject, fmt.Sprintf("%s %d", bank.ID, number), "the bank has rejected the interchange before, and now accepts it")
	}
	return s.Raise(ctx, x, gateway.ContrlNotUnderstood, fmt.Sprintf("%s %q", bank.ID, c.ControlRef), "action "+string(c.Action))
}

func (s *Store) contrlAccepted(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, id int64, c gateway.Contrl, now time.Time) error {
	_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'accepted', contrl_at = $2
		WHERE id = $1 AND contrl IN ('none', 'received')`, id, now)
	if err != nil {
		return err
	}
	for _, m := range c.Messages {
		if !m.Reject {
			continue
		}
		no, ours, err := ourMessage(ctx, x, id, m.Ref)
		if err != nil {
			return err
		}
		if !ours {
			if err := s.Raise(ctx, x, gateway.ContrlForNothing, messageSubject(bank, id, m), "reject"); err != nil {
				return err
			}
			continue
		}
		if err := s.rejectMessages(ctx, x, id, &no, gateway.TextMessageRejected+m.Code, now); err != nil {
			return err
		}
	}
	_, err = s.acceptLines(ctx, x, now, `SELECT interchange_id, message_no, lin FROM order_line
		WHERE interchange_id = @interchange AND (@all OR validated_at IS NOT NULL)`,
		pgscript.Args{"interchange": id, "all": bank.Acceptance == gateway.AcceptedByContrl})
	return err
}

// ourMessage finds the message of an interchange by its UNH 0062, which must be what was sent, character by character.
func ourMessage(ctx context.Context, x *postgres.Session, interchange int64, ref string) (no int, ours bool, err error) {
	n, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != ref {
		return 0, false, nil // a bank's reference that means nothing is not an error of ours
	}
	err = x.QueryRowContext(ctx, `SELECT no FROM message WHERE interchange_id = $1 AND no = $2::bigint`, interchange, n).Scan(&no)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return no, err == nil, err
}

// rejectMessages rejects all lines of an interchange, or of one message of it, that the bank has not executed.
func (s *Store) rejectMessages(ctx context.Context, x *postgres.Session, id int64, message *int, text string, now time.Time) error {
	_, err := x.ExecContext(ctx, `UPDATE order_line SET state = 'rejected', text = $3, changed_at = $4
		WHERE interchange_id = $1 AND ($2::int IS NULL OR message_no = $2) AND state IN ('with_bank', 'accepted')`, id, message, text, now)
	if err != nil {
		return fmt.Errorf("reject messages: %w", err)
	}
	err = s.raiseExecuted(ctx, x, `SELECT interchange_id, message_no, lin FROM order_line
		WHERE interchange_id = @interchange AND (@message::int IS NULL OR message_no = @message)`, pgscript.Args{"interchange": id, "message": message})
	if err != nil {
		return err
	}
	return s.oweRejectedLines(ctx, x, now, `@interchange::bigint`, pgscript.Args{"interchange": id})
}
