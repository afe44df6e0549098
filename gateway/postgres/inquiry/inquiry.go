// Package inquiry keeps the cases of citizens who miss a payment: what was asked, what was known, what was done about it and what was
// answered. It writes inquiry and inquiry_step, and moves no payment.
package inquiry

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Store is the inquiries. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days gateway.Days
}

// Inquiry is one case. Texts may name persons: they are shown to who decides, and masked.
type Inquiry struct {
	ID        int64           `db:"id" json:"id"`
	Payment   int64           `db:"payment_id" json:"payment"`
	Authority string          `db:"authority" json:"authority"`
	OpenedBy  string          `db:"opened_by" json:"opened_by"`
	Why       string          `db:"why" json:"why"`
	Evidence  string          `db:"evidence" json:"evidence"`
	Known     json.RawMessage `db:"known" json:"known"`
	OpenedAt  time.Time       `db:"opened_at" json:"opened_at"`
	DueOn     time.Time       `db:"due_on" json:"due_on"` // a day
	Decision  int64           `db:"decision_id" json:"decision"`
	Steps     []Step          `db:"-" json:"steps,omitempty"`
	Recalls   []int64         `db:"-" json:"recalls,omitempty"` // of the same payment, asked since
}

// Step is one thing that was done.
type Step struct {
	Step     gateway.InquiryStep    `db:"step" json:"step"`
	By       string                 `db:"by" json:"by"`
	Text     string                 `db:"text" json:"text"`
	Evidence string                 `db:"evidence" json:"evidence,omitempty"`
	Outcome  gateway.InquiryOutcome `db:"outcome" json:"outcome,omitempty"`
	At       time.Time              `db:"at" json:"at"`
	Decision int64                  `db:"decision_id" json:"decision"`
}

//go:embed sql/known.sql
var knownSQL string

//go:embed sql/letter.sql
var letterSQL string

// look is what the log keeps of a look at a payment for an inquiry.
type look struct {
	By        string `json:"by"`
	Authority string `json:"authority"`
	Payment   int64  `json:"payment"`
	Inquiry   int64  `json:"inquiry,omitempty"`
	Why       string `json:"why"`
}

// Open opens a case about a payment; without a decision it only looks whether that can be. gateway.ErrNotFound: there is no such payment, gateway.ErrLostOwnership: one is open.
func (s *Store) Open(ctx context.Context, x *postgres.Session, i Inquiry) (id int64, err error) {
	if err := s.lockPayment(ctx, x, i.Payment); err != nil {
		return 0, err
	}
	var open bool
	if err := x.GetContext(ctx, &open, `SELECT EXISTS (SELECT FROM inquiry WHERE payment_id = $1 AND inquiry_is_open(id))`, i.Payment); err != nil {
		return 0, fmt.Errorf("open inquiries: %w", err)
	}
	if open {
		return 0, gateway.ErrLostOwnership
	}
	var known struct {
		Month     string `db:"month"`
		Authority string `db:"authority"`
		Known     string `db:"known"`
	}
	err = x.GetContext(ctx, &known, knownSQL, i.Payment)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("payment %d: %w", i.Payment, gateway.ErrNotFound)
	}
	if err != nil {
		return 0, fmt.Errorf("what is known of payment %d: %w", i.Payment, err)
	}
	if i.Decision == 0 {
		return 0, nil
	}
	now := s.Now()
	due := gateway.HoldUntil(s.Days.Calendar, gateway.DateOf(now.In(s.Location)), gateway.InquiryDays)
	err = x.GetContext(ctx, &id, `INSERT INTO inquiry (month, payment_id, authority, opened_by, why, evidence, known, opened_at, due_on, decision_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10) RETURNING id`,
		known.Month, i.Payment, known.Authority, i.OpenedBy, i.Why, i.Evidence, known.Known, now, due.String(), i.Decision)
	if err != nil {
		return 0, fmt.Errorf("open inquiry: %w", err)
	}
	return id, s.Audit(ctx, x, audit.PaymentLook, look{By: i.OpenedBy, Authority: known.Authority, Payment: i.Payment, Inquiry: id, Why: i.Why})
}

// lockPayment keeps another case about the payment from being opened meanwhile.
func (s *Store) lockPayment(ctx context.Context, x *postgres.Session, payment int64) error {
	if _, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('inquiry', $1))`, payment); err != nil {
		return fmt.Errorf("payment %d: %w", payment, err)
	}
	return nil
}

// Take notes a step of a case that is open; gateway.ErrNotFound: there is none of that number, gateway.ErrLostOwnership: it is closed.
func (s *Store) Take(ctx context.Context, x *postgres.Session, id int64, step Step) error {
	var of struct {
		Payment int64 `db:"payment_id"`
		Open    bool  `db:"open"`
	}
	err := x.GetContext(ctx, &of.Payment, `SELECT payment_id FROM inquiry WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("inquiry %d: %w", id, gateway.ErrNotFound)
	}
	if err == nil {
		err = s.lockPayment(ctx, x, of.Payment)
	}
	if err == nil {
		err = x.GetContext(ctx, &of.Open, `SELECT inquiry_is_open($1)`, id)
	}
	if err == nil && !of.Open {
		return gateway.ErrLostOwnership
	}
	if err == nil {
		_, err = x.ExecContext(ctx, `INSERT INTO inquiry_step (inquiry_id, n, step, by, text, evidence, outcome, at, decision_id)
			SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8 FROM inquiry_step WHERE inquiry_id = $1`,
			id, step.Step, step.By, step.Text, step.Evidence, step.Outcome, s.Now(), step.Decision)
	}
	if err == nil && step.Step == gateway.InquiryClosed {
		err = s.CloseMended(ctx, x, gateway.InquiryLate, of.Payment)
	}
	if err != nil {
		return fmt.Errorf("inquiry %d: %w", id, err)
	}
	return nil
}

// mostListed bounds a list of cases.
const mostListed = 1000

// List is the cases, newest first, without what is known and done: those that are open, or all.
func (s *Store) List(ctx context.Context, all bool) (list []Inquiry, err error) {
	err = s.DB.SelectContext(ctx, &list, `SELECT id, payment_id, authority, opened_by, why, evidence, '{}'::jsonb AS known, opened_at, due_on, decision_id FROM inquiry
		WHERE $1 OR inquiry_is_open(id) ORDER BY id DESC LIMIT $2`, all, mostListed)
	if err != nil {
		return nil, fmt.Errorf("inquiries: %w", postgres.Transient(err))
	}
	return list, nil
}

// Show is one case with everything, for somebody who looks for its purpose, which the log keeps; gateway.ErrNotFound: there is none.
func (s *Store) Show(ctx context.Context, id int64, by string) (i Inquiry, err error) {
	err = s.Transact(ctx, "show inquiry", func(x *postgres.Session) error {
		err := x.GetContext(ctx, &i, `SELECT id, payment_id, authority, opened_by, why, evidence, known, opened_at, due_on, decision_id FROM inquiry WHERE id = $1`, id)
		if errors.Is(err, sql.ErrNoRows) {
			return gateway.ErrNotFound
		}
		if err == nil {
			err = x.SelectContext(ctx, &i.Steps, `SELECT step, by, text, coalesce(evidence, '') AS evidence, coalesce(outcome, '') AS outcome, at, decision_id
				FROM inquiry_step WHERE inquiry_id = $1 ORDER BY n`, id)
		}
		if err == nil {
			err = x.SelectContext(ctx, &i.Recalls, `SELECT id FROM recall WHERE payment_id = $1 AND asked_at >= $2 ORDER BY id`, i.Payment, i.OpenedAt)
		}
		if err == nil {
			err = s.Audit(ctx, x, audit.PaymentLook, look{By: by, Authority: i.Authority, Payment: i.Payment, Inquiry: id, Why: i.Why})
		}
		return err
	})
	if err != nil {
		return i, fmt.Errorf("inquiry %d: %w", id, err)
	}
	return i, nil
}

// Letter is what the bank is asked about the payment's last order; gateway.ErrNotFound: it has none.
func (s *Store) Letter(ctx context.Context, x *postgres.Session, id int64) (string, error) {
	var l struct {
		gateway.InquiryLetter
		Line       int       `db:"lin"`
		ExecutesOn time.Time `db:"executes_on"`
		SentAt     time.Time `db:"sent_at"`
	}
	err := x.GetContext(ctx, &l, letterSQL, id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", gateway.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("letter of inquiry %d: %w", id, err)
	}
	l.InquiryLetter.Line, l.InquiryLetter.ExecutesOn, l.InquiryLetter.SentAt = l.Line, gateway.DateOf(l.ExecutesOn), l.SentAt.In(s.Location)
	return l.Text(), nil
}

// Next tells persons of cases that are open for too long, again on each further banking day. It reports no work.
func (s *Store) Next(ctx context.Context) (bool, error) {
	today := gateway.DateOf(s.Now().In(s.Location))
	if !s.Days.Calendar.IsBankingDay(today) {
		return false, nil
	}
	err := s.Transact(ctx, "late inquiries", func(x *postgres.Session) error {
		var late []Inquiry
		err := x.SelectContext(ctx, &late, `SELECT i.id, i.payment_id, i.opened_at, i.due_on FROM inquiry i WHERE i.due_on < $1::date AND inquiry_is_open(i.id)
			AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = $2 AND e.subject = i.payment_id::text
				AND (e.closed_at IS NULL OR (greatest(e.raised_at, e.closed_at) AT TIME ZONE $3)::date >= $1::date)) ORDER BY i.id LIMIT $4`,
			today.String(), gateway.InquiryLate, s.Location.String(), mostListed)
		if err != nil {
			return err
		}
		for _, i := range late {
			detail := gateway.DetailInquiryLate.With(i.ID, gateway.DateOf(i.OpenedAt.In(s.Location)), gateway.DateOf(i.DueOn))
			if err := s.RaiseDetail(ctx, x, gateway.InquiryLate, fmt.Sprint(i.Payment), detail); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("inquiries: %w", err)
	}
	return false, nil
}

// NextDue is the beginning of the next day after a time.
func (s *Store) NextDue(_ context.Context, after time.Time) (time.Time, error) {
	return gateway.DateOf(after.In(s.Location)).AddDays(1).At(0, s.Location), nil
}
