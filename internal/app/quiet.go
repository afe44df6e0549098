package app

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"nks/conf"
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

// kept is what a process keeps of what became visible outside; without a journal nothing is recorded.
type kept struct {
	journal *journal.Journal
	quiet   *postgres.Quiet
}

// opened is shown each connection of the pool: one to a database that does not know what this process has recorded makes the gateway quiet.
func (a *App) opened(ctx context.Context, conn *pgx.Conn) error {
	if err := a.watch.node.compare(ctx, conn); err != nil {
		return err
	}
	quiet := &a.watch.node.quiet
	if a.journal == nil || quiet.Why() != "" {
		return nil
	}
	err := restore.Known(ctx, conn, a.journal.Newest())
	if errors.Is(err, restore.ErrSetBack) {
		quiet.Set(err.Error())
		a.log.Error().Err(err).Msg("the gateway is quiet")
		a.sleepers.wakeFor(postgres.ToCompare)
	}
	return err
}

// OpenRestore gives what holds a database against the journals of a configuration and takes in what is missing, for a command.
func OpenRestore(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*restore.Store, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	if err := BeginProfiles(ctx, c, db, clock.Now); err != nil {
		return nil, err
	}
	steps, err := configuredSteps(c, db, clock, nil, log, nil, kept{})
	if err != nil {
		return nil, err
	}
	return steps.Restore, nil
}
