package release

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
)

// NextDue is the next business time after the given one at which groups are to be released, or something is to be ordered
// anew. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	var next, owed sql.NullTime
	err := s.DB.QueryRowContext(ctx, `SELECT (SELECT min(release_at) FROM release_group WHERE state = 'waiting' AND release_at > $1),
		(SELECT min(due_on) FROM obligation WHERE state = 'open' AND due_on > $2)`, after, gateway.DateOf(after.In(s.Location)).String()).Scan(&next, &owed)
	if err != nil {
		return time.Time{}, fmt.Errorf("next release: %w", err)
	}
	if !owed.Valid {
		return next.Time, nil
	}
	return gateway.Sooner(next.Time, gateway.DateOf(owed.Time).At(0, s.Location)), nil
}
