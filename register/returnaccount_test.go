package register_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"nks/register"
)

// TestLoad_ReturnAccount: where money that comes back is credited may be said, by a column that may be missing.
func TestLoad_ReturnAccount(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	back := func() (accounts []string) {
		all, err := register.Agreements(context.Background(), db)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if a.To.IsZero() {
				accounts = append(accounts, a.Returns(a.PayoutAccounts[0]))
			}
		}
		return accounts
	}
	if got := strings.Join(back(), " "); got != "30010000410101 51220000520001" {
		t.Errorf("without the column: %s", got)
	}
	c := smallCountry(t).only("agreements.csv", "suppliers.csv", "authorities.csv", "los_units.csv")
	lines := strings.Split(strings.TrimSpace(c["agreements.csv"]), "\n")
	c["agreements.csv"] = lines[0] + ",return_account\n" + lines[1] + ",30010000410109\n" + lines[2] + ",\n"
	load(t, db, morning(), c)
	if got := strings.Join(back(), " "); got != "30010000410109 51220000520001" {
		t.Errorf("with it: %s", got)
	}
	c["agreements.csv"] = strings.Replace(c["agreements.csv"], "30010000410109", "3001000041010", 1)
	_, err := register.Load(context.Background(), db, c.sources(), register.Options{Now: morning})
	if !errors.Is(err, register.ErrData) || !strings.Contains(err.Error(), "return_account") {
		t.Errorf("an account of 13 digits: %v", err)
	}
}
