package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/internal/app"
	"nks/internal/command"
	"nks/internal/report"
	"nks/reconciliation"
	"nks/register"
	"nks/sim/witness"
)

// look is the pause between two looks at the world.
const look = 20 * time.Millisecond

// stuckAfter is how long nothing may happen before the demonstration gives up.
const stuckAfter = 90 * time.Second

// run plays the scenario until every payment is final, accounts for all of it, and tells the result. With stay it then
// stays up until it is told to stop.
func (w *world) run(ctx context.Context, stay bool, tell func(*demoResult) error) (*demoResult, error) {
	began := time.Now()
	c, err := conf.Load(w.path("nks.toml"))
	if err != nil {
		return nil, err
	}
	logFile, err := os.OpenFile(w.path("log", "nks.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = logFile.Close() }()
	log, err := app.NewLog(c.Log, logFile)
	if err != nil {
		return nil, err
	}
	a, err := app.Start(ctx, app.Options{Config: c, Log: log, Version: version, Start: w.start, Failpoint: app.FailpointFromEnvironment(), AnyPort: true})
	if err != nil {
		return nil, err
	}
	if at := a.Addresses().Pages; at != "" {
		_, _ = fmt.Fprintf(w.tell.Out, "look at it: %s\n", at)
	}
	play := &play{world: w, gateway: a, began: began}
	result, err := play.play(ctx)
	if err == nil {
		err = tell(result)
	}
	if err == nil && stay {
		_, _ = fmt.Fprintf(w.tell.Out, "\nThe gateway and the parties stay up (%s, %s, mailbox %s, message queue %s, http://%s/metrics). Ctrl-C ends.\n",
			a.Addresses().Pages, w.dir, w.address("mailbox"), w.queueAddress(), a.Addresses().Metrics)
		<-ctx.Done()
	}
	return result, errors.Join(err, a.Shutdown(), w.stopParties())
}

// play is a scenario being played.
type play struct {
	*world
	gateway *app.App
	began   time.Time

	quietSince time.Time
	// silentSince is the business time since when no bank has had anything left to say.
	silentSince time.Time
	finalSince  time.Time // business time since when everything has come to its end, but for the books
	changed     time.Time // when something last happened
	last        string    // what it looked like then
	asked       map[int64]time.Time
	repeated    map[int64]bool // files of banks that were asked to say again what stands in them
	shown       bool           // what waits for persons
}

func (p *play) play(ctx context.Context) (*demoResult, error) {
	if err := p.shareClock(ctx, p.gateway.ClockOffset()); err != nil {
		return nil, err
	}
	if !p.marker.Loaded {
		if err := p.load(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.startParties(); err != nil {
		return nil, err
	}
	p.changed, p.asked, p.repeated = time.Now(), map[int64]time.Time{}, map[int64]bool{}
	tick := time.NewTicker(look)
	defer tick.Stop()
	bar := command.NewProgress(p.tell.Err)
	defer bar.End()
	for {
		select {
		case <-ctx.Done():
			p.marker.Machine += time.Since(p.began)
			return nil, errors.Join(errors.New("interrupted; the same command goes on"), p.save())
		case err := <-p.gateway.Failed():
			return nil, err
		case <-tick.C:
		}
		done, err := p.step(ctx, bar)
		if err != nil {
			return nil, err
		}
		if !done {
			continue
		}
		bar.End()
		result, err := p.conclude(ctx)
		if err == nil {
			return result, nil
		}
		if err := p.stuck("account: " + err.Error()); err != nil {
			return nil, err
		}
	}
}

func (p *play) load(ctx context.Context) error {
	sources, err := register.Files(p.path("country"))
	if err != nil {
		return err
	}
	if err := report.Load(ctx, p.tell, p.gateway.Database().Pool(), sources, gateway.Date{}, p.gateway.Now); err != nil {
		return err
	}
	p.marker.Loaded = true
	return p.save()
}

// step looks at the world once: it helps as an operator would, jumps to the next moment at which something is due when
// nobody has anything in hand, and reports whether all is done.
func (p *play) step(ctx context.Context, bar *command.Progress) (bool, error) {
	if err := p.gateway.Database().Pool().PingContext(ctx); err != nil {
		// The database may be on its way back; being stuck is noticed below.
		return false, p.stuck("database away")
	}
	if err := p.operate(ctx); err != nil {
		return false, err
	}
	busy, next, what, err := p.survey(ctx)
	if err != nil {
		return false, p.stuck("survey: " + err.Error())
	}
	done, total := p.deliveriesDone()
	bar.Show(fmt.Sprintf("%s  deliveries %d/%d", p.gateway.Now().In(p.start.Location()).Format("Mon 2006-01-02 15:04:05"), done, total), int64(done), int64(total))
	if busy {
		p.quietSince = time.Time{}
		return false, p.stuck(what)
	}
	if p.quietSince.IsZero() {
		p.quietSince = time.Now()
	}
	// Two looks apart, so that a file on its way between two parties is seen by one of them.
	if time.Since(p.quietSince) < 3*look {
		return false, nil
	}
	final, err := p.final(ctx, next.IsZero())
	var books time.Time
	if err == nil && final {
		books, err = p.books(ctx)
	}
	switch {
	case err != nil:
		return false, p.stuck("final: " + err.Error())
	case final && !books.IsZero():
		if next.IsZero() || books.Before(next) {
			next = books
		}
	case final:
		// The last answer may have been made since the look above: then it is still on its way to its supplier.
		busy, _, what, err := p.survey(ctx)
		if err != nil {
			return false, p.stuck("survey: " + err.Error())
		}
		if busy {
			return false, p.stuck(what)
		}
		return true, nil
	case next.IsZero():
		return false, p.stuck("nothing is due and not every payment is final")
	}
	if err := p.jump(ctx, next); err != nil {
		return false, p.stuck("clock: " + err.Error())
	}
	return false, nil
}

// stuck gives up when nothing has changed for too long.
func (p *play) stuck(what string) error {
	if what != p.last {
		p.last, p.changed = what, time.Now()
	}
	if time.Since(p.changed) > stuckAfter {
		return fmt.Errorf("nothing has happened for %s: %s; see %s", stuckAfter, what, p.path("log"))
	}
	return nil
}

// survey reports whether anybody has something in hand, and the next business time at which anybody has something due.
func (p *play) survey(ctx context.Context) (busy bool, next time.Time, what string, err error) {
	offset := p.gateway.ClockOffset()
	consider := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, s := range p.parties() {
		st, err := p.status(s)
		if err != nil {
			return true, next, s.name, err
		}
		if p.alive(s) == 0 {
			if err := p.startParties(); err != nil {
				return true, next, s.name, err
			}
		}
		if !st.Idle || st.OffsetNS != int64(offset) {
			return true, next, fmt.Sprintf("%s works: %d of %d, serial %d", s.name, st.Done, st.Todo, st.Serial), nil
		}
		if st.NextDue != "" {
			t, err := time.Parse(time.RFC3339Nano, st.NextDue)
			if err != nil {
				return true, next, s.name, err
			}
			consider(t)
		}
	}
	if name, err := p.fileInHand(); err != nil || name != "" {
		return true, next, "file " + name, err
	}
	if inHand, err := p.gateway.InHand(ctx); err != nil || inHand != "" {
		return true, next, inHand, err
	}
	if ordering, err := p.ordering(ctx); err != nil || ordering {
		return true, next, "something is ordered anew", err
	}
	due, err := p.gateway.NextDue(ctx)
	if !due.IsZero() {
		consider(due)
	}
	return false, next, "", err
}

// ordering reports whether something is due to be ordered anew: it is of this business day.
func (p *play) ordering(ctx context.Context) (due bool, err error) {
	err = p.gateway.Database().Pool().QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM obligation WHERE state = 'open' AND due_on <= $1::date)`,
		p.gateway.Now().In(p.start.Location()).Format(time.DateOnly)).Scan(&due)
	return due, err
}

// fileInHand is a file that lies in a bank's mailbox and has not been taken; the gateway is told to look there.
func (p *play) fileInHand() (string, error) {
	for _, c := range p.centres {
		for _, dir := range []string{"in", "out"} {
			entries, err := os.ReadDir(p.path("sim", "bank", c, "root", dir))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			for _, e := range entries {
				if !strings.HasPrefix(e.Name(), ".") {
					// What waits for nothing but our next look at the bank need not wait.
					p.gateway.LookAt(c)
					return filepath.Join(c, dir, e.Name()), nil
				}
			}
		}
	}
	return "", nil
}

// jump moves business time to the next moment at which something is due.
func (p *play) jump(ctx context.Context, to time.Time) error {
	ahead := to.Sub(p.gateway.Now())
	if ahead < look {
		return nil
	}
	return p.shareClock(ctx, p.gateway.ClockOffset()+ahead)
}

// shareClock stores the offset first, then moves the gateway, then tells the simulated parties.
func (p *play) shareClock(ctx context.Context, offset time.Duration) error {
	if err := p.gateway.SetClock(ctx, offset); err != nil {
		return err
	}
	return writeJSON(p.path("sim", "clock.json"), map[string]int64{"offset_ns": int64(offset)})
}

// final reports whether every delivery was made, every payment is where it stays, and everybody was told.
// Nothing is due: what is not final then never will be.
func (p *play) final(ctx context.Context, nothingDue bool) (bool, error) {
	if done, total := p.deliveriesDone(); done < total {
		return false, nil
	}
	if left, err := p.banksHaveMore(); err != nil || left {
		p.silentSince = time.Time{}
		return false, err
	}
	var owed bool
	if err := p.gateway.Database().Pool().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM answer_due WHERE answer_id IS NULL)
			OR EXISTS (SELECT 1 FROM settle_due) OR EXISTS (SELECT 1 FROM obligation WHERE state = 'open')`).Scan(&owed); err != nil || owed {
		return false, err
	}
	ledger, err := reconciliation.Ledger(ctx, p.gateway.Database().Pool())
	if err != nil {
		return false, err
	}
	open := false
	for _, e := range ledger {
		switch {
		case e.State.Final() || e.State == gateway.PaymentMissing:
		case p.marker.Faults != "" && (e.State == gateway.PaymentWithBank || e.State == gateway.PaymentDisputed):
			open = true
		default:
			return false, nil
		}
	}
	if p.marker.Faults != "" {
		if waits, err := p.persons(ctx, open && !nothingDue); err != nil || waits {
			return false, err
		}
	}
	if open && !nothingDue {
		return p.silent(ctx, ledger)
	}
	return true, nil
}

// persons has persons act when banks have been silent for long enough, and reports whether that, or what they did, is waited for.
func (p *play) persons(ctx context.Context, mayMove bool) (bool, error) {
	if p.silentSince.IsZero() {
		p.silentSince = p.gateway.Now()
	}
	if mayMove && p.gateway.Now().Sub(p.silentSince) < personsAfter {
		return true, nil
	}
	acted, err := p.callPersons(ctx)
	if acted {
		p.silentSince, p.finalSince = time.Time{}, time.Time{}
	}
	return acted, err
}

// silentFor is how long, in business time, the gateway may take to draw its conclusions from banks that have nothing
// left to say.
const silentFor = 30 * 24 * time.Hour

// silent reports whether payments stay with their bank or in dispute, though that is no end: the banks have nothing left
// to say, and both computations agree; or they still do not agree after silentFor.
func (p *play) silent(ctx context.Context, ledger []reconciliation.Entry) (bool, error) {
	if p.silentSince.IsZero() {
		p.silentSince = p.gateway.Now()
	}
	seen, err := witness.Compute(ctx, p.dir)
	if err != nil {
		return false, err
	}
	var r demoResult
	r.compare(ledger, seen)
	agreed := r.BankLedgerDifference == 0 && seen.Unanswered == 0 && seen.FindingCount == 0
	return agreed || p.gateway.Now().Sub(p.silentSince) > silentFor, nil
}

// banksHaveMore reports whether a bank still has something to say, or money that comes back.
func (p *play) banksHaveMore() (bool, error) {
	for _, s := range p.parties() {
		if st, err := p.status(s); err != nil || strings.HasPrefix(s.name, "bank") && st.Todo > 0 {
			return true, err
		}
	}
	return false, nil
}

// books is when the gateway next closes a book or looks at certificates, after everything has come to its end; zero: the last day is
// booked, and about every agreement that moved on any day there is a verdict.
func (p *play) books(ctx context.Context) (time.Time, error) {
	if p.harmless {
		return time.Time{}, nil
	}
	if p.finalSince.IsZero() {
		p.finalSince = p.gateway.Now()
	}
	var open bool
	if err := p.gateway.Database().Pool().QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT FROM book WHERE until > $1) OR EXISTS (SELECT FROM certificate_due d
			WHERE NOT EXISTS (SELECT FROM certificate c WHERE (c.day, c.authority, c.agreement, c.bank_centre) = (d.day, d.authority, d.agreement, d.bank_centre)))`,
		p.finalSince).Scan(&open); err != nil || !open {
		return time.Time{}, err
	}
	return p.gateway.Books().NextDue(ctx, time.Time{})
}

func (p *play) deliveriesDone() (done, total int) {
	for _, s := range p.parties() {
		if strings.HasPrefix(s.name, "authority") {
			st, err := p.status(s)
			if err == nil {
				done += st.Done
				total += st.Todo
			}
		}
	}
	return done, total
}
