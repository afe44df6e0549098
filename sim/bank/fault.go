package bank

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault names a way in which the statements of a centre go wrong. What the centre does with the money is not touched by
// it: an order is executed once or never, and the journal has which.
type Fault string

// Faults. The first three are said late, again or the wrong way round, and are true; the others are not.
// What is forged the centre does not say at all.
const (
	FaultLate                Fault = "late"                  // every answer comes after the gateway's deadlines
	FaultTwice               Fault = "twice"                 // every answer comes as the same file under another name, and in a new interchange
	FaultReversed            Fault = "reversed"              // executed, then validated, then CONTRL
	FaultRejectAfterExecuted Fault = "reject-after-executed" // GIS executed, then rejected
	FaultExecutedAfterReject Fault = "executed-after-reject" // GIS rejected, then executed
	FaultContrlAfterAccepted Fault = "contrl-4-after-7"      // UCI 7, then 4
	FaultUnknownCode         Fault = "unknown-code"          // a GIS code that no profile has
	FaultWrongReference      Fault = "wrong-reference"       // names nothing, or two orders at once, or another line's order
	FaultUnreadable          Fault = "unreadable"            // every BANSTA is cut off, or loses a terminator
	FaultOldNumber           Fault = "old-number"            // every booking answer has a UNB 0020 used before
	FaultDuplicateRefusal    Fault = "duplicate-refusal"     // UCI 4 with 0085 = 26 instead of 7 or after it
	FaultOtherAmount         Fault = "other-amount"          // GIS executed with another amount than ordered
	FaultForged              Fault = "forged"                // beside every answer of a centre that signs lies one of somebody else
)

// FaultNames lists every fault, for a command line.
func FaultNames() []string {
	return []string{
		string(FaultLate), string(FaultTwice), string(FaultReversed), string(FaultRejectAfterExecuted), string(FaultExecutedAfterReject),
		string(FaultContrlAfterAccepted), string(FaultUnknownCode), string(FaultWrongReference), string(FaultUnreadable),
		string(FaultOldNumber), string(FaultDuplicateRefusal), string(FaultOtherAmount), string(FaultForged),
	}
}

// ofOrders reports whether a fault is one of single orders rather than of all that is said of an interchange.
func (f Fault) ofOrders() bool {
	switch f {
	case FaultRejectAfterExecuted, FaultExecutedAfterReject, FaultUnknownCode, FaultWrongReference, FaultOtherAmount:
		return true
	}
	return false
}

// Faults chooses what goes wrong. An interchange has one fault or none; which, and of which of its orders, is a function
// of the seed and of what payers call the orders: the same payments have the same faults whatever numbers they come under.
type Faults struct {
	Kinds        []Fault `json:"kinds"`
	Seed         uint64  `json:"seed"`
	Interchanges int     `json:"interchanges_per_mille"`
	Orders       int     `json:"orders_per_mille"` // of such an interchange; at least one
	// Corrects is how many of the faulty interchanges get a correcting answer, CorrectsAfter weekdays after the booking;
	// of the others the centre tells the truth to who asks for it, and to nobody else (Ask).
	Corrects      int `json:"corrects_per_mille"`
	CorrectsAfter int `json:"corrects_after"`
}

// FaultsOf has every interchange go wrong in one of the named ways, with every fourth order where the fault is one of
// orders; every second one is corrected two weekdays later. The names are those of FaultNames, with commas between them;
// no name at all is no fault.
func FaultsOf(names string, seed uint64) (Faults, error) {
	if names == "" {
		return Faults{}, nil
	}
	f := Faults{Seed: seed, Interchanges: 1000, Orders: 250, Corrects: 500, CorrectsAfter: 2}
	for name := range strings.SplitSeq(names, ",") {
		f.Kinds = append(f.Kinds, Fault(strings.TrimSpace(name)))
	}
	return f, f.check()
}

func (f Faults) check() error {
	for i, k := range f.Kinds {
		if !slices.Contains(FaultNames(), string(k)) {
			return fmt.Errorf("%w: fault %q: must be one of %s", ErrProfile, k, strings.Join(FaultNames(), ", "))
		}
		if slices.Contains(f.Kinds[:i], k) {
			return fmt.Errorf("%w: fault %q is named twice", ErrProfile, k)
		}
	}
	if f.CorrectsAfter < 0 || f.CorrectsAfter > 250 {
		return fmt.Errorf("%w: faults.corrects_after is %d, must be 0 to 250 weekdays", ErrProfile, f.CorrectsAfter)
	}
	return nil
}

// of is the fault of the interchange of that key, and whether it is corrected.
func (f Faults) of(key string) (kind Fault, corrected bool) {
	if len(f.Kinds) == 0 || !chance(f.Seed, "fault", key, f.Interchanges) {
		return "", false
	}
	kind = f.Kinds[draw(f.Seed, "which fault", key)%uint64(len(f.Kinds))]
	return kind, chance(f.Seed, "corrects", key, f.Corrects)
}

// weekdaysAfter is so many Mondays to Fridays later, at the same time of day. A correction keeps no holidays.
func weekdaysAfter(t time.Time, days int, zone *time.Location) time.Time {
	l := t.In(zone)
	for days > 0 {
		l = l.AddDate(0, 0, 1)
		if d := l.Weekday(); d != time.Saturday && d != time.Sunday {
			days--
		}
	}
	return l
}
