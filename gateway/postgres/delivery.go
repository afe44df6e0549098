package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nks/gateway"
)

// FailuresBefore is how often a delivery may fail for a reason of the gateway's own before it is set aside for a person,
// and releases no longer wait for it.
type FailuresBefore int

// Delivery is what the stages need to know of a delivery.
type Delivery struct {
	ID           int64          `db:"id"`
	Door         string         `db:"door"`
	Supplier     string         `db:"supplier"`
	DocumentID   int64          `db:"document_id"`
	SHA256       []byte         `db:"sha256"`
	ReceivedAt   time.Time      `db:"received_at"`
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

const deliveryColumns = `id, door, supplier, document_id, sha256, received_at, month, payer_id, authority, message_id,
	group_ref, sender_ean, grouped, return_always, payments`

// ClaimDelivery locks the oldest delivery in a state that nobody else works on; gateway.ErrNotFound when there is none.
// The lock is the transaction's: a process that dies gives it back at once, and cannot come back later and commit.
func (x *Session) ClaimDelivery(ctx context.Context, state string, before FailuresBefore) (Delivery, error) {
	var d Delivery
	err := x.GetContext(ctx, &d, `SELECT `+deliveryColumns+` FROM delivery
		WHERE state = $1::delivery_state AND failures < $2
		ORDER BY received_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`, state, int(before))
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

// NoteFailure counts a failure of the gateway's own; after some the delivery is set aside for a person.
func (b *Base) NoteFailure(ctx context.Context, d Delivery, cause error, before FailuresBefore) error {
	return b.Transact(ctx, "note failure", func(x *Session) error {
		var failures int
		err := x.QueryRowContext(ctx, `UPDATE delivery SET failures = failures + 1 WHERE id = $1 RETURNING failures`, d.ID).Scan(&failures)
		if err != nil || failures < int(before) {
			return err
		}
		x.Wakes(ToRelease)
		return b.RaiseDetail(ctx, x, gateway.DeliveryFails, strconv.FormatInt(d.ID, 10), gateway.DetailFailed.With(cause))
	})
}

// RetryDelivery gives one delivery that was set aside another try; gateway.ErrLostOwnership when it waits for none.
func (b *Base) RetryDelivery(ctx context.Context, x *Session, id int64) error {
	x.Wakes(ToRead, ToCheck)
	return x.UpdateOne(ctx, `UPDATE delivery SET failures = 0 WHERE id = $1 AND state IN ('received', 'read') AND failures > 0`, id)
}

// RetrySetAside gives deliveries that were set aside another try: a new start may have mended what kept them.
func (b *Base) RetrySetAside(ctx context.Context) error {
	_, err := b.DB.ExecContext(ctx, `UPDATE delivery SET failures = 0 WHERE state IN ('received', 'read') AND failures > 0`)
	if err != nil {
		return fmt.Errorf("retry set aside: %w", Transient(err))
	}
	return nil
}
