package gateway

import (
	"fmt"
	"slices"
	"time"
)

// Reach is how far a night control or a limit reaches.
type Reach string

// The reaches, the widest first.
const (
	ReachAll       Reach = "all"
	ReachBank      Reach = "bank"      // the subject is the booking centre's id
	ReachAuthority Reach = "authority" // its number
	ReachAgreement Reach = "agreement" // the number that its bank gave it
)

// ControlEffect is what a night control does.
type ControlEffect string

// The effects.
const (
	EffectHold      ControlEffect = "hold"       // nothing is released, ordered anew or sent
	EffectReceiveBy ControlEffect = "receive_by" // what is received until then counts as received that day
	EffectSendBy    ControlEffect = "send_by"    // the bank takes until then what leaves that day
)

// NightControl is what two persons, or one who holds back, have decided about a night.
type NightControl struct {
	ID      int64
	Effect  ControlEffect
	Reach   Reach
	Subject string // "" of all
	// From and Until are when a hold counts; a zero Until: until it is lifted.
	From, Until time.Time
	// On is the day of a moved cut-off, and MovedTo when it is then, since midnight in Copenhagen.
	On      Date
	MovedTo time.Duration
}

// About is who a control, or a limit, may be about: all that it is known by.
type About struct{ Bank, Authority, Agreement string }

// Reaches reports whether a reach with its subject takes in somebody. The database's night_reaches is the same, for sets.
func (r Reach) Reaches(subject string, who About) bool {
	switch r {
	case ReachAll:
		return true
	case ReachBank:
		return subject == who.Bank
	case ReachAuthority:
		return subject == who.Authority
	case ReachAgreement:
		return subject == who.Agreement
	}
	return false
}

// narrowness orders reaches: of two that move the same cut-off, or limit the same, the narrower counts.
func (r Reach) narrowness() int {
	return slices.Index([]Reach{ReachAll, ReachBank, ReachAuthority, ReachAgreement}, r)
}

// InForce reports whether a hold counts at an instant. The database's night_hold asks the same.
func (c NightControl) InForce(at time.Time) bool {
	return c.Effect == EffectHold && !c.From.After(at) && (c.Until.IsZero() || c.Until.After(at))
}

// Name is the reach and its subject, as persons are shown it.
func (c NightControl) Name() string {
	if c.Reach == ReachAll {
		return string(ReachAll)
	}
	return string(c.Reach) + " " + c.Subject
}

// NightControls are those that are not over.
type NightControls []NightControl

// Moved finds when a cut-off is on a day on which it was moved for somebody: by the narrowest control, of equals the last.
func (all NightControls) Moved(effect ControlEffect, who About, on Date) (time.Duration, bool) {
	best := -1
	for i, c := range all {
		if c.Effect == effect && c.On == on && c.Reach.Reaches(c.Subject, who) &&
			(best < 0 || c.Reach.narrowness() > all[best].Reach.narrowness() || c.Reach == all[best].Reach && c.ID > all[best].ID) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	return all[best].MovedTo, true
}

// Any reports whether any hold counts at an instant.
func (all NightControls) Any(at time.Time) bool {
	return slices.ContainsFunc(all, func(c NightControl) bool { return c.InForce(at) })
}

// NextChange is the next instant after one at which a hold begins or ends by itself; zero: none does.
func (all NightControls) NextChange(after time.Time) (next time.Time) {
	for _, c := range all {
		for _, t := range []time.Time{c.From, c.Until} {
			if c.Effect == EffectHold && t.After(after) {
				next = Sooner(next, t)
			}
		}
	}
	return next
}

// ParseTimeOfDay reads HH:MM as a time since midnight.
func ParseTimeOfDay(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("time of day %q: want HH:MM", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
