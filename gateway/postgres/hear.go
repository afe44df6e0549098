package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
)

// HearNext matches the next file that a bank has sent, all of it or nothing. It tells whether there was one.
func (s *Store) HearNext(ctx context.Context, bankID string) (bool, error) {
	return s.passing(ctx, bankFileFails, func(over []int64) (took []int64, err error) {
		err = s.transact(ctx, "hear", func(x *session) error {
			if err := lockLines(ctx, x, bankID); err != nil {
				return err
			}
			var file bankFile
			err := x.GetContext(ctx, &file, `SELECT id, name, document_id, size, sha256 FROM bank_file
				WHERE bank = $1 AND state = 'received' AND id <> ALL ($2::bigint[]) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`, bankID, over)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			took = []int64{file.ID}
			if err := s.hear(ctx, x, s.banks[bankID], file); err != nil {
				return fmt.Errorf("bank %s file %d: %w", bankID, file.ID, err)
			}
			return s.mended(ctx, x, bankFileFails, file.ID)
		})
		return took, err
	})
}

// lockLines lets one transaction at a time move the lines of a bank on: two that touch the same lines in another order
// would wait for each other.
func lockLines(ctx context.Context, x *session, bank string) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nks.lines.' || $1, 0))`, bank); err != nil {
		return fmt.Errorf("lock lines of %s: %w", bank, err)
	}
	return nil
}

type bankFile struct {
	ID         int64  `db:"id"`
	Name       string `db:"name"`
	DocumentID int64  `db:"document_id"`
	Size       int64  `db:"size"`
	SHA256     []byte `db:"sha256"`
}

// hear reads one file. A file that cannot be read is parked for a person, and the bank is told by CONTRL; one that
// came before under another name does no harm.
func (s *Store) hear(ctx context.Context, x *session, bank Bank, file bankFile) error {
	content, err := s.openDocument(ctx, x, file.DocumentID)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	now := s.Now()
	if _, err := x.ExecContext(ctx, saidTable); err != nil {
		return err
	}
	said := &hearing{ctx: ctx, x: x}
	envelope, err := bank.Codec.Read(content, said)
	if err == nil {
		err = said.flush()
	}
	var bad *gateway.UnreadableError
	if errors.As(err, &bad) {
		return s.park(ctx, x, bank, file, envelope, err, now)
	}
	if err != nil {
		return err
	}
	if twin, err := s.twin(ctx, x, bank, file, envelope); err != nil || twin {
		return err
	}
	for _, c := range said.controls {
		if err := s.applyContrl(ctx, x, bank, c, now); err != nil {
			return err
		}
	}
	if err := s.applySaid(ctx, x, bank, file.DocumentID, now); err != nil {
		return err
	}
	if err := s.noteAbout(ctx, x, bank, file, said); err != nil {
		return err
	}
	for _, kind := range said.unknown {
		if err := s.raise(ctx, x, "bank message not understood", fmt.Sprintf("%s file %d %s", bank.ID, file.ID, kind), "message type "+kind); err != nil {
			return err
		}
	}
	if envelope.WantsContrl {
		if err := s.oweContrl(ctx, x, bank, envelope, nil, now); err != nil {
			return err
		}
	}
	return x.touch(ctx, `UPDATE bank_file SET state = 'done', control_ref = $2 WHERE id = $1 AND state = 'received'`, file.ID, envelope.ControlRef)
}

// twin tells whether an interchange with this number came before: the file is then parked. With other bytes it may say
// something else, which a person must see.
func (s *Store) twin(ctx context.Context, x *session, bank Bank, file bankFile, e gateway.BankEnvelope) (bool, error) {
	var before bankFile
	err := x.GetContext(ctx, &before, `SELECT id, name, document_id, size, sha256 FROM bank_file
		WHERE bank = $1 AND control_ref = $2 AND state = 'done'`, bank.ID, e.ControlRef)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(before.SHA256, file.SHA256) {
		err := s.raise(ctx, x, "bank control number reused", fmt.Sprintf("%s file %d", bank.ID, file.ID),
			fmt.Sprintf("interchange %s came before with other bytes, in file %d", e.ControlRef, before.ID))
		if err != nil {
			return false, err
		}
	}
	return true, x.touch(ctx, `UPDATE bank_file SET state = 'parked', note = $2 WHERE id = $1 AND state = 'received'`,
		file.ID, fmt.Sprintf("interchange %s came before, in file %d", e.ControlRef, before.ID))
}

// park keeps a file that cannot be read for a person, and answers it with the CONTRL that names the error.
func (s *Store) park(ctx context.Context, x *session, bank Bank, file bankFile, e gateway.BankEnvelope, cause error, now time.Time) error {
	if e.WantsContrl {
		if err := s.oweContrl(ctx, x, bank, e, cause, now); err != nil {
			return err
		}
	}
	if err := s.raise(ctx, x, "bank file unreadable", fmt.Sprintf("%s file %d", bank.ID, file.ID), cause.Error()); err != nil {
		return err
	}
	return x.touch(ctx, `UPDATE bank_file SET state = 'parked', note = $2 WHERE id = $1 AND state = 'received'`, file.ID, cause.Error())
}

// applyContrl records the bank's word about a whole interchange. Any CONTRL proves that the bank has the file.
func (s *Store) applyContrl(ctx context.Context, x *session, bank Bank, c gateway.Contrl, now time.Time) error {
	ref, err := strconv.ParseInt(c.ControlRef, 10, 64)
	var id int64
	var kind, before string
	var left bool
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT id, kind, `+mayHaveLeft+`, contrl FROM interchange i
			WHERE bank = $1 AND control_ref = $2 FOR UPDATE`, bank.ID, ref).Scan(&id, &kind, &left, &before)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, strconv.ErrSyntax) && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("CONTRL for %q: %w", c.ControlRef, err)
	}
	if err != nil || kind != "PAYMUL" || !left {
		return s.raise(ctx, x, "CONTRL for nothing sent", fmt.Sprintf("%s %q", bank.ID, c.ControlRef), "action "+string(c.Action))
	}
	if err := s.sent(ctx, x, id); err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `UPDATE exception SET closed_at = $2, closed_by = 'bank'
		WHERE kind = 'CONTRL missing' AND subject = $1 AND closed_at IS NULL`, fmt.Sprint(id), now)
	if err != nil {
		return err
	}
	if before == "rejected" && c.Action == gateway.ContrlAccepted {
		return s.raise(ctx, x, "CONTRL after reject", fmt.Sprintf("%s %d", bank.ID, ref), "the bank has rejected the interchange before, and now accepts it")
	}
	switch c.Action {
	case gateway.ContrlReceived:
		if bank.ReceiptIsFinal {
			return s.contrlAccepted(ctx, x, bank, id, c, now)
		}
		_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'received', contrl_at = $2 WHERE id = $1 AND contrl = 'none'`, id, now)
		return err
	case gateway.ContrlAccepted:
		return s.contrlAccepted(ctx, x, bank, id, c, now)
	case gateway.ContrlRejected:
		if _, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'rejected', contrl_at = $2 WHERE id = $1`, id, now); err != nil {
			return err
		}
		return s.rejectMessages(ctx, x, id, nil, "Interchange afvist af banken, fejlkode "+c.Code, now)
	}
	return s.raise(ctx, x, "CONTRL not understood", fmt.Sprintf("%s %q", bank.ID, c.ControlRef), "action "+string(c.Action))
}

func (s *Store) contrlAccepted(ctx context.Context, x *session, bank Bank, id int64, c gateway.Contrl, now time.Time) error {
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
			if err := s.raise(ctx, x, "CONTRL for nothing sent", fmt.Sprintf("%s interchange %d message %q", bank.ID, id, m.Ref), "reject"); err != nil {
				return err
			}
			continue
		}
		if err := s.rejectMessages(ctx, x, id, &no, "Meddelelse afvist af banken, fejlkode "+m.Code, now); err != nil {
			return err
		}
	}
	_, err = s.acceptLines(ctx, x, now, `SELECT interchange_id, message_no, lin FROM order_line
		WHERE interchange_id = $2 AND ($3 OR validated_at IS NOT NULL)`, id, bank.Acceptance == AcceptedByContrl)
	return err
}

// ourMessage finds the message of an interchange by its UNH 0062.
func ourMessage(ctx context.Context, x *session, interchange int64, ref string) (no int, ours bool, err error) {
	n, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return 0, false, nil // a bank's word that means nothing is not an error of ours
	}
	err = x.QueryRowContext(ctx, `SELECT no FROM message WHERE interchange_id = $1 AND no = $2::bigint`, interchange, n).Scan(&no)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return no, err == nil, err
}

// rejectMessages rejects all lines of an interchange, or of one message of it, that the bank has not executed.
func (s *Store) rejectMessages(ctx context.Context, x *session, id int64, message *int, text string, now time.Time) error {
	_, err := x.ExecContext(ctx, `UPDATE order_line SET state = 'rejected', text = $3, changed_at = $4
		WHERE interchange_id = $1 AND ($2::int IS NULL OR message_no = $2) AND state IN ('with_bank', 'accepted')`, id, message, text, now)
	if err != nil {
		return fmt.Errorf("reject messages: %w", err)
	}
	err = s.raiseExecuted(ctx, x, now, `SELECT interchange_id, message_no, lin FROM order_line
		WHERE interchange_id = $2 AND ($3::int IS NULL OR message_no = $3)`, id, message)
	if err != nil {
		return err
	}
	return s.oweRejectedLines(ctx, x, now, `$2::bigint`, id)
}

// oweContrl queues the answer to a bank's interchange; it goes the way of every other interchange to that bank.
func (s *Store) oweContrl(ctx context.Context, x *session, bank Bank, e gateway.BankEnvelope, cause error, now time.Time) error {
	ref, err := nextControlRef(ctx, x, bank.ID)
	if err != nil {
		return err
	}
	content, err := bank.Codec.Answer(e, cause, controlRef(ref), now.In(s.Location))
	if err != nil {
		return fmt.Errorf("CONTRL %d: %w", ref, err)
	}
	document, _, err := s.storeDocument(ctx, x, content)
	if err != nil {
		return err
	}
	_, err = x.ExecContext(ctx, `INSERT INTO interchange (kind, bank, control_ref, prepared_at, file_name, messages, state, document_id)
		VALUES ('CONTRL', $1, $2, $3, $4, 1, 'rendered', $5)`, bank.ID, ref, now, bank.fileName(ref), document)
	return err
}

// hearing gathers what stands in a file: CONTRLs in memory (few), words in the temporary table said (many).
type hearing struct {
	ctx      context.Context
	x        *session
	controls []gateway.Contrl
	unknown  []string
	n        int
	words    []byte
}

// mostContrls bounds what one file may hold.
const mostContrls = 10_000

// Contrl implements gateway.BankSink.
func (h *hearing) Contrl(c gateway.Contrl) error {
	if len(h.controls) == mostContrls {
		return &gateway.UnreadableError{Text: "more than 10,000 CONTRL messages in one file"}
	}
	h.controls = append(h.controls, c)
	return nil
}

// Unknown implements gateway.BankSink.
func (h *hearing) Unknown(messageType string) error {
	if len(h.unknown) < mostContrls {
		h.unknown = append(h.unknown, messageType)
	}
	return nil
}

// Word implements gateway.BankSink.
func (h *hearing) Word(w gateway.BankWord) error {
	h.n++
	b := strconv.AppendInt(h.words, int64(h.n), 10)
	b = optional(b, w.MessageRef)
	for _, n := range []int{w.Line, w.Seq} {
		if n == 0 {
			b = append(b, "\t\\N"...)
		} else {
			b = number(b, int64(n))
		}
	}
	b = optional(b, w.Reference)
	b = optional(b, string(w.Meaning))
	b = optional(b, w.Code)
	h.words = append(optional(b, w.Text), '\n')
	if len(h.words) >= pieceBytes {
		return h.flush()
	}
	return nil
}

func (h *hearing) flush() error {
	if len(h.words) == 0 {
		return nil
	}
	_, err := h.x.copyIn(h.ctx, `COPY said (n, message_ref, lin, seq, reference, meaning, code, text) FROM STDIN`, bytes.NewReader(h.words))
	h.words = h.words[:0]
	return err
}
