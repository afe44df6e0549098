package release

import (
	"context"
	"fmt"

	"nks/gateway/postgres"
)

// references are the numbers of deliveries in the bank references of their first orders. Deliveries without one get the
// next, in a transaction of its own: a release that fails finds the same numbers again, and holds up no other meanwhile.
func (s *Store) references(ctx context.Context, deliveries []int64) (map[int64]int64, error) {
	var drawn []struct {
		Delivery int64 `db:"delivery_id"`
		Number   int64 `db:"number"`
	}
	err := s.Transact(ctx, "references", func(x *postgres.Session) error {
		// What is drawn after the lock sees what was drawn before it.
		if _, err := x.ExecContext(ctx, `SELECT FROM reference_counter FOR UPDATE`); err != nil {
			return err
		}
		_, err := x.ExecContext(ctx, `WITH missing AS (
				SELECT d, row_number() OVER (ORDER BY d) AS n FROM unnest($1::bigint[]) d
				WHERE NOT EXISTS (SELECT FROM bank_reference r WHERE r.delivery_id = d AND r.attempt = $2)),
			counter AS (UPDATE reference_counter SET last = last + (SELECT count(*) FROM missing)::int
				RETURNING last - (SELECT count(*) FROM missing) AS before)
			INSERT INTO bank_reference (number, delivery_id, attempt) SELECT before + n, d, $2 FROM missing, counter`, deliveries, firstAttempt)
		if err != nil {
			return err
		}
		return x.SelectContext(ctx, &drawn, `SELECT delivery_id, number FROM bank_reference WHERE delivery_id = ANY ($1::bigint[]) AND attempt = $2`,
			deliveries, firstAttempt)
	})
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	numbers := make(map[int64]int64, len(drawn))
	for _, d := range drawn {
		numbers[d.Delivery] = d.Number
	}
	return numbers, nil
}
