package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestNightControl_Holds: a hold counts from its beginning to its end, and for whom it reaches.
func TestNightControl_Holds(t *testing.T) {
	t.Parallel()
	begins := time.Date(2005, 8, 11, 5, 0, 0, 0, time.UTC)
	ends := begins.Add(time.Hour)
	who := gateway.About{Bank: "BEC", Authority: "77", Agreement: "AFT-1"}
	for name, c := range map[string]struct {
		reach   gateway.Reach
		subject string
		until   time.Time
		at      time.Time
		held    bool
	}{
		"before":            {gateway.ReachAll, "", ends, begins.Add(-time.Second), false},
		"at its beginning":  {gateway.ReachAll, "", ends, begins, true},
		"until its end":     {gateway.ReachAll, "", ends, ends.Add(-time.Second), true},
		"at its end":        {gateway.ReachAll, "", ends, ends, false},
		"without end":       {gateway.ReachAll, "", time.Time{}, ends.AddDate(1, 0, 0), true},
		"the bank":          {gateway.ReachBank, "BEC", ends, begins, true},
		"another bank":      {gateway.ReachBank, "SDC", ends, begins, false},
		"the authority":     {gateway.ReachAuthority, "77", ends, begins, true},
		"another authority": {gateway.ReachAuthority, "78", ends, begins, false},
		"the agreement":     {gateway.ReachAgreement, "AFT-1", ends, begins, true},
		"another agreement": {gateway.ReachAgreement, "AFT-2", ends, begins, false},
	} {
		hold := gateway.NightControl{ID: 1, Effect: gateway.EffectHold, Reach: c.reach, Subject: c.subject, From: begins, Until: c.until}
		if held := hold.InForce(c.at) && hold.Reach.Reaches(hold.Subject, who); held != c.held {
			t.Errorf("%s: held %v", name, held)
		}
	}
	if (gateway.NightControl{Effect: gateway.EffectReceiveBy, Reach: gateway.ReachAll}).InForce(begins) {
		t.Error("a cut-off that is moved holds nothing")
	}
}

// TestNightControls_Moved: of controls that move the same cut-off of a day the narrowest counts, of equals the last.
func TestNightControls_Moved(t *testing.T) {
	t.Parallel()
	on := day(t, "2005-08-11")
	who := gateway.About{Bank: "BEC", Authority: "77", Agreement: "AFT-1"}
	moved := func(id int64, reach gateway.Reach, subject string, hour time.Duration) gateway.NightControl {
		return gateway.NightControl{ID: id, Effect: gateway.EffectReceiveBy, Reach: reach, Subject: subject, On: on, MovedTo: hour * time.Hour}
	}
	all := gateway.NightControls{moved(1, gateway.ReachAgreement, "AFT-1", 5), moved(2, gateway.ReachAll, "", 6), moved(3, gateway.ReachAuthority, "77", 7)}
	for name, c := range map[string]struct {
		all  gateway.NightControls
		on   string
		want time.Duration
	}{
		"the narrowest": {all, "2005-08-11", 5},
		"the authority": {all[1:], "2005-08-11", 7},
		"the last":      {append(all[:1:1], moved(4, gateway.ReachAgreement, "AFT-1", 8)), "2005-08-11", 8},
		"another day":   {all, "2005-08-12", 0},
		"none of it":    {gateway.NightControls{moved(1, gateway.ReachBank, "SDC", 5)}, "2005-08-11", 0},
	} {
		at, ok := c.all.Moved(gateway.EffectReceiveBy, who, day(t, c.on))
		if at != c.want*time.Hour || ok != (c.want > 0) {
			t.Errorf("%s: %v %v", name, at, ok)
		}
	}
	if _, ok := all.Moved(gateway.EffectSendBy, who, on); ok {
		t.Error("the send-by is as it was")
	}
}

// TestTerms_MovedCutOffs: a cut-off that is moved on one day decides about that day and no other.
func TestTerms_MovedCutOffs(t *testing.T) {
	t.Parallel()
	loc := copenhagen(t)
	for name, c := range map[string]struct{ effect, at, received, requested, release, executes string }{
		"later, in time by it":              {"receive_by", "07:30", "2005-08-11T07:30", "2005-08-12", "2005-08-11T07:30", "2005-08-12"},
		"later, too late by it":             {"receive_by", "07:30", "2005-08-11T07:31", "2005-08-12", "2005-08-12T06:00", "2005-08-15"},
		"earlier, in time by it":            {"receive_by", "05:00", "2005-08-11T05:00", "2005-08-12", "2005-08-11T05:00", "2005-08-12"},
		"earlier, too late by it":           {"receive_by", "05:00", "2005-08-11T05:01", "2005-08-12", "2005-08-12T06:00", "2005-08-15"},
		"another day is as ever":            {"receive_by", "05:00", "2005-08-10T05:59", "2005-08-11", "2005-08-10T06:00", "2005-08-11"},
		"what waits for that day":           {"receive_by", "05:00", "2005-08-09T12:00", "2005-08-12", "2005-08-11T05:00", "2005-08-12"},
		"past the send-by, a day later":     {"receive_by", "09:00", "2005-08-11T08:59", "2005-08-12", "2005-08-12T06:00", "2005-08-15"},
		"past the send-by, what came early": {"receive_by", "09:00", "2005-08-09T12:00", "2005-08-12", "2005-08-10T06:00", "2005-08-12"},
		"the bank ends before":              {"send_by", "05:00", "2005-08-11T04:00", "2005-08-12", "2005-08-12T06:00", "2005-08-15"},
		"the bank ends before, and it came": {"send_by", "05:00", "2005-08-09T12:00", "2005-08-12", "2005-08-10T06:00", "2005-08-12"},
	} {
		at, err := gateway.ParseTimeOfDay(c.at)
		if err != nil {
			t.Fatal(err)
		}
		terms := gateway.Terms{ReceiveBy: 6 * time.Hour, SendBy: 8*time.Hour + 30*time.Minute, LeadDays: 1, Calendar: weekdays{}, Location: loc,
			Controls: gateway.NightControls{{Effect: gateway.ControlEffect(c.effect), Reach: gateway.ReachAll, On: day(t, "2005-08-11"), MovedTo: at}}}
		received, err := time.ParseInLocation("2006-01-02T15:04", c.received, loc)
		if err != nil {
			t.Fatal(err)
		}
		got := terms.PlanRelease(received, day(t, c.requested))
		if release := got.ReleaseAt.In(loc).Format("2006-01-02T15:04"); release != c.release || got.ExecutesOn.String() != c.executes {
			t.Errorf("%s: released %s for %s, want %s for %s", name, release, got.ExecutesOn, c.release, c.executes)
		}
	}
}
