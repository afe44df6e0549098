package law

import (
	"time"

	"nks/gateway"
)

// Facts are what an application is judged by, as the register knows it at an instant.
type Facts struct {
	Now    time.Time // the instant of the judgement
	Counts time.Time // the first instant at which a change made now may count; never before Now // B25.1
	// Location is where days begin.
	Location *time.Location

	Known    bool // the holder stands in its register // G-ident
	Status   gateway.HolderStatus
	Born     gateway.Date   // zero: nobody has said
	Guarded  bool           // under guardianship, or in somebody's custody
	Guardian gateway.Holder // who acts for the holder; the zero Holder: nobody is known

	// Held are the versions of the purpose that count now or later, by their beginning; NemKonto those of the NemKonto, where an
	// account is promoted.
	Held, NemKonto []Version

	AuthorityKnown bool // the one that acts
	BenefitKnown   bool // the purpose's benefit type is one of the purpose's authority // B31
	Pays           bool // the authority that acts pays the holder // B26.1d

	// Directory is what the bank directory says of the account's registration number; Filled: it says anything at all.
	Directory struct {
		Filled, Known, Joined bool
		Bank, MergedInto      string
	}

	Activated bool // the holder has activated it // B13
	// Overtaken: what it changes was changed since it was asked, as while it waited.
	Overtaken bool
}

// ofAge is the age from which citizens act alone.
const ofAge = 18

// minor reports whether a citizen is under age on the day of the judgement, where the day of birth is known.
func (f Facts) minor() bool {
	if f.Born.IsZero() {
		return false
	}
	birthday := gateway.Date{Year: f.Born.Year + ofAge, Month: f.Born.Month, Day: f.Born.Day}
	return gateway.DateOf(f.Now.In(f.Location)).Before(birthday)
}

// Seen is the version that an applicant is shown: the one in force, else the next; nil: none.
func Seen(held []Version, now time.Time) *Version {
	for i := range held {
		if held[i].InForce(now) {
			return &held[i]
		}
	}
	if len(held) > 0 {
		return &held[0]
	}
	return nil
}

// stale reports whether the purpose has changed since the applicant saw it: what it saw is not what is shown now, or something was
// recorded after that.
func stale(a Application, f Facts) bool {
	if f.Overtaken || a.Expects == Unsaid {
		return f.Overtaken
	}
	now := Seen(f.Held, f.Now)
	if now == nil || a.Expects != now.ID {
		return now != nil || a.Expects != 0
	}
	for _, v := range f.Held {
		if v.Counter > now.Counter {
			return true
		}
	}
	return false
}

// day is the first instant of a day.
func (f Facts) day(d gateway.Date) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return d.At(0, f.Location)
}
