package postgres

import (
	"context"
	"fmt"

	"nks/gateway"
)

// NextControlNumber draws UNB 0020 from the bank's counter; the row stays locked until the transaction ends, so that a
// number is either used or never was.
func (x *Session) NextControlNumber(ctx context.Context, bank string) (gateway.ControlNumber, error) {
	var n gateway.ControlNumber
	err := x.QueryRowContext(ctx, `INSERT INTO bank_counter AS c (bank, last) VALUES ($1, 1)
		ON CONFLICT (bank) DO UPDATE SET last = c.last + 1 RETURNING last`, bank).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	return n, nil
}
