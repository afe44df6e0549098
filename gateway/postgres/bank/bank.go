// Package bank is the flow's stage at the banks: interchanges that are rendered are sent, what banks lay out is stored and
// heard, and what silence decides is decided. It writes interchange and order_line (their states), bank_file,
// its keys, bank_fact and bank_file_about, recall with its lines and answers (and the interchange and message that asks), posting with its key, parts and matches, statement with its entries, bank_lease, fact (of lines), answer_due (responses 8 and 9) with its tally, and obligation (of
// what is void).
package bank

import (
	"context"

	"nks/gateway"
	"nks/gateway/postgres"
)

// Store sends to banks and hears them. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks postgres.Centres
}

// serving is the profile by which a booking centre is spoken to: also of one that has ended, for what was sent to it.
func (s *Store) serving(ctx context.Context, bank string) (gateway.BankCentre, error) {
	all, err := s.Banks.Known(ctx, s.DB)
	if err != nil {
		return gateway.BankCentre{}, err
	}
	return all.Serving(bank, s.Now())
}
