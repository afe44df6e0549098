package ledger_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
	"nks/reconciliation/ledger"
)

var update = flag.Bool("update", false, "write what is made from the table")

// factsOf are the kinds of facts that news becomes when it takes. News that is no fact has none.
func factsOf(n gateway.News) []gateway.FactKind {
	switch n {
	case gateway.NewsRejected:
		return []gateway.FactKind{gateway.FactRejected}
	case gateway.NewsNotPayable:
		return []gateway.FactKind{gateway.FactNotPayable}
	case gateway.NewsStopped:
		return []gateway.FactKind{gateway.FactStopped}
	case gateway.NewsStopUndone:
		return []gateway.FactKind{gateway.FactStopUndone}
	case gateway.NewsHeld:
		return []gateway.FactKind{gateway.FactHeld}
	case gateway.NewsFreed:
		return []gateway.FactKind{gateway.FactFreed}
	case gateway.NewsPaidBack:
		return []gateway.FactKind{gateway.FactToSender, gateway.FactByCheque, gateway.FactToErrorAccount, gateway.FactByHand, gateway.FactGivenUp}
	case gateway.NewsAccepted, gateway.NewsAcceptedAfter:
		return nil
	}
	kind, _ := n.Carries()
	return []gateway.FactKind{kind}
}

// eventsOf are the events that a cell of the table of what may follow becomes.
func eventsOf(c gateway.FollowCell) (all []ledger.Event) {
	switch {
	case c.Effect == gateway.Disputes:
		return []ledger.Event{ledger.Of(gateway.FactDisputed)}
	case c.Effect != gateway.Takes:
		return nil
	case c.News == gateway.NewsOrdered:
		return []ledger.Event{ledger.Ordered}
	}
	for _, k := range factsOf(c.News) {
		all = append(all, ledger.Of(k))
	}
	return all
}

// TestTable_KnowsWhatMayFollow: whatever may follow by the table of what may follow can be booked, and every cell is filled.
func TestTable_KnowsWhatMayFollow(t *testing.T) {
	t.Parallel()
	if got, want := len(ledger.Table()), len(ledger.Events())*len(gateway.Positions()); got != want {
		t.Errorf("the table has %d cells, of %d kinds of events and positions: FactVoid of lines included, and none twice", got, want)
	}
	seen := map[string]ledger.Cell{}
	for _, c := range ledger.Table() {
		key := fmt.Sprint(c.Event, c.Position)
		if _, twice := seen[key]; twice {
			t.Errorf("%s at %s stands there twice", c.Event, c.Position)
		}
		if seen[key] = c; c.Can() && c.From == "" {
			t.Errorf("%s at %s takes from nowhere", c.Event, c.Position)
		}
	}
	for _, c := range gateway.FollowTable() {
		for _, e := range eventsOf(c) {
			if !seen[fmt.Sprint(e, c.Position)].Can() {
				t.Errorf("%s may follow at %s (%s), and %s cannot be booked there", c.News, c.Position, c.Scope, e)
			}
		}
	}
}

// TestEnter_RefusesWhatCannotBe: what the table does not have is not entered.
func TestEnter_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, m := range []ledger.Movement{
		{Event: ledger.Of(gateway.FactRejected), Was: gateway.AtExecuted, Stood: 1},
		{Event: ledger.Of(gateway.FactExecuted), Was: gateway.AtMissing, Stood: 1},
		{Event: "another", Was: gateway.AtWaiting, Stood: 1},
		{Event: ledger.Ordered, Was: "", Stood: 1},
	} {
		if got, err := ledger.Enter(m); !errors.Is(err, ledger.ErrCannotBe) {
			t.Errorf("%+v: %+v, %v", m, got, err)
		}
	}
}

// history is one payment as the flow may move it.
type history struct {
	ore, order int64 // of itself, and of its last order
	at         gateway.Position
	orderType  gateway.PaymentType
	back, rest int64 // of its order: lies on the return account; may still come back
}

// step moves the payment by one cell, and says how it is booked.
func (h *history) step(t *rapid.T, c gateway.FollowCell, e ledger.Event) ledger.Movement {
	m := ledger.Movement{Event: e, Was: h.at, Order: h.orderType, Payments: 1, Stood: h.order, Moved: h.order}
	switch kind := gateway.FactKind(e); {
	case e == ledger.Ordered:
		h.orderType = rapid.SampledFrom([]gateway.PaymentType{gateway.Transfer, gateway.ForeignOrder, gateway.Cheque, gateway.Salary, gateway.ErrorOrder}).Draw(t, "type")
		if h.at == gateway.AtCameBack || h.at == gateway.AtSettled {
			h.order = max(h.back, 1)
			h.back = 0
		}
		m.Stood, m.Moved, m.Order = h.order, h.order, 0
		h.at, h.rest = gateway.AtFrozen, 0
	case kind == gateway.FactCameBack:
		left := h.order
		if h.at == gateway.AtCameBack || h.at == gateway.AtSettled {
			left = h.rest
		}
		m.Moved = rapid.Int64Range(0, left).Draw(t, "came back")
		m.Kept = rapid.Int64Range(0, left-m.Moved).Draw(t, "kept")
		if m.Moved+m.Kept > 0 && rapid.Bool().Draw(t, "at another rate") {
			m.Exchange = m.Moved + m.Kept - left
			gained := rapid.Int64Range(0, 20).Draw(t, "more")
			m.Moved, m.Exchange = m.Moved+gained, m.Exchange+gained
		}
		h.back, h.rest, h.at = h.back+m.Moved, left-m.Moved-m.Kept+m.Exchange, gateway.AtCameBack
	case c.News == gateway.NewsPaidBack:
		m.Moved, h.back, h.at = h.back, 0, gateway.AtSettled
	default:
		h.at = becomes(kind, c.News)
	}
	return m
}

// becomes is where a payment stands after a fact.
func becomes(kind gateway.FactKind, n gateway.News) gateway.Position {
	switch kind {
	case gateway.FactRejected:
		return gateway.AtRejected
	case gateway.FactStopped:
		return gateway.AtStopped
	case gateway.FactStopUndone, gateway.FactFreed:
		return gateway.AtWaiting
	case gateway.FactHeld:
		return gateway.AtHeld
	case gateway.FactNotPayable:
		return gateway.AtNotPayable
	case gateway.FactBankRejected:
		return gateway.AtBankRejected
	case gateway.FactExecuted:
		if n == gateway.NewsAssumed {
			return gateway.AtAssumed
		}
		return gateway.AtExecuted
	case gateway.FactDisputed:
		return gateway.AtDisputed
	case gateway.FactDisputeSettled:
		return gateway.AtBank
	}
	return gateway.AtVoid
}

// TestBook_IsWhereThePaymentsAre: whatever follows, in whatever order, every transaction adds up to 0, and the accounts stand at what the
// states of the payments say.
func TestBook_IsWhereThePaymentsAre(t *testing.T) {
	t.Parallel()
	key := ledger.Key{Authority: "77", Agreement: "A", Currency: ledger.DKK}
	rapid.Check(t, func(t *rapid.T) {
		book := ledger.NewBook(nil)
		var states []ledger.State
		for range rapid.IntRange(1, 5).Draw(t, "payments") {
			ore := rapid.Int64Range(2, 100_000).Draw(t, "øre")
			h := &history{ore: ore, order: ore, at: gateway.AtUnread}
			add(t, book, key, ledger.Movement{Event: ledger.Received, Was: gateway.AtUnread, Stood: ore, Moved: ore})
			for range rapid.IntRange(0, 25).Draw(t, "steps") {
				h.move(t, book, key)
			}
			states = append(states, ledger.State{Key: key, State: h.at.State(h.orderType), Payments: 1, Ore: h.ore, OrderOre: h.order})
		}
		if d := ledger.Compare(book.Balances(), states); len(d) != 0 {
			t.Fatalf("%+v", d)
		}
		closing := book.Balances()
		if again := ledger.NewBook(closing).Balances(); fmt.Sprint(sums(again)) != fmt.Sprint(sums(closing)) {
			t.Fatalf("the next day opens with %v, not %v", sums(again), sums(closing))
		}
		states[0].Ore++
		if len(ledger.Compare(book.Balances(), states)) == 0 {
			t.Fatal("an øre more in the states is no difference")
		}
	})
}

func sums(balances []ledger.Balance) map[ledger.Account]int64 {
	all := map[ledger.Account]int64{}
	for _, b := range balances {
		if b.Closing() != 0 {
			all[b.Account] += b.Closing()
		}
	}
	return all
}

// move has one of the things follow that may.
func (h *history) move(t *rapid.T, book *ledger.Book, key ledger.Key) {
	switch h.at { // what is no fact
	case gateway.AtUnread:
		if rapid.Bool().Draw(t, "checked") {
			h.at = gateway.AtWaiting
			return
		}
	case gateway.AtFrozen:
		if rapid.Bool().Draw(t, "sent") {
			h.at = rapid.SampledFrom([]gateway.Position{gateway.AtUnsure, gateway.AtBank, gateway.AtAccepted}).Draw(t, "at the bank")
			return
		}
	}
	type choice struct {
		cell  gateway.FollowCell
		event ledger.Event
	}
	var may []choice
	for _, c := range gateway.FollowTable() {
		if c.Position == h.at {
			for _, e := range eventsOf(c) {
				// Nothing is ordered or settled of what has no money on the return account.
				if back := h.at == gateway.AtCameBack || h.at == gateway.AtSettled; back && e == ledger.Ordered && h.back == 0 {
					continue
				}
				may = append(may, choice{c, e})
			}
		}
	}
	if len(may) == 0 {
		return
	}
	c := rapid.SampledFrom(may).Draw(t, "follows")
	add(t, book, key, h.step(t, c.cell, c.event))
}

func add(t *rapid.T, book *ledger.Book, key ledger.Key, m ledger.Movement) {
	m.Key = key
	if err := book.Add(m); err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	last := book.Transactions[len(book.Transactions)-1]
	for _, l := range last.Legs {
		sum += l.Ore
	}
	if sum != 0 {
		t.Fatalf("%+v adds up to %d", last, sum)
	}
}

// TestTable_IsWritten: the table in the documentation is made from Table.
func TestTable_IsWritten(t *testing.T) {
	t.Parallel()
	const path, from, to = "../../docs/ledger.md", "<!-- what events move: made by go test ./reconciliation/ledger -update -->\n", "<!-- end of what events move -->"
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(all), from)
	got, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%s has no mark %q", path, from)
	}
	want := table()
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table says: go test ./reconciliation/ledger -update", path)
	}
	if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// table is the table as the documentation has it: a row for each event and pair of accounts, with the positions.
func table() string {
	var s strings.Builder
	s.WriteString("| event | of what stood | from | to |\n| --- | --- | --- | --- |\n")
	for _, e := range ledger.Events() {
		var order [][2]ledger.Account
		at := map[[2]ledger.Account][]string{}
		for _, c := range ledger.Table() {
			switch pair := [2]ledger.Account{c.From, c.To}; {
			case c.Event != e:
			case !c.Can():
			default:
				if at[pair] == nil {
					order = append(order, pair)
				}
				at[pair] = append(at[pair], string(c.Position))
			}
		}
		for _, pair := range order {
			to := string(pair[1])
			if pair[0] == pair[1] {
				to = "nothing moves"
			}
			fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", e, strings.Join(at[pair], ", "), pair[0], to)
		}
	}
	return strings.ReplaceAll(s.String(), "_", " ")
}
