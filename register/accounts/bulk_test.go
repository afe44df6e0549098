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

// TestOddApplications: what no table could keep is refused and stops nobody else, and a channel or an action that there is none of, too.
func TestOddApplications(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	short, long, odd, strange := byCitizen(bo, law.Register, domestic(1)), byCitizen(bo, law.Register, domestic(1)), byCitizen(bo, "burn", domestic(1)), byCitizen(bo, law.Register, domestic(1))
	short.Holder.ID = "1"
	long.Why = strings.Repeat("å", 2001)
	strange.Channel = "pigeon"
	for n, o := range d.apply(short, long, odd, strange, byCitizen(bo, law.Register, domestic(2))) {
		if want := n < 4; (o.State == law.Refused && o.Rule == law.Malformed && o.Why != "") != want {
			t.Errorf("application %d: %+v", n, o)
		}
	}
	d.want("the last one", d.holds(bo, "", ""), "12340000000002")
}

// TestLoadBetweenEdits: a load of the register and edits shut each other out, and every change has its number.
func TestLoadBetweenEdits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	failed := make(chan error, 4)
	for n := range 3 {
		go func() {
			var err error
			for i := 0; i < 20 && err == nil; i++ {
				_, err = d.edit(t.Context(), bo, edit{account: n*100 + i + 1, expects: law.Unsaid})
			}
			failed <- err
		}()
	}
	go func() {
		var err error
		for i := 0; i < 5 && err == nil; i++ {
			err = d.loads(fmt.Sprintf("kind,id,parent,status,ended_on,name,street,postcode,town,country\nCPR,0101701234,,alive,,Ann %d,,,,\n", i))
		}
		failed <- err
	}()
	for range 4 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	d.sound(nil)
}
