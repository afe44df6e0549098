package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
)

// drawFree draws the least free number of the series $1: nobody outside has seen what had it before the database was set back.
const drawFree = `DELETE FROM unused_number u WHERE u.series = $1 AND u.free
	AND u.number = (SELECT min(v.number) FROM unused_number v WHERE v.series = $1 AND v.free) RETURNING u.number`

// NextControlNumber draws UNB 0020 from the bank's counter, which begins with the cell's first; the row stays locked until
// the transaction ends, so that a number is either used or never was.
func (b *Base) NextControlNumber(ctx context.Context, x *Session, bank string) (gateway.ControlNumber, error) {
	var n gateway.ControlNumber
	err := x.QueryRowContext(ctx, drawFree, "bank "+bank).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = x.QueryRowContext(ctx, `INSERT INTO bank_counter AS c (bank, last) VALUES ($1, $2)
			ON CONFLICT (bank) DO UPDATE SET last = c.last + 1 RETURNING last`, bank, gateway.FirstControlNumber(b.Cell)).Scan(&n)
	}
	if err == nil {
		err = n.Of(b.Cell)
	}
	if err != nil {
		return 0, fmt.Errorf("control number of bank %s: %w", bank, err)
	}
	return n, nil
}
