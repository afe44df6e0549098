package release

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"nks/gateway"
)

// NextDue is the next business time after the given one at which groups are to be released, or something is to be ordered
// anew, or what persons have decided about a night begins or ends. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	night, err := s.nextNight(ctx, after)
	if err != nil {
		return time.Time{}, err
	}
	var next, owed sql.NullTime
	err = s.DB.QueryRowContext(ctx, `SELECT (SELECT min(release_at) FROM release_group WHERE state = 'waiting' AND release_at > $1),
		(SELECT min(due_on) FROM obligation WHERE state = 'open' AND due_on > $2)`, after, gateway.DateOf(after.In(s.Location)).String()).Scan(&next, &owed)
	if err != nil {
		return time.Time{}, fmt.Errorf("next release: %w", err)
	}
	due := gateway.Sooner(next.Time, night)
	if !owed.Valid {
		return due, nil
	}
	return gateway.Sooner(due, gateway.DateOf(owed.Time).At(0, s.Location)), nil
}
