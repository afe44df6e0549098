package gateway_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"nks/bankday"
	"nks/gateway"
)

// danish is the banks' own calendar.
type danish struct{ bankday.Calendar }

func (c danish) IsBankingDay(d gateway.Date) bool { return c.Calendar.IsBankingDay(bankday.Date(d)) }

// TestWays_PromiseIsWhatHappens: over a year of banking days, whatever receive-by and send-by are and whatever versions of agreement
// and profile are to come, what is promised when a bundle is received is what its release finds, also somewhat late. // M10 // M11
func TestWays_PromiseIsWhatHappens(t *testing.T) {
	t.Parallel()
	banking, err := bankday.New()
	if err != nil {
		t.Fatal(err)
	}
	loc := banking.Location()
	r := rand.New(rand.NewPCG(11, 2005))
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	moved, ended, later, changed := 0, 0, 0, 0
	for range 20_000 {
		first := gateway.Date{Year: 2005, Month: 1, Day: 1}.AddDays(r.IntN(365))
		received := first.At(minutes(r.IntN(24*60)), loc)
		boundary := first.AddDays(r.IntN(8)).At(0, loc)
		b := gateway.BankCentre{ID: "B", Version: 1, SendBy: minutes(r.IntN(24 * 60)), LeadDays: r.IntN(4), To: boundary}
		c := gateway.BankCentre{ID: "B", Version: 2, SendBy: minutes(r.IntN(24 * 60)), LeadDays: r.IntN(4), From: boundary}
		other := gateway.BankCentre{ID: "C", Version: 3, SendBy: minutes(r.IntN(24 * 60)), LeadDays: r.IntN(4)}
		turn := first.AddDays(r.IntN(12)).At(0, loc)
		old := gateway.Agreement{ID: 1, Version: 1, BankCentre: "B", ReceiveBy: minutes(r.IntN(24 * 60)), To: turn}
		next := gateway.Agreement{ID: 1, Version: 2, BankCentre: "C", ReceiveBy: minutes(r.IntN(24 * 60)), From: turn}
		if r.IntN(3) == 0 {
			next.RunsTo = first.AddDays(r.IntN(12))
		}
		if r.IntN(2) == 0 { // the profile stays
			b.To, c.Closed = time.Time{}, true
		}
		ways := gateway.Ways{Days: gateway.Days{Calendar: danish{banking}, Location: loc}, Banks: gateway.BankCentres{b, c, other}}
		if ways.Salaries = r.IntN(2) == 0; ways.Salaries {
			ways.Banks[r.IntN(3)].Salaries = &gateway.KindCutOffs{ReceiveBy: minutes(r.IntN(25*60) - 60), SendBy: minutes(r.IntN(24 * 60)), LeadDays: r.IntN(4)}
		}
		versions := gateway.Agreements{old, next}
		requested := first.AddDays(r.IntN(10))
		promise, err := ways.Planned(versions, received, requested)
		var none *gateway.NotInForceError
		if errors.As(err, &none) {
			ended++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !promise.Agreement.InForce(promise.Plan.ExecutesOn, loc) || promise.Plan.ReleaseAt.Before(received) || promise.Plan.ExecutesOn.Before(requested) {
			t.Fatalf("received %s for %s by %+v and %+v: %+v", received, requested, old, next, promise)
		}
		// The release begins within a quarter of an hour.
		now := promise.Plan.ReleaseAt.Add(time.Duration(r.Int64N(int64(15 * time.Minute))))
		happens, err := ways.Leaving(versions, now, promise.Plan.ExecutesOn)
		if err != nil || happens.Plan.ExecutesOn != promise.Plan.ExecutesOn || happens.Bank.ID != promise.Bank.ID || happens.Agreement.Version != promise.Agreement.Version {
			t.Fatalf("received %s for %s by %+v and %+v at %+v: promised %+v, at %s %+v, %v", received, requested, old, next, ways.Banks, promise, now, happens, err)
		}
		if requested.Before(promise.Plan.ExecutesOn) {
			moved++
		}
		if promise.Agreement.ReceiveBy > promise.Bank.SendBy {
			later++
		}
		if promise.Agreement.Version == 2 {
			changed++
		}
	}
	if least := 1000; moved < least || ended < least || later < least || changed < least {
		t.Errorf("%d moved, %d ended, %d with a receive-by after the send-by, %d by the version to come", moved, ended, later, changed)
	}
}

// TestBankCentres_Serving: a centre that has ended is spoken to as it was last, and pays for nobody.
func TestBankCentres_Serving(t *testing.T) {
	t.Parallel()
	at := func(day int) time.Time { return time.Date(2005, 8, day, 0, 0, 0, 0, time.UTC) }
	all := gateway.BankCentres{{ID: "B", Version: 1, To: at(11)}, {ID: "B", Version: 2, From: at(11), To: at(15)}, {ID: "B", Version: 3, From: at(11), Closed: true},
		{ID: "C", Version: 4, From: at(12)}}
	for _, c := range []struct {
		id              string
		day             int
		inForce, serves int64
	}{{"B", 10, 1, 1}, {"B", 11, 2, 2}, {"B", 14, 2, 2}, {"B", 15, 0, 2}, {"B", 20, 0, 2}, {"C", 11, 0, 0}, {"C", 12, 4, 4}, {"D", 12, 0, 0}} {
		inForce, err := all.InForce(c.id, at(c.day))
		if inForce.Version != c.inForce || (err != nil) != (c.inForce == 0) {
			t.Errorf("%s on %d is in force as %d, %v", c.id, c.day, inForce.Version, err)
		}
		serves, err := all.Serving(c.id, at(c.day))
		if serves.Version != c.serves || (err != nil) != (c.serves == 0) {
			t.Errorf("%s on %d is served as %d, %v", c.id, c.day, serves.Version, err)
		}
	}
}
