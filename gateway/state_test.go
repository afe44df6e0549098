package gateway_test

import (
	"slices"
	"testing"

	"nks/gateway"
)

// Every value of a fact; the first means that it is not there.
var (
	events       = []gateway.EventKind{"", gateway.EventRejected, gateway.EventReturned, gateway.EventBankRejected, gateway.EventExecuted}
	groups       = []gateway.GroupState{"", gateway.GroupUnchecked, gateway.GroupRejected, gateway.GroupWaiting, gateway.GroupReleased}
	orders       = []gateway.PaymentType{0, gateway.Transfer, gateway.PaymentSlip, gateway.ForeignOrder, gateway.Cheque}
	lines        = []gateway.LineState{"", gateway.LineFrozen, gateway.LineWithBank, gateway.LineAccepted, gateway.LineExecuted, gateway.LineRejected}
	interchanges = []gateway.InterchangeState{"", gateway.InterchangeFrozen, gateway.InterchangeRendered, gateway.InterchangeSending,
		gateway.InterchangePublishing, gateway.InterchangeSent, gateway.InterchangeIsUnknown, gateway.InterchangeVoid}
)

// allFacts are all combinations.
func allFacts() (all []gateway.PaymentFacts) {
	for _, early := range events {
		for _, group := range groups {
			for _, order := range orders {
				for _, event := range events {
					for _, line := range lines {
						for _, interchange := range interchanges {
							all = append(all, gateway.PaymentFacts{Early: early, Group: group, Order: order, Event: event, Line: line, Interchange: interchange})
						}
					}
				}
			}
		}
	}
	return all
}

// stateRow is a row of the table in docs/architecture.md: the facts that it allows. A fact that it does not name may not be
// there; anything names every value but the first.
type stateRow struct {
	state       gateway.PaymentState
	early       []gateway.EventKind
	group       []gateway.GroupState
	order       []gateway.PaymentType
	event       []gateway.EventKind
	line        []gateway.LineState
	interchange []gateway.InterchangeState
}

// stateTable is the table in docs/architecture.md, each row by all that it allows: no two of them meet.
func stateTable() []stateRow {
	released := []gateway.GroupState{gateway.GroupReleased}
	none := []gateway.EventKind{""}
	paid := []gateway.PaymentType{gateway.Transfer, gateway.PaymentSlip, gateway.ForeignOrder}
	cheque := []gateway.PaymentType{gateway.Cheque}
	anywhere, anyLine := interchanges[1:], lines[1:]
	executed, refused := []gateway.EventKind{gateway.EventExecuted}, []gateway.EventKind{gateway.EventBankRejected}
	return []stateRow{
		{state: gateway.PaymentRejected, early: []gateway.EventKind{gateway.EventRejected}, group: groups},
		{state: gateway.PaymentReturned, early: []gateway.EventKind{gateway.EventReturned}, group: groups},
		{state: gateway.PaymentUnread, group: []gateway.GroupState{gateway.GroupUnchecked}},
		{state: gateway.PaymentWaiting, group: []gateway.GroupState{gateway.GroupWaiting}},
		{gateway.PaymentReturned, none, released, orders[1:], refused, anyLine, anywhere},
		{gateway.PaymentReturned, none, released, orders[1:], none, []gateway.LineState{gateway.LineRejected}, anywhere},
		{gateway.PaymentExecuted, none, released, paid, executed, anyLine, anywhere},
		{gateway.PaymentExecuted, none, released, paid, none, []gateway.LineState{gateway.LineExecuted}, anywhere},
		{gateway.PaymentCheque, none, released, cheque, executed, anyLine, anywhere},
		{gateway.PaymentCheque, none, released, cheque, none, []gateway.LineState{gateway.LineExecuted}, anywhere},
		{gateway.PaymentUnknown, none, released, orders[1:], none, []gateway.LineState{gateway.LineFrozen, gateway.LineWithBank, gateway.LineAccepted},
			[]gateway.InterchangeState{gateway.InterchangeIsUnknown}},
		{gateway.PaymentWithBank, none, released, orders[1:], none, []gateway.LineState{gateway.LineWithBank, gateway.LineAccepted},
			[]gateway.InterchangeState{gateway.InterchangeSent}},
		{gateway.PaymentFrozen, none, released, orders[1:], none, []gateway.LineState{gateway.LineFrozen},
			[]gateway.InterchangeState{gateway.InterchangeFrozen, gateway.InterchangeRendered, gateway.InterchangeSending, gateway.InterchangePublishing}},
	}
}

func allows[T comparable](allowed []T, v T) bool {
	var none T
	if allowed == nil {
		return v == none
	}
	return slices.Contains(allowed, v)
}

func (r stateRow) allows(f gateway.PaymentFacts) bool {
	return allows(r.early, f.Early) && allows(r.group, f.Group) && allows(r.order, f.Order) && allows(r.event, f.Event) &&
		allows(r.line, f.Line) && allows(r.interchange, f.Interchange)
}

// TestStateOf asks for the state of every combination of facts: what no row of the table allows is missing.
func TestStateOf(t *testing.T) {
	t.Parallel()
	table := stateTable()
	met := make([]int, len(table))
	for _, f := range allFacts() {
		want := gateway.PaymentMissing
		for i, row := range table {
			if !row.allows(f) {
				continue
			}
			if want != gateway.PaymentMissing {
				t.Fatalf("%+v: two rows allow it", f)
			}
			want = row.state
			met[i]++
		}
		if got := gateway.StateOf(f); got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
	for i, n := range met {
		if n == 0 {
			t.Errorf("row %d allows nothing", i)
		}
	}
}

// TestStateOf_UnknownIsNeverSuccess: facts of which the code knows nothing explain nothing.
func TestStateOf_UnknownIsNeverSuccess(t *testing.T) {
	t.Parallel()
	sound := gateway.PaymentFacts{Group: gateway.GroupReleased, Order: gateway.Transfer, Line: gateway.LineWithBank, Interchange: gateway.InterchangeSent}
	for name, change := range map[string]func(*gateway.PaymentFacts){
		"early event": func(f *gateway.PaymentFacts) { f.Early = "new" },
		"group":       func(f *gateway.PaymentFacts) { f.Group = "new" },
		"order":       func(f *gateway.PaymentFacts) { f.Order = 5 },
		"event":       func(f *gateway.PaymentFacts) { f.Event = "new" },
		"line":        func(f *gateway.PaymentFacts) { f.Line = "new" },
		"interchange": func(f *gateway.PaymentFacts) { f.Interchange = "new" },
	} {
		f := sound
		change(&f)
		if got := gateway.StateOf(f); got != gateway.PaymentMissing {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := gateway.StateOf(gateway.PaymentFacts{Early: "new", Group: gateway.GroupWaiting}); got != gateway.PaymentMissing {
		t.Errorf("early event without an order: %s", got)
	}
	if got := gateway.StateOf(gateway.PaymentFacts{}); got != gateway.PaymentMissing {
		t.Errorf("nothing at all: %s", got)
	}
}
