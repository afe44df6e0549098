package receive

import (
	"context"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
)

// SetAside is a delivery that failed too often and waits for two persons.
type SetAside struct {
	ID         int64     `db:"id"`
	Supplier   string    `db:"supplier"`
	State      string    `db:"state"` // received: it could not be read; read: it could not be checked
	ReceivedAt time.Time `db:"received_at"`
}

// SetAside lists the deliveries that wait for two persons, the oldest first.
func (s *Store) SetAside(ctx context.Context) ([]SetAside, error) {
	var all []SetAside
	err := s.DB.SelectContext(ctx, &all, `SELECT id, supplier, state, received_at FROM delivery
		WHERE state IN ('received', 'read') AND set_aside_at IS NOT NULL ORDER BY received_at, id`)
	if err != nil {
		return nil, fmt.Errorf("set aside: %w", postgres.Transient(err))
	}
	return all, nil
}

// ReadAgain has a delivery that was set aside read again, or checked where it was read, as persons have decided.
// gateway.ErrLostOwnership: it is not set aside.
func (s *Store) ReadAgain(ctx context.Context, x *postgres.Session, delivery, decision int64) error {
	err := x.UpdateOne(ctx, `UPDATE delivery SET `+postgres.NoTrouble+` WHERE id = $1 AND state IN ('received', 'read') AND set_aside_at IS NOT NULL`, delivery)
	if err != nil {
		return fmt.Errorf("delivery %d set aside: %w", delivery, err)
	}
	x.Wakes(postgres.ToRead, postgres.ToCheck)
	return s.CloseDecided(ctx, x, decision, gateway.ThingDelivery, delivery, gateway.DeliveryFails)
}
