package view

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// SetOff is what was taken of a payment for a claim against its recipient.
type SetOff struct {
	Part     int64  `db:"part_id"`    // the payment that goes to the creditor
	Payment  int64  `db:"payment_id"` // that it was taken of; Part itself where all that was left of it was
	Creditor string `db:"creditor"`
	Claim    string `db:"claim"`
	Ore      int64  `db:"ore"`
}

// setOffsOf are the set-offs of a payment, and the one that it is itself.
func setOffsOf(ctx context.Context, tx *sqlx.Tx, id int64) (all []SetOff, err error) {
	err = tx.SelectContext(ctx, &all, `SELECT part_id, payment_id, creditor, claim, ore FROM set_off WHERE payment_id = $1 OR part_id = $1 ORDER BY part_id`, id)
	if err != nil {
		return nil, fmt.Errorf("set-offs: %w", err)
	}
	return all, nil
}
