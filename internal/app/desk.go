package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres"
)

// OpenDesk makes a desk for a command, at the present business time of the database's instance.
func OpenDesk(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*act.Desk, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	if err := BeginProfiles(ctx, c, db, clock.Now); err != nil {
		return nil, err
	}
	j, err := openJournal(c, log)
	if err != nil {
		return nil, err
	}
	steps, err := configuredSteps(c, db, clock, nil, log, nil, kept{journal: j})
	if err == nil {
		_, err = steps.Restore.Compare(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := beginPersons(ctx, c, steps.Desk); err != nil {
		return nil, err
	}
	return steps.Desk, beginLimits(ctx, c, steps.Desk)
}

// mostPersonsFile bounds the file of those who may decide.
const mostPersonsFile = 1 << 20

// Persons are those of the configuration's file who may decide; none where it names no file.
func Persons(c conf.Config) ([]gateway.Person, error) {
	if c.Decisions.Persons == "" {
		return nil, nil
	}
	f, err := os.Open(c.Decisions.Persons)
	if err != nil {
		return nil, ConfigError{fmt.Errorf("decisions.persons: %w", err)}
	}
	text, err := io.ReadAll(io.LimitReader(f, mostPersonsFile))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, ConfigError{fmt.Errorf("decisions.persons: %w", err)}
	}
	persons, err := act.ReadPersons(string(text))
	if err != nil {
		return nil, ConfigError{fmt.Errorf("decisions.persons: %s: %w", c.Decisions.Persons, err)}
	}
	return persons, nil
}

// beginPersons gives an empty table of who may decide those of the configuration's file.
func beginPersons(ctx context.Context, c conf.Config, desk *act.Desk) error {
	persons, err := Persons(c)
	if err != nil {
		return err
	}
	return desk.BeginPersons(ctx, persons)
}

// beginLimits sets the configuration's limits where none ever was set.
func beginLimits(ctx context.Context, c conf.Config, desk *act.Desk) error {
	l := c.ReleaseLimits
	return desk.BeginLimits(ctx, gateway.Limits{gateway.LimitPayment: l.PaymentOre, gateway.LimitBundle: l.BundleOre, gateway.LimitDay: l.DayOre,
		gateway.LimitHistory: int64(l.HistoryTimes)})
}

// Desk is the running gateway's.
func (a *App) Desk() *act.Desk { return a.steps.Desk }

// BusinessTime is the present business time of the database's instance.
func BusinessTime(ctx context.Context, c conf.Config, db *Database) (time.Time, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return time.Time{}, err
	}
	return clock.Now(), nil
}

// PresentClock is the business clock of the database's instance, as it runs when it is asked for.
func PresentClock(ctx context.Context, c conf.Config, db *Database) (*gateway.Clock, error) {
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
