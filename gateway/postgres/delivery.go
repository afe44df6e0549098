package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
)

// Delivery is what the stages need to know of a delivery.
type Delivery struct {
	ID           int64          `db:"id"`
	State        string         `db:"state"`
	Door         string         `db:"door"`
	Supplier     string         `db:"supplier"`
	DocumentID   int64          `db:"document_id"`
	SHA256       []byte         `db:"sha256"`
	ReceivedAt   time.Time      `db:"received_at"`
	CountsAt     time.Time      `db:"counts_at"` // what cut-offs go by
	Month        time.Time      `db:"month"`
	PayerID      sql.NullInt64  `db:"payer_id"`
	Authority    sql.NullString `db:"authority"`
	MessageID    sql.NullString `db:"message_id"`
	GroupRef     sql.NullString `db:"group_ref"`
	SenderEAN    sql.NullString `db:"sender_ean"`
	Grouped      sql.NullBool   `db:"grouped"`
	ReturnAlways bool           `db:"return_always"`
	Payments     int            `db:"payments"`
}

// FirstPayment is the least id that a payment of the delivery can have.
func (d Delivery) FirstPayment() int64 { return gateway.PaymentID(d.ID, 0) }

// LastPayment is the greatest id that a payment of the delivery can have.
func (d Delivery) LastPayment() int64 { return gateway.PaymentID(d.ID, gateway.MaxBundlePayments) }

const deliveryColumns = `id, state, door, supplier, document_id, sha256, received_at, counts_at, month, payer_id, authority, message_id,
	group_ref, sender_ean, grouped, return_always, payments`

// FirstOpenDelivery is below the first delivery of the open months. What is not read or not checked is of none before: a month with
// such does not close. A statement gets it as a value, so that it is planned for those months.
func (x *Session) FirstOpenDelivery(ctx context.Context) (first int64, err error) {
	if err = x.QueryRowContext(ctx, `SELECT first_open_delivery()`).Scan(&first); err != nil {
		return 0, fmt.Errorf("first open delivery: %w", err)
	}
	return first, nil
}

// ClaimReceived locks the oldest delivery to be read that nobody else reads; those that have failed twice come after all others, and so again for each two failures more.
// gateway.ErrNotFound when there is none. The lock is the transaction's: a process that dies gives it back at once, and cannot
// come back later and commit.
func (x *Session) ClaimReceived(ctx context.Context) (Delivery, error) {
	var d Delivery
	open, err := x.FirstOpenDelivery(ctx)
	if err != nil {
		return d, err
	}
	err = x.GetContext(ctx, &d, `SELECT `+deliveryColumns+` FROM delivery
		WHERE state = 'received' AND set_aside_at IS NULL AND id >= $1
		ORDER BY (failures + interruptions) / 2, received_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`, open)
	if errors.Is(err, sql.ErrNoRows) {
		return d, gateway.ErrNotFound
	}
	return d, err
}

// LockDelivery locks one delivery.
func (x *Session) LockDelivery(ctx context.Context, id int64) (Delivery, error) {
	var d Delivery
	if err := x.GetContext(ctx, &d, `SELECT `+deliveryColumns+` FROM delivery WHERE id = $1 FOR UPDATE`, id); err != nil {
		return d, fmt.Errorf("delivery %d: %w", id, err)
	}
	return d, nil
}
