package gateway

import "time"

// WithEffect is what an agreement wants done with an order that would be executed to an account that is not the recipient's any more. // B25.2
type WithEffect string

// What can be wanted. Each does what those before it do where it cannot be done.
const (
	WithEffectTell   WithEffect = "tell"   // somebody is told
	WithEffectHold   WithEffect = "hold"   // what no bank has is taken out, and ordered to the account that counts now
	WithEffectRecall WithEffect = "recall" // and what a bank has is asked for
)

// IsKnown reports whether it is one of the above.
func (e WithEffect) IsKnown() bool {
	return e == WithEffectTell || e == WithEffectHold || e == WithEffectRecall
}

// EffectDone is what was done with an order that was found.
type EffectDone string

// What can be done.
const (
	EffectNoticed  EffectDone = "told"
	EffectAnew     EffectDone = "anew"     // its order is void, and it is ordered to the account that counts now
	EffectRecalled EffectDone = "recalled" // its bank is asked for it
)

// effectDays is how many banking days after it was registered a change is in force at the latest. // § 25(1)
const effectDays = 5

// EffectFrom is the first execution day on which no order may go to an account that has ended, by what was registered at some time: the
// fifth banking day after that, or the first whole day without the account, whichever is later. // B25.2
func EffectFrom(c Calendar, ended, registered time.Time, loc *time.Location) Date {
	without := DateOf(ended.In(loc))
	if ended.After(without.At(0, loc)) {
		without = without.AddDays(1)
	}
	fifth := HoldUntil(c, DateOf(registered.In(loc)), effectDays)
	if fifth.Before(without) {
		return without
	}
	return fifth
}

// EffectOrder is an order to an account that has ended.
type EffectOrder struct {
	Position   Position // of its payment
	ExecutesOn Date     // as the bank is or was told
	Effect     Date     // from which on it may not be executed
	Today      Date
	// StatusesThrough is the last execution day of which the bank must have said by now what it has executed; zero: it never says.
	StatusesThrough Date
}

// EffectVerdict is what is known of such an order.
type EffectVerdict struct {
	Found bool
	// Again is the day on which it is looked at again, since it may be late by then; zero: it is in time, or nothing is on its way.
	Again Date
}

// Judge reports whether the order is, or would be, executed with effect after the change. What counts is the day on which it is executed: of what is
// late that is not the day that it says. What the bank has executed before the day of effect was in time. // B25.2
func (o EffectOrder) Judge() EffectVerdict {
	day, waits := o.ExecutesOn, false
	switch o.Position {
	case AtFrozen, AtUnsure:
		waits = true
		if day.Before(o.Today) {
			day = o.Today
		}
	case AtBank, AtAccepted:
		waits = o.StatusesThrough != Date{}
		if waits && !o.StatusesThrough.Before(day) {
			day = o.Today // it says nothing of it although it should have: it is stored there
		}
	case AtExecuted:
		if o.Today.Before(day) {
			day = o.Today // the bank has told of it sooner
		}
	case AtAssumed, AtDisputed:
	default:
		return EffectVerdict{}
	}
	switch {
	case !day.Before(o.Effect):
		return EffectVerdict{Found: true}
	case !waits:
		return EffectVerdict{}
	case o.Today.Before(o.Effect):
		return EffectVerdict{Again: o.Effect}
	}
	return EffectVerdict{Again: o.Today.AddDays(1)}
}

// Does is what is done with an order that was found. published: a bank may have it; counts: the account that replaces the old one counts
// now, so that an order that is made now goes there.
func (e WithEffect) Does(at Position, published, counts bool) EffectDone {
	switch {
	case e == WithEffectTell || !e.IsKnown():
		return EffectNoticed
	case at == AtFrozen && !published && counts:
		return EffectAnew
	case e == WithEffectRecall && published && at != AtExecuted && at.MayRecall():
		return EffectRecalled
	}
	return EffectNoticed
}
