package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
)

// ErrOtherCell says that a database belongs to another cell than the program's: its ids would be given a second time.
var ErrOtherCell = errors.New("the database belongs to another cell")

// ClaimCell makes a new database that of a cell, for ever. ErrOtherCell: it is another's.
func ClaimCell(ctx context.Context, db *sqlx.DB, cell gateway.Cell) error {
	if err := cell.Check(); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `INSERT INTO cell (number) SELECT $1 WHERE NOT EXISTS (SELECT FROM cell) ON CONFLICT DO NOTHING`, int64(cell))
	var kept gateway.Cell
	if err == nil {
		err = db.GetContext(ctx, &kept, `SELECT number FROM cell`)
	}
	if err != nil {
		return fmt.Errorf("cell: %w", Transient(err))
	}
	if kept != cell {
		return fmt.Errorf("%w: it is cell %d, the configuration's cell.number is %d", ErrOtherCell, kept, cell)
	}
	return nil
}
