package gateway_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nks/gateway"
)

// TestConnectionState_MayFollow: every state can be reached, what is live comes from a test alone, and what is over can begin again.
func TestConnectionState_MayFollow(t *testing.T) {
	t.Parallel()
	states := []gateway.ConnectionState{"", gateway.ConnectionRequested, gateway.ConnectionAgreed, gateway.ConnectionTesting, gateway.ConnectionLive, gateway.ConnectionConnected,
		gateway.ConnectionDispensed, gateway.ConnectionEnded}
	reached := []gateway.ConnectionState{""}
	for range states {
		for _, before := range states {
			for _, s := range states {
				if s.MayFollow(before) && slices.Contains(reached, before) && !slices.Contains(reached, s) {
					reached = append(reached, s)
				}
			}
		}
	}
	if len(reached) != len(states) {
		t.Errorf("reached %q of %q", reached, states)
	}
	for _, before := range states {
		if gateway.ConnectionState("").MayFollow(before) || gateway.ConnectionState("open").MayFollow(before) {
			t.Errorf("nothing, or what is no state, follows %q", before)
		}
		if gateway.ConnectionLive.MayFollow(before) != (before == gateway.ConnectionTesting) {
			t.Errorf("live after %q: %t", before, gateway.ConnectionLive.MayFollow(before))
		}
		if before != "" && before.MayFollow(before) {
			t.Errorf("%q follows itself", before)
		}
		if s := before; s != "" && s.Persons() != map[bool]int{true: 2, false: 1}[slices.Contains([]gateway.ConnectionState{gateway.ConnectionLive, gateway.ConnectionConnected, gateway.ConnectionDispensed}, s)] {
			t.Errorf("%q takes %d persons", s, s.Persons())
		}
	}
}

// TestConnectionRule_Admits: one live system with the right to payments is enough, whatever the others are. // B33.1-6
func TestConnectionRule_Admits(t *testing.T) {
	t.Parallel()
	pays := []string{"lookups", "payments"}
	for name, c := range map[string]struct {
		systems            []gateway.PayoutSystem
		recorded, required bool
	}{
		"nothing on record":     {nil, true, false},
		"requested":             {[]gateway.PayoutSystem{{State: gateway.ConnectionRequested, Rights: pays}}, false, false},
		"agreed":                {[]gateway.PayoutSystem{{State: gateway.ConnectionAgreed, Rights: pays}}, false, false},
		"testing":               {[]gateway.PayoutSystem{{State: gateway.ConnectionTesting, Rights: pays}}, false, false},
		"live":                  {[]gateway.PayoutSystem{{State: gateway.ConnectionLive, Rights: pays}}, true, true},
		"connected":             {[]gateway.PayoutSystem{{State: gateway.ConnectionConnected, Rights: pays}}, true, true},
		"dispensed":             {[]gateway.PayoutSystem{{State: gateway.ConnectionDispensed, Rights: pays}}, false, false},
		"ended":                 {[]gateway.PayoutSystem{{State: gateway.ConnectionEnded, Rights: pays}}, false, false},
		"of a later day":        {[]gateway.PayoutSystem{{Rights: pays}}, false, false},
		"live for other things": {[]gateway.PayoutSystem{{State: gateway.ConnectionLive, Rights: []string{"accounts", "lookups"}}}, false, false},
		"the second is live":    {[]gateway.PayoutSystem{{State: gateway.ConnectionTesting, Rights: pays}, {State: gateway.ConnectionLive, Rights: pays}}, true, true},
	} {
		if got := gateway.ConnectionsRecorded.Admits(c.systems); got != c.recorded {
			t.Errorf("%s: recorded admits: %t", name, got)
		}
		if got := gateway.ConnectionsRequired.Admits(c.systems); got != c.required {
			t.Errorf("%s: required admits: %t", name, got)
		}
		if !gateway.ConnectionsIgnored.Admits(c.systems) {
			t.Errorf("%s: refused in a test environment", name)
		}
	}
}

// TestConnectionState_Lacks: what comes before a state is not lacking any more, and who pays lacks nothing but the right to.
func TestConnectionState_Lacks(t *testing.T) {
	t.Parallel()
	pays := []string{"payments"}
	for name, c := range map[string]struct {
		state  gateway.ConnectionState
		rights []string
		shown  gateway.Shown
		want   string
	}{
		"not asked for":     {"", pays, gateway.Shown{}, "[request agreement testing report persons]"},
		"requested":         {gateway.ConnectionRequested, nil, gateway.Shown{}, "[agreement testing report persons payments]"},
		"agreed and waived": {gateway.ConnectionAgreed, pays, gateway.Shown{Waived: true}, "[testing persons]"},
		"test has failed":   {gateway.ConnectionTesting, pays, gateway.Shown{Reported: true}, "[passed persons]"},
		"test has passed":   {gateway.ConnectionTesting, pays, gateway.Shown{Reported: true, Passed: true}, "[persons]"},
		"live":              {gateway.ConnectionLive, pays, gateway.Shown{}, "[]"},
		"connected":         {gateway.ConnectionConnected, []string{"lookups"}, gateway.Shown{}, "[payments]"},
		"dispensed":         {gateway.ConnectionDispensed, pays, gateway.Shown{Reported: true, Passed: true}, "[request agreement testing persons]"},
		"ended":             {gateway.ConnectionEnded, pays, gateway.Shown{}, "[request agreement testing report persons]"},
	} {
		if got := fmt.Sprint(c.state.Lacks(c.rights, c.shown)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestConformanceReport_Passed: nothing that is faulty, and twelve official cases at least; unknown is no success.
func TestConformanceReport_Passed(t *testing.T) {
	t.Parallel()
	of := func(passed, own int, others ...gateway.Verdict) (r gateway.ConformanceReport) {
		for i := range passed + own {
			r.Cases = append(r.Cases, gateway.ConformanceCase{Official: i < passed, Verdict: gateway.VerdictPassed})
		}
		for _, v := range others {
			r.Cases = append(r.Cases, gateway.ConformanceCase{Official: true, Verdict: v})
		}
		return r
	}
	for name, c := range map[string]struct {
		report gateway.ConformanceReport
		want   string
	}{
		"everything":        {of(15, 10), "passed: 25 of 25 cases passed, 0 failed, 0 not answered, 0 not possible here"},
		"enough":            {of(12, 10, gateway.VerdictNotPossible), "passed: 22 of 23 cases passed, 0 failed, 0 not answered, 1 not possible here"},
		"ours do not count": {of(11, 20, gateway.VerdictNotPossible), "incomplete: 31 of 32 cases passed, 0 failed, 0 not answered, 1 not possible here"},
		"one has failed":    {of(14, 10, gateway.VerdictFailed), "failed: 24 of 25 cases passed, 1 failed, 0 not answered, 0 not possible here"},
		"silence":           {of(14, 10, gateway.VerdictUnanswered), "failed: 24 of 25 cases passed, 0 failed, 1 not answered, 0 not possible here"},
		"no verdict at all": {of(14, 10, ""), "failed: 24 of 25 cases passed, 0 failed, 0 not answered, 0 not possible here"},
		"nothing":           {of(0, 0), "incomplete: 0 of 0 cases passed, 0 failed, 0 not answered, 0 not possible here"},
	} {
		if got := c.report.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for _, text := range []string{"", "[]", `{"cases":[{"id":"01"}]}`, `{"supplier":"LEVA"}`, `{"supplier":"LEVA","begun":"2005-08-11T06:00:00Z","ended":"2005-08-11T05:00:00Z","cases":[{}]}`} {
		if _, err := gateway.ReadConformanceReport(text); !errors.Is(err, gateway.ErrIntent) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if r, err := gateway.ReadConformanceReport(`{"supplier":"LEVA","begun":"2005-08-11T06:00:00Z","ended":"2005-08-11T06:01:00Z","cases":[{"verdict":"passed"}]}`); err != nil || r.Ended.Sub(r.Begun) != time.Minute {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestConnectionRule_AdmitsAccounts: the register is changed by a live system with that right alone; where connections are ignored, by one
// that is on record with it. // B18.2
func TestConnectionRule_AdmitsAccounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule    gateway.ConnectionRule
		systems []gateway.PayoutSystem
		want    bool
	}{
		{gateway.ConnectionsRecorded, nil, false},
		{gateway.ConnectionsRequired, []gateway.PayoutSystem{{State: gateway.ConnectionLive, Rights: []string{"payments"}}}, false},
		{gateway.ConnectionsRequired, []gateway.PayoutSystem{{State: gateway.ConnectionTesting, Rights: []string{"accounts"}}}, false},
		{gateway.ConnectionsRecorded, []gateway.PayoutSystem{{State: gateway.ConnectionEnded, Rights: []string{"accounts"}}, {State: gateway.ConnectionConnected, Rights: []string{"payments", "accounts"}}}, true},
		{gateway.ConnectionsIgnored, nil, false},
		{gateway.ConnectionsIgnored, []gateway.PayoutSystem{{State: gateway.ConnectionTesting, Rights: []string{"accounts"}}}, true},
	} {
		if got := c.rule.AdmitsAccounts(c.systems); got != c.want {
			t.Errorf("%q of %+v: %t", c.rule, c.systems, got)
		}
	}
}
