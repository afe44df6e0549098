// Package register knows who is paid through which account: holders (citizens, companies, their units), NemKonto and
// specific accounts as versions in time, and the payers' agreements. It is filled from CSV files (docs/reference-data.md)
// and asked for many recipients at once, inside the transaction of the flow that pays them.
package register

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Kind is the register that a holder's number comes from.
type Kind int16

// The kinds of numbers. // B9.2
const (
	CPR        Kind = 1 // a citizen
	CVR        Kind = 2 // a company
	SE         Kind = 3 // a company's registration for tax, mostly under a CVR number
	Production Kind = 4 // a P number: a production unit under a CVR number
)

// Life is whether a holder still is there.
type Life int16

// Life status as the CPR and CVR registers tell it. // B38
const (
	Alive     Life = 1
	Dead      Life = 2
	Ceased    Life = 3
	Emigrated Life = 4
)

// Rule is why an account was chosen.
type Rule int16

// The rules in their order. // B14 // B23.2
const (
	BySpecific      Rule = 1 // the specific account for that authority and benefit type
	ByNemKonto      Rule = 2 // the holder's own NemKonto
	ByParentAccount Rule = 3 // the NemKonto of the CVR number that an SE or P number stands under
)

// AccountKind is how an account is named.
type AccountKind int16

// The kinds of accounts. // B5.3
const (
	Domestic AccountKind = 1 // registration number and account, 14 digits
	IBAN     AccountKind = 2
	Foreign  AccountKind = 3 // account number with a BIC or a national bank code
)

// Queryer runs queries: a pool, a connection or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Tx is the caller's transaction.
type Tx interface {
	Queryer
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Position says how far the register is. What was read at one position holds as long as it does not change.
type Position struct {
	Epoch   int64 // raised by a load or a restore: forget everything
	Counter int64 // raised by each change
}

// At reads the register's present position.
func At(ctx context.Context, q Queryer) (Position, error) {
	var p Position
	err := each(ctx, q, `SELECT epoch, counter FROM nks.register_counter`, func(r *sql.Rows) error {
		return r.Scan(&p.Epoch, &p.Counter)
	})
	if err != nil {
		return Position{}, fmt.Errorf("register position: %w", err)
	}
	return p, nil
}

// Agreement is a payer's agreement with its bank, used through one data supplier. // G-agreement
type Agreement struct {
	ID             int64
	Number         string // pengeinstitutaftalenummer
	Authority      string
	AuthorityName  string
	LOSUnit        string
	Supplier       string
	BankCentre     string
	PayoutAccounts []string      // 14 digits each
	NoAccount      string        // "return" or "cheque" // B35-36
	ReceiveBy      time.Duration // since midnight, Copenhagen // G-deadline
	ValidFrom      time.Time     // first day, as midnight UTC of that date; zero: always
	ValidTo        time.Time     // last day, as midnight UTC of that date; zero: for ever
}

// Supplier is a data supplier: who sends and collects files for authorities.
type Supplier struct{ Supplier, Name, EAN string }

// BenefitType is a ydelsesart; without an authority it is general. // B31
type BenefitType struct{ Code, Authority, Name string }

// Pair is a data supplier that pays for an authority: known when an agreement names both.
type Pair struct{ Supplier, Authority string }
