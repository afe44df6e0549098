// Package bank is the flow's stage at the banks: interchanges that are rendered are sent, what banks lay out is stored and
// heard, and what silence decides is decided. It writes interchange and order_line (their states), bank_file,
// its keys, bank_fact and bank_file_about, bank_lease, fact (of lines), answer_due (responses 8 and 9) with its tally, and obligation (of
// what is void).
package bank

import (
	"nks/gateway"
	"nks/gateway/postgres"
)

// Store sends to banks and hears them. Safe for concurrent use.
type Store struct {
	*postgres.Base
	Days  gateway.Days
	Banks gateway.BankCentres
}
