package release

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// NextDue is the next business time after the given one at which groups are to be released. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	var next sql.NullTime
	err := s.DB.QueryRowContext(ctx, `SELECT min(release_at) FROM release_group WHERE state = 'waiting' AND release_at > $1`, after).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("next release: %w", err)
	}
	return next.Time, nil
}
