package gateway

import (
	"fmt"
	"slices"
)

// Limit is a bound that what leaves is held against before it does.
type Limit string

// The limits. Amounts are in øre.
const (
	LimitPayment Limit = "payment" // of one payment
	LimitBundle  Limit = "bundle"  // of what leaves together of one bundle
	LimitDay     Limit = "day"     // of an agreement and execution day, with what has left for it before
	// LimitHistory is how many times the highest of an agreement's last days something may be: its sum, its largest payment or
	// the mean of its payments. Ten finds a decimal point that stands one place off.
	LimitHistory Limit = "history"
)

// AllLimits is every limit.
func AllLimits() []Limit { return []Limit{LimitPayment, LimitBundle, LimitDay, LimitHistory} }

// ReleaseLimit is a limit as it was set for a reach: all, an authority or an agreement.
type ReleaseLimit struct {
	Reach   Reach
	Subject string
	Limit   Limit
	Most    int64 // øre, of history times; 0: none
}

// ReleaseLimits is the last of each reach, subject and limit.
type ReleaseLimits []ReleaseLimit

// Limits are those that count for somebody; 0: none.
type Limits map[Limit]int64

// For is what counts for an agreement: of each limit the narrowest that was set, also where it says that there is none.
func (all ReleaseLimits) For(who About) Limits {
	found := Limits{}
	narrow := map[Limit]int{}
	for _, l := range all {
		if n := l.Reach.narrowness(); l.Reach.Reaches(l.Subject, who) && (found[l.Limit] == 0 && narrow[l.Limit] == 0 || n > narrow[l.Limit]) {
			found[l.Limit], narrow[l.Limit] = l.Most, n
		}
	}
	return found
}

// Any reports whether there is any limit at all.
func (l Limits) Any() bool {
	for _, most := range l {
		if most > 0 {
			return true
		}
	}
	return false
}

// DaySums is what an agreement has released for an execution day.
type DaySums struct {
	Payments int64 `db:"payments"`
	Ore      int64 `db:"ore"`
	Largest  int64 `db:"largest"` // payment
}

// And is both together.
func (d DaySums) And(o DaySums) DaySums {
	return DaySums{d.Payments + o.Payments, d.Ore + o.Ore, max(d.Largest, o.Largest)}
}

// mean is of one payment.
func (d DaySums) mean() int64 { return d.Ore / max(d.Payments, 1) }

// Leaving is what is held against limits before it leaves.
type Leaving struct {
	DaySums
	Bundle int64 // the most of one bundle
	// Before is what has left for the same agreement and execution day already.
	Before DaySums
}

// Breach is a limit that something is over.
type Breach struct {
	Limit    Limit
	Is, Most int64 // øre
	Of       Measure
}

// Measure is what of something was compared.
type Measure string

// The measures.
const (
	MeasureLargest Measure = "largest payment"
	MeasureMean    Measure = "mean payment"
	MeasureSum     Measure = "sum"
)

// Detail is how a breach is shown to persons; its arguments are a case, an agreement with its day, payments, øre, and both amounts.
func (b Breach) Detail() DetailCode {
	switch {
	case b.Limit == LimitPayment:
		return DetailOverPayment
	case b.Limit == LimitBundle:
		return DetailOverBundle
	case b.Limit == LimitDay:
		return DetailOverDay
	case b.Of == MeasureMean:
		return DetailOverHistoryMean
	case b.Of == MeasureLargest:
		return DetailOverHistoryMost
	}
	return DetailOverHistorySum
}

func (b Breach) String() string {
	return fmt.Sprintf("%s: %s %d øre, limit %d øre", b.Limit, b.Of, b.Is, b.Most)
}

// HistoryDays is how many of an agreement's last execution days its history has; with fewer than FewestDays there is none.
const (
	HistoryDays = 20
	FewestDays  = 5
)

// JudgeLimits tells every limit that what would leave is over. Of the history the one that it is over most is told. What is
// exactly an amount is within it, and what is exactly so many times the history is over it.
func JudgeLimits(l Limits, leaving Leaving, history []DaySums) (over []Breach) {
	day := leaving.Before.And(leaving.DaySums)
	for _, c := range []Breach{
		{LimitPayment, leaving.Largest, l[LimitPayment], MeasureLargest},
		{LimitBundle, leaving.Bundle, l[LimitBundle], MeasureSum},
		{LimitDay, day.Ore, l[LimitDay], MeasureSum},
	} {
		if c.Most > 0 && c.Is > c.Most {
			over = append(over, c)
		}
	}
	if l[LimitHistory] == 0 || len(history) < FewestDays {
		return over
	}
	var highest, mean int64
	var largest int64
	for _, d := range history {
		highest, mean, largest = max(highest, d.Ore), max(mean, d.mean()), max(largest, d.Largest)
	}
	var found []Breach
	for _, c := range []Breach{
		{LimitHistory, day.Ore, timesOf(highest, l[LimitHistory]), MeasureSum},
		{LimitHistory, leaving.mean(), timesOf(mean, l[LimitHistory]), MeasureMean},
		{LimitHistory, leaving.Largest, timesOf(largest, l[LimitHistory]), MeasureLargest},
	} {
		if c.Most > 0 && c.Is >= c.Most {
			found = append(found, c)
		}
	}
	if len(found) > 0 {
		over = append(over, slices.MaxFunc(found, func(a, b Breach) int { return int(a.Is/a.Most - b.Is/b.Most) }))
	}
	return over
}

// timesOf is an amount so many times, at most the most that there is.
func timesOf(ore, times int64) int64 {
	const most = 1<<63 - 1
	if ore > most/max(times, 1) {
		return most
	}
	return ore * times
}

// OnlyPayments reports whether nothing is wrong but with single payments.
func OnlyPayments(over []Breach) bool {
	return len(over) == 1 && over[0].Limit == LimitPayment
}
