package lab

import "math/bits"

// Day is a day as a number: days since 1 January 1970.
type Day int32

// Status is what the register says of a holder.
type Status uint8

// Which of them a holder is; several may be at once.
const (
	IsDead Status = 1 << iota
	HasCeased
	HasEmigrated
	HasGuardian
	HolderBlocked
	AccountBlocked
	AccountReplaced // the account took another's place
)

// History is what was paid to a holder before, of one authority and benefit type, kept as sums.
type History struct {
	Payments    int   // how many; 0: none
	LargestOre  int64 // the largest of them
	LastPaid    Day   // when the last was
	LastAccount int64 // the account version that it went to
	LastSame    Day   // when the same amount was last paid for the same purpose; counts if PaidSame
	PaidSame    bool
}

// Payment is a payment with what is known of its payee.
type Payment struct {
	Ore            int64
	On             Day // execution day
	AccountVersion int64
	AccountSince   Day // from when the account is known
	AccountHolders int // that have this account
	Status         Status
	History        History
}

// Verdict is what was found, by what is done about it.
type Verdict struct {
	Notices, Holds Set
}

// Judge is what the rules find of a payment. It allocates nothing.
func Judge(p *Payment, r *Rules) Verdict {
	var v Verdict
	for f := Finding(0); int(f) < Kinds; f++ {
		s := &r[f]
		if s.Does == Off || !found(f, p, s) {
			continue
		}
		if s.Does == Hold {
			v.Holds = v.Holds.With(f)
		} else {
			v.Notices = v.Notices.With(f)
		}
	}
	return v
}

// found reports whether one finding is one.
func found(f Finding, p *Payment, s *Setting) bool {
	h := &p.History
	switch f {
	case Dead:
		return p.Status&IsDead != 0
	case Ceased:
		return p.Status&HasCeased != 0
	case Emigrated:
		return p.Status&HasEmigrated != 0
	case Guardianship:
		return p.Status&HasGuardian != 0
	case BlockedHolder:
		return p.Status&HolderBlocked != 0
	case BlockedAccount:
		return p.Status&AccountBlocked != 0
	case Dormant:
		return h.Payments > 0 && within(h.LastPaid, p.On) >= s.Days
	case ManyHolders:
		return s.Count > 0 && p.AccountHolders >= s.Count
	case NewAccount:
		return p.AccountVersion != 0 && h.LastAccount != p.AccountVersion && within(p.AccountSince, p.On) <= s.Days
	case ChangedAccount:
		return p.Status&AccountReplaced != 0 && within(p.AccountSince, p.On) <= s.Days
	case Duplicate:
		return h.PaidSame && within(h.LastSame, p.On) <= s.Days
	case Outlier:
		return h.Payments > 0 && h.Payments >= s.Count && exceeds(p.Ore, h.LargestOre, s.Percent)
	}
	return false
}

// within is how many days lie between two.
func within(earlier, later Day) int { return int(later) - int(earlier) }

// exceeds reports whether an amount is more than so many per cent of another, exactly for all amounts. What is not above zero
// exceeds nothing, and nothing is exceeded that is not.
func exceeds(ore, of, percent int64) bool {
	if ore <= 0 || of <= 0 || percent <= 0 {
		return false
	}
	aHigh, aLow := bits.Mul64(uint64(ore), 100)
	bHigh, bLow := bits.Mul64(uint64(of), uint64(percent))
	return aHigh > bHigh || aHigh == bHigh && aLow > bLow
}
