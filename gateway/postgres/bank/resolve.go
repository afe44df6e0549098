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

// UnresolvedID is the id of an interchange of which nobody knows whether the bank has it; gateway.ErrNotFound for any other.
func (s *Store) UnresolvedID(ctx context.Context, bank string, number gateway.ControlNumber) (id int64, err error) {
	err = s.DB.GetContext(ctx, &id, `SELECT id FROM interchange WHERE bank = $1 AND control_ref = $2 AND state = 'unknown'`, bank, number)
	if errors.Is(err, sql.ErrNoRows) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("bank %s interchange %d in state unknown: %w", bank, number, err)
	}
	return id, nil
}

// Resolve records by a decision what the bank has said of an interchange in state unknown: it has it, or it has not and the
// same bytes go again under the same name and number. gateway.ErrLostOwnership when it is in another state.
func (s *Store) Resolve(ctx context.Context, x *postgres.Session, id int64, bankHasIt bool, decision int64) error {
	var bank string
	err := x.GetContext(ctx, &bank, `SELECT bank FROM interchange WHERE id = $1 AND state = 'unknown' FOR UPDATE`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.ErrLostOwnership
	}
	if err != nil {
		return err
	}
	// Before the state moves on, which closes it in the bank's name.
	if err := s.CloseDecided(ctx, x, decision, gateway.ThingInterchange, id, gateway.InterchangeUnknown); err != nil {
		return err
	}
	x.Wakes(postgres.ToSend(bank), postgres.ToAwait(bank))
	if bankHasIt {
		return s.sent(ctx, x, id)
	}
	return x.UpdateOne(ctx, `UPDATE interchange SET state = 'rendered' WHERE id = $1 AND state = 'unknown'`, id)
}
