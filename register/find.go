package register

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
)

// Asker runs queries in the caller's transaction.
type Asker interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// Asked is a payment that asks for an account.
type Asked struct {
	Kind        gateway.HolderKind
	Number      int64
	Authority   string
	BenefitType string
}

// Found is the account of one question, or why there is none.
type Found struct {
	Choice
	gateway.FoundAccount
}

// Unpaid is the reason as a payment's fate; empty where there is an account.
func (r Reason) Unpaid() gateway.Unpaid {
	switch r {
	case Chosen:
		return ""
	case UnknownHolder:
		return gateway.UnpaidUnknown
	case HolderEnded:
		return gateway.UnpaidCeased
	case EmigratedOnly:
		return gateway.UnpaidEmigrated
	case NoFallback:
		return gateway.UnpaidNoFallback
	}
	return gateway.UnpaidNoAccount
}

// findQuery asks for many at once. Questions are quickest in the order of the holders' numbers.
func findQuery() string {
	return `SELECT q.n::int4, coalesce(f.reason, 0)::int2, coalesce(f.rule, 0)::int2, f.version, coalesce(f.account_kind, 0)::int2, f.account, f.bic, f.bank_code,
		f.currency, f.name, f.street, f.postcode, f.town, f.country, f.bank_name, f.bank_address, f.bank_country, f.holder_name, f.holder_address
	FROM (SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS q (holder_kind, holder, authority, benefit_type, n)
		ORDER BY holder, holder_kind OFFSET 0) q
	LEFT JOIN LATERAL ` + AccountOf("q", "$5::timestamptz") + ` f ON true`
}

// Find asks SQL for the accounts of many payments at an instant, by what the caller's snapshot knows; each is answered in
// its own place. Whom the register has twice, or with two accounts in force for one purpose, is answered Overlap.
// B5.2 // B9.2 // B14 // B18.3 // B22.3 // B23.2 // B25.4
func Find(ctx context.Context, q Asker, asked []Asked, at time.Time) ([]Found, error) {
	kinds, numbers := make([]int16, len(asked)), make([]int64, len(asked))
	authorities, benefits := make([]string, len(asked)), make([]string, len(asked))
	for i, a := range asked {
		kinds[i], numbers[i], authorities[i], benefits[i] = int16(a.Kind), a.Number, a.Authority, a.BenefitType
	}
	rows, err := q.Query(ctx, findQuery(), pgx.QueryResultFormats{pgx.BinaryFormatCode}, kinds, numbers, authorities, benefits, at)
	if err != nil {
		return nil, fmt.Errorf("find accounts: %w", err)
	}
	defer rows.Close()
	found, seen := make([]Found, len(asked)), make([]bool, len(asked))
	for rows.Next() {
		raw := rows.RawValues()
		n := binary.BigEndian.Uint32(raw[0]) - 1
		if seen[n] {
			found[n] = Found{Choice: Choice{Reason: Overlap}, FoundAccount: gateway.FoundAccount{Unpaid: Overlap.Unpaid()}}
			continue
		}
		seen[n] = true
		found[n].scan(raw[1:])
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find accounts: %w", err)
	}
	for i := range found {
		if !seen[i] || found[i].Reason == Chosen && (found[i].FoundAccount.Version == 0 || found[i].Account.Kind == gateway.NoAccount) {
			return nil, fmt.Errorf("find accounts: question %d of %d has no answer", i+1, len(found))
		}
	}
	return found, nil
}

// scan takes a row of findQuery in binary format.
func (f *Found) scan(raw [][]byte) {
	text := func(n int) string { return string(raw[n]) }
	f.Reason, f.Choice.Rule = Reason(int16(binary.BigEndian.Uint16(raw[0]))), gateway.AccountRule(int16(binary.BigEndian.Uint16(raw[1])))
	if raw[2] != nil {
		f.Choice.Version = int64(binary.BigEndian.Uint64(raw[2]))
	}
	f.Unpaid, f.FoundAccount.Rule, f.FoundAccount.Version = f.Reason.Unpaid(), f.Choice.Rule, f.Choice.Version
	f.Account = gateway.Account{Kind: gateway.AccountKind(int16(binary.BigEndian.Uint16(raw[3]))), Number: text(4), BIC: text(5), BankCode: text(6)}
	f.Currency = text(7)
	holder := gateway.Detail{Name: text(8), AddressLines: []string{text(9)}, PostCode: text(10), Town: text(11), Country: text(12)}
	switch f.Account.Kind {
	case gateway.NoAccount:
		f.Address = holder
		return
	case gateway.DomesticBBAN:
		return
	}
	f.Beneficiary = holder
	f.Beneficiary.BankName, f.Beneficiary.BankCountry = text(13), text(15)
	if raw[14] != nil {
		f.Beneficiary.BankAddressLines = []string{text(14)}
	}
	if raw[16] != nil {
		f.Beneficiary.Name = text(16)
	}
	if raw[17] != nil {
		f.Beneficiary.AddressLines, f.Beneficiary.PostCode, f.Beneficiary.Town, f.Beneficiary.Country = []string{text(17)}, "", "", text(15)
	}
}
