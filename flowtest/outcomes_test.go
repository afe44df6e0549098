package flowtest_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/gateway/nksxml"
)

var update = flag.Bool("update", false, "write anew what is made from tables of the tests")

// outcome is how a payment can end, and what its authority gets for it, in this order, each once.
type outcome struct {
	name    string
	answers string
	state   string // of the ledger; "": there is no payment
	// lead brings A to it, in a bundle of A and B, of which B is paid.
	lead func(*ending)
}

// ending is a gateway in which payment A comes to its end.
type ending struct {
	*world
	grouped bool // the bundle's payments share one debit
}

// to is a bundle of A and B under an agreement.
func (e *ending) to(agreement, account string, a intaketest.Payment) intaketest.Document {
	d := bundle("G-1", a, complete("B", 200))
	d.Debits[0].Agreement, d.Debits[0].Account = agreement, account
	if !e.grouped {
		other := d.Debits[0]
		other.Payments = d.Debits[0].Payments[1:]
		d.Debits[0].Payments = d.Debits[0].Payments[:1]
		d.Debits = append(d.Debits, other)
	}
	return d
}

// choosing is a bundle under the agreement that pays by the choice: return at BEC, or cheque at SDC, which sends them.
func (e *ending) choosing(choice gateway.Choice, a intaketest.Payment) intaketest.Document {
	if choice == gateway.SendCheque {
		return e.to("AFT-2", "53010000123456", a)
	}
	return e.to("AFT-1", debit1, a)
}

// without changes something between check and release of a bundle.
func (e *ending) without(d intaketest.Document, change func()) {
	e.t.Helper()
	e.receive(d)
	e.at("2005-08-11 05:30")
	change()
	e.at("2005-08-11 07:30")
	e.release()
	e.dispatch()
}

// bec brings the bundle to BEC, whose CONTRL is its acceptance.
func (e *ending) bec(statuses ...string) {
	e.t.Helper()
	e.paid(e.to("AFT-1", debit1, complete("A", 100)))
	for _, s := range statuses {
		e.says("BEC", s)
		e.newAnswers() // each is told before the next is heard
	}
}

const becMessage = "BEC-00000000000001-0001"

// outcomes is every final outcome of a payment.
func outcomes() []outcome {
	rejectA, executeA := bansta(becMessage, status(1, 1, "2", "Nej")), bansta(becMessage, status(1, 1, "4", ""))
	takes, refuses := contrl("BEC", 1, "7"), contrl("BEC", 1, "4+29")
	interchange := func(e *ending) int64 {
		return e.number(`SELECT id FROM interchange WHERE kind = 'PAYMUL' AND state <> 'void'`)
	}
	all := []outcome{
		{"the document cannot be read", "0 5199", "", func(e *ending) {
			d := e.to("AFT-1", debit1, complete("A", 100))
			d.End = "</NKSPay>"
			e.receive(d)
		}},
		{"the bundle is refused", "1 RJCT 901", "", func(e *ending) {
			d := e.to("AFT-1", debit1, complete("A", 100))
			d.CtrlSum = "1"
			e.receive(d)
		}},
		{"rejected by the check", "1 ACPT; 2 RJCT 0009", "rejected", func(e *ending) { e.receive(e.to("AFT-1", debit1, cpr("A", nobody, 100))) }},
		{"rejected with its debit", "1 ACPT; 2 RJCT 9001", "rejected", func(e *ending) { e.receive(e.to("AFT-0", debit1, complete("A", 100))) }},
		{"stopped before its release", "1 ACPT; 2 ACPT; 5 RJCT", "stopped", func(e *ending) {
			e.without(e.to("AFT-1", debit1, complete("A", 100)), func() { e.stops("A") })
		}},
		{"stopped after its order was made", "1 ACPT; 2 ACPT; 5 RJCT", "stopped", func(e *ending) {
			e.receive(e.to("AFT-1", debit1, complete("A", 100)))
			e.newAnswers()
			e.at(receiveBy)
			e.release()
			e.stops("A")
		}},
		{"stopped, and let go again", "1 ACPT; 2 ACPT; 5 RJCT; 8 ACPT", "with_bank", func(e *ending) {
			e.without(e.to("AFT-1", debit1, complete("A", 100)), func() {
				e.stops("A")
				e.newAnswers()
				e.undoes("A")
			})
			e.says("BEC", takes)
		}},
		{"held, and waiting", "1 ACPT; 2 ACPT", "held", func(e *ending) {
			e.without(e.to("AFT-1", debit1, complete("A", 100)), func() { e.decides("hold", "Ann", e.number(`SELECT id FROM payment WHERE e2e = 'A'`)) })
		}},
		{"accepted by the bank", "1 ACPT; 2 ACPT; 8 ACPT", "with_bank", func(e *ending) { e.bec(takes) }},
		{"accepted, and executed", "1 ACPT; 2 ACPT; 8 ACPT", "executed", func(e *ending) { e.bec(takes, executeA) }},
		{"executed at once", "1 ACPT; 2 ACPT; 8 ACPT", "executed", func(e *ending) { e.bec(executeA) }},
		{"rejected by the bank before it accepted", "1 ACPT; 2 ACPT; 9 RJCT 0001", "returned", func(e *ending) { e.bec(rejectA) }},
		{"rejected by the bank after it accepted", "1 ACPT; 2 ACPT; 8 ACPT; 9 RJCT 0001", "returned", func(e *ending) { e.bec(takes, rejectA) }},
		{"rejected with its interchange", "1 ACPT; 2 ACPT; 9 RJCT 0001", "returned", func(e *ending) { e.bec(refuses) }},
		{"disputed, accepted before", "1 ACPT; 2 ACPT; 8 ACPT", "disputed", func(e *ending) { e.bec(takes, refuses) }},
		{"disputed, rejected before", "1 ACPT; 2 ACPT; 9 RJCT 0001", "disputed", func(e *ending) { e.bec(refuses, takes) }},
		{"disputed, rejected before, and executed in the end", "1 ACPT; 2 ACPT; 9 RJCT 0001; 8 ACPT", "executed", func(e *ending) {
			e.bec(refuses, takes)
			e.decided("settle-executed", interchange(e))
		}},
		{"disputed, rejected before, and rejected in the end", "1 ACPT; 2 ACPT; 9 RJCT 0001", "returned", func(e *ending) {
			e.bec(refuses, takes)
			e.decided("settle-rejected", interchange(e))
		}},
		// Nobody knows whether the line's response 8 spoke for it, so that it is said once more.
		{"disputed, accepted before, and executed in the end", "1 ACPT; 2 ACPT; 8 ACPT; 8 ACPT", "executed", func(e *ending) {
			e.bec(takes, refuses)
			e.decided("settle-executed", interchange(e))
		}},
		{"disputed, accepted before, and rejected in the end", "1 ACPT; 2 ACPT; 8 ACPT; 9 RJCT 0001", "returned", func(e *ending) {
			e.bec(takes, refuses)
			e.decided("settle-rejected", interchange(e))
		}},
		{"disputed, accepted before, and still with the bank", "1 ACPT; 2 ACPT; 8 ACPT", "with_bank", func(e *ending) {
			e.bec(takes, refuses)
			e.decided("settle-with-bank", interchange(e))
		}},
		{"void, ordered anew, and accepted", "1 ACPT; 2 ACPT; 8 ACPT", "with_bank", func(e *ending) {
			e.without(e.to("AFT-1", debit1, complete("A", 100)), func() {
				e.at(receiveBy)
				e.release()
				e.void("BEC", 1)
			})
			e.says("BEC", takes)
		}},
		{"void, and not payable any more", "1 ACPT; 2 ACPT; 7 RJCT RJCT", "returned", func(e *ending) {
			e.without(e.to("AFT-1", debit1, cpr("A", ann, 100)), func() {
				e.at(receiveBy)
				e.release()
				e.void("BEC", 1)
				e.dies(ann)
			})
		}},
		{"nobody knows whether the bank has it", "1 ACPT; 2 ACPT", "unknown", func(e *ending) { e.unsure() }},
		{"nobody knew whether the bank has it, and it has", "1 ACPT; 2 ACPT; 8 ACPT", "with_bank", func(e *ending) {
			e.decided("arrived", e.unsure())
			e.says("BEC", takes)
		}},
	}
	return slices.Concat(all, rejectedOutcomes(), backOutcomes(), unpaidOutcomes(), unpaidChoices())
}

// unpaidOutcomes are what there is no order for, and what becomes a cheque: each reason by each standing choice.
func unpaidOutcomes() []outcome {
	const returned, asCheque = "1 ACPT; 2 ACPT; 7 RJCT RJCT", "1 ACPT; 2 ACPT; 7 ACPT; 8 ACPT"
	var all []outcome
	for _, choice := range []gateway.Choice{gateway.ReturnToSender, gateway.SendCheque} {
		add := func(why gateway.Unpaid, lead func(*ending)) {
			all = append(all, outcome{fmt.Sprintf("not payable: %s, by choice %s", why, choice), returned, "returned", lead})
		}
		add(gateway.UnpaidDebit, func(e *ending) {
			e.without(e.choosing(choice, complete("A", 100)), func() {
				load(e.t, e.db, country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA,BEC," + debit2 + ",return,06:00,,",
					"AFT-2,77,,LEVA,SDC,53010000123457,cheque,06:00,,"}}, e.time())
			})
		})
		add(gateway.UnpaidUnknown, func(e *ending) {
			e.behindItsBack = true
			e.without(e.choosing(choice, cpr("A", ann, 100)), func() {
				e.execUnseen(`DELETE FROM holder_version WHERE id = ` + ann)
				e.execUnseen(`DELETE FROM account_version WHERE account = '` + annAccount + `'`)
			})
		})
		add(gateway.UnpaidCeased, func(e *ending) {
			e.without(e.choosing(choice, cpr("A", ann, 100)), func() { e.dies(ann) })
		})
		add(gateway.UnpaidEmigrated, func(e *ending) {
			e.without(e.choosing(choice, cpr("A", exile, 100)), func() {
				load(e.t, e.db, country{"authorities.csv": {"authority,name,cvr,emigrated,p_numbers", "77,Prøvekøbing Kommune,,no,no"}}, e.time())
			})
		})
		add(gateway.UnpaidNoFallback, func(e *ending) {
			e.without(e.choosing(choice, ofBenefit("YDLOCK", cpr("A", poor, 100))), func() {})
		})
	}
	cheque := func(e *ending) { e.without(e.choosing(gateway.SendCheque, cpr("A", poor, 100)), func() {}) }
	return append(all,
		outcome{"not payable: no account, by choice return", returned, "returned", func(e *ending) {
			e.without(e.choosing(gateway.ReturnToSender, cpr("A", poor, 100)), func() {})
		}},
		outcome{"not payable: no account, by the bundle's own instruction", returned, "returned", func(e *ending) {
			d := e.choosing(gateway.SendCheque, cpr("A", poor, 100))
			d.Instruction = []string{"NOCDTRACCT", "RETUR"}
			e.without(d, func() {})
		}},
		outcome{"not payable: no address, by choice cheque", returned, "returned", func(e *ending) {
			e.without(e.choosing(gateway.SendCheque, cpr("A", lost, 100)), func() {})
		}},
		outcome{"not payable: no cheques, by choice cheque", returned, "returned", func(e *ending) {
			e.without(e.to("AFT-3", debit1, cpr("A", poor, 100)), func() {})
		}},
		outcome{"no account, by choice cheque: sent", asCheque, "cheque", func(e *ending) {
			cheque(e)
			e.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "4", ""), line(2, "4", "")))
		}},
		outcome{"no account, by choice cheque: void, and sent anew", asCheque, "cheque", func(e *ending) {
			e.without(e.choosing(gateway.SendCheque, cpr("A", poor, 100)), func() {
				e.at(receiveBy)
				e.release()
				e.newAnswers()
				e.void("SDC", 1)
			})
			e.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "4", ""), line(2, "4", "")))
		}},
		outcome{"no account, by choice cheque: rejected by the bank", "1 ACPT; 2 ACPT; 7 ACPT; 9 RJCT 0001", "returned", func(e *ending) {
			cheque(e)
			e.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "4", ""), status(2, 1, "2", "Nej")))
		}},
		outcome{"no account, by choice cheque: came back uncashed", asCheque + "; 9 RJCT 0001", "settled", func(e *ending) {
			cheque(e)
			e.newAnswers()
			e.carriesOut()
			e.back()
		}})
}

// dies has the register know that somebody has been dead for too long.
func (w *world) dies(id string) {
	w.t.Helper()
	load(w.t, w.db, country{"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country", "CPR," + id + ",,dead,2005-01-01,X,,,,"}}, w.time())
}

// unsure leaves the bundle in an interchange of which nobody knows whether BEC has it.
func (e *ending) unsure() int64 {
	e.t.Helper()
	e.receive(e.to("AFT-1", debit1, complete("A", 100)))
	e.at(receiveBy)
	e.release()
	return e.doubt()
}

// TestOutcomes: for every way in which a payment can end its authority gets exactly these answers, in this order, at its mailbox;
// each is about its bundle, response 8 is grouped as that was, and the numbers of each kind have no holes.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, o := range outcomes() {
		for form, grouped := range map[string]bool{"grouped": true, "single": false} {
			if !sampled(o.name + form) {
				continue
			}
			t.Run(o.name+", "+form, func(t *testing.T) {
				t.Parallel()
				e := &ending{newWorld(t), grouped}
				o.lead(e)
				e.newAnswers()
				e.want("answers about A", e.answersAbout("A"), o.answers)
				if o.state != "" {
					e.want("state", e.row(`SELECT state FROM payment_states('2005-08-01', NULL) s JOIN payment p ON p.id = s.payment_id WHERE p.e2e = 'A'`), o.state)
				}
			})
		}
	}
}

// answersAbout is what of the answers in LEVA's mailbox is about a payment, in their order: kind, status and code.
func (e *ending) answersAbout(e2e string) string {
	e.t.Helper()
	files, err := e.Answer.Ready(e.t.Context(), "LEVA")
	if err != nil {
		e.t.Fatal(err)
	}
	var all []string
	numbers := map[string]int{}
	for _, f := range files {
		kind, _, _ := strings.Cut(f.Name, "-")
		numbers[kind]++
		if want := fmt.Sprintf("%s-%010d.xml", kind, numbers[kind]); f.Name != want {
			e.t.Errorf("%s, must be %s: the numbers have no holes", f.Name, want)
		}
		d, err := e.Answer.OpenReady(e.t.Context(), "LEVA", f.Name)
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, e.about(readAnswer(e.t, f.Name, io.NewSectionReader(d, 0, f.Size)), e2e)...)
	}
	return strings.Join(all, "; ")
}

// about is what an answer says of a payment; nothing where it is about others alone.
func (e *ending) about(doc any, e2e string) []string {
	e.t.Helper()
	switch d := doc.(type) {
	case *nksxml.Receipt0, *nksxml.Receipt1:
		return []string{describe(d)}
	case *nksxml.Response2:
		if d.General.GroupID != "G-1" {
			e.t.Errorf("response 2 is about %s", d.General.GroupID)
		}
		switch of := e.statusOf("2", d.Blocks, e2e); {
		case len(of) > 0:
			return of
		case d.Group.Reason != "": // the whole debit
			return []string{"2 " + d.Group.Status + " " + d.Group.Reason}
		}
		return []string{"2 ACPT"}
	case *nksxml.Response5:
		return e.statusOf("5", d.Blocks, e2e)
	case *nksxml.Response7:
		return e.statusOf("7", d.Blocks, e2e)
	case *nksxml.Response9:
		return e.statusOf("9", d.Blocks, e2e)
	case *nksxml.Response8:
		var of []string
		for _, b := range d.Blocks {
			if !e.grouped && len(b.Transfers) != 1 {
				e.t.Errorf("response 8 to a bundle of single debits has one of %d payments", len(b.Transfers))
			}
			for _, tx := range b.Transfers {
				if tx.EndToEndID == e2e {
					of = append(of, "8 "+tx.Status)
				}
			}
		}
		if e.grouped && len(d.Blocks) != 1 {
			e.t.Errorf("response 8 to a grouped bundle has %d debits", len(d.Blocks))
		}
		return of
	}
	return []string{fmt.Sprintf("%T", doc)}
}

func (e *ending) statusOf(kind string, blocks [][]nksxml.Status, e2e string) []string {
	e.t.Helper()
	var of []string
	for _, b := range blocks {
		if len(b) != 1 {
			e.t.Errorf("answer %s has a block of %d payments", kind, len(b))
		}
		for _, s := range b {
			if s.EndToEndID == e2e {
				of = append(of, strings.TrimSpace(strings.Join([]string{kind, s.Status, s.Reason}, " ")))
			}
		}
	}
	return of
}

// TestOutcomes_EachUnpaid: the table forgets no reason for which there is no order.
func TestOutcomes_EachUnpaid(t *testing.T) {
	t.Parallel()
	for _, why := range []gateway.Unpaid{gateway.UnpaidDebit, gateway.UnpaidUnknown, gateway.UnpaidCeased, gateway.UnpaidNoAccount, gateway.UnpaidNoAddress,
		gateway.UnpaidNoCheques, gateway.UnpaidEmigrated, gateway.UnpaidNoFallback} {
		if !slices.ContainsFunc(outcomes(), func(o outcome) bool { return strings.Contains(o.name, string(why)+",") }) {
			t.Errorf("no outcome of %s", why)
		}
	}
}

// TestOutcomes_AreWritten: the matrix in the documentation is made from the table.
func TestOutcomes_AreWritten(t *testing.T) {
	t.Parallel()
	const path, from, to = "../docs/answers.md", "<!-- outcomes: made by go test ./flowtest -run Outcomes -update -->\n", "<!-- end of outcomes -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(b), from)
	got, after, found := strings.Cut(rest, to)
	if !found {
		t.Fatalf("%s lacks its marks", path)
	}
	want := matrix()
	switch {
	case got == want:
	case !*update:
		t.Errorf("%s is not what the table makes; -update writes it", path)
	default:
		if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// matrix is a row for each outcome and a column for each kind of answer; what stands there is told as the how manyth.
func matrix() string {
	kinds := []string{"0", "1", "2", "5", "7", "8", "9"}
	var s strings.Builder
	s.WriteString("| outcome | state | " + strings.Join(kinds, " | ") + " |\n|" + strings.Repeat(" --- |", len(kinds)+2) + "\n")
	for _, o := range outcomes() {
		cells := map[string][]string{}
		for i, a := range strings.Split(o.answers, "; ") {
			kind, what, _ := strings.Cut(a, " ")
			cells[kind] = append(cells[kind], fmt.Sprintf("%d. %s", i+1, what))
		}
		state := o.state
		if state == "" {
			state = "–"
		}
		s.WriteString("| " + o.name + " | " + state + " |")
		for _, k := range kinds {
			s.WriteString(" " + strings.Join(cells[k], ", ") + " |")
		}
		s.WriteString("\n")
	}
	return s.String()
}
