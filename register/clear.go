package register

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// clears is how often a load tries to have the register for itself, for half a second each time; then it goes the way that needs no such locks.
const clears = 10

// clear opens the quick way if the register is empty. If it is not, the locks taken to find that out are given back: they
// would keep everybody from reading, and from clearing, for as long as this load takes. It waits for who reads for less than
// the second after which PostgreSQL looks for deadlocks (deadlock_timeout): that would end who reads, where that one came later.
func (l *loader) clear(ctx context.Context) error {
	for n := 1; ; n++ {
		if _, err := l.tx.ExecContext(ctx, `SAVEPOINT filled; SET LOCAL lock_timeout = '500ms'`); err != nil {
			return err
		}
		err := l.tx.QueryRowContext(ctx, `SELECT nks.register_clear()`).Scan(&l.direct)
		if err == nil && l.direct {
			if _, err := l.tx.ExecContext(ctx, `SET LOCAL lock_timeout = DEFAULT`); err != nil {
				return err
			}
			return l.beginChange(ctx)
		}
		if err != nil && !isCode(err, lockNotAvailable) {
			return err
		}
		l.direct = false
		if _, back := l.tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT filled`); back != nil || err == nil || n == clears {
			return back
		}
	}
}

// Conditions of PostgreSQL.
const (
	deadlockDetected = "40P01"
	lockNotAvailable = "55P03"
)

func isCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
