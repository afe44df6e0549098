package bank

import (
	"fmt"
	"slices"
	"strings"
)

// decideFaults chooses the fault of the interchange and its orders, and writes down of every order what will truly
// become of it. Orders with a fault are told of by statements of their own.
func (d *decision) decideFaults() {
	r := d.line
	d.truth()
	if len(d.profile.Faults.Kinds) == 0 {
		return
	}
	var live []*orderLine // nothing is wrong with them
	d.any(func(_ *message, l *line) bool {
		for o := range l.orders {
			if r.Flaw == nil && l.orders[o].Verdict == "" {
				live = append(live, &l.orders[o])
			}
		}
		return false
	})
	if len(live) > 0 {
		d.faultKey = payersName(slices.MinFunc(live, func(a, b *orderLine) int {
			return strings.Compare(payersName(a.Ref), payersName(b.Ref))
		}).Ref)
		r.Fault, r.Corrected = d.profile.Faults.of(d.faultKey)
	}
	switch {
	case r.Fault.ofOrders():
		d.faultOrders(live)
	case r.Fault == FaultContrlAfterAccepted && d.either("refused after all", d.faultKey):
		for _, o := range live {
			o.Verdict, o.Fault, o.Truth = verdictSilent, r.Fault, Rejected
		}
	case r.Fault == FaultContrlAfterAccepted:
		for _, o := range live {
			o.Fault = r.Fault
		}
	}
}

// truth says of every order what becomes of it where no fault decides.
func (d *decision) truth() {
	for i := range d.got.messages {
		m := &d.got.messages[i]
		for l := range m.lines {
			for o := range m.lines[l].orders {
				order := &m.lines[l].orders[o]
				order.Truth = Executed
				if d.line.Flaw != nil || m.Flaw != nil || order.Verdict != "" {
					order.Truth = Rejected
				}
			}
		}
	}
}

func (d *decision) either(text, key string) bool {
	return draw(d.profile.Faults.Seed, text, key)%2 == 0
}

// faultOrders gives the fault to the orders that it falls on, and to the first where it would fall on none.
func (d *decision) faultOrders(live []*orderLine) {
	var faulty []*orderLine
	for _, o := range live {
		if chance(d.profile.Faults.Seed, "faulty order", payersName(o.Ref), d.profile.Faults.Orders) {
			faulty = append(faulty, o)
		}
	}
	if len(faulty) == 0 {
		faulty = live[:1]
	}
	for _, o := range faulty {
		o.Verdict, o.Fault = verdictSilent, d.line.Fault
		switch o.Fault {
		case FaultRejectAfterExecuted, FaultExecutedAfterReject:
			if d.either("refused after all", payersName(o.Ref)) {
				o.Truth = Rejected
			}
		}
	}
	if d.line.Fault == FaultWrongReference {
		others := slices.DeleteFunc(slices.Clone(live), func(o *orderLine) bool { return o.Fault != "" })
		for _, o := range faulty {
			d.misname(o, others)
		}
	}
}

// Ways in which a reference is wrong.
const (
	namesNothing = "nothing" // nobody gave that order
	namesTwo     = "two"     // the place is the order's, the reference another one's
	namesOther   = "other"   // a reject names another line's order, whose execution has been told
)

// misname chooses what is named instead of the order. A reject under another order's name contradicts what was told of
// that one, and nothing at all is ever told of the order that was meant.
func (d *decision) misname(o *orderLine, others []*orderLine) {
	key := payersName(o.Ref)
	ways := []string{namesNothing, namesTwo, namesOther}
	o.Names, o.NamesRef = ways[draw(d.profile.Faults.Seed, "wrong reference", key)%uint64(len(ways))], ""
	other := d.another(o, others)
	if other == nil || o.Names == namesOther && d.profile.Executed == ExecutedNone {
		o.Names = namesNothing
	}
	switch o.Names {
	case namesNothing:
		o.NamesRef = fmt.Sprintf("00000000UKENDT%s-%d-%d", d.line.Control, o.Line, o.Seq)
	case namesTwo:
		o.NamesRef = other.Ref
	case namesOther:
		o.Truth, o.NamesRef, other.Fault = Rejected, other.Ref, FaultWrongReference
	}
}

// mostLooks bounds the search for another order: an interchange may have a hundred thousand.
const mostLooks = 200

// another is an order of the same day that is told of as it should be and has not been named yet, of another line where
// there is one.
func (d *decision) another(o *orderLine, others []*orderLine) *orderLine {
	if len(others) == 0 {
		return nil
	}
	var found *orderLine
	from := int(draw(d.profile.Faults.Seed, "another", payersName(o.Ref)) % uint64(len(others)))
	for i := range min(mostLooks, len(others)) {
		other := others[(from+i)%len(others)]
		if other.Fault != "" || d.dateOf(other) != d.dateOf(o) {
			continue
		}
		if other.Line != o.Line || other.Message != o.Message {
			return other
		}
		if found == nil {
			found = other
		}
	}
	return found
}

func (d *decision) dateOf(o *orderLine) string {
	lines := d.got.messages[o.Message].lines
	for l := range lines {
		if lines[l].Line == o.Line {
			return lines[l].Date
		}
	}
	return ""
}
