package country

import "time"

// Slots are the times at which a day's bundles are sent: a few, so that much arrives together.
type slot struct {
	days, hour, minute int
	// lead is the number of weekdays from the day of sending to the usual execution date.
	lead int
}

func slots() []slot {
	return []slot{
		{0, 4, 30, 1}, {0, 4, 30, 1}, {0, 4, 42, 1}, {0, 5, 5, 1}, {0, 5, 5, 1}, {0, 5, 31, 1}, {0, 5, 58, 1},
		{0, 6, 20, 1}, {0, 14, 45, 2},
		{1, 5, 20, 1},
	}
}

// shapes of ordinary bundles.
const (
	shapePeople = iota
	shapePeopleToo
	shapeMixed
	shapeBusiness
	shapeSlips
	shapeTransfers
	shapeAbroad
	shapeCount
)

// ordinary makes a bundle of n payments of an authority, grouped or not, mostly right: one payment in a hundred goes to
// nobody.
func (p *planner) ordinary(n int) *bundle {
	a := p.anyAgreement()
	s := slots()[p.rng.IntN(len(slots()))]
	if p.o.Days > 0 {
		s.days = p.rng.IntN(p.o.Days)
	}
	b := p.bundle(a, "ordinary", p.clock(s.days, s.hour, s.minute))
	shape := p.rng.IntN(shapeCount)
	b.grouped = p.rng.IntN(3) > 0
	if n > 1000 {
		b.grouped = p.rng.IntN(8) > 0
	}
	exec := p.execution(b.at, s.lead)
	if b.grouped {
		d := p.debit(a, shape, exec)
		for range n {
			d.txs = append(d.txs, p.payment(a, shape))
		}
		b.debits = []debit{d}
		return b
	}
	for range n {
		own := a
		if p.rng.IntN(5) == 0 {
			own = p.otherAgreement(a)
		}
		d := p.debit(own, shape, exec)
		if p.rng.IntN(6) == 0 {
			d.execution = p.execution(b.at, s.lead)
		}
		d.txs = []tx{p.payment(own, shape)}
		b.debits = append(b.debits, d)
	}
	return b
}

// execution is mostly the first date that can be met, sometimes some days later.
func (p *planner) execution(sent time.Time, lead int) time.Time {
	if p.rng.IntN(8) == 0 {
		lead += 1 + p.rng.IntN(4)
	}
	return workday(sent, lead)
}

func (p *planner) payment(a agreement, shape int) tx {
	switch shape {
	case shapeSlips:
		return p.slip(a, pick(cards(), p.rng.Uint64()))
	case shapeTransfers:
		return p.transfer(a)
	case shapeAbroad:
		return p.abroad(a, p.rng.IntN(3) == 0)
	}
	k, benefit := citizen, personBenefit(a.authority)
	if shape == shapeBusiness || shape == shapeMixed && p.rng.IntN(3) == 0 {
		k, benefit = kind(1+p.rng.IntN(3)), pick([]string{"NKSLEV", "NKSOAM", "NKSMOA"}, p.rng.Uint64())
	} else if p.rng.IntN(3) == 0 {
		benefit = "NKSDPE"
	}
	t := p.payTo(a, p.recipient(k), benefit, false)
	switch p.rng.IntN(200) {
	case 0:
		t.id, t.fate = p.unknownHolder(k), rejected
	case 1:
		t.id, t.fate = p.gone(k), rejected
	}
	return t
}

// personBenefit is the authority's own benefit for citizens, or the general one.
func personBenefit(authority string) string {
	for _, b := range benefits() {
		if b.authority == authority {
			return b.id
		}
	}
	return "NKSDPE"
}

func (p *planner) debit(a agreement, shape int, exec time.Time) debit {
	d := debit{
		execution: exec, agreement: a.number, account: pick(a.accounts, p.rng.Uint64()),
		purpose: "Udbetaling " + a.unit + " æøå",
	}
	switch shape {
	case shapeSlips:
		d.local = "IBK"
	case shapeAbroad:
		d.local = "UBB"
	}
	return d
}

// bundle is an empty one of an agreement's authority and supplier.
func (p *planner) bundle(a agreement, kind string, at time.Time) *bundle {
	b := &bundle{
		kind: kind, supplier: a.supplier, authority: a.authority, at: at, stamp: p.stamp(at),
		style: styles()[p.rng.IntN(len(styles()))], receipt: receiptAccepted,
	}
	if p.rng.IntN(4) == 0 {
		b.ean = eanOf(a.supplier)
	}
	b.groupID = p.references(a.supplier, a.authority).bundle(b.ean)
	b.messageID = b.groupID
	return b
}

func eanOf(id string) string {
	for _, s := range suppliers() {
		if s.id == id {
			return s.ean
		}
	}
	return ""
}

// with finds the agreement of a number.
func with(number string) agreement {
	for _, a := range agreements() {
		if a.number == number {
			return a
		}
	}
	return agreement{}
}

func (p *planner) anyAgreement() agreement {
	for {
		if a := agreements()[p.rng.IntN(len(agreements()))]; a.valid() {
			return a
		}
	}
}

// otherAgreement is one of the same authority through the same supplier, which may be the same.
func (p *planner) otherAgreement(a agreement) agreement {
	for {
		o := p.anyAgreement()
		if o.authority == a.authority && o.supplier == a.supplier {
			return o
		}
	}
}
