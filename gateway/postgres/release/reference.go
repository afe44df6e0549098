package release

import (
	"context"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// references are how the bank references of the deliveries' first orders begin. Deliveries without one get the next, in a
// transaction of its own: a release that fails finds the same ones again, and holds up no other meanwhile.
func (s *Store) references(ctx context.Context, deliveries []int64) (map[int64]string, error) {
	heads := make(map[int64]string, len(deliveries))
	err := s.Transact(ctx, "references", func(x *postgres.Session) error {
		// What is drawn after the lock sees what was drawn before it.
		if _, err := x.ExecContext(ctx, `SELECT FROM reference_counter FOR UPDATE`); err != nil {
			return err
		}
		if err := s.drawReferences(ctx, x, deliveries); err != nil {
			return err
		}
		var drawn []struct {
			Delivery int64  `db:"delivery_id"`
			Head     string `db:"head"`
		}
		err := x.SelectContext(ctx, &drawn, `SELECT delivery_id, head FROM bank_reference WHERE delivery_id = ANY ($1::bigint[]) AND attempt = $2`,
			deliveries, firstAttempt)
		for _, d := range drawn {
			heads[d.Delivery] = d.Head
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	return heads, nil
}

// drawReferences gives the next beginnings to deliveries that have none, in the order of their ids.
func (s *Store) drawReferences(ctx context.Context, x *postgres.Session, deliveries []int64) error {
	var missing []int64
	err := x.SelectContext(ctx, &missing, `SELECT d FROM unnest($1::bigint[]) d
		WHERE NOT EXISTS (SELECT FROM bank_reference r WHERE r.delivery_id = d AND r.attempt = $2) ORDER BY d`, deliveries, firstAttempt)
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
	_, err = x.ExecContext(ctx, `INSERT INTO bank_reference (head, delivery_id, attempt) SELECT h, d, $3 FROM unnest($1::text[], $2::bigint[]) n (h, d)`,
		heads, missing, firstAttempt)
	return err
}
