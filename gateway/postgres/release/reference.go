package release

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// references are how the bank references of deliveries' attempts begin. Attempts without one get the next, in a transaction of
// its own: a release that fails finds the same ones again, and holds up no other meanwhile.
func (s *Store) references(ctx context.Context, attempts []attempt) (map[attempt]string, error) {
	heads := make(map[attempt]string, len(attempts))
	err := s.Transact(ctx, "references", func(x *postgres.Session) error {
		// What is drawn after the lock sees what was drawn before it.
		if _, err := x.ExecContext(ctx, `SELECT FROM reference_counter FOR UPDATE`); err != nil {
			return err
		}
		if err := s.drawReferences(ctx, x, attempts); err != nil {
			return err
		}
		var drawn []struct {
			attempt
			Head string `db:"head"`
		}
		deliveries, numbers := columnsOf(attempts)
		err := x.SelectContext(ctx, &drawn, `SELECT r.delivery_id, r.attempt, r.head FROM unnest($1::bigint[], $2::smallint[]) w (d, a)
			JOIN bank_reference r ON r.delivery_id = d AND r.attempt = a`, deliveries, numbers)
		for _, d := range drawn {
			heads[d.attempt] = d.Head
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	return heads, nil
}

func columnsOf(attempts []attempt) (deliveries []int64, numbers []int16) {
	for _, a := range attempts {
		deliveries, numbers = append(deliveries, a.Delivery), append(numbers, a.No)
	}
	return deliveries, numbers
}

// drawReferences gives the next beginnings to attempts that have none, in the order of their deliveries.
func (s *Store) drawReferences(ctx context.Context, x *postgres.Session, attempts []attempt) error {
	deliveries, numbers := columnsOf(attempts)
	var missing []attempt
	err := x.SelectContext(ctx, &missing, `SELECT d AS delivery_id, a AS attempt FROM unnest($1::bigint[], $2::smallint[]) w (d, a)
		WHERE NOT EXISTS (SELECT FROM bank_reference r WHERE r.delivery_id = d AND r.attempt = a) ORDER BY d, a`, deliveries, numbers)
	if err != nil || len(missing) == 0 {
		return err
	}
	var before int64
	err = x.QueryRowContext(ctx, `UPDATE reference_counter SET last = last + $1 RETURNING last - $1`, len(missing)).Scan(&before)
	if err != nil {
		return err
	}
	heads := make([]string, len(missing))
	for i := range missing {
		if heads[i], err = gateway.ReferenceHead(s.Cell, before+int64(i)+1); err != nil {
			return err
		}
	}
	deliveries, numbers = columnsOf(missing)
	_, err = x.ExecContext(ctx, `INSERT INTO bank_reference (head, delivery_id, attempt) SELECT h, d, a FROM unnest($1::text[], $2::bigint[], $3::smallint[]) n (h, d, a)`,
		heads, deliveries, numbers)
	return err
}
