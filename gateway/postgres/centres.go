package postgres

import (
	"context"

	"nks/gateway"
	"nks/register"
)

// Centres tells the profiles of booking centres as who asks sees them: no two processes can judge by different ones.
type Centres interface {
	Known(ctx context.Context, q register.Queryer) (gateway.BankCentres, error)
}
