package growth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/bankday"
	"nks/gateway/view"
	"nks/internal/app"
	"nks/reconciliation"
	"nks/schema"
)

// MostGrowth is how many times as much something may cost with many months behind it.
const MostGrowth = 1.2

// Cost is what one thing costs with one month and with all of them.
type Cost struct {
	What    string
	Buffers [2]int64   // pages touched, the least of the rounds
	Millis  [2]float64 // the median of the rounds
	// Statements are those of the round with the least pages, with all months.
	Statements []string
}

// Growth is how many times as much it is, in pages and in time.
func (c Cost) Growth() (buffers, millis float64) {
	return float64(c.Buffers[1]) / float64(max(1, c.Buffers[0])), c.Millis[1] / max(0.001, c.Millis[0])
}

// measured is how many payments the bundle of a measured day has.
const measured = 10_000

// What is measured at one world.
type meter struct {
	w        *World
	steps    *app.Steps
	pages    *view.Reader
	flow     *sqlx.DB
	cal      bankday.Calendar
	touched  []*Buffers // nil: time is taken
	buffers  map[string]int64
	millis   map[string][]float64
	slowest  map[string][]string // statements of the least
	order    []string
	closing  []func() error
	withBook bool // ledger and control, too
}

// Measure takes days in both worlds of a directory, in turns: first those whose pages are counted, then those whose time is taken. The
// first of either is not counted: a connection looks much up once. It leaves the days' bundles in the worlds.
func Measure(ctx context.Context, dir string, size Size, rounds int, say func(string, ...any)) (list []Cost, postgres string, err error) {
	var worlds []*World
	for _, name := range []string{oneMonth, manyMonths} {
		of := size
		if name == oneMonth {
			of = Size{Payments: size.Payments / size.Months, Months: 1, Bundles: size.Bundles}
		}
		s, w, err := start(ctx, dir, name, of, nil)
		if err != nil {
			return nil, "", err
		}
		worlds = append(worlds, w)
		defer func() { _ = errors.Join(w.Close(), s.Stop(context.WithoutCancel(ctx))) }()
	}
	if err := worlds[0].flow.GetContext(ctx, &postgres, `SHOW server_version`); err != nil {
		return nil, "", err
	}
	list, err = measureBoth(ctx, worlds, rounds, say)
	return list, postgres, err
}

func measureBoth(ctx context.Context, worlds []*World, rounds int, say func(string, ...any)) (list []Cost, err error) {
	costs := map[string]*Cost{}
	for _, counted := range []bool{true, false} {
		var meters []*meter
		for _, w := range worlds {
			m, err := w.meter(ctx, counted)
			if err != nil {
				return nil, err
			}
			meters = append(meters, m)
			defer func() { err = errors.Join(err, m.close()) }()
		}
		for round := range rounds + 1 {
			for i, m := range meters {
				m.withBook = round > 0 && (round <= 3)
				err := all(ctx, "sign the log", m.w.Sequence.Next)
				if err == nil {
					err = m.day(ctx, round)
				}
				if err != nil {
					return nil, fmt.Errorf("world %d, round %d: %w", i, round, err)
				}
				if round == 0 {
					m.forget()
				}
			}
			say("growth: round %d of %d", round, rounds)
		}
		for i, m := range meters {
			for _, what := range m.order {
				c := costs[what]
				if c == nil {
					c = &Cost{What: what}
					costs[what] = c
				}
				if counted {
					c.Buffers[i], c.Statements = m.buffers[what], m.slowest[what]
				} else {
					c.Millis[i] = median(m.millis[what])
				}
			}
			if !counted && i == 0 {
				for _, what := range m.order {
					list = append(list, Cost{What: what})
				}
			}
		}
	}
	for i := range list {
		list[i] = *costs[list[i].What]
	}
	return list, nil
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// meter puts steps and pages on connections of their own.
func (w *World) meter(ctx context.Context, counted bool) (*meter, error) {
	m := &meter{w: w}
	m.forget()
	var err error
	if m.cal, err = bankday.New(); err != nil {
		return nil, err
	}
	pools := map[string]*sqlx.DB{}
	for _, role := range []string{schema.Flow, schema.Page} {
		var count *Buffers
		if counted {
			count = &Buffers{}
			m.touched = append(m.touched, count)
		}
		if pools[role], err = w.pool(role, count); err != nil {
			return nil, err
		}
		// As few as can be: each looks things up for itself.
		pools[role].SetMaxOpenConns(4)
		m.closing = append(m.closing, pools[role].Close)
	}
	m.flow, m.pages = pools[schema.Flow], view.New(pools[schema.Page], zerolog.Nop())
	if m.steps, err = w.stepsOn(m.flow); err != nil {
		return nil, err
	}
	_, err = m.steps.Image.Follow(ctx)
	return m, err
}

func (m *meter) close() (err error) {
	for _, c := range m.closing {
		err = errors.Join(err, c())
	}
	return err
}

// forget begins anew.
func (m *meter) forget() {
	m.buffers, m.millis, m.slowest, m.order = map[string]int64{}, map[string][]float64{}, map[string][]string{}, nil
}

// cost measures something.
func (m *meter) cost(what string, do func() error) error {
	for _, b := range m.touched {
		b.Since()
	}
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	took := time.Since(began)
	if !slices.Contains(m.order, what) {
		m.order = append(m.order, what)
	}
	if m.touched == nil {
		m.millis[what] = append(m.millis[what], float64(took.Microseconds())/1000)
		return nil
	}
	var sum int64
	var statements []string
	for _, b := range m.touched {
		n, list := b.Since()
		sum, statements = sum+n, append(statements, list...)
	}
	if least, found := m.buffers[what]; !found || sum < least {
		m.buffers[what], m.slowest[what] = sum, statements
	}
	return nil
}

// step measures a step that must find something to do.
func (m *meter) step(ctx context.Context, what string, step func(context.Context) (bool, error)) error {
	return m.cost(what, func() error {
		worked, err := step(ctx)
		if err == nil && !worked {
			err = errors.New("nothing was to be done")
		}
		return err
	})
}

// day takes a bundle to its bank and back, and looks at pages, gauges and books.
func (m *meter) day(ctx context.Context, round int) error {
	days := m.w.bankingDays(m.cal, month(m.w.size.Months-1))[historyDays:]
	day := days[round%min(7, len(days))]
	var n int64
	if err := m.w.flow.GetContext(ctx, &n, `SELECT count(*) FROM delivery_key`); err != nil {
		return err
	}
	b := m.w.bundle(payers()[1], fmt.Sprint("M", n), min(measured, m.w.size.bundle()), m.cal, day)
	for _, part := range []func(context.Context, time.Time, bundle) error{m.out, m.back, m.looks, m.searches, m.books} {
		if err := part(ctx, day, b); err != nil {
			return err
		}
	}
	return nil
}

// out takes the bundle to the bank.
func (m *meter) out(ctx context.Context, day time.Time, b bundle) error {
	m.w.at(day.Add(4*time.Hour + 30*time.Minute))
	if err := m.cost("delivery received", func() error { return take(ctx, m.steps, b) }); err != nil {
		return err
	}
	if err := m.step(ctx, "bundle read", m.steps.Receive.NextToRead); err != nil {
		return err
	}
	if err := m.step(ctx, "bundle checked", m.steps.Check.Next); err != nil {
		return err
	}
	m.w.at(day.Add(6 * time.Hour))
	if err := m.step(ctx, "released and rendered", m.steps.Release.Next); err != nil {
		return err
	}
	return m.cost("sent", func() error { return m.w.send(ctx, m.steps) })
}

// back has the bank answer, and the authority.
func (m *meter) back(ctx context.Context, day time.Time, _ bundle) error {
	m.w.at(day.Add(7 * time.Hour))
	files, err := m.w.answers(ctx)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("%d interchanges are to be answered, not 1", len(files))
	}
	if err := m.cost("bank's file stored", func() error { return files[0].store(ctx, m.steps) }); err != nil {
		return err
	}
	hear := func(ctx context.Context) (bool, error) { return m.steps.Bank.NextToHear(ctx, files[0].bank) }
	if err := m.step(ctx, "bank's file heard", hear); err != nil {
		return err
	}
	m.w.at(day.Add(8 * time.Hour))
	if err := m.step(ctx, "answer made", m.steps.Answer.Next); err != nil {
		return err
	}
	if err := all(ctx, "answer", m.steps.Answer.Next); err != nil {
		return err
	}
	return m.cost("answers collected", func() error { return m.w.collect(ctx, m.steps) })
}

// looks are pages and gauges.
func (m *meter) looks(ctx context.Context, _ time.Time, b bundle) error {
	now := m.w.time()
	for _, v := range []view.Viewer{{}, {Authority: b.payer.authority}} {
		who := "operations"
		if !v.Operations() {
			who = "an authority"
		}
		err := m.cost("overview, "+who, func() error {
			_, err := m.pages.Overview(ctx, v, now)
			return err
		})
		if err != nil {
			return err
		}
	}
	var delivery int64
	if err := m.w.flow.GetContext(ctx, &delivery, `SELECT delivery_id FROM delivery_key WHERE door = 'sftp' AND supplier = $1 AND transport_key = $2`,
		b.payer.supplier, b.key()); err != nil {
		return err
	}
	err := m.cost("page of a delivery", func() error {
		_, err := m.pages.Delivery(ctx, view.Viewer{Authority: b.payer.authority}, delivery, 0)
		return err
	})
	if err != nil {
		return err
	}
	return m.cost("gauges", func() error {
		_, err := m.steps.Watch.Sample(ctx, m.flow)
		return err
	})
}

// searches are an authority's: of what is there, by its EndToEndId, what is not there, and what was rejected.
func (m *meter) searches(ctx context.Context, _ time.Time, b bundle) error {
	for _, s := range []struct {
		what, wanted string
		found        int
	}{{"search, a payment", b.reference(0), 1}, {"search, nothing", "NOTHING", 0}, {"search, a rejected one", b.reference(99), 1}} {
		err := m.cost(s.what, func() error {
			found, err := m.pages.Find(ctx, view.Viewer{Authority: b.payer.authority}, s.wanted)
			if err == nil && len(found) != s.found {
				err = fmt.Errorf("%d are found, not %d", len(found), s.found)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// books are the ledger and the control, as the gateway computes them.
func (m *meter) books(ctx context.Context, _ time.Time, _ bundle) error {
	if !m.withBook {
		return nil
	}
	inOne := func(do func(*sqlx.Tx) error) error {
		tx, err := m.flow.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return err
		}
		return errors.Join(do(tx), tx.Rollback())
	}
	err := m.cost("ledger", func() error {
		return inOne(func(tx *sqlx.Tx) error {
			_, err := reconciliation.Ledger(ctx, tx)
			return err
		})
	})
	if err != nil {
		return err
	}
	return m.cost("control", func() error {
		return inOne(func(tx *sqlx.Tx) error {
			d, err := reconciliation.Compare(ctx, tx)
			if err == nil && !d.Clean() {
				err = fmt.Errorf("the books do not balance: %+v", d.Findings)
			}
			return err
		})
	})
}
