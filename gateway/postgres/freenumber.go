package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
)

// OrderNumber is the control number of an interchange of orders, and what stood under it before.
type OrderNumber struct {
	Number          gateway.ControlNumber `db:"control_ref"`
	Version         int                   `db:"version"`          // the how manyth under this number
	EarlierAttempts int                   `db:"earlier_attempts"` // to send those
}

// NextOrderNumber draws the control number of an interchange of orders: the least that is free because what had it is void,
// else the bank's next. A number stays kept for what is still to be ordered out of a void interchange; in names those whose
// orders are frozen now. The bank's counter stays locked until the transaction ends.
func (b *Base) NextOrderNumber(ctx context.Context, x *Session, bank string, in []int64) (n OrderNumber, err error) {
	if _, err := x.ExecContext(ctx, `SELECT FROM bank_counter WHERE bank = $1 FOR UPDATE`, bank); err != nil {
		return n, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	err = x.GetContext(ctx, &n, `SELECT control_ref, max(version) + 1 AS version, sum(attempt) AS earlier_attempts FROM interchange i
		WHERE bank = $1 AND control_ref IN (SELECT control_ref FROM interchange WHERE bank = $1 AND state = 'void')
		GROUP BY control_ref
		HAVING bool_and(state = 'void' AND (id = ANY ($2::bigint[]) OR NOT EXISTS (SELECT FROM obligation o WHERE o.cause_interchange = i.id AND o.state = 'open')))
		ORDER BY control_ref LIMIT 1`, bank, in)
	if !errors.Is(err, sql.ErrNoRows) {
		return n, err
	}
	n.Version = 1
	n.Number, err = b.NextControlNumber(ctx, x, bank)
	return n, err
}
