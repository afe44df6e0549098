package gateway_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
)

// TestJudgeLimits: an amount is within its limit, one øre more is not; of the history so many times is too much already.
func TestJudgeLimits(t *testing.T) {
	t.Parallel()
	days := slices.Repeat([]gateway.DaySums{{Payments: 10, Ore: 1000, Largest: 200}}, gateway.HistoryDays)
	leaving := func(payments, ore, largest, bundle int64) gateway.Leaving {
		return gateway.Leaving{DaySums: gateway.DaySums{Payments: payments, Ore: ore, Largest: largest}, Bundle: bundle}
	}
	after := leaving(1, 50, 50, 50)
	after.Before = gateway.DaySums{Payments: 10, Ore: 1000, Largest: 100}
	for name, c := range map[string]struct {
		limits  gateway.Limits
		leaving gateway.Leaving
		history []gateway.DaySums
		want    string
	}{
		"no limits":             {gateway.Limits{}, leaving(1, math.MaxInt64, math.MaxInt64, math.MaxInt64), days, ""},
		"payment at":            {gateway.Limits{gateway.LimitPayment: 100}, leaving(2, 150, 100, 150), nil, ""},
		"payment above":         {gateway.Limits{gateway.LimitPayment: 100}, leaving(2, 151, 101, 151), nil, "payment 101>100"},
		"bundle at":             {gateway.Limits{gateway.LimitBundle: 100}, leaving(4, 200, 50, 100), nil, ""},
		"bundle above":          {gateway.Limits{gateway.LimitBundle: 100}, leaving(4, 201, 51, 101), nil, "bundle 101>100"},
		"day at":                {gateway.Limits{gateway.LimitDay: 1050}, after, nil, ""},
		"day above":             {gateway.Limits{gateway.LimitDay: 1049}, after, nil, "day 1050>1049"},
		"all of them":           {gateway.Limits{gateway.LimitPayment: 9, gateway.LimitBundle: 9, gateway.LimitDay: 9}, leaving(1, 10, 10, 10), nil, "payment 10>9, bundle 10>9, day 10>9"},
		"history ordinary":      {gateway.Limits{gateway.LimitHistory: 10}, leaving(10, 1000, 200, 1000), days, ""},
		"history just below":    {gateway.Limits{gateway.LimitHistory: 10}, leaving(10, 9999, 1999, 9999), days, ""},
		"history one place off": {gateway.Limits{gateway.LimitHistory: 10}, leaving(10, 10_000, 1999, 10_000), days, "history sum 10000>10000"},
		"history mean":          {gateway.Limits{gateway.LimitHistory: 10}, leaving(1, 1000, 1000, 1000), days, "history mean payment 1000>1000"},
		"history largest":       {gateway.Limits{gateway.LimitHistory: 10}, leaving(9, 2008, 2000, 2008), days, "history largest payment 2000>2000"},
		"history thousandfold":  {gateway.Limits{gateway.LimitHistory: 10}, leaving(2, 210_000, 110_000, 210_000), days, "history mean payment 105000>1000"},
		"history too short":     {gateway.Limits{gateway.LimitHistory: 10}, leaving(1, 1_000_000, 1_000_000, 1_000_000), days[:gateway.FewestDays-1], ""},
		"history is enough":     {gateway.Limits{gateway.LimitHistory: 10}, leaving(1, 900, 900, 900), days[:gateway.FewestDays], ""},
		"history with the day":  {gateway.Limits{gateway.LimitHistory: 2}, gateway.Leaving{DaySums: gateway.DaySums{Payments: 10, Ore: 1000, Largest: 200}, Before: gateway.DaySums{Payments: 10, Ore: 1000}}, days, "history sum 2000>2000"},
		"too much to multiply":  {gateway.Limits{gateway.LimitHistory: 1000}, leaving(1, math.MaxInt64-1, math.MaxInt64-1, 1), slices.Repeat([]gateway.DaySums{{Payments: 1, Ore: math.MaxInt64 / 2, Largest: math.MaxInt64 / 2}}, 9), ""},
	} {
		var got []string
		for _, b := range gateway.JudgeLimits(c.limits, c.leaving, c.history) {
			name := string(b.Limit)
			if b.Limit == gateway.LimitHistory {
				name += " " + string(b.Of)
			}
			got = append(got, fmt.Sprintf("%s %d>%d", name, b.Is, b.Most))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), c.want)
		}
	}
}

// TestReleaseLimits_For: of each limit the narrowest counts, in whatever order they come.
func TestReleaseLimits_For(t *testing.T) {
	t.Parallel()
	all := gateway.ReleaseLimits{{Reach: gateway.ReachAll, Limit: gateway.LimitDay, Most: 1}, {Reach: gateway.ReachAll, Limit: gateway.LimitPayment, Most: 2},
		{Reach: gateway.ReachAuthority, Subject: "77", Limit: gateway.LimitDay, Most: 3}, {Reach: gateway.ReachAgreement, Subject: "AFT-1", Limit: gateway.LimitDay}}
	for range 2 {
		for who, want := range map[gateway.About]int64{{Authority: "78", Agreement: "AFT-78"}: 1, {Authority: "77", Agreement: "AFT-2"}: 3, {Authority: "77", Agreement: "AFT-1"}: 0} {
			l := all.For(who)
			if l[gateway.LimitDay] != want || l[gateway.LimitPayment] != 2 || l[gateway.LimitBundle] != 0 || !l.Any() {
				t.Errorf("%v: %v", who, l)
			}
		}
		slices.Reverse(all)
	}
}
