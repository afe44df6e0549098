package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"nks/gateway"
	"nks/register"
)

// Locks of holders: few are locked one by one, and many as a load locks all.
const (
	holderLocks = 0x4e4b53 // the class of the advisory locks
	slots       = 1 << 16  // holders that share one wait for each other, which is harmless
	mostLocks   = 64       // of one transaction; the database has room for some thousands in all
)

// lockHolders makes edits of the same holders wait for each other until the transaction ends. A load of the register waits for all of
// them, and they for it: it locks the tables in a mode that this one shuts out. Tables come in the order in which a load takes them,
// and holders in the order of their numbers.
func lockHolders(ctx context.Context, x register.Tx, items []*item) error {
	held := make([]int32, 0, len(items))
	for _, i := range items {
		held = append(held, int32((i.number*4+int64(i.Holder.Kind))%slots)) //nolint:gosec // below slots
	}
	slices.Sort(held)
	held = slices.Compact(held)
	mode := `ROW EXCLUSIVE`
	if len(held) > mostLocks {
		mode = `SHARE ROW EXCLUSIVE`
	}
	if _, err := x.ExecContext(ctx, `LOCK TABLE nks.holder_version, nks.account_version IN `+mode+` MODE`); err != nil {
		return fmt.Errorf("lock of the register: %w", err)
	}
	if len(held) > mostLocks {
		return nil
	}
	_, err := x.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, slot) FROM (SELECT slot FROM unnest($2::int[]) AS slot ORDER BY slot OFFSET 0) s`, holderLocks, held)
	if err != nil {
		return fmt.Errorf("locks of holders: %w", err)
	}
	return nil
}

// lockCounter takes the register's counter, the last lock of the transaction, and draws the number of the next change. Versions carry
// it, so it cannot wait until they are written, as that of a load can, which has the tables for itself. Held to the commit, it lets no
// reader see a change and miss an earlier one.
func lockCounter(ctx context.Context, x register.Tx, now time.Time) (counter int64, at time.Time, err error) {
	err = each(ctx, x, `UPDATE nks.register_counter SET counter = counter + 1, recorded_at = greatest(recorded_at, $1) RETURNING counter, recorded_at`,
		func(r *sql.Rows) error { return r.Scan(&counter, &at) }, now)
	if err == nil && counter == 0 {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return 0, at, fmt.Errorf("counter of the register: %w", err)
	}
	return counter, at, nil
}
