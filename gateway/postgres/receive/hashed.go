package receive

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// hashedName is what stands for a name that was used in a month that is dropped; the name itself while there is none.
func (s *Store) hashedName(ctx context.Context, x *postgres.Session, name string) (string, error) {
	hashes, err := s.Hashes(ctx, x)
	if err != nil || hashes == nil {
		return name, err
	}
	return hashes.Name(name), nil
}

// stillNew is gateway.ErrTransient when a name that was free, and is taken now, was used in a month that has been dropped between
// the two: a query reports whether its hash, the first argument, is there.
func (s *Store) stillNew(ctx context.Context, x *postgres.Session, name, query string, args ...any) error {
	hashed, err := s.hashedName(ctx, x, name)
	if err != nil || hashed == name {
		return err
	}
	var used bool
	if err := x.QueryRowContext(ctx, query, append([]any{hashed}, args...)...).Scan(&used); err != nil {
		return fmt.Errorf("names of dropped months: %w", err)
	}
	if used {
		return fmt.Errorf("%w: its month is dropped at this moment", gateway.ErrTransient)
	}
	return nil
}
