package bank

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/pgscript"
)

//go:embed sql/undo_stop.sql
var undoStopScript string

//go:embed sql/undo_stop_where.sql
var undoStopWhereSQL string

// WouldUndo is what UndoStop would do now. Nothing is locked or changed.
func (s *Store) WouldUndo(ctx context.Context, x *postgres.Session, which Chosen) (Stops, error) {
	p, err := s.choose(ctx, x, which)
	if err != nil || p == nil {
		return Stops{}, err
	}
	return p.undone(ctx)
}

// UndoStop lets payments go that were stopped, by a decision: each as it would have gone. One whose release is over waits for
// another, which is due at once; one whose order was void is ordered anew; one that was held is
// held, and one that was kept for an account is kept for it. A response 5 that is not
// given yet is not owed any more.
func (s *Store) UndoStop(ctx context.Context, x *postgres.Session, which Chosen, decision int64, why string) (Stops, error) {
	p, err := s.choose(ctx, x, which)
	if err != nil || p == nil {
		return Stops{}, err
	}
	if err := p.keepStill(ctx); err != nil {
		return Stops{}, err
	}
	done, err := p.undone(ctx)
	if err != nil {
		return done, err
	}
	if err := p.undo(ctx, sql.NullInt64{Int64: decision, Valid: true}, why); err != nil {
		return done, fmt.Errorf("undo stop: %w", err)
	}
	x.Wakes(postgres.ToRelease)
	p.gathersStatistics(ctx, done)
	return done, nil
}

// undone judges, and adds up what becomes of the payments.
func (p *stopping) undone(ctx context.Context) (s Stops, err error) {
	err = p.judge(ctx, gateway.NewsStopUndone, Goes)
	if err == nil {
		_, err = p.x.ExecContext(ctx, `UPDATE stopping t SET held = true WHERE t.outcome = 'goes'
			AND (SELECT o.position FROM stop_outcome o WHERE o.payment_id = t.payment_id AND o.outcome = 'stopped' ORDER BY o.n DESC LIMIT 1) = $1`, gateway.AtHeld)
	}
	if err == nil {
		_, err = p.x.ExecContext(ctx, `UPDATE stopping t SET awaited = true FROM obligation w WHERE t.outcome = 'goes' AND t.attempt = 0 AND t.group_state = 'released'
			AND w.payment_id = t.payment_id AND w.cause = $1 AND w.state IN ('open', 'given_up')`, gateway.CauseNoAccount)
	}
	if err == nil {
		err = p.x.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE t.held), count(*) FILTER (WHERE a.answer_id IS NOT NULL)
			FROM stopping t LEFT JOIN LATERAL (SELECT d.answer_id FROM answer_due d WHERE d.kind = @response5 AND d.delivery_id = delivery_of(t.payment_id)
				AND d.delivery_id >= @first::bigint AND d.delivery_id < @after::bigint AND d.payment_id = t.payment_id AND d.attempt = t.attempt ORDER BY d.turn DESC LIMIT 1) a ON true
			WHERE t.outcome = 'goes'`, p.with(pgscript.Args{"response5": int(gateway.Response5)})).Scan(&s.HeldBack, &s.Reported)
	}
	if err != nil {
		return s, fmt.Errorf("what becomes of payments: %w", err)
	}
	return p.stops(ctx, s)
}

// undo carries it out: by a decision, or because of what a bank says.
func (p *stopping) undo(ctx context.Context, decision sql.NullInt64, why string) error {
	err := p.carryStopped(ctx)
	if err == nil {
		err = p.x.Regroup(ctx, decision.Int64, `SELECT month, payment_id FROM stopping WHERE outcome = 'goes' AND attempt = 0 AND group_state = 'released' AND NOT awaited`)
	}
	if err == nil {
		err = p.x.NewFacts(ctx)
	}
	var again int64
	if err == nil {
		again, err = pgscript.RunCounting(ctx, p.x, undoStopScript, p.with(pgscript.Args{"response5": int(gateway.Response5), "now": p.Now(), "decision": decision, "why": why}))
	}
	if err == nil {
		err = p.mustBe(ctx, again, `SELECT count(*) FROM stopping WHERE outcome = 'goes' AND attempt > 0`)
	}
	if err == nil {
		err = p.RecordFacts(ctx, p.x)
	}
	if err != nil {
		return err
	}
	_, err = p.x.ExecContext(ctx, `INSERT INTO new_fact (month, payment_id, attempt, kind, text, decision_id, was)
		SELECT month, payment_id, 0, CASE WHEN held THEN @held ELSE @awaits END::fact_kind, @why::text, @decision::bigint, 'waiting'
		FROM stopping WHERE outcome = 'goes' AND (held OR awaited) ORDER BY payment_id`,
		pgscript.Args{"held": string(gateway.FactHeld), "awaits": string(gateway.FactAwaitsAccount), "why": why, "decision": decision})
	if err != nil {
		return fmt.Errorf("facts of what is held, or waits for an account, again: %w", err)
	}
	return p.RecordFacts(ctx, p.x)
}

// carryStopped carries what goes of months that are closed. A stop counts in the group of its payment, and what is void in its line: both move.
func (p *stopping) carryStopped(ctx context.Context) error {
	if _, err := p.x.ExecContext(ctx, undoStopWhereSQL, p.with(nil)); err != nil {
		return fmt.Errorf("void orders: %w", err)
	}
	closes, err := p.x.HoldMonths(ctx, `SELECT month FROM stopping WHERE outcome = 'goes'
		UNION SELECT i.month FROM stopping t JOIN interchange i ON i.id = t.interchange_id WHERE t.outcome = 'goes'`)
	if err != nil || !closes {
		return err
	}
	return p.x.CarryMoved(ctx, `SELECT month, payment_id FROM stopping WHERE outcome = 'goes'`,
		`SELECT group_id, NULL::bigint AS interchange_id, NULL::int AS message_no, NULL::int AS lin FROM stopping WHERE outcome = 'goes'
			UNION SELECT NULL::bigint, interchange_id, message_no, lin FROM stopping WHERE outcome = 'goes' AND attempt > 0 AND interchange_id IS NOT NULL`, nil)
}
