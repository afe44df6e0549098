package witness

// ending is the first thing that a bank has said of an order's end.
type ending string

const (
	endRejected ending = "rejected"
	endExecuted ending = "executed"
)

// reject takes note of a reject. It ends an order, also one that was accepted before; after the bank's own executed it
// contradicts. Whole is one of a whole LIN, message or interchange. What is said of a disputed order settles nothing.
func (o *order) reject(whole bool) {
	o.undecided = false
	switch {
	case o.disputed, o.back > 0: // it was paid, and has come back: that it is not paid is as true
	case o.end == "":
		o.end, o.whole = endRejected, whole
	case o.end == endRejected:
		o.whole = o.whole && whole
	case o.end == endExecuted:
		o.disputed = true
	}
}

// execute takes note of an execution. After a reject it contradicts; but what is said of a whole LIN is said of what was
// not rejected in it order by order.
func (o *order) execute(whole bool) {
	o.undecided = false
	switch {
	case o.disputed:
	case o.end == "":
		o.end = endExecuted
	case o.end == endRejected && (!whole || o.whole):
		o.disputed = true
	}
}

// comeBack takes note of money that came back. It was debited, so that it is as good as executed; of a rejected order it
// contradicts.
func (o *order) comeBack(p part) {
	o.undecided = false
	if o.end == endRejected {
		o.disputed = true
	}
	o.returns++
	o.back += p.oere
	o.fee += p.fee
	if o.disputed {
		return
	}
	// All of an order abroad is back where that is little more or less than it was, whatever the rate made of it.
	o.undisputedBack += p.oere + p.fee
	if by := o.oere - o.undisputedBack; p.abroad && max(by, -by) <= o.oere/mostExchanged {
		o.rateTook = by
	}
}

// mostExchanged is the part of an order abroad by which a rate may make it another amount: a twentieth.
const mostExchanged = 20

// hasComeBack reports whether any of an order's money has.
func (o *order) hasComeBack() bool { return o.back > 0 }

// isRejected reports whether the bank refused the order, alone or with its line, message or interchange.
func (o *order) isRejected() bool {
	if o.settled != "" {
		return o.settled == endRejected
	}
	return o.end == endRejected && !o.disputed
}

// isDisputed reports whether the bank has contradicted itself about the order, and nobody has asked it since.
func (o *order) isDisputed() bool { return o.disputed && o.settled == "" }

// isExecuted asks for the bank's word, or takes its silence after an acknowledgement where the bank never says more and
// has said nothing that may concern the order and cannot be decided.
func (w *witness) isExecuted(o *order) bool {
	switch {
	case o.settled != "":
		return o.settled == endExecuted
	case o.disputed || o.end == endRejected:
		return false
	case o.end == endExecuted || o.hasComeBack():
		return true
	}
	return w.profiles[o.bank].Executed == "none" && o.message.in.acknowledged && !w.isUndecided(o)
}

// isUndecided reports whether the bank has said something that may concern the order and cannot be decided, and nothing
// since that ends it.
func (w *witness) isUndecided(o *order) bool {
	return o.settled == "" && o.end == "" && !o.disputed && !o.hasComeBack() && (o.undecided || w.banks[o.bank].UndecidedStatements > 0)
}
