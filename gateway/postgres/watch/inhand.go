package watch

import (
	"context"
	"fmt"

	"nks/gateway/postgres"
)

// InHand reports whether anything is being worked on that does not wait for a moment in time.
func (s *Store) InHand(ctx context.Context) (bool, error) {
	var busy bool
	err := s.DB.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM delivery WHERE state IN ('received', 'read') AND set_aside_at IS NULL)
		OR EXISTS (SELECT 1 FROM interchange WHERE state IN ('frozen', 'rendered', 'sending', 'publishing'))
		OR EXISTS (SELECT 1 FROM bank_file_unheard)
		OR EXISTS (SELECT 1 FROM bank_file WHERE contrl_owed)
		OR EXISTS (SELECT 1 FROM bank_round WHERE awaited)
		OR EXISTS (SELECT 1 FROM settle_due)
		OR EXISTS (SELECT 1 FROM effect_unlooked)
		OR EXISTS (SELECT 1 FROM effect_watch WHERE look_at <= $1)
		OR EXISTS (SELECT 1 FROM release_group WHERE state = 'waiting' AND release_at <= $1)
		OR EXISTS (SELECT 1 FROM answer_uncollected)`, s.Now()).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("in hand: %w", postgres.Transient(err))
	}
	return busy, nil
}
