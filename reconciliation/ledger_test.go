package reconciliation_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"nks/gateway/postgres/pgtest"
	"nks/reconciliation"
)

// TestEmpty: nothing is where there is nothing.
func TestEmpty(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if ledger, err := reconciliation.Ledger(t.Context(), db); err != nil || len(ledger) != 0 {
		t.Errorf("ledger %+v, %v", ledger, err)
	}
	if findings, err := reconciliation.Check(t.Context(), db); err != nil || len(findings) != 0 {
		t.Errorf("findings %+v, %v", findings, err)
	}
}

var errAway = errors.New("the database is away")

type away struct{}

func (away) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, errAway }

// TestUnknownIsNeverSuccess: what could not be asked has not been found in order.
func TestUnknownIsNeverSuccess(t *testing.T) {
	t.Parallel()
	if _, err := reconciliation.Ledger(t.Context(), away{}); !errors.Is(err, errAway) {
		t.Errorf("ledger: %v", err)
	}
	if findings, err := reconciliation.Check(t.Context(), away{}); !errors.Is(err, errAway) || findings != nil {
		t.Errorf("check: %+v, %v", findings, err)
	}
}
