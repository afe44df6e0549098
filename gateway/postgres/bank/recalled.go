package bank

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/recalled.sql
var recalledScript string

// applyRecalls takes the statuses of a file that are about our recalls out of bank_status, and notes what the bank answers. None of them is
// about the order itself: what became of that its own statuses and postings say.
func (s *Store) applyRecalls(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile, now time.Time) error {
	var any bool
	if err := x.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM interchange WHERE bank = $1 AND kind = 'FINCAN')`, bank.ID).Scan(&any); err != nil || !any {
		return err
	}
	err := pgscript.Run(ctx, x, recalledScript, pgscript.Args{"bank": bank.ID, "file": file.ID, "hearing": file.Hearing, "now": now,
		"unclear": string(gateway.MeansUnclear), "order": string(gateway.UndecidedOrder), "status": string(gateway.UndecidedStatus),
		"undecided": string(gateway.BankStatusUndecided), "refused": string(gateway.RecallRefusal), "contradicts": string(gateway.RecallContradicts)})
	if err != nil {
		return fmt.Errorf("statuses of recalls: %w", err)
	}
	if err := s.proveSent(ctx, x, `SELECT interchange_id FROM recall_status`); err != nil {
		return err
	}
	return s.raiseRecalls(ctx, x, bank, file)
}

// raiseRecalls tells of orders that do not come back, of answers that contradict each other, and of those that nobody can decide.
func (s *Store) raiseRecalls(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, file bankFile) error {
	var all []struct {
		N           int                   `db:"n"`
		Interchange int64                 `db:"interchange_id"`
		Payment     int64                 `db:"payment_id"`
		Exception   gateway.ExceptionKind `db:"exception"`
		Trouble     string                `db:"trouble"`
		Answer      gateway.RecallAnswer  `db:"answer"`
		Code        string                `db:"code"`
		Text        string                `db:"text"`
	}
	err := x.SelectContext(ctx, &all, `SELECT n, interchange_id, coalesce(payment_id, 0) AS payment_id, exception, coalesce(trouble, '') AS trouble,
			coalesce(answer, '') AS answer, coalesce(code, '') AS code, coalesce(text, '') AS text
		FROM recall_status WHERE exception IS NOT NULL ORDER BY n LIMIT $1`, mostItems)
	if err != nil {
		return fmt.Errorf("answers to recalls: %w", err)
	}
	var doubts []doubt
	for _, r := range all {
		subject, detail := fmt.Sprint(r.Payment), gateway.DetailRecallRefused.With(bank.ID, reasonText(r.Code, r.Text))
		switch r.Exception {
		case gateway.BankStatusUndecided:
			subject, detail = itemSubject(bank, file, r.N), gateway.DetailUnclear.With(r.Trouble)
			doubts = append(doubts, doubt{r.Interchange, r.Exception, subject})
		case gateway.RecallContradicts:
			detail = gateway.DetailRecallContradicts.With(bank.ID, r.Answer)
		}
		if err := s.RaiseDetail(ctx, x, r.Exception, subject, detail); err != nil {
			return err
		}
	}
	if len(doubts) == 0 {
		return nil
	}
	return s.keepDoubts(ctx, x, bank, file, doubts...)
}

// reasonText is a bank's code and text as an exception tells them.
func reasonText(code, text string) string {
	if code == "" || text == "" {
		return code + text
	}
	return code + ": " + text
}

// failRecalls notes that a bank's CONTRL has rejected what asks for orders back: nobody there has seen it.
func (s *Store) failRecalls(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, id int64, effect gateway.ContrlEffect, c heardContrl, file int64, now time.Time) error {
	code := c.Code
	switch effect {
	case gateway.ContrlRejectsIt, gateway.ContrlRejectsAfter:
	case gateway.ContrlAcceptsIt, gateway.ContrlAcceptsAfter:
		n := slices.IndexFunc(c.Messages, func(m gateway.ContrlMessage) bool {
			return m.Reject && m.Ref == "1" && m.Code != gateway.DuplicateDetected
		})
		if n < 0 {
			return nil
		}
		code = c.Messages[n].Code
	default:
		return nil
	}
	text := gateway.TextInterchangeRejected + code
	var payments []int64
	err := x.SelectContext(ctx, &payments, `WITH failed AS (INSERT INTO recall_answer (recall_id, answer, text, bank_file_id, at)
			SELECT l.recall_id, $2, $3, $4::bigint, $5::timestamptz FROM recall_line l WHERE l.interchange_id = $1 ORDER BY l.lin ON CONFLICT DO NOTHING RETURNING id, recall_id)
		SELECT r.payment_id FROM failed f JOIN recall r ON r.id = f.recall_id WHERE recall_answered(r.id) IS NULL OR recall_answered(r.id) = f.id ORDER BY r.id`,
		id, string(gateway.RecallFailed), text, file, now)
	if err != nil {
		return fmt.Errorf("recalls of interchange %d: %w", id, err)
	}
	for _, payment := range payments {
		if err := s.RaiseDetail(ctx, x, gateway.RecallRefusal, fmt.Sprint(payment), gateway.DetailRecallFailed.With(bank.ID, text)); err != nil {
			return err
		}
	}
	return nil
}

// raiseUnrecalled tells of recalls that a bank has had for long and not answered.
func (s *Store) raiseUnrecalled(ctx context.Context, x *postgres.Session, bank gateway.BankCentre, now time.Time) error {
	var late []waiting
	err := x.SelectContext(ctx, &late, `SELECT i.id, i.file_name, count(*) AS payments, sum(r.ore)::bigint AS ore, i.sent_at AS since FROM interchange i
		JOIN recall_line l ON l.interchange_id = i.id JOIN recall r ON r.id = l.recall_id
		WHERE i.bank = $1 AND i.kind = 'FINCAN' AND i.state = 'sent' AND i.sent_at <= $2 AND recall_answered(r.id) IS NULL GROUP BY i.id ORDER BY i.id`,
		bank.ID, now.Add(-gateway.RecallDeadline))
	if err != nil {
		return fmt.Errorf("recalls without answer: %w", err)
	}
	return s.raise(ctx, x, bank, alarm{kind: gateway.RecallMissing, reason: gateway.DetailNoRecall, again: periodic(gateway.RecallDeadline, now)}, late)
}
