package gateway_test

import (
	"testing"
	"time"

	"nks/gateway"
)

// TestEffectFrom: an old account may be paid to until the fifth banking day after the change was registered, or until the change counts. // B25.2
func TestEffectFrom(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) time.Time { return time.Date(2005, 8, day, hour, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		ended, registered time.Time
		want              int
	}{
		"at once, on a Thursday":            {at(11, 10), at(11, 10), 18},
		"registered on a Saturday":          {at(13, 10), at(13, 10), 19},
		"counts tomorrow":                   {at(12, 0), at(11, 10), 18},
		"counts on the fifth":               {at(18, 0), at(11, 10), 18},
		"counts after it":                   {at(19, 0), at(11, 10), 19},
		"counts after it, in the afternoon": {at(19, 15), at(11, 10), 20},
	} {
		if got := gateway.EffectFrom(weekdays{}, c.ended, c.registered, time.UTC); got != (gateway.Date{Year: 2005, Month: 8, Day: c.want}) {
			t.Errorf("%s: %v, want the %dth", name, got, c.want)
		}
	}
}

// TestEffectOrder_Judge: what counts is the day on which an order is executed, not the one that it says. // B25.2
func TestEffectOrder_Judge(t *testing.T) {
	t.Parallel()
	day := func(d int) gateway.Date { return gateway.Date{Year: 2005, Month: 8, Day: d} }
	found := gateway.EffectVerdict{Found: true}
	for _, c := range []struct {
		at                       gateway.Position
		executes, today, through int // of August; through: 0 is never
		want                     gateway.EffectVerdict
	}{
		{gateway.AtFrozen, 17, 11, 0, gateway.EffectVerdict{Again: day(18)}},
		{gateway.AtFrozen, 18, 11, 0, found},
		{gateway.AtFrozen, 12, 18, 0, found},
		{gateway.AtUnsure, 12, 17, 0, gateway.EffectVerdict{Again: day(18)}},
		{gateway.AtUnsure, 12, 19, 0, found},
		{gateway.AtBank, 17, 11, 0, gateway.EffectVerdict{}},
		{gateway.AtBank, 18, 11, 0, found},
		{gateway.AtBank, 12, 19, 0, gateway.EffectVerdict{}},
		{gateway.AtAccepted, 12, 11, 10, gateway.EffectVerdict{Again: day(18)}},
		{gateway.AtAccepted, 17, 18, 16, gateway.EffectVerdict{Again: day(19)}},
		{gateway.AtAccepted, 17, 18, 17, found},
		{gateway.AtExecuted, 22, 11, 0, gateway.EffectVerdict{}},
		{gateway.AtExecuted, 22, 18, 0, found},
		{gateway.AtExecuted, 17, 20, 0, gateway.EffectVerdict{}},
		{gateway.AtAssumed, 17, 20, 0, gateway.EffectVerdict{}},
		{gateway.AtAssumed, 19, 20, 0, found},
		{gateway.AtDisputed, 19, 11, 0, found},
		{gateway.AtBankRejected, 22, 11, 0, gateway.EffectVerdict{}},
		{gateway.AtCameBack, 22, 11, 0, gateway.EffectVerdict{}},
		{gateway.AtVoid, 22, 11, 0, gateway.EffectVerdict{}},
		{gateway.AtStopped, 22, 11, 0, gateway.EffectVerdict{}},
	} {
		o := gateway.EffectOrder{Position: c.at, ExecutesOn: day(c.executes), Effect: day(18), Today: day(c.today)}
		if c.through != 0 {
			o.StatusesThrough = day(c.through)
		}
		if got := o.Judge(); got != c.want {
			t.Errorf("%+v: %+v, want %+v", o, got, c.want)
		}
	}
}

// TestWithEffect_Does: each of what can be wanted does what the one before it does where it cannot be done.
func TestWithEffect_Does(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wants             gateway.WithEffect
		at                gateway.Position
		published, counts bool
		want              gateway.EffectDone
	}{
		{gateway.WithEffectTell, gateway.AtFrozen, false, true, gateway.EffectNoticed},
		{gateway.WithEffectTell, gateway.AtBank, true, true, gateway.EffectNoticed},
		{gateway.WithEffectHold, gateway.AtFrozen, false, true, gateway.EffectAnew},
		{gateway.WithEffectHold, gateway.AtFrozen, false, false, gateway.EffectNoticed},
		{gateway.WithEffectHold, gateway.AtFrozen, true, true, gateway.EffectNoticed},
		{gateway.WithEffectHold, gateway.AtBank, true, true, gateway.EffectNoticed},
		{gateway.WithEffectRecall, gateway.AtFrozen, false, true, gateway.EffectAnew},
		{gateway.WithEffectRecall, gateway.AtFrozen, true, true, gateway.EffectRecalled},
		{gateway.WithEffectRecall, gateway.AtFrozen, false, false, gateway.EffectNoticed},
		{gateway.WithEffectRecall, gateway.AtUnsure, true, true, gateway.EffectRecalled},
		{gateway.WithEffectRecall, gateway.AtBank, true, true, gateway.EffectRecalled},
		{gateway.WithEffectRecall, gateway.AtAccepted, true, false, gateway.EffectRecalled},
		{gateway.WithEffectRecall, gateway.AtExecuted, true, true, gateway.EffectNoticed},
		{"", gateway.AtBank, true, true, gateway.EffectNoticed},
	} {
		if got := c.wants.Does(c.at, c.published, c.counts); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
