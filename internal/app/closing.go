package app

import (
	"context"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/postgres/booking"
	"nks/gateway/postgres/closing"
	"nks/gateway/postgres/retention"
)

// openMonths makes what closes and drops months for a command, at the present business time of the database's instance. On a
// database that may have been set back it does neither.
func openMonths(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*Steps, error) {
	clock, err := PresentClock(ctx, c, db)
	if err != nil {
		return nil, err
	}
	steps, err := configuredSteps(c, db, clock, nil, log, nil, kept{})
	if err == nil {
		_, err = steps.Restore.Compare(ctx)
	}
	return steps, err
}

// OpenRetention makes what drops months for a command.
func OpenRetention(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*retention.Store, error) {
	steps, err := openMonths(ctx, c, db, log)
	if err != nil {
		return nil, err
	}
	return steps.Retention, nil
}

// OpenClosing makes what closes months for a command.
func OpenClosing(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*closing.Store, error) {
	steps, err := openMonths(ctx, c, db, log)
	if err != nil {
		return nil, err
	}
	return steps.Closing, nil
}

// OpenBooking makes what keeps the books for a command.
func OpenBooking(ctx context.Context, c conf.Config, db *Database, log zerolog.Logger) (*booking.Store, error) {
	steps, err := openMonths(ctx, c, db, log)
	if err != nil {
		return nil, err
	}
	return steps.Booking, nil
}
