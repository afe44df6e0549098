package app

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/restore"
	"nks/journal"
)

// openJournal opens the node's journal. One that is damaged is opened all the same: the comparison tells of it.
func openJournal(c conf.Config, log zerolog.Logger) (*journal.Journal, error) {
	dirs := c.Journal.Directories()
	if len(dirs) == 0 {
		return nil, nil
	}
	j, err := journal.Open(journal.Options{Node: c.Journal.Node, Directories: dirs, OneIsEnough: c.Journal.OneIsEnough,
		Failed: func(dir string, err error) {
			log.Error().Err(err).Str("directory", dir).Msg("the journal is kept in one directory only")
		}})
	if errors.Is(err, journal.ErrCorrupt) {
		return j, nil
	}
	return j, err
}

// made is shown each connection of the pool: one to a database that does not know what this process has recorded makes the gateway quiet.
func (a *App) made(ctx context.Context, conn *pgx.Conn) error {
	if a.journal == nil || a.quiet.Why() != "" {
		return nil
	}
	err := restore.Known(ctx, conn, a.journal.Newest())
	if errors.Is(err, restore.ErrSetBack) {
		a.quiet.Set(err.Error())
		a.log.Error().Err(err).Msg("the gateway is quiet")
		a.sleepers.wakeFor(postgres.ToCompare)
	}
	return err
}

// unlessQuiet lets a step rest while the gateway is quiet, but for those that change nothing of the flow.
func (a *App) unlessQuiet(work postgres.Work, step gateway.Step) gateway.Step {
	switch work {
	case postgres.ToCompare, postgres.ToFollow, postgres.ToSequence:
		return step
	}
	return func(ctx context.Context) (bool, error) {
		if a.quiet.Why() != "" {
			return false, nil
		}
		return step(ctx)
	}
}

// lease is the right to use the connection to a bank, which nobody has while the gateway is quiet.
func (a *App) lease(ctx context.Context, bank string) (gateway.Lease, error) {
	if err := a.quiet.Refuse(); err != nil {
		return gateway.Lease{}, err
	}
	return a.steps.Bank.Lease(ctx, bank)
}

// CompareJournals holds a database against the journals of a configuration.
func CompareJournals(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (restore.Unknown, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return restore.Unknown{}, err
	}
	steps, err := configuredSteps(c, db, clock, log, nil, nil, nil)
	if err != nil {
		return restore.Unknown{}, err
	}
	return steps.Restore.Compare(ctx)
}
