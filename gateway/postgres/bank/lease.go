package bank

import (
	"context"
	"database/sql/driver"
	"fmt"
	"sync"

	"nks/gateway"
)

// leaseLock is what the owner of the connection to bank $1 holds.
const leaseLock = `hashtextextended('nks.bank.' || $1, 0)`

// Lease makes the caller the owner of the connection to a bank and gives the fencing number. release lets go. The
// lease is a session lock: a process that dies, or loses its database session, loses the lease. ErrTransient:
// another process is the owner.
func (s *Store) Lease(ctx context.Context, bank string) (gateway.Lease, error) {
	conn, err := s.DB.Connx(ctx)
	if err != nil {
		return gateway.Lease{}, fmt.Errorf("lease %s: connect: %w", bank, err)
	}
	var got bool
	var fence int64
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+leaseLock+`)`, bank).Scan(&got)
	if err == nil && !got {
		err = fmt.Errorf("another process owns it: %w", gateway.ErrTransient)
	}
	if err == nil {
		err = conn.QueryRowContext(ctx, `INSERT INTO bank_lease AS l (bank, fence) VALUES ($1, 1)
			ON CONFLICT (bank) DO UPDATE SET fence = l.fence + 1 RETURNING fence`, bank).Scan(&fence)
	}
	if err != nil {
		// The session must not go back to the pool with a lock on it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
		return gateway.Lease{}, fmt.Errorf("lease %s: %w", bank, err)
	}
	// Two goroutines ask: one of them may find the session broken, which closes it, and database/sql does not bear that
	// another begins a statement on it meanwhile.
	var one sync.Mutex
	held := func(ctx context.Context) error {
		one.Lock()
		defer one.Unlock()
		_, err := conn.ExecContext(ctx, `SELECT 1`)
		return err
	}
	release := func() {
		// Also when ctx has ended: the lock must go even if this connection goes back to the pool.
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_all()`); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it must not go back to the pool with the lock
		}
		_ = conn.Close()
	}
	return gateway.Lease{Fence: fence, Held: held, Release: release}, nil
}
