package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nks/gateway"
)

// madeMonths remembers for which months the partitions are there.
type madeMonths struct {
	mu  sync.Mutex
	has map[gateway.Month]bool
}

func (m *madeMonths) known(month gateway.Month) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.has[month]
}

func (m *madeMonths) learn(month gateway.Month) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.has[month] = true
}

// EnsureMonth is the month that an instant falls in; its partitions, and those of the next month, are there afterwards. It
// asks the database once for each month: whoever inserts a row with an id of the month calls it before.
func (b *Base) EnsureMonth(ctx context.Context, db Queryer, at time.Time) (gateway.Month, error) {
	month := gateway.MonthOf(at.In(b.Location))
	if b.months.known(month) {
		return month, nil
	}
	if err := month.Check(); err != nil {
		return month, err
	}
	if _, err := db.ExecContext(ctx, `SELECT ensure_month($1::date)`, month.String()); err != nil {
		return month, fmt.Errorf("month %s: %w", month, err)
	}
	if x, ok := db.(*Session); ok {
		x.AfterCommit(func() { b.months.learn(month) }) // a rollback takes the partitions away again
	} else {
		b.months.learn(month)
	}
	return month, nil
}

// NextDeliveryID draws the id of a delivery that is taken at an instant.
func (b *Base) NextDeliveryID(ctx context.Context, x *Session, at time.Time) (int64, error) {
	month, err := b.EnsureMonth(ctx, x, at)
	if err != nil {
		return 0, err
	}
	var n int64
	if err := x.QueryRowContext(ctx, `SELECT nextval($1::regclass)`, "delivery_number_"+month.Suffix()).Scan(&n); err != nil {
		return 0, fmt.Errorf("number of a delivery: %w", err)
	}
	return gateway.DeliveryID(b.Cell, month, n), nil
}
