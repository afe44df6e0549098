package answer

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// NextDue is the next business time after the given one at which an answer is to be closed. Zero: there is none.
func (s *Store) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	var next sql.NullTime
	err := s.DB.QueryRowContext(ctx, `SELECT min(at) FROM (
			SELECT least(max(caused_at) + make_interval(secs => $2), min(caused_at) + make_interval(secs => $3)) AS at
			FROM answer_due WHERE answer_id IS NULL GROUP BY delivery_id, kind) a WHERE at > $1`,
		after, s.Rules.Quiet.Seconds(), s.Rules.Deadline.Seconds()).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("next answer: %w", err)
	}
	return next.Time, nil
}
