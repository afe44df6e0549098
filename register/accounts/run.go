package accounts

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"nks/gateway"
	"nks/register"
	"nks/register/law"
)

// item is an application on its way through one call.
type item struct {
	Application
	id        int64 // 0: it is new
	number    int64 // of the holder
	steps     int   // that it has taken before
	activated bool
	overtaken bool   // while it waited, another has changed what it changes
	by        string // whose word this is
	withdraws bool   // it is taken back

	outcome Outcome
	// made is the place of its version among those of the run; -1: none.
	made int
}

func (i *item) purpose() purpose { return purpose{i.Holder, i.Authority, i.BenefitType} }

// changes is the purpose that it changes: an account is promoted to the NemKonto.
func (i *item) changes() purpose {
	if i.Action == law.Promote {
		return purpose{holder: i.Holder}
	}
	return i.purpose()
}

// added is a version that a run adds; a later application of the run may have closed it.
type added struct {
	law.Version
	purpose
	closed bool
}

// run is applications judged in their order at one instant, each by what the ones before it have done.
type run struct {
	now      time.Time
	versions map[purpose][]law.Version
	added    []added
	closed   []int64 // versions of the register
	changed  map[gateway.Holder]bool
}

// judge judges applications. Versions that the run adds have the ids -1, -2, … until they are written.
func (s *Store) judge(k *known, items []*item, now time.Time) *run {
	r := &run{now: now, versions: maps.Clone(k.versions), changed: map[gateway.Holder]bool{}}
	for _, i := range items {
		i.made = -1
		v := law.Judge(i.Application, k.facts(s, i, r.versions, now), s.Rules)
		i.outcome = Outcome{State: v.State, Rule: v.Rule, Why: v.Why}
		if v.State == law.InForce || v.State == law.Scheduled {
			i.outcome.From = v.Plan.From
			r.carryOut(i, v.Plan)
		}
	}
	return r
}

// carryOut does to the run's versions what a plan says.
func (r *run) carryOut(i *item, p law.Plan) {
	of := i.changes()
	r.changed[i.Holder] = true
	for _, id := range p.Close {
		if id < 0 {
			r.added[-id-1].closed = true
		} else {
			r.closed = append(r.closed, id)
		}
	}
	stay := slices.DeleteFunc(slices.Clone(r.versions[of]), func(v law.Version) bool { return slices.Contains(p.Close, v.ID) })
	for n, v := range p.Add {
		v.ID, v.Counter = -int64(len(r.added)+1), math.MaxInt64
		if n == p.Made {
			i.made = len(r.added)
		}
		r.added = append(r.added, added{Version: v, purpose: of})
		stay = append(stay, v)
	}
	slices.SortFunc(stay, func(a, b law.Version) int { return a.From.Compare(b.From) })
	r.versions[of] = stay
}

// take locks, judges and writes. Those that are not new must have been locked and read again by the caller.
func (s *Store) take(ctx context.Context, x register.Tx, items []*item) error {
	now := s.Now().Round(time.Microsecond) // PostgreSQL keeps no more
	k, err := know(ctx, x, now, items)
	if err != nil {
		return err
	}
	if k.recorded.After(now) {
		now = k.recorded
	}
	r := s.judge(k, items, now)
	var counter int64
	if len(r.changed) > 0 {
		var at time.Time
		if counter, at, err = lockCounter(ctx, x, now); err != nil {
			return err
		}
		if at.After(now) { // another has changed the register meanwhile, by a clock that is ahead: nothing counts before it is recorded
			now = at
			r = s.judge(k, items, now)
		}
	}
	if err := s.write(ctx, x, r, items, counter); err != nil {
		return err
	}
	return s.readBack(ctx, x, k, r, items)
}

// counts is the first instant at which a change that is made now may count. // B25.1
func (s *Store) counts(now time.Time) time.Time {
	if s.Rules.EffectDays <= 0 {
		return now
	}
	day := s.Calendar.Add(s.Calendar.DateOf(now), min(s.Rules.EffectDays, latestDays))
	return s.Calendar.At(day, 0, 0)
}

// latestDays is the banking day from which a change must count. // B25.1
const latestDays = 5

// Apply takes any number of applications at once, as one change of the register; those of one holder count in their order. An outcome
// for each, in the same order: a refusal is an outcome and no error. One that no table could keep (a holder without all digits, a text
// without end) is refused as malformed and has no number. // B32 // B13.2
func (s *Store) Apply(ctx context.Context, x register.Tx, asked []Application) ([]Outcome, error) {
	outcomes := make([]Outcome, len(asked))
	items, places := make([]*item, 0, len(asked)), make([]int, 0, len(asked))
	for n, a := range asked {
		if why := limits(a); why != "" {
			outcomes[n] = Outcome{State: law.Refused, Rule: law.Malformed, Why: why}
			continue
		}
		number, err := a.Holder.Number()
		if err != nil {
			return nil, fmt.Errorf("application %d: %w", n+1, err)
		}
		items, places = append(items, &item{Application: a, number: number, by: a.By}), append(places, n)
	}
	if len(items) == 0 {
		return outcomes, nil
	}
	err := lockHolders(ctx, x, items)
	if err == nil {
		err = s.take(ctx, x, items)
	}
	if err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	for n, i := range items {
		outcomes[places[n]] = i.outcome
	}
	return outcomes, nil
}
