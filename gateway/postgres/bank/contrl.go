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

// applyContrl carries out the bank's CONTRL about a whole interchange, and gives what it says of it and of its messages. Any
// CONTRL proves that the bank has the file.
func (s *Store) applyContrl(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, c heardContrl, now time.Time, file bankFile) ([]fact, error) {
	number, err := gateway.ParseControlNumber(c.ControlRef)
	var id int64
	var kind string
	var before gateway.ContrlState
	var left, dropped bool
	if err == nil {
		err = x.QueryRowContext(ctx, `SELECT id, kind, may_have_left(state, attempt), contrl, coalesce(since, month) < first_kept() FROM interchange
			WHERE bank = $1 AND control_ref = $2 AND state <> 'void' FOR UPDATE`, bank.ID, number).Scan(&id, &kind, &left, &before, &dropped)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, gateway.ErrNotFound) {
		return nil, fmt.Errorf("CONTRL for %q: %w", c.ControlRef, err)
	}
	facts := factsOf(c, id)
	subject := fmt.Sprintf("%s %q", bank.ID, c.ControlRef)
	if err == nil && dropped {
		facts[0] = facts[0].undecidable(gateway.UndecidedContrl, subject)
		facts[0].dropped = true
		return facts, s.RaiseDetail(ctx, x, gateway.ContrlForNothing, subject, gateway.DetailDropped.With())
	}
	if err != nil || kind == "CONTRL" || !left {
		facts[0] = facts[0].undecidable(gateway.UndecidedContrl, subject)
		return facts, s.RaiseDetail(ctx, x, gateway.ContrlForNothing, subject, gateway.DetailContrlAction.With(c.Action))
	}
	if err := s.sent(ctx, x, id); err != nil {
		return nil, err
	}
	if err := s.Close(ctx, x, gateway.ContrlMissing, fmt.Sprint(id), closedByBank); err != nil {
		return nil, err
	}
	effect := gateway.JudgeContrl(before, c.Action, c.Code, bank.ReceiptIsFinal)
	if effect == gateway.NoContrlEffect {
		facts[0] = facts[0].undecidable(gateway.UndecidedAction, subject)
		return facts, s.RaiseDetail(ctx, x, gateway.ContrlNotUnderstood, subject, gateway.DetailContrlAction.With(c.Action))
	}
	facts[0].Effect, facts[0].Exception = effect.Follows(before)
	i := interchangeHeard{id, fmt.Sprintf("%s %d", bank.ID, number), before}
	if err := s.carryOut(ctx, x, bank, i, effect, c, facts[1:], now, file.DocumentID); err != nil || kind != "FINCAN" {
		return facts, err
	}
	return facts, s.failRecalls(ctx, x, bank, i.id, effect, c, file.ID, now)
}

// interchangeHeard is an interchange that a CONTRL is about.
type interchangeHeard struct {
	id     int64
	place  string // in exceptions
	before gateway.ContrlState
}

// factsOf is what a CONTRL says of an interchange, and then of each message.
func factsOf(c heardContrl, id int64) []fact {
	facts := []fact{{N: c.n, Kind: kindContrl, Interchange: id, Reference: c.ControlRef, Meaning: string(c.Action), Code: c.Code}}
	for i, m := range c.Messages {
		meaning := gateway.ContrlAccepted
		if m.Reject {
			meaning = gateway.ContrlRejected
		}
		facts = append(facts, fact{N: c.n + 1 + i, Kind: kindOfPart, Interchange: id, Reference: m.Ref, Meaning: string(meaning), Code: m.Code, Effect: gateway.Keeps})
	}
	return facts
}

// carryOut carries out what a CONTRL does to an interchange, and completes what it says of its messages.
func (s *Store) carryOut(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, i interchangeHeard, effect gateway.ContrlEffect, c heardContrl, messageFacts []fact,
	now time.Time, document int64) error {
	id, place := i.id, i.place
	switch effect {
	case gateway.ContrlNotesIt:
		_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'received', contrl_at = $2 WHERE id = $1 AND contrl = 'none'`, id, now)
		return err
	case gateway.ContrlAcceptsIt:
		return s.contrlAccepted(ctx, x, bank, i, c, messageFacts, now, document)
	case gateway.ContrlRejectsIt:
		if err := contrlIs(ctx, x, id, gateway.ContrlIsRejected, now); err != nil {
			return err
		}
		return s.wholeNews(ctx, x, gateway.NewsBankRejected, id, messages{}, gateway.TextInterchangeRejected+c.Code, "", document)
	case gateway.ContrlAcceptsAfter:
		rejected, err := s.rejectMessages(ctx, x, bank, i, c, messageFacts, document)
		if err != nil {
			return err
		}
		return s.disputeInterchange(ctx, x, gateway.NewsAcceptedAfter, gateway.ContrlAfterReject, id, messages{but: rejected}, place, "", now, document)
	case gateway.ContrlRejectsAfter:
		return s.disputeInterchange(ctx, x, gateway.NewsBankRejectedAfter, gateway.ContrlRejectsAccepted, id, messages{}, place, gateway.TextInterchangeRejected+c.Code, now, document)
	case gateway.ContrlRefusesAgain:
		return s.wholeNews(ctx, x, gateway.NewsRefusedAsDuplicate, id, messages{}, "", place, document)
	}
	return nil
}

// contrlIs records how the bank has judged an interchange.
func contrlIs(ctx context.Context, x *postgres.Session, id int64, is gateway.ContrlState, now time.Time) error {
	_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = $3::contrl_state, contrl_at = $2 WHERE id = $1`, id, now, string(is))
	return err
}

// disputeInterchange records a CONTRL that contradicts an earlier one: all that it is about waits for a person.
func (s *Store) disputeInterchange(ctx context.Context, x *postgres.Session, news gateway.News, kind gateway.ExceptionKind, id int64, of messages, place, text string,
	now time.Time, document int64) error {
	if err := contrlIs(ctx, x, id, gateway.ContrlIsDisputed, now); err != nil {
		return err
	}
	// Raised also where nothing of it is left to dispute.
	if err := s.RaiseDetail(ctx, x, kind, place, contradicts(kind).With()); err != nil {
		return err
	}
	return s.wholeNews(ctx, x, news, id, of, text, place, document)
}

// messages are those of an interchange that news is about: only some, or all but some.
type messages struct{ only, but []int }

// wholeNews carries out news of all lines of messages of an interchange. place is where contradictions are
// raised; empty: at each line.
func (s *Store) wholeNews(ctx context.Context, x *postgres.Session, news gateway.News, id int64, of messages, text, place string, document int64) error {
	_, err := s.follow(ctx, x, news, source{document: document}, place, `SELECT 0, NULL, NULL, NULL, interchange_id, message_no, lin, NULL, NULL, nullif(@text, '')
		FROM order_line WHERE interchange_id = @interchange AND (@only::int[] IS NULL OR message_no = ANY (@only)) AND (@but::int[] IS NULL OR message_no <> ALL (@but))`,
		pgscript.Args{"interchange": id, "only": of.only, "but": of.but, "text": text})
	return err
}

func (s *Store) contrlAccepted(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, i interchangeHeard, c heardContrl, messageFacts []fact,
	now time.Time, document int64) error {
	id := i.id
	_, err := x.ExecContext(ctx, `UPDATE interchange SET contrl = 'accepted', contrl_at = $2
		WHERE id = $1 AND contrl IN ('none', 'received')`, id, now)
	if err != nil {
		return err
	}
	if _, err := s.rejectMessages(ctx, x, bank, i, c, messageFacts, document); err != nil {
		return err
	}
	_, err = s.acceptLines(ctx, x, `SELECT interchange_id, message_no, lin FROM order_line
		WHERE interchange_id = @interchange AND (@all OR validated_at IS NOT NULL)`,
		pgscript.Args{"interchange": id, "all": bank.Acceptance == gateway.AcceptedByContrl})
	return err
}

// rejectMessages carries out that a CONTRL rejects messages of an interchange that it accepts, and tells which.
func (s *Store) rejectMessages(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, i interchangeHeard, c heardContrl, messageFacts []fact,
	document int64) (rejected []int, err error) {
	id := i.id
	for k, m := range c.Messages {
		if !m.Reject {
			continue
		}
		no, ours, err := ourMessage(ctx, x, id, m.Ref)
		if err != nil {
			return nil, err
		}
		if !ours {
			subject := messageSubject(bank, id, m)
			messageFacts[k] = messageFacts[k].undecidable(gateway.UndecidedMessage, subject)
			if err := s.RaiseDetail(ctx, x, gateway.ContrlForNothing, subject, gateway.DetailContrlReject.With()); err != nil {
				return nil, err
			}
			continue
		}
		rejected = append(rejected, no)
		news, effect := judgeMessage(i.before, m)
		messageFacts[k].Message, messageFacts[k].Effect = no, effect
		if err := s.wholeNews(ctx, x, news, id, messages{only: []int{no}}, gateway.TextMessageRejected+m.Code, "", document); err != nil {
			return nil, err
		}
	}
	return rejected, nil
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

// judgeMessage is the news of a message that a CONTRL rejects in an interchange that it accepts, and what it does.
func judgeMessage(before gateway.ContrlState, m gateway.ContrlMessage) (gateway.News, gateway.Effect) {
	switch {
	case m.Code == gateway.DuplicateDetected:
		return gateway.NewsRefusedAsDuplicate, gateway.Keeps
	case before == gateway.ContrlIsAccepted || before == gateway.ContrlIsDisputed:
		return gateway.NewsBankRejectedAfter, gateway.Disputes
	case before == gateway.ContrlIsRejected:
		return gateway.NewsBankRejected, gateway.Repeats
	}
	return gateway.NewsBankRejected, gateway.Takes
}

// messageSubject is how an exception names a message that a CONTRL rejects and that is none of the interchange.
func messageSubject(bank gateway.BankCentre, interchange int64, m gateway.ContrlMessage) string {
	return fmt.Sprintf("%s interchange %d message %q", bank.ID, interchange, m.Ref)
}
