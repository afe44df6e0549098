package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nks/bankday"
	"nks/conf"
	"nks/gateway"
	"nks/gateway/answers"
	"nks/gateway/bankfile"
	"nks/gateway/banklink"
	"nks/gateway/intake"
	"nks/gateway/postgres"
	"nks/sftp"
)

// app is the running gateway: the same for run, demo and tests.
type app struct {
	config conf.Config
	log    zerolog.Logger
	gap    func(string)

	db      *database
	clock   *gateway.Clock
	store   *postgres.Store
	mailbox *sftp.Server
	queues  *queues // nil: the door is closed
	workers []*gateway.Worker
	owners  []*gateway.BankOwner

	watch *watch
	pages *pages // nil: off
	// anyPort lets the pages move when their address is taken.
	anyPort bool

	// observe is told of every turn of every step.
	observe gateway.Observe

	stop context.CancelFunc
	wait sync.WaitGroup
	// failed is told what the mailbox server ended with.
	failed chan error
}

// startApp brings everything up in order; what has come up is taken down again when something fails.
// with changes what would else be the same for everybody.
func startApp(ctx context.Context, c conf.Config, log zerolog.Logger, startClock time.Time, gap func(string), with ...func(*app)) (a *app, err error) {
	a = &app{config: c, log: log, gap: gap, failed: make(chan error, 1)}
	if a.watch, err = newWatch(c, log); err != nil {
		return nil, err
	}
	a.observe = a.watch.observe
	for _, set := range with {
		set(a)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.shutdown())
		}
	}()
	a.watch.start(ctx)
	if a.db, err = openDatabase(ctx, c, log, true); err != nil {
		return a, err
	}
	offset, err := postgres.StoredClock(ctx, a.db.flow, time.Now, startClock)
	if err != nil {
		return a, err
	}
	a.clock = gateway.NewClock(time.Now, offset)
	if a.store, err = newStore(c, a.db, a.clock, log, gap); err != nil {
		return a, err
	}
	if err := errors.Join(a.store.RetrySetAside(ctx), a.store.DropUnfinished(ctx)); err != nil {
		return a, err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = cancel
	if err := a.makeWorkers(); err != nil {
		return a, err
	}
	if err := a.openMailbox(run); err != nil {
		return a, err
	}
	if a.queues, err = a.openQueues(run); err != nil {
		return a, err
	}
	if a.queues != nil {
		a.watch.monitor.Door(doorQueues, nil)
	}
	if a.pages, err = a.openPages(ctx, a.anyPort); err != nil {
		return a, err
	}
	a.watch.follow(a)
	for _, w := range a.workers {
		a.wait.Go(func() { w.Run(run) })
	}
	for _, o := range a.owners {
		a.wait.Go(func() { o.Run(run) })
	}
	log.Info().Str("mailbox", a.mailbox.Addr().String()).Str("mq", a.queues.addr()).Str("metrics", a.watch.address()).Str("pages", a.pages.url()).Int("banks", len(a.owners)).
		Time("business_time", a.clock.Now()).Msg("nks is up")
	return a, nil
}

// newStore wires the flow's steps with their collaborators.
func newStore(c conf.Config, db *database, clock *gateway.Clock, log zerolog.Logger, gap func(string)) (*postgres.Store, error) {
	days, err := bankday.New()
	if err != nil {
		return nil, err
	}
	banks := make([]postgres.Bank, 0, len(c.Banks))
	for _, b := range c.Banks {
		bank, err := storeBank(c, b)
		if err != nil {
			return nil, fmt.Errorf("bank %s: %w", b.ID, err)
		}
		banks = append(banks, bank)
	}
	name := c.Identity.Name
	return postgres.New(postgres.Config{DB: db.flow, Now: clock.Now, Location: days.Location(), Calendar: calendar{days},
		Register: registry{}, OpenBundle: intake.Open, Answers: answers.New, Banks: banks, Log: log, Gap: gap,
		Rules: postgres.Rules{OwnName: name, OwnGLN: c.Identity.GLN,
			InterchangeOrders: c.Limits.InterchangePayments, InterchangeBytes: c.Limits.InterchangeMB << 20,
			MessageOrders: c.Limits.MessagePayments, DaysAhead: c.Limits.ExecutionDaysAhead, BundlePayments: c.Limits.BundlePayments,
			GroupsPerDelivery: c.Limits.DeliveryGroups, AnswerPayments: c.Limits.AnswerPayments,
			AnswerQuiet: c.Answers.Quiet.Duration, AnswerDeadline: c.Answers.Deadline.Duration,
			DocumentBytes: int64(c.Mailbox.MaxFileMB) << 20, ReadFailuresBefore: 5}}), nil
}

func storeBank(c conf.Config, b conf.Bank) (postgres.Bank, error) {
	codec, err := bankfile.New(bankProfile(c, b))
	if err != nil {
		return postgres.Bank{}, err
	}
	bank := postgres.Bank{ID: b.ID, Codec: codec, Acceptance: postgres.Acceptance(b.Acceptance), ReceiptIsFinal: b.ContrlFinal == 8,
		SendBy: time.Duration(b.SendBy) * time.Minute, FileName: b.FileName, TempName: b.TempName, LeadDays: b.LeadDays,
		Cheques: b.Cheque, AcceptanceDeadline: b.AcceptanceDeadline.Duration, ContrlDeadline: b.ContrlDeadline.Duration}
	if b.Executed == conf.ExecutedBySilence {
		bank.ExecutedDeadline = b.ExecutedDeadline.Duration
	}
	return bank, nil
}

// makeWorkers makes everything that repeats, in the order of the flow.
func (a *app) makeWorkers() error {
	steps := []struct {
		name  string
		step  gateway.Step
		count int
	}{
		{"read", a.store.ReadNext, 2}, {"check", a.store.CheckNext, 2}, {"release", a.store.ReleaseNext, 1}, {"answer", a.store.AnswerNext, 1},
	}
	for _, s := range steps {
		for range s.count {
			a.workers = append(a.workers, a.worker(s.name, s.step))
		}
	}
	for _, b := range a.config.Banks {
		for name, step := range map[string]func(context.Context, string) (bool, error){
			"render ": a.store.RenderNext, "hear ": a.store.HearNext, "deadlines ": a.store.DeadlinesNext} {
			a.workers = append(a.workers, a.worker(name+b.ID, func(ctx context.Context) (bool, error) { return step(ctx, b.ID) }))
		}
		owner, err := a.owner(b)
		if err != nil {
			return fmt.Errorf("bank %s: %w", b.ID, err)
		}
		a.owners = append(a.owners, owner)
	}
	return nil
}

func (a *app) worker(name string, step gateway.Step) *gateway.Worker {
	passing := func(ctx context.Context) (bool, error) {
		worked, err := step(ctx)
		if worked {
			a.passOn(name)
		}
		return worked, err
	}
	return &gateway.Worker{Name: name, Step: passing, Poll: a.config.Flow.Poll.Duration, Failed: a.stepFailed, Observe: a.observe}
}

// passOn wakes whoever goes on with what a step has done: nothing waits for the next look on its way to a bank.
func (a *app) passOn(step string) {
	switch step {
	case "read":
		a.wake("check")
	case "check":
		a.wake("release")
	case "release":
		for _, o := range a.owners {
			o.Wake()
		}
	}
}

func (a *app) wake(name string) {
	for _, w := range a.workers {
		if w.Name == name {
			w.Wake()
		}
	}
}

func (a *app) stepFailed(name string, err error) {
	a.log.Error().Err(err).Str("step", name).Msg("step failed, it will be tried again")
}

func (a *app) owner(b conf.Bank) (*gateway.BankOwner, error) {
	key, err := sftp.LoadKey(b.Key)
	if err != nil {
		return nil, usageError{err}
	}
	lines, err := b.HostKeyLines()
	if err != nil {
		return nil, usageError{err}
	}
	link := banklink.Config{InDir: b.InDir, OutDir: b.OutDir, FetchLimit: fetchLimit,
		Client: sftp.ClientConfig{Addr: b.Address, User: b.User, Key: key}}
	for _, line := range lines {
		keys, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return nil, err
		}
		link.Client.HostKeys = append(link.Client.HostKeys, keys...)
	}
	return &gateway.BankOwner{Bank: b.ID, Outbox: a.store, Poll: b.Poll.Duration, Retry: min(b.Poll.Duration, 5*time.Second), Gap: a.gap,
		Lease:  func(ctx context.Context) (gateway.Lease, error) { return a.store.Lease(ctx, b.ID) },
		Dial:   func(ctx context.Context) (gateway.LinkCloser, error) { return banklink.Dial(ctx, link) },
		Failed: a.stepFailed, Observe: a.observe,
		Connected: func(up bool) { a.watch.connected(b.ID, up) }}, nil
}

// fetchLimit bounds a file that a bank lays out for us.
const fetchLimit = 256 << 20

func (a *app) openMailbox(ctx context.Context) error {
	hostKey, err := sftp.LoadKey(a.config.Mailbox.HostKey)
	if err != nil {
		return usageError{fmt.Errorf("mailbox: %w", err)}
	}
	m := a.config.Mailbox
	a.mailbox, err = sftp.NewServer(sftp.ServerConfig{Addr: m.Listen, HostKeys: hostKeys(hostKey), Keys: doorKeys{a.db.flow},
		Mailbox: postgres.NewMailbox(a.store, a.wakeReaders),
		Limits:  sftp.Limits{Connections: m.MaxConnections, Idle: m.IdleTimeout.Duration, FileSize: int64(m.MaxFileMB) << 20},
		Log:     a.mailboxEvent})
	if err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	if err := a.mailbox.Listen(); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	a.watch.monitor.Door(doorMailbox, nil)
	a.wait.Go(func() {
		err := a.mailbox.Serve()
		a.watch.monitor.Door(doorMailbox, errDoorClosed)
		if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
			a.failed <- err
		}
	})
	return nil
}

func (a *app) mailboxEvent(e sftp.Event) {
	level := zerolog.DebugLevel
	switch e.What {
	case sftp.EventRefused, sftp.EventAborted:
		level = zerolog.WarnLevel
	case sftp.EventDelivered, sftp.EventFailed:
		level = zerolog.InfoLevel
	}
	a.log.WithLevel(level).Err(e.Err).Str("supplier", e.Party).Str("remote", e.Remote).Str("file", e.Name).Int64("bytes", e.Bytes).
		Msg("mailbox: " + e.What)
}

func (a *app) wakeReaders() { a.wake("read") }

// shutdownTime is how long an upload in hand may still take.
const shutdownTime = 20 * time.Second

// shutdown stops in reverse order: the pages, the mailbox, the workers and the queues' loops, the broker, the database. What is in
// hand is finished or given back. Until the end it can be seen that no work should be given to this process.
func (a *app) shutdown() error {
	a.watch.monitor.Stopping()
	errs := []error{a.pages.close()}
	if a.mailbox != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		errs = append(errs, a.mailbox.Shutdown(ctx))
		cancel()
	}
	if a.stop != nil {
		a.stop()
	}
	a.wait.Wait()
	a.watch.unfollow()
	errs = append(errs, a.queues.close())
	if a.db != nil {
		errs = append(errs, a.db.close())
	}
	a.watch.end()
	return errors.Join(errs...)
}
