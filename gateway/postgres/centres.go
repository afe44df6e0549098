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

// WakeSenders wakes who owns the connection to any bank: what it is sent may have been held.
func WakeSenders(ctx context.Context, x *Session, centres Centres) error {
	banks, err := centres.Known(ctx, x)
	if err != nil {
		return err
	}
	for _, id := range banks.IDs() {
		x.Wakes(ToSend(id))
	}
	return nil
}
