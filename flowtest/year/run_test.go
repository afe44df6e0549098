// Package year_test lives a simulated year: made-up authorities send, the gateway's own stages work one step at a time by a clock that jumps,
// simulated banks pay, err and report, and persons decide. Everything is judged by what the banks and the authorities have written down.
package year_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/audit"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/sequence"
	"nks/internal/app"
	"nks/journal"
	"nks/register/image"
	"nks/sim/bank"
)

// settings are what a run is.
type settings struct {
	Dir      string // everything but the database
	Seed     uint64
	Payments int
	Days     int // on which bundles come
	Extra    int // days after the last bundle: for returns, settlements and books
	// Often multiplies the rates of what goes wrong: a small run has some of it, too.
	Often int
	// Keep is for how many months after its end a month is kept; 0: for ever.
	Keep int
}

// progress is how far a run is; it lies beside what the parties write down, and survives a kill.
type progress struct {
	Now    time.Time
	Acted  string // the last day of which persons have done their work
	Judged string // the last month that was judged
	Loads  []loaded
	Over   bool
}

// run is one life of a year: from its beginning, or from where the last was killed.
type run struct {
	settings
	progress
	*app.Steps
	db     *sqlx.DB
	zone   *time.Location
	start  time.Time
	desks  map[string]*bank.Stepped
	leases map[string]gateway.Lease
	senders
	// judge is called when a month has ended.
	judge func(month string) error
	close []func() error
}

// open goes on with a year on a database.
func open(ctx context.Context, s settings, db *sqlx.DB) (r *run, err error) {
	r = &run{settings: s, db: db, desks: map[string]*bank.Stepped{}, leases: map[string]gateway.Lease{}, judge: func(string) error { return nil }}
	if r.zone, err = time.LoadLocation("Europe/Copenhagen"); err != nil {
		return nil, err
	}
	if r.start, err = time.ParseInLocation(minute, yearBegins, r.zone); err != nil {
		return nil, err
	}
	r.Now = r.start
	if err := r.restoreProgress(); err != nil {
		return nil, err
	}
	if err := r.openGateway(ctx); err != nil {
		return nil, errors.Join(err, r.shut())
	}
	for _, centre := range centres() {
		desk, err := bank.Step(ctx, bank.Config{Dir: s.Dir, Centre: centre, Now: r.now})
		if err != nil {
			return nil, errors.Join(err, r.shut())
		}
		r.desks[centre] = desk
		r.close = append(r.close, desk.Close)
		lease, err := r.Bank.Lease(ctx, centre)
		if err != nil {
			return nil, errors.Join(err, r.shut())
		}
		r.leases[centre] = lease
		r.close = append(r.close, func() error { lease.Release(); return nil })
	}
	if r.senders, err = readPlans(s.Dir); err != nil {
		return nil, errors.Join(err, r.shut())
	}
	return r, nil
}

func (r *run) now() time.Time { return r.Now }

func (r *run) openGateway(ctx context.Context) error {
	at := func(name string) string { return filepath.Join(r.Dir, name) }
	j, err := journal.Open(journal.Options{Node: "a", Directories: []string{at("journal-a"), at("journal-b")}})
	if err != nil {
		return err
	}
	r.close = append(r.close, j.Close)
	known, err := bankCentres()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(at("nks.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	r.close = append(r.close, log.Close)
	r.Steps, err = app.NewSteps(app.StepOptions{DB: r.db, Now: r.now, Log: zerolog.New(log), OwnName: "NKS", OwnGLN: ownGLN, Foretells: true, Banks: known, Limits: limits(),
		Keeping: sequence.Keeping{Key: at("audit-key"), File: audit.File{Path: at("checkpoints")}}, HashKey: at("hash-key"),
		Journal: j, Journals: []string{at("journal-a"), at("journal-b")}, Decisions: act.Rules{Environment: "test", NamesAlone: true}})
	if err != nil {
		return err
	}
	if err := r.Prepare(ctx); err != nil {
		return err
	}
	if r.Base.Quiet.Why() != "" {
		done, err := r.Restore.Take(ctx, "A. Hansen")
		if err != nil {
			return err
		}
		for _, l := range done.Left {
			return fmt.Errorf("not taken in: %s: %w", l.Name(), l.Why)
		}
		if why := r.Base.Quiet.Why(); why != "" {
			return fmt.Errorf("still quiet: %s", why)
		}
	}
	if err := r.loadAgain(ctx); err != nil {
		return err
	}
	_, err = r.Image.Follow(ctx)
	return err
}

func limits() app.Limits {
	return app.Limits{Split: gateway.SplitLimits{InterchangeOrders: 400, InterchangeBytes: 32 << 20, MessageOrders: 100}, ExecutionDays: 365, BundlePayments: 100_000,
		DeliveryGroups: 5000, AnswerPayments: 1000, AnswerQuiet: time.Minute, AnswerDeadline: 10 * time.Minute, DocumentBytes: 32 << 20,
		Patience: gateway.Patience{Failures: 3, Interruptions: 4, Interrupted: 10 * time.Minute}, CloseAfter: 1,
		Image: image.Options{MaxBytes: 256 << 20, SampleEvery: 50}}
}

// shut lets go of everything, the last that was taken first.
func (r *run) shut() (err error) {
	for i := len(r.close) - 1; i >= 0; i-- {
		err = errors.Join(err, r.close[i]())
	}
	r.close = nil
	return err
}

func (r *run) progressFile() string { return filepath.Join(r.Dir, "progress.json") }

func (r *run) restoreProgress() error {
	b, err := os.ReadFile(r.progressFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, &r.progress)
	}
	return err
}

// keepProgress is done before the clock moves, and after what persons have done once a day.
func (r *run) keepProgress() error {
	b, err := json.Marshal(r.progress)
	if err == nil {
		err = os.WriteFile(r.progressFile()+".new", b, 0o644)
	}
	if err == nil {
		err = os.Rename(r.progressFile()+".new", r.progressFile())
	}
	return err
}

// live goes on to the end of the year.
func (r *run) live(ctx context.Context) error {
	for end := r.start.AddDate(0, 0, r.Days+r.Extra); !r.Over; {
		if err := r.round(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.Now.In(r.zone).Format(minute), err)
		}
		next, err := r.next(ctx)
		if err != nil {
			return err
		}
		if left := next.Sub(next.Truncate(grid)); left > 0 {
			next = next.Add(grid - left)
		}
		r.Over = next.After(end)
		if !r.Over {
			r.Now = next
		}
		if err := r.keepProgress(); err != nil {
			return err
		}
		if month := r.Now.In(r.zone).Format("2006-01"); !r.Over && month != r.Judged {
			if r.Judged != "" {
				if err := r.judge(r.Judged); err != nil {
					return err
				}
			}
			r.Judged = month
		}
	}
	return nil
}

const (
	minute     = "2006-01-02 15:04"
	yearBegins = "2005-08-11 04:30"
)

// grid is how exact the clock is: what is due within it happens at its end, together.
const grid = 15 * time.Minute

// instants are the times of day at which everybody looks around, also when nobody knows of anything.
func instants() []string {
	return []string{"00:15", "05:30", "12:15"}
}

// next is when something is next due anywhere.
func (r *run) next(ctx context.Context) (time.Time, error) {
	var next time.Time
	consider := func(t time.Time, err error) error {
		if err == nil && t.After(r.Now) {
			next = gateway.Sooner(next, t)
		}
		return err
	}
	local := r.Now.In(r.zone)
	for day := range 2 {
		for _, clock := range instants() {
			t, err := time.ParseInLocation(minute, local.AddDate(0, 0, day).Format(time.DateOnly)+" "+clock, r.zone)
			if err := consider(t, err); err != nil {
				return next, err
			}
		}
	}
	_ = consider(r.nextDelivery(), nil)
	for _, d := range r.desks {
		_ = consider(d.NextDue(), nil)
	}
	for _, due := range []gateway.Due{r.NextDue, r.Booking.NextDue, r.Closing.NextDue} {
		t, err := due(ctx, r.Now)
		if err := consider(t, err); err != nil {
			return next, err
		}
	}
	return next, nil
}

// most is how many rounds there may be at one instant: more would never end.
const most = 2000

// round has everybody do what there is to do now, until there is nothing.
func (r *run) round(ctx context.Context) error {
	if err := r.persons(ctx); err != nil {
		return fmt.Errorf("persons: %w", err)
	}
	for n := 0; ; n++ {
		worked, err := r.everybody(ctx)
		if err != nil || !worked {
			return err
		}
		if n > most {
			return errors.New("never ends")
		}
	}
}

// everybody gives each a turn, and reports whether anybody did anything. What follows from nothing that has just happened comes last.
func (r *run) everybody(ctx context.Context) (worked bool, err error) {
	step := func(name string, f func(context.Context) (bool, error)) {
		for n := 0; err == nil; n++ {
			var did bool
			if did, err = f(ctx); err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if worked = worked || did; !did {
				return
			}
			if n > most {
				err = fmt.Errorf("%s never ends", name)
			}
		}
	}
	ofBank := func(name string, f func(context.Context, string) (bool, error)) {
		for _, centre := range centres() {
			step(name+" "+centre, func(ctx context.Context) (bool, error) { return f(ctx, centre) })
		}
	}
	step("image", r.Image.Follow)
	step("deliver", r.deliver)
	step("read", r.Receive.NextToRead)
	step("check", r.Check.Next)
	step("release", r.Release.Next)
	ofBank("render", r.Release.NextToRender)
	ofBank("exchange", r.exchange)
	ofBank("hear", r.Bank.NextToHear)
	step("settle", r.Settle.Next)
	step("answer", r.Answer.Next)
	if worked || err != nil {
		return worked, err
	}
	ofBank("acknowledge", r.Bank.NextToAcknowledge)
	ofBank("recall", r.Bank.NextToRecall)
	ofBank("silence", r.Bank.DecideSilence)
	step("collect", r.collect)
	step("sequence", r.Sequence.Next)
	step("book", r.Booking.Next)
	step("close", r.Closing.Next)
	step("drop", r.Retention.Next)
	step("forget", r.Base.CloseOldNotices)
	return worked, err
}
