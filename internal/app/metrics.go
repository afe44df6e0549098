package app

import (
	"context"
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"nks/gateway"
	flow "nks/gateway/postgres/watch"
	"nks/health"
	"nks/metrics"
	"nks/reconciliation"
)

const (
	// sampleEvery is the pause between two samples, longer where they take long: samples and differences each have at
	// most watchShare percent of the time.
	sampleEvery = 5 * time.Second
	watchShare  = 2
	// sampleLimit and differenceLimit end statements that take too long.
	sampleLimit, differenceLimit = "10s", "30min"
)

// count samples the flow's tables and computes the difference, each on a connection of its own, while ctx lasts.
func (w *watch) count(ctx context.Context, a *App) {
	if w.config.Listen == "" {
		return
	}
	w.note(w.numbers.Collect(collectors.NewDBStatsCollector(a.db.pool.DB, "flow")))
	w.open.wait.Go(func() {
		own := &connection{db: a.db.pool}
		defer own.drop()
		follower := flow.NewFollower()
		w.sample(ctx, a, own, follower)
		health.Repeat(ctx, sampleEvery, watchShare, func(ctx context.Context) { w.sample(ctx, a, own, follower) })
	})
	if every := w.config.DifferenceEvery.Duration; every > 0 {
		w.open.wait.Go(func() {
			health.Repeat(ctx, every, watchShare, func(ctx context.Context) {
				own := &connection{db: a.db.pool}
				defer own.drop()
				w.compare(ctx, own)
			})
		})
	}
}

// sample reads what is in hand and what was done since the last time.
func (w *watch) sample(ctx context.Context, a *App, own *connection, follower *flow.Follower) {
	var done, inHand []gateway.Reading
	var at time.Time
	err := w.reading(ctx, own, sql.LevelDefault, sampleLimit, func(tx *sql.Tx) (err error) {
		if done, err = follower.Look(ctx, tx); err != nil {
			return err
		}
		at = a.clock.Now()
		inHand, err = a.steps.Watch.Sample(ctx, tx)
		return err
	})
	// What the follower has told it does not tell again.
	w.note(w.numbers.Take(done...))
	if err == nil {
		w.note(w.numbers.Sampled(inHand, at))
		return
	}
	w.failed(ctx, metrics.OfSample, err)
}

// compare sets what was received against the ledger, in one snapshot.
func (w *watch) compare(ctx context.Context, own *connection) {
	begun := time.Now()
	var d reconciliation.Difference
	err := w.reading(ctx, own, sql.LevelRepeatableRead, differenceLimit, func(tx *sql.Tx) (err error) {
		d, err = reconciliation.Compare(ctx, tx)
		return err
	})
	if err != nil {
		w.failed(ctx, metrics.OfDifference, err)
		return
	}
	m := metrics.Difference{Payments: d.Payments, Ore: d.Ore, Violations: d.Violations, Took: time.Since(begun), States: map[string]metrics.Amount{}}
	for _, s := range gateway.PaymentStates() {
		m.States[string(s)] = metrics.Amount{}
	}
	for _, e := range d.Ledger {
		sum := m.States[string(e.State)]
		m.States[string(e.State)] = metrics.Amount{Payments: sum.Payments + e.Payments, Ore: sum.Ore + e.Ore}
	}
	w.note(w.numbers.Compared(m))
	if !d.Clean() {
		for _, f := range d.Findings {
			w.log.Error().Str("rule", f.Rule).Int64("count", f.Count).Str("sample", f.Sample).Msg("invariant does not hold: " + f.What)
		}
		w.log.Error().Int64("payments", d.Payments).Int64("ore", d.Ore).Int64("violations", d.Violations).Msg("the books do not balance")
	}
}

// reading runs something that only reads, on a connection of its own.
func (w *watch) reading(ctx context.Context, own *connection, level sql.IsolationLevel, limit string, do func(*sql.Tx) error) error {
	return own.use(ctx, func(c *sql.Conn) error {
		tx, err := c.BeginTx(ctx, &sql.TxOptions{Isolation: level, ReadOnly: true})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = '`+limit+`'`); err != nil {
			return err
		}
		return do(tx)
	})
}

func (w *watch) failed(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	w.note(w.numbers.Failed(what))
	w.log.Warn().Err(err).Msg("metrics: " + what + " failed, it will be tried again")
}
