// Package register knows who is paid through which account: holders (citizens, companies, their units), NemKonto and
// specific accounts as versions in time, and the payers' agreements. It is filled from CSV files (docs/reference-data.md)
// and asked for many recipients at once, inside the transaction of the flow that pays them.
package register

import (
	"context"
	"database/sql"
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

// Supplier is a data supplier: who sends and collects files for authorities.
type Supplier struct{ Supplier, Name, EAN string }

// BenefitType is a ydelsesart; without an authority it is general. // B31
type BenefitType struct {
	Code, Authority, Name string
	Salary                bool // a salary or a pension // B1-salary
}
