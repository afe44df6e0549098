package app

import (
	"context"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/postgres/closing"
	"nks/gateway/postgres/retention"
)

// OpenRetention makes what drops months for a command, at the present business time of the database's instance.
func OpenRetention(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*retention.Store, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	steps, err := configuredSteps(c, db, clock, nil, log, nil)
	if err != nil {
		return nil, err
	}
	return steps.Retention, nil
}

// OpenClosing makes what closes months for a command, at the present business time of the database's instance.
func OpenClosing(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*closing.Store, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	steps, err := configuredSteps(c, db, clock, nil, log, nil)
	if err != nil {
		return nil, err
	}
	return steps.Closing, nil
}
