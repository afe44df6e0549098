package flowtest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/reconciliation"
	"nks/reconciliation/ledger"
)

// paidAbroad is a world in which a bank was debited 200,03 for 26,81 EUR, for each of so many orders of 200,00; it gives their references.
func paidAbroad(t *testing.T, n int, with ...func(*options)) (w *world, refs []string) {
	w = newWorld(t, with...)
	var payments []intaketest.Payment
	for i := range n {
		payments = append(payments, intaketest.Payment{EndToEndID: fmt.Sprint("A", i), Amount: 200_000, AccountKind: "IBAN", Account: abroadAccount, BIC: "AAAACHZZXXX", Complete: true,
			TransferCurrency: "EUR"})
	}
	w.receive(bundle("G-1", payments...))
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.says("BEC", contrl("BEC", 1, "7"), bansta(w.lastMessage("BEC"), line(1, "4", "")))
	head, parts := w.row(`SELECT head FROM bank_reference`), ""
	for i := range n {
		refs = append(refs, fmt.Sprint(head, "A", i))
		parts += "SEQ++1'FII+OR+" + abroadAccount + "+AAAACHZZXXX:25:5'RFF+CR:" + refs[i] + "'MOA+60:200,03:DKK'MOA+98:26,81:EUR'CUX+2:DKK+3:EUR+7,461'"
	}
	w.says("BEC", debmul(booking{account: debit1, ref: "D1"}.debited(int64(n)*20003, fmt.Sprintf("%014d-1-1", w.lastNumber("BEC")))+parts))
	w.want("debited", w.exceptions(), "")
	return w, refs
}

// rated is what a bank says of a return from abroad: øre, of them kept, cents, and the rate.
func rated(ref string, ore, kept, cents int64, currency, rate string) string {
	s := "SEQ++1'FII+OR+" + abroadAccount + "+AAAACHZZXXX:25:5'"
	if ref != "" {
		s += "RFF+CR:" + ref + "'"
	}
	s += "MOA+60:" + kroner(ore) + ":DKK'"
	if cents > 0 {
		s += "MOA+98:" + kroner(cents) + ":" + currency + "'"
	}
	if rate != "" {
		s += "CUX+2:DKK+3:" + currency + "+" + rate + "'"
	}
	if s += "GIS+2'FTX+AAO+++K0530:Konto lukket'"; kept > 0 {
		s += "FCA+13'MOA+23:" + kroner(kept) + ":DKK'"
	}
	return s
}

// TestAbroad_Returns: an order abroad of which all has come back at another rate has come back as a whole, for the kroner that came back; what
// neither a rate nor little explains is a part of it, or a contradiction.
func TestAbroad_Returns(t *testing.T) {
	t.Parallel()
	w, refs := paidAbroad(t, 32)
	n := -1
	type back struct {
		ore, kept, cents int64
		currency, rate   string
	}
	for _, c := range []struct {
		name    string
		parts   []back
		matches string // øre, kept, exchange
		book    string // of the accounts after returns
		raised  string
	}{
		{"at a worse rate", []back{{19800, 0, 2681, "EUR", "7,3853"}}, "19800 0 -200", "return 19800; exchange 200", ""},
		{"at a better rate", []back{{20300, 0, 2681, "EUR", "7,5718"}}, "20300 0 300", "return 20300; exchange -300", ""},
		{"less what the bank kept", []back{{17300, 2500, 2681, "EUR", "7,3853"}}, "17300 2500 -200", "return 17300; fees 2500; exchange 200", ""},
		{"little less, without a rate", []back{{19100, 0, 2600, "EUR", ""}}, "19100 0 -900", "return 19100; exchange 900", ""},
		{"much less, as the rate says", []back{{17000, 0, 2681, "EUR", "6,3409"}}, "17000 0 -3000", "return 17000; exchange 3000", ""},
		{"much more, as the rate says", []back{{25000, 0, 2681, "EUR", "9,32"}}, "25000 0 5000", "return 25000; exchange -5000", ""},
		{"much less, without a rate", []back{{17000, 0, 2681, "EUR", ""}}, "17000 0 0", "return 17000; rest 3000", ""},
		{"much less, by another rate", []back{{17000, 0, 2681, "EUR", "6,35"}}, "17000 0 0", "return 17000; rest 3000", ""},
		{"much less of the other currency", []back{{17000, 0, 2300, "EUR", "7,3913"}}, "17000 0 0", "return 17000; rest 3000", ""},
		{"in a currency that was not ordered", []back{{19800, 0, 3000, "USD", "6,6"}}, "19800 0 0", "return 19800; rest 200", ""},
		{"in kroner alone", []back{{19800, 0, 0, "", ""}}, "19800 0 0", "return 19800; rest 200", ""},
		{"more, in kroner alone", []back{{20001, 0, 0, "", ""}}, "", "", "bank names another amount; posting not matched"},
		{"too much", []back{{21001, 0, 2681, "EUR", ""}}, "", "", "bank names another amount; posting not matched"},
		{"in two parts", []back{{10000, 0, 1340, "EUR", "7,4627"}, {9800, 0, 1341, "EUR", "7,308"}}, "10000 0 0; 9800 0 -200", "return 19800; exchange 200", ""},
		{"in two parts, as the rate says", []back{{9000, 0, 1340, "EUR", "6,7164"}, {9000, 0, 1341, "EUR", "6,7114"}}, "9000 0 0; 9000 0 -2000", "return 18000; exchange 2000", ""},
		{"and then what was thought exchange", []back{{19600, 0, 2627, "EUR", ""}, {400, 0, 54, "EUR", ""}}, "19600 0 -400; 400 0 400", "return 20000", ""},
		{"twice", []back{{19800, 0, 2681, "EUR", "7,3853"}, {19801, 0, 2681, "EUR", "7,3857"}}, "19800 0 -200", "", "bank names another amount; posting not matched"},
		{"and then something in kroner alone", []back{{19800, 0, 2681, "EUR", "7,3853"}, {200, 0, 0, "", ""}}, "19800 0 -200", "", "bank names another amount; posting not matched"},
	} {
		for _, together := range []bool{false, true}[:min(2, len(c.parts))] {
			n++
			t.Run(fmt.Sprint(c.name, " together: ", together), func(t *testing.T) {
				w.t = t
				last, before := w.number(`SELECT coalesce(max(id), 0) FROM exception`), w.standing()
				sum, all := int64(0), ""
				for i, b := range c.parts {
					part := rated(refs[n], b.ore, b.kept, b.cents, b.currency, b.rate)
					if sum, all = sum+b.ore, all+part; !together {
						w.says("BEC", cremul(booking{account: debit1, ref: fmt.Sprint("R", n, "-", i)}.credited(b.ore, part)))
					}
				}
				if together {
					w.says("BEC", cremul(booking{account: debit1, ref: fmt.Sprint("R", n)}.credited(sum, all)))
				}
				w.want("matches", w.row(`SELECT m.ore, m.charge_ore, m.exchange_ore FROM posting_match m JOIN payment p ON p.id = m.payment_id WHERE p.e2e = $1 ORDER BY m.posting_id, m.part`,
					fmt.Sprint("A", n)), c.matches)
				w.want("raised", w.row(`SELECT kind FROM exception WHERE id > $1 ORDER BY id`, last), c.raised)
				if c.book != "" {
					w.want("book", moved(before, w.standing()), c.book)
				}
			})
		}
	}
	w.t = t
	w.settle()
	w.holds()
	w.booksHold()
}

// afterReturns are the accounts of what came back.
func afterReturns() []ledger.Account {
	return slices.DeleteFunc(ledger.Accounts(), func(a ledger.Account) bool { return !a.AfterReturn() })
}

// standing is what the accounts of the book stand at.
func (w *world) standing() map[ledger.Account]int64 {
	w.t.Helper()
	b, err := reconciliation.BookOfDay(w.t.Context(), w.db, gateway.DateOf(w.time()), w.Base.Location)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[ledger.Account]int64{}
	for _, e := range b.Balances() {
		all[e.Account] += e.Closing()
	}
	return all
}

// moved is what the accounts of what came back have got since.
func moved(before, now map[ledger.Account]int64) string {
	var all []string
	for _, a := range afterReturns() {
		if by := now[a] - before[a]; by != 0 {
			all = append(all, fmt.Sprintf("%s %d", a, by))
		}
	}
	return strings.Join(all, "; ")
}

// TestAbroad_OrderedAnew: what came back is ordered anew for as much, also where that is more than the payment was, and what comes back of the
// first order later is booked for that one.
func TestAbroad_OrderedAnew(t *testing.T) {
	t.Parallel()
	w, refs := paidAbroad(t, 2, chooses(",came_back,error_account "+errorAccount))
	w.says("BEC", cremul(booking{account: debit1, ref: "R1"}.credited(40000, rated(refs[0], 20300, 0, 2681, "EUR", "7,5718"), rated(refs[1], 19700, 0, 2640, "EUR", ""))))
	w.settle()
	w.dispatch()
	w.accepts("BEC")
	w.want("ordered", w.row(`SELECT attempt, ore, state FROM obligation ORDER BY ore`), "2 19700 ordered; 2 20300 ordered")
	w.want("the line", w.row(`SELECT payments, ore, payment_ore, line_due(interchange_id, message_no, lin) FROM order_line WHERE attempt = 2`), "2 40000 40000 40000")
	w.says("BEC", bansta(w.lastMessage("BEC"), status(1, 1, "2", "Nej"), status(1, 2, "4", "")))
	w.want("what is left of the line", w.row(`SELECT l.ore - o.ore = line_due(l.interchange_id, l.message_no, l.lin) FROM order_line l JOIN bank_order o USING (interchange_id, message_no, lin)
		WHERE o.attempt = 2 AND o.seq = 1`), "true")
	w.want("book", moved(nil, w.standing()), "error "+w.row(`SELECT ore FROM bank_order WHERE attempt = 2 AND seq = 2`))
	w.says("BEC", cremul(booking{account: debit1, ref: "R2"}.credited(100, rated(refs[1], 100, 0, 14, "EUR", ""))))
	w.want("later", w.row(`SELECT attempt, kind, ore FROM fact WHERE scope = 'order' ORDER BY n`), "1 came_back 100; 1 settled_to_sender 100")
	w.want("exchange", w.row(`SELECT ore, exchange_ore FROM posting_match WHERE payment_id IS NOT NULL ORDER BY posting_id, part`), "20300 300; 19700 -300; 100 100")
	w.want("raised", w.exceptions(), "")
	w.holds()
	w.booksHold()
}

// TestAbroad_MatchedByPersons: what persons say came back of an order abroad has its exchange, too.
func TestAbroad_MatchedByPersons(t *testing.T) {
	t.Parallel()
	w, _ := paidAbroad(t, 2)
	decide := func(n int, ore int64) (act.Decided, error) {
		w.says("BEC", cremul(booking{account: debit1, ref: fmt.Sprint("R", n)}.credited(ore, rated("", ore, 0, 2681, "EUR", ""))))
		return w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindMatch, By: "Ann", Why: "the bank told us", Content: map[string]string{
			"posting": fmt.Sprint(w.number(`SELECT max(id) FROM posting`)), "part": "1", "payment": fmt.Sprint(w.id(fmt.Sprint("A", n)))}})
	}
	asked, err := decide(0, 20300)
	if err != nil {
		t.Fatal(err)
	}
	w.approves(asked.ID, "Bob")
	w.want("matched", w.row(`SELECT ore, exchange_ore, rule FROM posting_match WHERE payment_id IS NOT NULL`), "20300 300 persons")
	w.want("nobody is asked any more", w.exceptions(), "")
	if _, err := decide(1, 21001); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("too much: %v", err)
	}
	w.holds()
	w.booksHold()
}
