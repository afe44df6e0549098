package law

import "time"

// change is what an application does to the versions that are known: what is changed is closed, and what is known from then on is
// added. same: it is so already. // B22.4
func change(a Application, f Facts) (p Plan, same bool, r refusal) {
	p.Made = -1
	switch a.Action {
	case Register:
		v := Version{Account: a.Account, Locked: a.Locked, From: later(f.Counts, f.day(a.From)), To: f.day(a.To)}
		return replace(f, f.Held, v)
	case Promote:
		held := inForce(f.Held, f.Now)
		switch {
		case held == nil:
			return p, false, nothing()
		case held.Locked:
			return p, false, refusal{"B27.2", "a locked account stays what it is"}
		}
		return replace(f, f.NemKonto, Version{Account: held.Account, From: f.Counts, To: held.To})
	case Delete:
		if len(f.Held) == 0 {
			return p, false, nothing()
		}
		p.From = f.Now
		p.cut(f.Held, f.Now, time.Time{})
		return p, false, refusal{}
	}
	return modify(a, f)
}

func nothing() refusal { return refusal{Missing, "there is no account of that purpose"} }

// Missing refuses to change or delete what is not there. It is no rule of the law.
const Missing = "missing"

// modify locks, unlocks or limits the account in force.
func modify(a Application, f Facts) (p Plan, same bool, r refusal) {
	p.Made = -1
	held := inForce(f.Held, f.Now)
	if held == nil {
		return p, false, nothing()
	}
	v := *held
	v.From = f.Now
	switch a.Action {
	case Lock, Unlock:
		if same = v.Locked == (a.Action == Lock); same {
			return p, true, refusal{}
		}
		v.Locked = a.Action == Lock
	case Limit:
		if v.To = f.day(a.To); v.To.Equal(held.To) {
			return p, true, refusal{}
		}
		if !v.From.Before(v.To) {
			return p, false, malformed("it ends before it begins")
		}
	}
	p, _, r = replace(f, f.Held, v)
	return p, false, r
}

// replace puts a version in the place of all that it meets.
func replace(f Facts, held []Version, v Version) (p Plan, same bool, r refusal) {
	p.Made = -1
	if !v.To.IsZero() && !v.From.Before(v.To) {
		return p, false, malformed("it ends before it counts")
	}
	for _, h := range held {
		if h.Account == v.Account && h.Locked == v.Locked && h.To.Equal(v.To) && !h.From.After(v.From) {
			return p, true, refusal{}
		}
	}
	p.From = v.From
	p.cut(held, v.From, v.To)
	v.ID, v.Counter, v.Application = 0, 0, 0
	p.Made = len(p.Add)
	p.Add = append(p.Add, v)
	return p, false, refusal{}
}

// cut closes the versions that count at any time from an instant to another (zero: for ever), and adds what they were before.
func (p *Plan) cut(held []Version, from, to time.Time) {
	for _, h := range held {
		if !h.To.IsZero() && !from.Before(h.To) || !to.IsZero() && !h.From.Before(to) {
			continue
		}
		p.Close = append(p.Close, h.ID)
		if h.From.Before(from) {
			h.To = from
			p.Add = append(p.Add, h)
		}
	}
}

func inForce(held []Version, now time.Time) *Version {
	for i := range held {
		if held[i].InForce(now) {
			return &held[i]
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
