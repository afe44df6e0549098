package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/banklink"
	"nks/gateway/postgres"
	"nks/sftp"
)

// banks serves the booking centres: each that has a profile has workers and an owner of its connection, which come and go with
// it. One whose profile has ended is served until what was sent to it has been heard.
type banks struct {
	app      *App
	profiles *profiles
	ctx      context.Context

	mu      sync.Mutex
	served  map[string]*served
	running bool
}

// served is what serves one booking centre.
type served struct {
	profile
	ctx     context.Context
	stop    context.CancelFunc
	wait    sync.WaitGroup
	workers []*gateway.Worker
	owner   *gateway.BankOwner
	forget  []func()
}

func newBanks(ctx context.Context, a *App) *banks {
	return &banks{app: a, profiles: newProfiles(a.config), ctx: ctx, served: map[string]*served{}}
}

// begin makes what serves the banks of the moment; a mistake of one is a mistake of the start. It says where the configuration
// has a profile that does not count.
func (b *banks) begin(ctx context.Context) error {
	if _, err := b.follow(ctx); err != nil {
		return err
	}
	for _, given := range b.app.config.Banks {
		text, err := b.app.config.Profile(given)
		if err != nil {
			return ConfigError{err}
		}
		says, err := b.app.config.ParseProfile(text)
		if err != nil {
			return ConfigError{err}
		}
		if s := b.served[given.ID]; s == nil || !reflect.DeepEqual(s.bank, says) {
			b.app.log.Warn().Str("bank", given.ID).Msg("the configuration's profile does not count: the database has another, which nks load changes")
		}
	}
	return nil
}

// follow lets banks come and go.
func (b *banks) follow(ctx context.Context) (bool, error) {
	db, now := b.app.db.pool, b.app.clock.Now()
	known, err := b.profiles.Known(ctx, db)
	if err != nil {
		return false, err
	}
	var failed []error
	for _, id := range known.IDs() {
		centre, err := known.Serving(id, now)
		if errors.Is(err, gateway.ErrNotFound) {
			continue // it is still to come
		}
		serves := true
		if _, ended := known.InForce(id, now); ended != nil {
			serves, err = b.app.steps.Bank.InHand(ctx, id)
		}
		if err == nil {
			err = b.serve(ctx, id, centre.Version, serves)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("bank %s: %w", id, err))
		}
	}
	return false, errors.Join(failed...)
}

// serve makes a bank served by a version of its profile, or not at all.
func (b *banks) serve(ctx context.Context, id string, version int64, serves bool) error {
	says, err := b.profiles.version(ctx, b.app.db.pool, version)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.served[id]
	if s != nil && (!serves || !s.same(says)) {
		b.end(s)
		delete(b.served, id)
		b.app.log.Info().Str("bank", id).Msg("bank is not served any more as it was")
		s = nil
	}
	if s == nil && !serves {
		b.app.watch.lines.closed(gateway.LinkBank, id, gateway.TroubleEnded)
	}
	if s != nil || !serves {
		return nil
	}
	if s, err = b.make(says); err != nil {
		return err
	}
	if err := b.app.watch.lines.expect(ctx, id); err != nil {
		return err
	}
	b.served[id] = s
	if b.running {
		b.start(s)
		b.app.log.Info().Str("bank", id).Msg("bank is served")
	}
	return nil
}

func (b *banks) make(says profile) (*served, error) {
	a, id := b.app, says.bank.ID
	owner, err := a.owner(says.bank)
	if err != nil {
		return nil, err
	}
	s := &served{profile: says, owner: owner}
	s.ctx, s.stop = context.WithCancel(b.ctx)
	add := func(work postgres.Work, step func(context.Context, string) (bool, error), due gateway.Due) {
		w := a.newWorker(work, func(ctx context.Context) (bool, error) { return step(ctx, id) }, due)
		s.workers = append(s.workers, w)
		s.forget = append(s.forget, a.sleepers.add(work, w.Wake))
	}
	add(postgres.ToRender(id), a.steps.Release.NextToRender, nil)
	add(postgres.ToHear(id), a.steps.Bank.NextToHear, nil)
	add(postgres.ToAcknowledge(id), a.steps.Bank.NextToAcknowledge, nil)
	add(postgres.ToRecall(id), a.steps.Bank.NextToRecall, nil)
	add(postgres.ToAwait(id), a.steps.Bank.DecideSilence, a.steps.silence(id))
	s.forget = append(s.forget, a.sleepers.add(postgres.ToSend(id), owner.Wake))
	return s, nil
}

// start has those run that serve a bank.
func (b *banks) start(s *served) {
	b.app.watch.note(b.app.watch.numbers.Known(s.bank.ID))
	for _, w := range s.workers {
		b.app.watch.monitor.Expect(w.Name)
		s.wait.Go(func() { w.Run(s.ctx) })
	}
	s.wait.Go(func() { s.owner.Run(s.ctx) })
}

// end lets those finish who serve a bank.
func (b *banks) end(s *served) {
	for _, forget := range s.forget {
		forget()
	}
	s.stop()
	s.wait.Wait()
	for _, w := range s.workers {
		b.app.watch.monitor.Forget(w.Name)
	}
}

// run has those run that were made, and from now on all that are.
func (b *banks) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = true
	for _, s := range b.served {
		b.start(s)
	}
}

// close lets all finish.
func (b *banks) close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.served {
		b.end(s)
	}
}

func (b *banks) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.served)
}

// nextDue is when another profile next begins or ends to count.
func (b *banks) nextDue(ctx context.Context, after time.Time) (next time.Time, err error) {
	known, err := b.profiles.Known(ctx, b.app.db.pool)
	for _, c := range known {
		for _, at := range []time.Time{c.From, c.To} {
			if !c.Closed && at.After(after) {
				next = gateway.Sooner(next, at)
			}
		}
	}
	return next, err
}

func (a *App) owner(b conf.Bank) (*gateway.BankOwner, error) {
	if _, err := sftp.LoadKey(b.Key); err != nil {
		return nil, ConfigError{err}
	}
	if b.AutackSign != "" {
		if _, err := signingKey(b); err != nil {
			return nil, ConfigError{err}
		}
	}
	lines, err := b.HostKeyLines()
	if err != nil {
		return nil, ConfigError{err}
	}
	if err := errors.Join(a.apart.bank(b, lines), a.apart.signing(b)); err != nil {
		return nil, err
	}
	link := banklink.Config{InDir: b.InDir, OutDir: b.OutDir, FetchLimit: fetchLimit,
		Client: sftp.ClientConfig{Addr: b.Address, User: b.User}}
	for _, line := range lines {
		keys, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return nil, err
		}
		link.Client.HostKeys = append(link.Client.HostKeys, keys...)
	}
	return &gateway.BankOwner{Bank: b.ID, Outbox: a.steps.Bank, Now: a.clock.Now, Poll: b.Poll.Duration, Retry: min(b.Poll.Duration, 5*time.Second), Failpoint: a.failpoint,
		Lease:  func(ctx context.Context) (gateway.Lease, error) { return a.steps.Bank.Lease(ctx, b.ID) },
		Dial:   func(ctx context.Context) (gateway.LinkCloser, error) { return a.dial(ctx, link, b.Key) },
		Failed: a.stepFailed, Observe: a.observe,
		Held:      func() bool { return !a.watch.node.mayJudge() },
		Connected: func(up bool) { a.watch.connected(b.ID, up) },
		Owns:      func(bool) { a.watch.lines.leave(b.ID) },
		Heard:     func(err error) { a.watch.lines.heard(b.ID, err) }}, nil
}

// dial connects to a bank with our key as its file has it now: one that is changed counts from the next connection on.
func (a *App) dial(ctx context.Context, link banklink.Config, keyFile string) (gateway.LinkCloser, error) {
	key, err := sftp.LoadKey(keyFile)
	if err != nil {
		return nil, err
	}
	if err := a.apart.key(keyFile, key.PublicKey()); err != nil {
		return nil, err
	}
	link.Client.Key = key
	return banklink.Dial(ctx, link)
}

// fetchLimit bounds a file that a bank lays out for us.
const fetchLimit = 256 << 20
