package bank

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Unresolved is an interchange of which nobody knows whether the bank has it.
type Unresolved struct {
	ID         int64                 `db:"id"`
	Bank       string                `db:"bank"`
	ControlRef gateway.ControlNumber `db:"control_ref"`
	FileName   string                `db:"file_name"`
	Payments   int                   `db:"payments"`
}

// Unresolved lists the interchanges that wait for a person to ask the bank.
func (s *Store) Unresolved(ctx context.Context) ([]Unresolved, error) {
	var u []Unresolved
	err := s.DB.SelectContext(ctx, &u, `SELECT id, bank, control_ref, file_name, payments FROM interchange
		WHERE state = 'unknown' ORDER BY bank, control_ref`)
	return u, err
}

// Resolve records what a person learned from the bank about an interchange in state unknown, and a second
// person approved: the bank has it, or it has not and the same bytes go again under the same name and number.
func (s *Store) Resolve(ctx context.Context, bank string, number gateway.ControlNumber, bankHasIt bool, by, approvedBy string) error {
	if err := gateway.TwoPersons(by, approvedBy); err != nil {
		return fmt.Errorf("resolve %s %d: %w", bank, number, err)
	}
	return s.Transact(ctx, "resolve", func(x *postgres.Session) error {
		var id int64
		err := x.QueryRowContext(ctx, `SELECT id FROM interchange
			WHERE bank = $1 AND control_ref = $2 AND state = 'unknown' FOR UPDATE`, bank, number).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("bank %s interchange %d in state unknown: %w", bank, number, gateway.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if bankHasIt {
			err = s.sent(ctx, x, id)
		} else {
			err = x.UpdateOne(ctx, `UPDATE interchange SET state = 'rendered' WHERE id = $1 AND state = 'unknown'`, id)
		}
		if err != nil {
			return err
		}
		x.Wakes(postgres.ToSend(bank), postgres.ToAwait(bank))
		return s.CloseDecided(ctx, x, gateway.InterchangeUnknown, fmt.Sprint(id), by, approvedBy)
	})
}
