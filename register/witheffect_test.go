package register_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/register"
)

// TestLoad_WithEffect: what is done with orders to accounts that have changed may be said, by a column that may be missing, in two times. // B25.2
func TestLoad_WithEffect(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	wants := func(at time.Time) string {
		all, err := register.AgreementsAs(context.Background(), db, at, at)
		if err != nil {
			t.Fatal(err)
		}
		var does []gateway.WithEffect
		for _, a := range all {
			does = append(does, a.WithEffect)
		}
		return fmt.Sprint(does)
	}
	before := morning()
	if got := wants(before); got != "[tell tell]" {
		t.Errorf("without the column: %s", got)
	}
	c := smallCountry(t).only("agreements.csv", "suppliers.csv", "authorities.csv", "los_units.csv")
	lines := strings.Split(strings.TrimSpace(c["agreements.csv"]), "\n")
	c["agreements.csv"] = lines[0] + ",with_effect\n" + lines[1] + ",recall\n" + lines[2] + ",\n"
	later := func() time.Time { return before.Add(time.Hour) }
	load(t, db, later(), c)
	if got, was := wants(later()), wants(before); got != "[recall tell]" || was != "[tell tell]" {
		t.Errorf("with it: %s; before: %s", got, was)
	}
	c["agreements.csv"] = strings.Replace(c["agreements.csv"], ",recall", ",keep", 1)
	_, err := register.Load(context.Background(), db, c.sources(), register.Options{Now: later})
	if !errors.Is(err, register.ErrData) || !strings.Contains(err.Error(), "must be tell, hold or recall") {
		t.Errorf("a word that is none: %v", err)
	}
}
