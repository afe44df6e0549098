package app

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
)

// Desk is what people do on a gateway's tables, while it runs or not: they judge bundles without sending them, and record
// what a bank has said about an interchange.
type Desk struct{ store *postgres.Store }

// OpenDesk makes a desk for a command, at the present business time of the database's instance.
func OpenDesk(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*Desk, error) {
	clock, err := presentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	store, err := newStore(c, db, clock, log, func(string) {})
	if err != nil {
		return nil, err
	}
	return &Desk{store}, nil
}

// Desk is the running gateway's.
func (a *App) Desk() *Desk { return &Desk{a.store} }

// DryRun tells report what would become of a bundle.
func (d *Desk) DryRun(ctx context.Context, in postgres.DryRun, report postgres.DryRunReport) error {
	return d.store.DryRun(ctx, in, report)
}

// Unresolved lists interchanges of which nobody knows whether the bank has them.
func (d *Desk) Unresolved(ctx context.Context) ([]postgres.Unresolved, error) {
	return d.store.UnresolvedInterchanges(ctx)
}

// Resolve records what a bank has said about one of them; by and approvedBy are two persons.
func (d *Desk) Resolve(ctx context.Context, bank string, controlRef int64, bankHasIt bool, by, approvedBy string) error {
	return d.store.ResolveUnknown(ctx, bank, controlRef, bankHasIt, by, approvedBy)
}

// BusinessTime is the present business time of the database's instance.
func BusinessTime(ctx context.Context, c conf.Config, db *Database) (time.Time, error) {
	clock, err := presentClock(ctx, c, db)
	if err != nil {
		return time.Time{}, err
	}
	return clock.Now(), nil
}

func presentClock(ctx context.Context, c conf.Config, db *Database) (*gateway.Clock, error) {
	start, err := clockStart(c)
	if err != nil {
		return nil, err
	}
	offset, err := postgres.PresentClock(ctx, db.pool, time.Now, start)
	if err != nil {
		return nil, err
	}
	return gateway.NewClock(time.Now, offset), nil
}
