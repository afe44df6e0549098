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

// WakeBanks says that there is work of a kind at every bank.
func WakeBanks(ctx context.Context, x *Session, centres Centres, work func(bank string) Work) error {
	banks, err := centres.Known(ctx, x)
	if err != nil {
		return err
	}
	for _, id := range banks.IDs() {
		x.Wakes(work(id))
	}
	return nil
}
