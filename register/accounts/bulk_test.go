package accounts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/register/accounts"
	"nks/register/law"
)

// TestBulk: a bank's report of thousands is one change of the register, and takes no longer than it may. // B26.1b // B39.1
func TestBulk(t *testing.T) {
	t.Parallel()
	const n = 3000
	var rows strings.Builder
	reports := make([]accounts.Application, n)
	for i := range reports {
		h := gateway.Holder{Kind: gateway.CPR, ID: fmt.Sprintf("050580%04d", i)}
		fmt.Fprintf(&rows, "CPR,%s,,alive,,P,,,,\n", h.ID)
		reports[i] = accounts.Application{Channel: law.Bank, Action: law.Register, Holder: h, Account: domestic(i + 1), Bank: "Egen Bank", By: "Egen Bank", Expects: law.Unsaid, Item: i + 1}
	}
	d := newDesk(t, rows.String())
	begun := time.Now()
	for i, o := range d.apply(reports...) {
		if o.State != law.InForce || o.Now == nil || o.Now.Account.Number != domestic(i+1).Number {
			t.Fatalf("report %d: %+v", i, o)
		}
	}
	t.Logf("%.0f applications/s", n/time.Since(begun).Seconds())
	var changes int
	if err := d.db.Get(&changes, `SELECT count(DISTINCT counter) FROM nks.account_version WHERE application IS NOT NULL`); err != nil || changes != 1 {
		t.Errorf("%d changes: %v", changes, err)
	}
}
