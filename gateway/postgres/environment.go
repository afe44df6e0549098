package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// ErrOtherEnvironment says that a database's money is real and the program's is not, or the other way round.
var ErrOtherEnvironment = errors.New("the database is of another environment")

// CheckEnvironment refuses a database that is of the other environment, before anything is written to it: it may be one that an earlier program made,
// or one of which a claim is still to come. ErrOtherEnvironment: it is of the other.
func CheckEnvironment(ctx context.Context, db Queryer, environment string) error {
	for _, says := range []struct{ table, asks string }{
		{"environment", `SELECT name FROM nks.environment`},
		// Before a database remembered what it is of, the profiles of its banks did: UNB 0035.
		{"bank_profile_version", `SELECT CASE WHEN (profile->>'test')::boolean THEN 'test' ELSE 'production' END FROM nks.bank_profile_version ORDER BY id LIMIT 1`},
	} {
		var kept string
		var readable bool
		err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'nks' AND c.relname = $1 AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))`, says.table).Scan(&readable)
		if err == nil && readable {
			err = db.QueryRowContext(ctx, says.asks).Scan(&kept)
		}
		if errors.Is(err, sql.ErrNoRows) || err == nil && !readable {
			continue
		}
		if err != nil {
			return fmt.Errorf("environment: %w", Transient(err))
		}
		if kept != environment {
			return fmt.Errorf("%w: it is a %s database, and the configuration's environment is %s", ErrOtherEnvironment, kept, environment)
		}
		return nil
	}
	return nil
}

// ClaimEnvironment makes a new database one of an environment, production or test, for ever. ErrOtherEnvironment: it is of the other.
func ClaimEnvironment(ctx context.Context, db *sqlx.DB, environment string) error {
	if err := CheckEnvironment(ctx, db, environment); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `INSERT INTO environment (name) SELECT $1 WHERE NOT EXISTS (SELECT FROM environment) ON CONFLICT DO NOTHING`, environment)
	if err != nil {
		return fmt.Errorf("environment: %w", Transient(err))
	}
	return CheckEnvironment(ctx, db, environment) // somebody else may have been first
}
