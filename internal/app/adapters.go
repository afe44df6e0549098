package app

import (
	"context"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/bankday"
	"nks/conf"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/gateway/postgres"
	"nks/register"
	"nks/sftp"
)

// calendar shows the banking days to the flow.
type calendar struct{ bankday.Calendar }

// IsBankingDay implements gateway.Calendar.
func (c calendar) IsBankingDay(d gateway.Date) bool { return c.Calendar.IsBankingDay(bankday.Date(d)) }

// registry shows the register to the flow.
type registry struct{}

// LifeOf implements postgres.Register.
func (registry) LifeOf(row string) string { return register.LifeOf(row) }

// AccountOf implements postgres.Register.
func (registry) AccountOf(row, asOf string) string { return register.AccountOf(row, asOf) }

// Agreements implements postgres.Register.
func (registry) Agreements(ctx context.Context, tx postgres.Tx) ([]postgres.Agreement, error) {
	all, err := register.Agreements(ctx, tx)
	shown := make([]postgres.Agreement, len(all))
	for i, a := range all {
		shown[i] = postgres.Agreement{ID: a.ID, Number: a.Number, Authority: a.Authority, AuthorityName: a.AuthorityName,
			LOSUnit: a.LOSUnit, Supplier: a.Supplier, BankCentre: a.BankCentre, PayoutAccounts: a.PayoutAccounts,
			NoAccount: gateway.Choice(a.NoAccount), ReceiveBy: a.ReceiveBy, ValidFrom: dateOrZero(a.ValidFrom), ValidTo: dateOrZero(a.ValidTo)}
	}
	return shown, err
}

// BenefitTypes implements postgres.Register.
func (registry) BenefitTypes(ctx context.Context, tx postgres.Tx, authority string) ([]string, error) {
	all, err := register.BenefitTypes(ctx, tx)
	var codes []string
	for _, b := range all {
		if b.Authority == "" || b.Authority == authority {
			codes = append(codes, b.Code)
		}
	}
	return codes, err
}

func dateOrZero(t time.Time) gateway.Date {
	if t.IsZero() {
		return gateway.Date{}
	}
	return gateway.DateOf(t)
}

// doorKeys asks the register which keys a data supplier may log in with.
type doorKeys struct{ db register.Queryer }

// AuthorizedKeys implements sftp.Keys.
func (k doorKeys) AuthorizedKeys(ctx context.Context, party string) ([]ssh.PublicKey, error) {
	lines, err := register.SupplierKeys(ctx, k.db, party)
	if err != nil {
		return nil, err
	}
	var keys []ssh.PublicKey
	for _, line := range lines {
		parsed, err := sftp.ParsePublicKeys(line)
		if err != nil {
			return nil, err
		}
		keys = append(keys, parsed...)
	}
	return keys, nil
}

// BankProfile is how a booking centre is written to and understood.
func BankProfile(c conf.Config, b conf.Bank) bankfile.Profile {
	return bankfile.Profile{OwnGLN: c.Identity.GLN, BankGLN: b.GLN, Charset: b.Charset, Wrap: string(b.Wrap), UNA: b.UNA, Test: b.Test,
		Cheques: b.Cheque, Rejected: b.GISRejected, Information: b.GISInformation, Accepted: b.GISAccepted, Executed: b.GISExecuted}
}
