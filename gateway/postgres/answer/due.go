package answer

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// NextDue is the next business time after the given one at which an answer may have to be closed. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	if err := s.gather(ctx); err != nil {
		return time.Time{}, err
	}
	var next sql.NullTime
	err := s.DB.QueryRowContext(ctx, `SELECT least(
			(SELECT min(last_at) FROM answer_waiting WHERE last_at > $1) + make_interval(secs => $3),
			(SELECT min(first_at) FROM answer_waiting WHERE first_at > $2) + make_interval(secs => $4))`,
		after.Add(-s.Rules.Quiet), after.Add(-s.Rules.Deadline), s.Rules.Quiet.Seconds(), s.Rules.Deadline.Seconds()).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("next answer: %w", err)
	}
	return next.Time, nil
}
