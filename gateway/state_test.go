package gateway_test

import (
	"slices"
	"testing"

	"nks/gateway"
)

// Every value of a fact; the first means that it is not there.
var (
	lasts        = append([]gateway.FactKind{""}, gateway.FactKinds()...)
	groups       = []gateway.GroupState{"", gateway.GroupUnchecked, gateway.GroupRejected, gateway.GroupWaiting, gateway.GroupReleased}
	orders       = []gateway.PaymentType{0, gateway.Transfer, gateway.PaymentSlip, gateway.ForeignOrder, gateway.Cheque, gateway.Salary, gateway.ErrorOrder}
	lines        = []gateway.LineState{"", gateway.LineFrozen, gateway.LineWithBank, gateway.LineAccepted, gateway.LineAssumed, gateway.LineExecuted, gateway.LineRejected, gateway.LineDisputed, gateway.LineVoid}
	interchanges = []gateway.InterchangeState{"", gateway.InterchangeFrozen, gateway.InterchangeRendered, gateway.InterchangeSending,
		gateway.InterchangePublishing, gateway.InterchangeSent, gateway.InterchangeIsUnknown, gateway.InterchangeVoid}
)

// allFacts are all combinations.
func allFacts() (all []gateway.PaymentFacts) {
	for _, last := range lasts {
		for _, group := range groups {
			for _, order := range orders {
				for _, line := range lines {
					for _, interchange := range interchanges {
						all = append(all, gateway.PaymentFacts{Last: last, Group: group, Order: order, Line: line, Interchange: interchange})
					}
				}
			}
		}
	}
	return all
}

// positionRow is a row of the table in docs/architecture.md: the facts that it allows. A fact that it does not name may not be
// there.
type positionRow struct {
	at          gateway.Position
	last        []gateway.FactKind
	group       []gateway.GroupState
	order       []gateway.PaymentType
	line        []gateway.LineState
	interchange []gateway.InterchangeState
}

// positionTable is the table in docs/architecture.md, each row by all that it allows: no two of them meet.
func positionTable() []positionRow {
	type (
		f = []gateway.FactKind
		g = []gateway.GroupState
		l = []gateway.LineState
		i = []gateway.InterchangeState
	)
	released, waiting, anyOrder, anyLine, anywhere := g{gateway.GroupReleased}, g{gateway.GroupWaiting}, orders[1:], lines[1:], interchanges[1:]
	open := f{"", gateway.FactFreed, gateway.FactStopUndone}
	byLine := append(f{gateway.FactDisputeSettled}, open...)
	alone := l{gateway.LineRejected, gateway.LineExecuted, gateway.LineDisputed}
	settled := f{gateway.FactToSender, gateway.FactByCheque, gateway.FactToErrorAccount, gateway.FactByHand, gateway.FactGivenUp}
	sent, unsent := i{gateway.InterchangeSent}, i{gateway.InterchangeFrozen, gateway.InterchangeRendered, gateway.InterchangeSending, gateway.InterchangePublishing}
	moving := l{gateway.LineFrozen, gateway.LineWithBank, gateway.LineAccepted}
	return []positionRow{
		{at: gateway.AtRejected, last: f{gateway.FactRejected}, group: groups},
		{at: gateway.AtStopped, last: f{gateway.FactStopped}, group: groups},
		{at: gateway.AtNotPayable, last: f{gateway.FactNotPayable}, group: groups},
		{at: gateway.AtHeld, last: f{gateway.FactHeld}, group: waiting},
		{at: gateway.AtUnread, last: open, group: g{gateway.GroupUnchecked}},
		{at: gateway.AtWaiting, last: open, group: waiting},
		{at: gateway.AtWaiting, last: f{gateway.FactAwaitsAccount}, group: released},
		{gateway.AtBankRejected, f{gateway.FactBankRejected}, released, anyOrder, anyLine, anywhere},
		{gateway.AtExecuted, f{gateway.FactExecuted}, released, anyOrder, anyLine, anywhere},
		{gateway.AtCameBack, f{gateway.FactCameBack}, released, anyOrder, anyLine, anywhere},
		{gateway.AtSettled, settled, released, anyOrder, anyLine, anywhere},
		{gateway.AtDisputed, f{gateway.FactDisputed}, released, anyOrder, anyLine, anywhere},
		{gateway.AtBankRejected, open, released, anyOrder, l{gateway.LineRejected}, anywhere},
		{gateway.AtExecuted, open, released, anyOrder, l{gateway.LineExecuted}, anywhere},
		{gateway.AtAssumed, byLine, released, anyOrder, l{gateway.LineAssumed}, anywhere},
		{gateway.AtDisputed, open, released, anyOrder, l{gateway.LineDisputed}, anywhere},
		{gateway.AtBank, f{gateway.FactDisputeSettled}, released, anyOrder, alone, anywhere},
		{gateway.AtVoid, byLine, released, anyOrder, l{gateway.LineVoid}, anywhere},
		{gateway.AtUnsure, byLine, released, anyOrder, moving, i{gateway.InterchangeIsUnknown}},
		{gateway.AtBank, byLine, released, anyOrder, l{gateway.LineWithBank}, sent},
		{gateway.AtAccepted, byLine, released, anyOrder, l{gateway.LineAccepted}, sent},
		{gateway.AtFrozen, byLine, released, anyOrder, l{gateway.LineFrozen}, unsent},
	}
}

func allows[T comparable](allowed []T, v T) bool {
	var none T
	if allowed == nil {
		return v == none
	}
	return slices.Contains(allowed, v)
}

func (r positionRow) allows(f gateway.PaymentFacts) bool {
	return allows(r.last, f.Last) && allows(r.group, f.Group) && allows(r.order, f.Order) && allows(r.line, f.Line) && allows(r.interchange, f.Interchange)
}

// TestPositionOf holds PositionOf to the table over every combination of facts: what no row allows is missing.
func TestPositionOf(t *testing.T) {
	t.Parallel()
	table := positionTable()
	met := make([]int, len(table))
	for _, f := range allFacts() {
		want := gateway.AtMissing
		for i, row := range table {
			if !row.allows(f) {
				continue
			}
			if want != gateway.AtMissing {
				t.Fatalf("%+v: two rows allow it", f)
			}
			want = row.at
			met[i]++
		}
		if got := gateway.PositionOf(f); got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
	for i, n := range met {
		if n == 0 {
			t.Errorf("row %d allows nothing", i)
		}
	}
}

// TestStateOf: every position is a state of the ledger, and every state is one of a position.
func TestStateOf(t *testing.T) {
	t.Parallel()
	met := map[gateway.PaymentState]bool{}
	for _, at := range gateway.Positions() {
		for _, order := range orders {
			met[at.State(order)] = true
		}
	}
	for _, s := range gateway.PaymentStates() {
		if !met[s] {
			t.Errorf("no position is %q", s)
		}
		delete(met, s)
	}
	for s := range met {
		t.Errorf("a position is %q, which no ledger has", s)
	}
	for at, want := range map[gateway.Position]gateway.PaymentState{gateway.AtNotPayable: gateway.PaymentReturned, gateway.AtBankRejected: gateway.PaymentReturned,
		gateway.AtUnsure: gateway.PaymentUnknown, gateway.AtAccepted: gateway.PaymentWithBank, gateway.AtAssumed: gateway.PaymentCheque,
		gateway.AtExecuted: gateway.PaymentCheque} {
		if got := at.State(gateway.Cheque); got != want {
			t.Errorf("%s of a cheque is %s, want %s", at, got, want)
		}
	}
}

// TestStateOf_UnknownIsNeverSuccess: facts of which the code knows nothing explain nothing.
func TestStateOf_UnknownIsNeverSuccess(t *testing.T) {
	t.Parallel()
	sound := gateway.PaymentFacts{Group: gateway.GroupReleased, Order: gateway.Transfer, Line: gateway.LineWithBank, Interchange: gateway.InterchangeSent}
	for name, change := range map[string]func(*gateway.PaymentFacts){
		"last fact":   func(f *gateway.PaymentFacts) { f.Last = "new" },
		"group":       func(f *gateway.PaymentFacts) { f.Group = "new" },
		"order":       func(f *gateway.PaymentFacts) { f.Order = gateway.ErrorOrder + 1 },
		"line":        func(f *gateway.PaymentFacts) { f.Line = "new" },
		"interchange": func(f *gateway.PaymentFacts) { f.Interchange = "new" },
	} {
		f := sound
		change(&f)
		if got := gateway.StateOf(f); got != gateway.PaymentMissing {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := gateway.StateOf(gateway.PaymentFacts{Last: "new", Group: gateway.GroupWaiting}); got != gateway.PaymentMissing {
		t.Errorf("a fact without an order: %s", got)
	}
	if got := gateway.StateOf(gateway.PaymentFacts{}); got != gateway.PaymentMissing {
		t.Errorf("nothing at all: %s", got)
	}
}
