package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// ErrOtherEnvironment says that a database's money is real and the program's is not, or the other way round.
var ErrOtherEnvironment = errors.New("the database is of another environment")

// ClaimEnvironment makes a new database one of an environment, production or test, for ever. ErrOtherEnvironment: it is of the other.
func ClaimEnvironment(ctx context.Context, db *sqlx.DB, environment string) error {
	_, err := db.ExecContext(ctx, `INSERT INTO environment (name) SELECT $1 WHERE NOT EXISTS (SELECT FROM environment) ON CONFLICT DO NOTHING`, environment)
	var kept string
	if err == nil {
		err = db.GetContext(ctx, &kept, `SELECT name FROM environment`)
	}
	if err != nil {
		return fmt.Errorf("environment: %w", Transient(err))
	}
	if kept != environment {
		return fmt.Errorf("%w: it is a %s database, and the configuration's environment is %s", ErrOtherEnvironment, kept, environment)
	}
	return nil
}
