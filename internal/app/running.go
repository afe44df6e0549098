package app

import (
	"context"
	"time"

	"nks/gateway/postgres"
	"nks/gateway/postgres/booking"
)

// Addresses are where a running gateway can be reached, as host:port; empty: that way is closed.
type Addresses struct {
	Mailbox string
	Queue   string
	Signed  string
	API     string
	Metrics string
	Pages   string // a URL
}

// Addresses are those of the moment: metrics and pages may have to wait for theirs.
func (a *App) Addresses() Addresses {
	api := ""
	if a.programs != nil {
		api = a.programs.Addr()
	}
	return Addresses{Mailbox: a.mailbox.Addr().String(), Queue: a.queues.addr(), Signed: a.signed.addr(), API: api, Metrics: a.watch.address(), Pages: a.pages.url()}
}

// Failed is told once what ended the mailbox's server without being asked: the gateway is then to be shut down.
func (a *App) Failed() <-chan error { return a.failed }

// Unready is why no work should be given to the gateway yet, or any more; none while it is ready.
func (a *App) Unready() []string { return a.watch.monitor.Unready() }

// Database is the running gateway's; it is closed by Shutdown.
func (a *App) Database() *Database { return a.db }

// Now is the business time.
func (a *App) Now() time.Time { return a.clock.Now() }

// ClockOffset is how far business time is ahead of the machine's.
func (a *App) ClockOffset() time.Duration { return a.clock.Offset() }

// SetClock stores an offset, then moves the business time to it. Not for production.
func (a *App) SetClock(ctx context.Context, offset time.Duration) error {
	if err := postgres.MoveClock(ctx, a.db.pool, offset, time.Now()); err != nil {
		return err
	}
	a.clock.Advance(offset - a.clock.Offset())
	a.sleepers.wakeAll()
	a.watch.lines.bell.Ring()
	return nil
}

// InHand says what the gateway has to do at the present business time; "" when it has nothing.
func (a *App) InHand(ctx context.Context) (string, error) {
	const working, queued = "the gateway works", "a message waits in a queue"
	if inHand, err := a.steps.Watch.InHand(ctx); err != nil || inHand {
		return working, err
	}
	if busy, err := a.queues.busy(ctx); err != nil || busy {
		return queued, err
	}
	return "", nil
}

// NextDue is the business time at which the gateway next has something to do, past when it should have done it by now;
// zero: there is none.
func (a *App) NextDue(ctx context.Context) (time.Time, error) {
	return a.steps.NextDue(ctx, time.Time{})
}

// Books are the gateway's own.
func (a *App) Books() *booking.Store { return a.steps.Booking }

// LookAt has the connection to a bank look into the bank's mailbox now.
func (a *App) LookAt(bank string) { a.sleepers.wakeFor(postgres.ToSend(bank)) }
