// Package app makes a running gateway of a configuration. It is the only place where adapters are put together: the
// programs, and whoever runs a gateway inside a process, start it here.
package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/door/rasp"
	"nks/gateway/postgres"
	"nks/gateway/postgres/receive"
	"nks/journal"
	"nks/register/feed"
	"nks/sftp"
)

// Options are what a gateway is started with.
type Options struct {
	Config conf.Config
	Log    zerolog.Logger
	// Version of the program, for the metrics.
	Version string
	// Start is the business time of the very first start; zero: the configuration's clock.start, else the machine's.
	// Later starts go on from there.
	Start time.Time
	// Machine is the machine's clock; nil: time.Now. Business time runs with it, and it is compared with the database's.
	Machine func() time.Time
	// Observe puts itself before the observer of every turn of every step, which must still be told; nil: nobody does.
	Observe func(gateway.Observe) gateway.Observe
	// Trace is told of every statement on the flow's connections, with the context of the turn that makes it; nil: nobody.
	Trace pgx.QueryTracer
	// Failpoint is called at named points between two effects, so that a test can end the process there; nil: nothing happens.
	Failpoint func(name string)
	// RenewEvery is the pause between two looks whether the files of the doors' keys are others; 0: ten seconds.
	RenewEvery time.Duration
	// IBMMQ is the driver of IBM MQ; nil: the program has none.
	IBMMQ *QueueDriver
	// AnyPort lets the pages move when their address is taken.
	AnyPort bool
}

// App is a running gateway.
type App struct {
	config    conf.Config
	log       zerolog.Logger
	failpoint func(string)
	ibmmq     *QueueDriver

	db       *Database
	journal  *journal.Journal // nil: none is kept
	clock    *gateway.Clock
	steps    *Steps
	mailbox  *sftp.Server
	hostKeys []string // fingerprints of those that the mailbox shows
	// renewEvery is the pause between two looks at the files of the doors' keys.
	renewEvery time.Duration
	queues     queueDoor
	signed     *signed        // nil: the door is closed
	programs   *rasp.Endpoint // nil: it is closed
	workers    []*gateway.Worker
	banks      *banks
	apart      *apart
	// sleepers are the workers, the owners and the queues' loops.
	sleepers *sleepers

	watch *watch
	pages *pages // nil: off

	// observe is told of every turn of every step.
	observe gateway.Observe

	stop context.CancelFunc
	wait sync.WaitGroup
	// failed is told what the mailbox server ended with.
	failed chan error
}

// Start brings everything up in order; what has come up is taken down again when something fails. ctx bounds the start
// only: the gateway runs until Shutdown. A mistake of the configuration is a ConfigError.
func Start(ctx context.Context, o Options) (a *App, err error) {
	if o.Failpoint == nil {
		o.Failpoint = func(string) {}
	}
	if o.Machine == nil {
		o.Machine = time.Now
	}
	if o.RenewEvery == 0 {
		o.RenewEvery = renewEvery
	}
	a = &App{config: o.Config, log: o.Log, failpoint: o.Failpoint, ibmmq: o.IBMMQ, renewEvery: o.RenewEvery, queues: noQueues{}, sleepers: newSleepers(), failed: make(chan error, 1)}
	if o.Start.IsZero() {
		if o.Start, err = clockStart(o.Config); err != nil {
			return nil, err
		}
	}
	if a.watch, err = newWatch(o.Config, o.Log, o.Version, o.Machine); err != nil {
		return nil, err
	}
	a.observe = a.watch.observe
	if o.Observe != nil {
		a.observe = o.Observe(a.observe)
	}
	if err := a.start(ctx, o); err != nil {
		return nil, errors.Join(err, a.Shutdown())
	}
	return a, nil
}

func (a *App) start(ctx context.Context, o Options) (err error) {
	if a.apart, err = keepApart(o.Config); err != nil {
		return err
	}
	a.watch.start(ctx)
	if a.journal, err = openJournal(o.Config, o.Log); err != nil {
		return err
	}
	if a.db, err = a.awaitDatabase(ctx, sessions{trace: o.Trace, opened: a.opened}); err != nil {
		return err
	}
	offset, err := postgres.BeginClock(ctx, a.db.pool, o.Machine, o.Start)
	if err != nil {
		return err
	}
	a.clock = gateway.NewClock(o.Machine, offset)
	if err := BeginProfiles(ctx, o.Config, a.db, a.clock.Now); err != nil {
		return err
	}
	taken := func() time.Time { return a.watch.node.clock.Correct(a.clock.Now()) }
	if a.steps, err = configuredSteps(o.Config, a.db, a.clock, taken, o.Log, o.Failpoint, kept{a.journal, &a.watch.node.quiet}); err != nil {
		return err
	}
	a.watch.node.base = a.steps.Receive.Base
	a.watch.lines.begin(a.steps.Lines)
	if err := a.steps.Prepare(ctx); err != nil {
		return err
	}
	if err := beginPersons(ctx, o.Config, a.steps.Desk); err != nil {
		return err
	}
	if err := beginLimits(ctx, o.Config, a.steps.Desk); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = cancel
	a.banks = newBanks(run, a)
	if err := a.banks.begin(ctx); err != nil {
		return err
	}
	a.makeWorkers()
	if err := a.openMailbox(run); err != nil {
		return err
	}
	if a.queues, err = a.openQueues(run); err != nil {
		return err
	}
	switch {
	case !o.Config.MQ.Open():
		a.watch.lines.closed(gateway.LinkDoor, doorQueues, gateway.TroubleConfiguration)
	case !o.Config.MQ.Cluster.Clustered(): // else it is open when the members are together
		a.watch.door(doorQueues, nil)
	}
	if a.signed, err = a.openSigned(run); err != nil {
		return err
	}
	if a.signed != nil {
		a.watch.door(doorSigned, nil)
	} else {
		a.watch.lines.closed(gateway.LinkDoor, doorSigned, gateway.TroubleConfiguration)
	}
	if a.programs, err = a.openPrograms(); err != nil {
		return err
	}
	if err := a.openPrinting(run); err != nil {
		return err
	}
	if a.pages, err = a.openPages(ctx, o.AnyPort); err != nil {
		return err
	}
	a.followImage()
	a.watch.follow(a)
	a.wait.Go(func() { a.listen(run) })
	for _, w := range a.workers {
		a.wait.Go(func() { w.Run(run) })
	}
	a.banks.run()
	at := a.Addresses()
	o.Log.Info().Str("mailbox", at.Mailbox).Str("mq", at.Queue).Str("rasp", at.Signed).Str("metrics", at.Metrics).Str("pages", at.Pages).Int("banks", a.banks.count()).
		Time("business_time", a.clock.Now()).Msg("nks is up")
	return nil
}

// patience is with a delivery that fails: five times for a reason of the gateway's own; or, where a condition of the database
// breaks off this one and not the others, for a quarter of an hour.
func patience() gateway.Patience {
	return gateway.Patience{Failures: 5, Interruptions: 10, Interrupted: 15 * time.Minute}
}

// configuredSteps puts the stages together as a configuration wants them.
func configuredSteps(c conf.Config, db *Database, clock *gateway.Clock, taken func() time.Time, log zerolog.Logger, failpoint func(string), kept kept) (*Steps, error) {
	return NewSteps(StepOptions{DB: db.pool, Cell: gateway.Cell(c.Cell.Number), Now: clock.Now, Taken: taken, Log: log, Failpoint: failpoint, OwnName: c.Identity.Name, Addressed: c.Addressed(), Connections: connectionRule(c), BankReports: c.ReportingBanks(), OwnGLN: c.Identity.GLN, Foretells: c.Answers.Foretell, Copies: c.Answers.Copies, Endpoints: c.Rasp.Endpoints(), Report: c.Report,
		Journal: kept.journal, Journals: c.Journal.Directories(), JournalKeep: time.Duration(c.Journal.Keep) * 24 * time.Hour, Quiet: kept.quiet,
		Keeping: Keeping(c), Feeds: feeds(c), HashKey: c.Retention.Key, Activation: letterRules(c.Activation), Banks: newProfiles(c), Decisions: act.Rules{Environment: string(c.Environment), NamesAlone: c.Environment == conf.Test},
		Limits: Limits{DocumentBytes: int64(c.Mailbox.MaxFileMB) << 20, ExecutionDays: c.Limits.ExecutionDaysAhead,
			Image:          ImageOptions(c),
			BundlePayments: c.Limits.BundlePayments, DeliveryGroups: c.Limits.DeliveryGroups, Patience: patience(),
			Staging:   receive.Staging{Files: c.Mailbox.StagedFiles, Bytes: int64(c.Mailbox.StagedMB) << 20, Keep: c.Mailbox.StagedKeep.Duration},
			QueueTime: c.MQ.PutTimeCounts.Duration, CloseAfter: c.Months.CloseAfter,
			Split: gateway.SplitLimits{InterchangeOrders: c.Limits.InterchangePayments, InterchangeBytes: c.Limits.InterchangeMB << 20,
				MessageOrders: c.Limits.MessagePayments},
			AnswerPayments: c.Limits.AnswerPayments, AnswerQuiet: c.Answers.Quiet.Duration, AnswerDeadline: c.Answers.Deadline.Duration}})
}

// feeds are who sends the changes of each source.
func feeds(c conf.Config) map[feed.Source]string {
	all := map[feed.Source]string{}
	for _, f := range c.Register.Feeds {
		all[feed.Source(f.Source)] = f.Supplier
	}
	return all
}

// makeWorkers makes everything that repeats, in the order of the flow.
func (a *App) makeWorkers() {
	for range 2 {
		a.addWorker(postgres.ToRead, a.steps.Receive.NextToRead, nil)
		a.addWorker(postgres.ToCheck, a.steps.Check.Next, nil)
	}
	if a.steps.Image.State().Wanted {
		a.addWorker(postgres.ToFollow, a.steps.Image.Follow, nil)
	}
	a.addWorker(postgres.ToRelease, a.steps.Release.Next, a.steps.Release.NextDue)
	a.addWorker(postgres.ToSequence, a.steps.Sequence.Next, nil)
	a.addWorker(postgres.ToSettle, a.steps.Settle.Next, nil)
	a.addWorker(postgres.ToEffect, a.steps.Effect.Next, a.steps.Effect.NextDue)
	if a.config.Print.Address != "" {
		a.addWorker(postgres.ToWrite, a.steps.Activate.Next, nil)
	}
	a.addWorker(postgres.ToEnd, a.steps.Dormant.Next, a.steps.Dormant.NextDue)
	a.addWorker(postgres.ToAnswer, a.steps.Answer.Next, a.steps.Answer.NextDue)
	a.addWorker(postgres.ToCompare, a.steps.Restore.Next, nil)
	a.addWorker(postgres.ToShorten, a.steps.Restore.Forget, nil)
	a.addWorker(postgres.ToClose, a.steps.Closing.Next, a.steps.Closing.NextDue)
	a.addWorker(postgres.ToBook, a.steps.Booking.Next, a.steps.Booking.NextDue)
	a.addWorker(postgres.ToDrop, a.steps.Retention.Next, nil)
	a.addWorker(postgres.ToReport, a.steps.Reporting.Next, a.steps.Reporting.NextDue)
	a.addWorker(postgres.ToInquire, a.steps.Inquiry.Next, a.steps.Inquiry.NextDue)
	a.addWorker(postgres.ToSweep, a.steps.Receive.Sweep, a.steps.Receive.NextSweep)
	a.addWorker(postgres.ToForget, a.steps.Base.CloseOldNotices, a.steps.Base.NextOldNotice)
	a.addWorker(postgres.ToServe, a.banks.follow, a.banks.nextDue)
}

func (a *App) addWorker(work postgres.Work, step gateway.Step, due gateway.Due) {
	w := a.newWorker(work, step, due)
	a.workers = append(a.workers, w)
	a.sleepers.add(work, w.Wake)
}

func (a *App) newWorker(work postgres.Work, step gateway.Step, due gateway.Due) *gateway.Worker {
	if judges(work) {
		step, due = a.watch.node.judging(step), a.watch.node.judgingDue(due)
	}
	return &gateway.Worker{Name: string(work), Step: step, Due: due, Now: a.clock.Now, Poll: a.longestSleep(), Retry: retryFirst,
		Failed: a.stepFailed, Observe: a.observe}
}

func (a *App) stepFailed(name string, err error) {
	a.log.Error().Err(err).Str("step", name).Msg("step failed, it will be tried again")
}

// shutdownTime is how long an upload in hand may still take.
const shutdownTime = 20 * time.Second

// Shutdown stops in reverse order: the pages, the mailbox, the workers and the queues' loops, the broker, the database. What is in
// hand is finished or given back. Until the end it can be seen that no work should be given to this process.
func (a *App) Shutdown() error {
	a.watch.monitor.Stopping()
	errs := []error{a.pages.close()}
	if a.mailbox != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
		errs = append(errs, a.mailbox.Shutdown(ctx), a.signed.shutdown(ctx))
		if a.programs != nil {
			errs = append(errs, a.programs.Shutdown(ctx))
		}
		cancel()
	}
	if a.stop != nil {
		a.stop()
	}
	a.wait.Wait()
	a.banks.close()
	a.watch.unfollow()
	errs = append(errs, a.queues.close())
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	a.watch.end()
	return errors.Join(errs...)
}
