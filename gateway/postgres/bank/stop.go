package bank

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

// StopOutcome is what a decision to stop, or to let go, does with a payment.
type StopOutcome string

// The outcomes.
const (
	IsStopped    StopOutcome = "stopped"
	IsStoppedToo StopOutcome = "again"   // it was stopped before
	Goes         StopOutcome = "goes"    // it is stopped no more
	NotStopped   StopOutcome = "refused" // it is where it cannot be stopped, or is not stopped
)

// Handled is what a decision does with payments that stand at one position.
type Handled struct {
	Outcome  StopOutcome      `db:"outcome"`
	Position gateway.Position `db:"position"`
	Payments int              `db:"payments"`
	Ore      int64            `db:"ore"`
	// Since and Until are between when the bank may have got them; nil where it has not.
	Since *time.Time `db:"since"`
	Until *time.Time `db:"until"`
}

// Stops is what a decision does with all of its payments.
type Stops struct {
	Handled  []Handled
	Void     int // interchanges that are void for it
	Reported int // payments let go whose authority was told by response 5 that they are stopped
	HeldBack int // payments that are held again, as before they were stopped
}

// count is the payments and øre of some outcomes.
func (s Stops) count(of ...StopOutcome) (payments int, ore int64) {
	for _, h := range s.Handled {
		if slices.Contains(of, h.Outcome) {
			payments, ore = payments+h.Payments, ore+h.Ore
		}
	}
	return payments, ore
}

// Any reports whether anything is stopped, or let go.
func (s Stops) Any() bool {
	n, _ := s.count(IsStopped, IsStoppedToo, Goes)
	return n > 0
}

// Text says it in words, with times at a place.
func (s Stops) Text(at *time.Location) string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if n, ore := s.count(IsStopped); n > 0 {
		add("%d payments of %d øre are stopped", n, ore)
	}
	if s.Void > 0 {
		add("%d interchanges are void, the others in them are ordered anew", s.Void)
	}
	if n, ore := s.count(IsStoppedToo); n > 0 {
		add("%d of %d øre were stopped before, and are by this, too", n, ore)
	}
	if n, ore := s.count(Goes); n > 0 {
		add("%d payments of %d øre are stopped no more", n, ore)
	}
	if s.HeldBack > 0 {
		add("%d of them are held, as before", s.HeldBack)
	}
	if s.Reported > 0 {
		add("of %d of them response 5 was given; what becomes of them follows", s.Reported)
	}
	for _, h := range s.Handled {
		if h.Outcome == NotStopped {
			add("NOT: %d of %d øre, %s%s", h.Payments, h.Ore, h.Position, h.handedOver(at))
		}
	}
	if len(all) == 0 {
		return "there are no such payments"
	}
	return strings.Join(all, "; ")
}

// handedOver says when the bank may have got them.
func (h Handled) handedOver(at *time.Location) string {
	const clock = "2006-01-02 15:04:05"
	switch {
	case h.Since == nil:
		return ""
	case h.Since.Equal(*h.Until):
		return ", handed over " + h.Since.In(at).Format(clock)
	}
	return ", handed over " + h.Since.In(at).Format(clock) + " to " + h.Until.In(at).Format(clock)
}

//go:embed sql/stop.sql
var stopScript string

// WouldStop is what Stop would do now. Nothing is locked or changed.
func (s *Store) WouldStop(ctx context.Context, x *postgres.Session, which Chosen) (Stops, error) {
	p, err := s.choose(ctx, x, which)
	if err != nil || p == nil {
		return Stops{}, err
	}
	void, err := p.voidable(ctx)
	if err == nil {
		err = p.judge(ctx, gateway.NewsStopped, IsStopped)
	}
	if err != nil {
		return Stops{}, err
	}
	return p.stops(ctx, Stops{Void: len(void)})
}

// Stop stops payments, by a decision: what waits does not go until that is undone, and what is in an interchange that has not been
// let go towards the bank is taken out of it: the interchange is void, and its other payments are ordered anew. The rest is refused;
// what became of each is on record. Authorities are told by response 5.
//
// A payment that is stopped here is in no order that may reach a bank: a release that is under way is waited for, and one that
// follows sees it.
func (s *Store) Stop(ctx context.Context, x *postgres.Session, which Chosen, decision int64, why string) (Stops, error) {
	p, err := s.choose(ctx, x, which)
	if err != nil || p == nil {
		return Stops{}, err
	}
	if err := p.keepStill(ctx); err != nil {
		return Stops{}, err
	}
	void, err := p.voidAll(ctx, decision, why)
	if err != nil {
		return Stops{}, err
	}
	if err := p.judge(ctx, gateway.NewsStopped, IsStopped); err != nil {
		return Stops{}, err
	}
	if err := p.stop(ctx, decision, why); err != nil {
		return Stops{}, fmt.Errorf("stop: %w", err)
	}
	x.Wakes(postgres.ToAnswer)
	done, err := p.stops(ctx, Stops{Void: void})
	p.gathersStatistics(ctx, done)
	return done, err
}

// voidable are the interchanges that must be void for payments in them to be stopped.
func (p *stopping) voidable(ctx context.Context) (ids []int64, err error) {
	err = p.x.SelectContext(ctx, &ids, `SELECT DISTINCT interchange_id FROM stopping WHERE position = $1 AND may_stop ORDER BY 1`, gateway.AtFrozen)
	if err != nil {
		return nil, fmt.Errorf("interchanges: %w", err)
	}
	return ids, nil
}

// voidAll makes the interchanges void in which payments are that may still be stopped, and tells how many. One that is let go
// meanwhile stays.
func (p *stopping) voidAll(ctx context.Context, decision int64, why string) (void int, err error) {
	ids, err := p.voidable(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	for _, id := range ids {
		var may bool
		var state gateway.InterchangeState
		err := p.x.QueryRowContext(ctx, `SELECT state, may_be_out_since IS NOT NULL FROM interchange WHERE id = $1 FOR UPDATE`, id).Scan(&state, &may)
		if err != nil {
			return 0, fmt.Errorf("interchange %d: %w", id, err)
		}
		if !state.MayStop(may) {
			continue
		}
		if _, err := p.makeVoid(ctx, p.x, id, decision, why); err != nil {
			return 0, err
		}
		void++
	}
	return void, p.look(ctx)
}

// judge says what becomes of each payment, by the table of what may follow.
func (p *stopping) judge(ctx context.Context, news gateway.News, takes StopOutcome) error {
	_, err := p.x.ExecContext(ctx, `UPDATE stopping t SET outcome = CASE f.effect WHEN $4 THEN $2 WHEN $5 THEN $3 ELSE $6 END
		FROM may_follow f WHERE f.news = $1 AND f.scope = 'order'
		AND f.position = CASE WHEN t.position = 'frozen' AND t.may_stop AND $1 = $7 THEN 'void' ELSE t.position END`,
		news, takes, IsStoppedToo, gateway.Takes, gateway.Repeats, NotStopped, gateway.NewsStopped)
	if err != nil {
		return fmt.Errorf("what becomes of payments: %w", err)
	}
	return nil
}

// stop records that payments are stopped, and owes response 5.
func (p *stopping) stop(ctx context.Context, decision int64, why string) error {
	if err := p.x.NewFacts(ctx); err != nil {
		return err
	}
	_, err := p.x.ExecContext(ctx, `INSERT INTO new_fact (month, payment_id, attempt, kind, text, decision_id)
		SELECT month, payment_id, CASE position WHEN 'void' THEN attempt + 1 ELSE 0 END, @kind, @why::text, @decision::bigint
		FROM stopping WHERE outcome = 'stopped' ORDER BY payment_id`, pgscript.Args{"kind": string(gateway.FactStopped), "why": why, "decision": decision})
	if err != nil {
		return fmt.Errorf("facts: %w", err)
	}
	if err := p.RecordFacts(ctx, p.x); err != nil {
		return err
	}
	ended, err := pgscript.RunCounting(ctx, p.x, stopScript, p.with(pgscript.Args{"response5": int(gateway.Response5), "rejected": gateway.StatusRejected, "now": p.Now(),
		"decision": decision}))
	if err == nil {
		err = p.mustBe(ctx, ended, `SELECT count(*) FROM stopping WHERE outcome = 'stopped' AND position = 'void'`)
	}
	// What they waited for has ended.
	if err == nil {
		err = p.CloseDecidedMany(ctx, p.x, decision, gateway.ThingPayment, gateway.RepaymentHeld, `SELECT payment_id FROM stopping WHERE outcome = 'stopped' AND position = 'held'`)
	}
	if err == nil {
		err = p.CloseDecidedMany(ctx, p.x, decision, gateway.ThingInterchange, gateway.InterchangeFails, `SELECT t.interchange_id FROM stopping t WHERE t.outcome = 'stopped'
			AND t.position = 'void' AND NOT EXISTS (SELECT FROM obligation o WHERE o.cause_interchange = t.interchange_id AND o.state = 'open')`)
	}
	return err
}

// mustBe demands that as many obligations were changed as payments were void.
func (p *stopping) mustBe(ctx context.Context, n int64, want string) error {
	var wanted int64
	if err := p.x.QueryRowContext(ctx, want).Scan(&wanted); err != nil {
		return err
	}
	if n != wanted {
		return fmt.Errorf("%w: %d obligations of %d payments", gateway.ErrCountMismatch, n, wanted)
	}
	return nil
}

// stops adds up what became of the payments.
func (p *stopping) stops(ctx context.Context, s Stops) (Stops, error) {
	err := p.x.SelectContext(ctx, &s.Handled, `SELECT outcome, position, count(*) AS payments, sum(ore)::bigint AS ore, min(handed_over_at) AS since, max(handed_over_at) AS until
		FROM stopping GROUP BY 1, 2 ORDER BY 1, 2`)
	if err != nil {
		return s, fmt.Errorf("what became of payments: %w", err)
	}
	return s, nil
}

// Stopped is what a decision did with one payment.
type Stopped struct {
	Payment  int64            `db:"payment_id" json:"payment"`
	Outcome  StopOutcome      `db:"outcome" json:"outcome"`
	Position gateway.Position `db:"position" json:"position"` // where it stood before
	Ore      int64            `db:"ore" json:"ore"`
	// HandedOver is since when the bank may have it; nil where it has not.
	HandedOver *time.Time `db:"handed_over_at" json:"handed_over,omitempty"`
}

// Done reports whether the payment is stopped, or let go.
func (s Stopped) Done() bool { return s.Outcome != NotStopped && s.Outcome != "" }

// Text says it in words, with times at a place.
func (s Stopped) Text(at *time.Location) string {
	switch s.Outcome {
	case IsStopped:
		if s.Position == gateway.AtFrozen || s.Position == gateway.AtVoid {
			return "is stopped; its order is void"
		}
		return "is stopped"
	case IsStoppedToo:
		return "was stopped before, and is by this, too"
	case Goes:
		return "is stopped no more"
	case NotStopped:
		return "is " + string(s.Position) + Handled{Since: s.HandedOver, Until: s.HandedOver}.handedOver(at)
	}
	return "is not there"
}

// OfEach is what the last decision in the transaction does, or would do, with each of its payments, by their ids.
func (s *Store) OfEach(ctx context.Context, x *postgres.Session) (map[int64]Stopped, error) {
	var all []Stopped
	if err := x.SelectContext(ctx, &all, `SELECT payment_id, outcome, position, ore, handed_over_at FROM stopping`); err != nil {
		return nil, fmt.Errorf("what became of payments: %w", err)
	}
	of := make(map[int64]Stopped, len(all))
	for _, p := range all {
		of[p.Payment] = p
	}
	return of, nil
}

// stoppingPage is how many payments are in memory at a time.
const stoppingPage = 5000

// EachStopped gives every payment that a decision to stop, or to let go, was about, in the order of their ids.
func (s *Store) EachStopped(ctx context.Context, decision int64, give func(Stopped) error) error {
	after := int64(0)
	for {
		var page []Stopped
		err := s.DB.SelectContext(ctx, &page, `SELECT payment_id, outcome, position, ore, handed_over_at FROM stop_outcome
			WHERE decision_id = $1 AND payment_id > $2 ORDER BY payment_id LIMIT $3`, decision, after, stoppingPage)
		if err != nil {
			return fmt.Errorf("payments of decision %d: %w", decision, postgres.Transient(err))
		}
		for _, p := range page {
			if err := give(p); err != nil {
				return err
			}
			after = p.Payment
		}
		if len(page) < stoppingPage {
			return nil
		}
	}
}
