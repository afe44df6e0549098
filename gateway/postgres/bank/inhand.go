package bank

import (
	"context"
	"fmt"

	"nks/gateway/postgres"
)

// InHand reports whether anything of a bank is on its way to it, waits for its word or its silence, or waits to be heard or answered.
func (s *Store) InHand(ctx context.Context, bank string) (bool, error) {
	var busy bool
	err := s.DB.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT FROM interchange WHERE bank = $1 AND state NOT IN ('sent', 'void'))
		OR EXISTS (SELECT FROM interchange WHERE bank = $1 AND kind <> 'CONTRL' AND state = 'sent' AND contrl IN ('none', 'received'))
		OR EXISTS (SELECT FROM interchange i JOIN order_line l ON l.interchange_id = i.id
			WHERE i.bank = $1 AND i.kind = 'PAYMUL' AND i.state = 'sent' AND l.state IN ('frozen', 'with_bank', 'accepted'))
		OR EXISTS (SELECT FROM recall WHERE bank = $1 AND recall_answered(id) IS NULL)
		OR EXISTS (SELECT FROM bank_file_unheard WHERE bank = $1)
		OR EXISTS (SELECT FROM bank_file WHERE bank = $1 AND contrl_owed)`, bank).Scan(&busy)
	if err != nil {
		return false, fmt.Errorf("in hand of bank %s: %w", bank, postgres.Transient(err))
	}
	return busy, nil
}
