package bank

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres"
)

// leaseName is followed by a bank in the name of what its owner holds; leaseLock is that lock for bank $1.
const (
	leaseName = "nks.bank."
	leaseLock = `hashtextextended('` + leaseName + `' || $1, 0)`
)

// Lease makes the caller the owner of the connection to a bank and gives the fencing number. gateway.ErrTransient: another process is
// the owner.
func (s *Store) Lease(ctx context.Context, bank string) (gateway.Lease, error) {
	var fence int64
	o, err := postgres.Own(ctx, s.DB, leaseName+bank, func(conn *sqlx.Conn) error {
		return conn.QueryRowContext(ctx, `INSERT INTO bank_lease AS l (bank, fence) VALUES ($1, 1)
			ON CONFLICT (bank) DO UPDATE SET fence = l.fence + 1 RETURNING fence`, bank).Scan(&fence)
	})
	if err != nil {
		return gateway.Lease{}, fmt.Errorf("lease %s: %w", bank, err)
	}
	return gateway.Lease{Fence: fence, Held: o.Held, Release: o.Release}, nil
}
