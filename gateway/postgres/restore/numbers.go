package restore

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// answerSeries is how the numbers of a kind of answers are called.
func answerSeries(kind gateway.AnswerKind) string { return postgres.AnswerSeries(kind) }

// liftNumbers has a series go on behind a number: those between are free, since nobody outside has seen them.
func (s *Store) liftNumbers(ctx context.Context, x *postgres.Session, series string, number int64) error {
	for _, statement := range []string{
		`INSERT INTO unused_number (series, number, free) SELECT $1, n, true FROM answer_counter c, generate_series(c.last + 1, $2 - 1) n
			WHERE 'answer ' || c.kind = $1 ON CONFLICT DO NOTHING`,
		`UPDATE answer_counter SET last = greatest(last, $2) WHERE 'answer ' || kind = $1`,
		`DELETE FROM unused_number WHERE series = $1 AND number = $2`,
	} {
		if _, err := x.ExecContext(ctx, statement, series, number); err != nil {
			return fmt.Errorf("numbers of %s: %w", series, err)
		}
	}
	return nil
}
