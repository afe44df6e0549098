package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// Asked is what became of asking for the order of one payment back.
type Asked struct {
	Payment  int64            `db:"payment_id"`
	Ore      int64            `db:"ore"`
	Bank     string           `db:"bank"`
	Position gateway.Position `db:"position"`
	Open     int64            `db:"open"` // the recall of the same order that is open, or was granted; 0: there is none
	// HandedOver is since when the bank may have it; nil where it has not.
	HandedOver *time.Time `db:"handed_over_at"`
}

// Done reports whether the bank is asked.
func (a Asked) Done() bool {
	return a.HandedOver != nil && a.Position.MayRecall() && a.Open == 0
}

// Text says it in words, with times at a place.
func (a Asked) Text(at *time.Location) string {
	if a.Position == "" {
		return "is not there"
	}
	is := "is " + string(a.Position) + Handled{Since: a.HandedOver, Until: a.HandedOver}.handedOver(at)
	switch {
	case a.HandedOver == nil && a.Position != gateway.AtRejected && a.Position != gateway.AtNotPayable && a.Position != gateway.AtStopped:
		return is + ": no bank has it, it can be stopped"
	case !a.Position.MayRecall():
		return is + ": there is nothing to ask for"
	case a.Open != 0:
		return fmt.Sprintf("%s: recall %d of the same order is open, or was granted", is, a.Open)
	}
	return fmt.Sprintf("%s is asked for %d øre; it %s", a.Bank, a.Ore, is)
}

//go:embed sql/recall.sql
var recallSQL string

// Recall asks banks, by a decision, for the orders of payments back; without a number it only tells what would become of each. The lines of
// the banks are locked. Whether a bank does it is its answer; what becomes of the money its statuses and postings say, as of every order.
func (s *Store) Recall(ctx context.Context, x *postgres.Session, payments []int64, decision int64) (map[int64]Asked, error) {
	p, of, err := s.askable(ctx, x, payments)
	if err != nil || p == nil || decision == 0 {
		return of, err
	}
	return of, p.ask(ctx, of, decision, nil)
}

// Recallable is which of some payments their banks can be asked for. Their lines are locked.
func (s *Store) Recallable(ctx context.Context, x *postgres.Session, payments []int64) (which []int64, err error) {
	_, of, err := s.askable(ctx, x, payments)
	for _, id := range payments {
		if of[id].Done() {
			which = append(which, id)
		}
	}
	return which, err
}

// RecallFound asks banks for the orders of payments back that would be executed to accounts that have changed; findings are what was found of
// each. All of them must be recallable.
func (s *Store) RecallFound(ctx context.Context, x *postgres.Session, findings map[int64]int64) error {
	payments := slices.Sorted(maps.Keys(findings))
	p, of, err := s.askable(ctx, x, payments)
	if err != nil || p == nil {
		return err
	}
	var found []int64
	for _, id := range payments {
		if !of[id].Done() {
			return fmt.Errorf("payment %d: %w", id, gateway.ErrMovedOn)
		}
		found = append(found, findings[id])
	}
	return p.ask(ctx, of, 0, found)
}

// askable is where some payments stand, and whether their banks can be asked for them; nil: there are none.
func (s *Store) askable(ctx context.Context, x *postgres.Session, payments []int64) (*stopping, map[int64]Asked, error) {
	p, err := s.choose(ctx, x, ByID(payments))
	if err != nil || p == nil {
		return nil, nil, err
	}
	var all []Asked
	err = x.SelectContext(ctx, &all, `SELECT t.payment_id, t.ore, coalesce(t.bank, '') AS bank, t.position, t.handed_over_at,
			coalesce((SELECT r.id FROM recall r LEFT JOIN recall_answer a ON a.id = recall_answered(r.id) WHERE r.payment_id = t.payment_id AND r.attempt = t.attempt
				AND (a.answer IS NULL OR a.answer = 'recalled') ORDER BY r.id DESC LIMIT 1), 0) AS open
		FROM stopping t`)
	if err != nil {
		return nil, nil, fmt.Errorf("orders: %w", err)
	}
	of := make(map[int64]Asked, len(all))
	for _, a := range all {
		of[a.Payment] = a
	}
	return p, of, nil
}

// ask asks for what can be asked for, by a decision or, without one, by what was found.
func (p *stopping) ask(ctx context.Context, of map[int64]Asked, decision int64, findings []int64) error {
	var ask []int64
	for id, a := range of {
		if a.Done() {
			ask = append(ask, id)
			p.x.Wakes(postgres.ToRecall(a.Bank))
		}
	}
	if len(ask) == 0 {
		return nil
	}
	r, err := p.x.ExecContext(ctx, recallSQL, p.with(pgscript.Args{"ask": ask, "decision": sql.NullInt64{Int64: decision, Valid: decision != 0}, "findings": findings, "now": p.Now()}))
	if err != nil {
		return fmt.Errorf("recall: %w", err)
	}
	if n, err := r.RowsAffected(); err != nil || n != int64(len(ask)) {
		return fmt.Errorf("%w: %d recalls of %d orders", gateway.ErrCountMismatch, n, len(ask))
	}
	return nil
}

// RecallAsked is an order that a bank was asked for, with what it has answered.
type RecallAsked struct {
	ID       int64                `db:"id" json:"id"`
	Decision int64                `db:"decision_id" json:"decision,omitempty"` // 0: it was found that its account has changed
	Payment  int64                `db:"payment_id" json:"payment"`
	Attempt  int                  `db:"attempt" json:"order"`
	Bank     string               `db:"bank" json:"bank"`
	Ore      int64                `db:"ore" json:"ore"`
	Position gateway.Position     `db:"position" json:"position"` // where it stood
	AskedAt  time.Time            `db:"asked_at" json:"asked_at"`
	Control  string               `db:"control" json:"control_reference,omitempty"` // of the message that asks; empty: it is not written
	Line     int                  `db:"lin" json:"lin,omitempty"`
	SentAt   *time.Time           `db:"sent_at" json:"sent_at,omitempty"`
	Answer   gateway.RecallAnswer `db:"answer" json:"answer,omitempty"`
	Code     string               `db:"code" json:"code,omitempty"`
	Text     string               `db:"text" json:"text,omitempty"`
	At       *time.Time           `db:"at" json:"answered_at,omitempty"`
	File     int64                `db:"bank_file_id" json:"file,omitempty"`
}

// mostAsked bounds a list of recalls.
const mostAsked = 1000

// Recalls lists what banks were asked for, newest first, at most 1,000: what nothing decisive was answered to, or all.
func (s *Store) Recalls(ctx context.Context, all bool) ([]RecallAsked, error) {
	var list []RecallAsked
	err := s.DB.SelectContext(ctx, &list, `SELECT r.id, coalesce(r.decision_id, 0) AS decision_id, r.payment_id, r.attempt, r.bank, r.ore, r.position, r.asked_at,
			coalesce(lpad(i.control_ref::text, 14, '0'), '') AS control, coalesce(l.lin, 0) AS lin, i.sent_at,
			coalesce(a.answer, '') AS answer, coalesce(a.code, '') AS code, coalesce(a.text, '') AS text, a.at, coalesce(a.bank_file_id, 0) AS bank_file_id
		FROM recall r LEFT JOIN recall_line l ON l.recall_id = r.id LEFT JOIN interchange i ON i.id = l.interchange_id
		LEFT JOIN recall_answer a ON a.id = coalesce(recall_answered(r.id), (SELECT max(n.id) FROM recall_answer n WHERE n.recall_id = r.id))
		WHERE $1 OR recall_answered(r.id) IS NULL ORDER BY r.id DESC LIMIT $2`, all, mostAsked)
	if err != nil {
		return nil, fmt.Errorf("recalls: %w", postgres.Transient(err))
	}
	return list, nil
}
