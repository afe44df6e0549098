package release

import (
	"context"
	"fmt"

	"nks/gateway/postgres"
)

// references are the numbers of deliveries' attempts in bank references. Attempts without one get the next, in a transaction
// of its own: a release that fails finds the same numbers again, and holds up no other meanwhile.
func (s *Store) references(ctx context.Context, attempts []attempt) (map[attempt]int64, error) {
	deliveries, numbers := make([]int64, len(attempts)), make([]int16, len(attempts))
	for i, a := range attempts {
		deliveries[i], numbers[i] = a.Delivery, a.No
	}
	var drawn []struct {
		attempt
		Number int64 `db:"number"`
	}
	err := s.Transact(ctx, "references", func(x *postgres.Session) error {
		// What is drawn after the lock sees what was drawn before it.
		if _, err := x.ExecContext(ctx, `SELECT FROM reference_counter FOR UPDATE`); err != nil {
			return err
		}
		_, err := x.ExecContext(ctx, `WITH missing AS (
				SELECT d, a, row_number() OVER (ORDER BY d, a) AS n FROM unnest($1::bigint[], $2::smallint[]) w (d, a)
				WHERE NOT EXISTS (SELECT FROM bank_reference r WHERE r.delivery_id = d AND r.attempt = a)),
			counter AS (UPDATE reference_counter SET last = last + (SELECT count(*) FROM missing)::int
				RETURNING last - (SELECT count(*) FROM missing) AS before)
			INSERT INTO bank_reference (number, delivery_id, attempt) SELECT before + n, d, a FROM missing, counter`, deliveries, numbers)
		if err != nil {
			return err
		}
		return x.SelectContext(ctx, &drawn, `SELECT r.delivery_id, r.attempt, r.number FROM unnest($1::bigint[], $2::smallint[]) w (d, a)
			JOIN bank_reference r ON r.delivery_id = d AND r.attempt = a`, deliveries, numbers)
	})
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	all := make(map[attempt]int64, len(drawn))
	for _, d := range drawn {
		all[d.attempt] = d.Number
	}
	return all, nil
}
