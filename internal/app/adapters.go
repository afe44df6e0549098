package app

import (
	"context"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/bankday"
	"nks/conf"
	"nks/gateway"
	"nks/gateway/bankfile"
	"nks/register"
	"nks/sftp"
)

// calendar shows the banking days to the flow.
type calendar struct{ bankday.Calendar }

// IsBankingDay implements gateway.Calendar.
func (c calendar) IsBankingDay(d gateway.Date) bool { return c.Calendar.IsBankingDay(bankday.Date(d)) }

// doorKeys asks the register which keys a data supplier may log in with.
type doorKeys struct {
	db  register.Queryer
	now func() time.Time
}

// AuthorizedKeys implements sftp.Keys.
func (k doorKeys) AuthorizedKeys(ctx context.Context, party string) ([]ssh.PublicKey, error) {
	lines, err := register.SupplierKeys(ctx, k.db, party, k.now())
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
		Cheques: b.Cheque, DebitText: b.DebitText, Rejected: b.GISRejected, Information: b.GISInformation, Accepted: b.GISAccepted, Executed: b.GISExecuted}
}
