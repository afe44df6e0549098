package flowtest_test

import (
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
)

// TestCheck_DebitCodes: errors of the debit level. In a grouped bundle the code stands on the group alone, else its
// payments are listed. // G-agreement
func TestCheck_DebitCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		change func(*intaketest.Debit)
		code   string
	}{
		{"unknown number", func(d *intaketest.Debit) { d.Agreement = "AFT-9" }, "9001"},
		{"the number's case counts", func(d *intaketest.Debit) { d.Agreement = "aft-1" }, "9001"},
		{"expired yesterday", func(d *intaketest.Debit) { d.Agreement = "AFT-OLD" }, "9002"},
		{"in force after the execution day", func(d *intaketest.Debit) { d.Agreement = "AFT-NEW" }, "9002"},
		{"another authority's", func(d *intaketest.Debit) { d.Agreement = "AFT-78" }, "9003"},
		{"through another supplier", func(d *intaketest.Debit) { d.Agreement = "AFT-B" }, "9003"},
		{"another debit account", func(d *intaketest.Debit) { d.Account = "30110000000001" }, "9004"},
		{"another agreement's account", func(d *intaketest.Debit) { d.Account = "53010000123456" }, "9004"},
		{"no account at all", func(d *intaketest.Debit) { d.Account = "X" }, "9004"},
		{"no date", func(d *intaketest.Debit) { d.On = "" }, "0002"},
		{"more than a year ahead", func(d *intaketest.Debit) { d.On = "2006-08-12" }, "0002"},
		{"method", func(d *intaketest.Debit) { d.Method = "CHK" }, "9005"},
		{"date before agreement", func(d *intaketest.Debit) { d.On, d.Agreement = "", "AFT-9" }, "0002"},
		{"method before agreement", func(d *intaketest.Debit) { d.Method, d.Agreement = "CHK", "AFT-9" }, "9005"},
		{"expired before the account", func(d *intaketest.Debit) { d.Agreement, d.Account = "AFT-OLD", "X" }, "9002"},
	} {
		grouped := bundle("grouped "+c.name, complete("A", 100), cpr("B", nobody, 100))
		c.change(&grouped.Debits[0])
		w.receive(grouped)
		if got, want := w.newAnswers(), "1 ACPT; 2 RJCT "+c.code; got != want {
			t.Errorf("%s, grouped: %s, want %s", c.name, got, want)
		}
		single := bundle("single "+c.name, complete("A", 100))
		single.Debits = append(single.Debits, single.Debits[0])
		single.Debits[1].Payments = []intaketest.Payment{cpr("B", nobody, 100)}
		c.change(&single.Debits[0])
		c.change(&single.Debits[1])
		w.receive(single)
		// The debit's error stands in the table before the payment's own.
		if got, want := w.newAnswers(), fmt.Sprintf("1 ACPT; 2 RJCT A:%s B:%s", c.code, c.code); got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
	w.want("waiting", w.row(`SELECT count(*) FROM release_group WHERE state <> 'rejected'`), "0")
	w.want("keys", w.row(`SELECT count(*) FROM payment_key`), "0")
}

// TestCheck_PaymentCodes: each payment by itself; a bad one never blocks the others.
func TestCheck_PaymentCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	benefit := func(p intaketest.Payment, kind string) intaketest.Payment { p.BenefitType = kind; return p }
	d := bundle("G-1",
		cpr("good", ann, 100),
		cpr("unknown", nobody, 100),                                      // G-ident
		cpr("dead", dead, 100),                                           // B18.3
		intaketest.Incomplete("ceased", "CVR", closed, 1000),             // B18.3
		cpr("emigrated", exile, 100),                                     // B22.3
		benefit(cpr("type", ann, 100), "YD9"),                            // B31
		benefit(cpr("neighbour", ann, 100), "YD78"),                      // B31
		benefit(cpr("own", ann, 100), "YD77"),                            // B31
		benefit(complete("complete", 100), "YD9"),                        // B31
		benefit(cpr("recipient before type", nobody, 100), "YD9"),        //
		intaketest.Incomplete("wrong register", "CVR", "23456788", 1000), // an SE number
		intaketest.Incomplete("P", "PNR", plant, 1000),                   //
		intaketest.Payment{EndToEndID: "complete to nobody", AccountKind: "BBAN", Account: "70450001234567", Amount: 10, Complete: true, IDKind: "CPR", ID: nobody},
		cpr("zero", ann, 0),
		cpr("amount before recipient", nobody, -1),
		complete("bad account", 100),
	)
	d.Debits[0].Payments[2].InstrID = "I-7"
	d.Debits[0].Payments[15].Account = "1"
	w.receive(d)
	w.wantAnswers("1 ACPT; 2 PART unknown:0009 dead:9014 ceased:9014 type:9015 neighbour:9015 complete:9015 recipient before type:0009 " +
		"wrong register:0009 zero:9009 amount before recipient:9009 bad account:0025")
	// What cannot be paid counts nothing; everything else is there, to the øre.
	w.want("ledger", w.ledger(), "rejected 11 = 900, waiting 5 = 401")
}

func TestCheck_AllRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", cpr("A", nobody, 100), cpr("B", dead, 100)))
	w.wantAnswers("1 ACPT; 2 RJCT A:0009 B:9014")
	w.want("group", w.row(`SELECT state FROM release_group`), "rejected")
	w.at(receiveBy)
	w.release()
	w.want("interchanges", w.row(`SELECT count(*) FROM interchange`), "0")
}

// TestCheck_EndToEndIDs are unique for ever per authority and supplier; only accepted payments use theirs up.
func TestCheck_EndToEndIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), cpr("B", nobody, 100), complete("a", 100), complete("A", 200), complete("é", 100), complete("e\u0301", 100)))
	// The last is e with an accent of its own, which is not ISO 8859-1.
	w.wantAnswers("1 ACPT; 2 PART B:0009 A:9006 e\u0301:9007")
	w.receive(bundle("G-2", complete("A", 100), complete("B", 100), complete("E", 100), complete("É", 100)))
	w.wantAnswers("1 ACPT; 2 PART A:9006")
	w.receive(bundle("G-3", complete("B", 100)))
	w.wantAnswers("1 ACPT; 2 RJCT B:9006")
	theirs := bundle("G-1", complete("A", 100))
	theirs.From, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "AFT-B", "40010000765432"
	neighbour := bundle("G-1", complete("A", 100))
	neighbour.From, neighbour.Authority, neighbour.Debits[0].Agreement, neighbour.Debits[0].Account = []string{"LEVB"}, "78", "AFT-78", "20010000111111"
	w.receive(theirs, neighbour)
	w.wantAnswers("LEVB:1 ACPT; LEVB:1 ACPT; LEVB:2 ACPT; LEVB:2 ACPT")
	// An error that stands before it in the table is told instead, one behind it is not.
	zero, unknown := complete("A", 0), cpr("A", nobody, 100)
	w.receive(bundle("G-4", zero), bundle("G-5", unknown))
	w.wantAnswers("1 ACPT; 1 ACPT; 2 RJCT A:9006; 2 RJCT A:9006")
}

// TestCheck_IDsOfStrangers stay free for the next in the bundle who is good.
func TestCheck_IDsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", cpr("X", nobody, 100), complete("X", 200), complete("X", 300), cpr("Y", dead, 400), cpr("Y", dead, 500),
		cpr("Y", ann, 600), cpr("Z", nobody, 700)))
	w.wantAnswers("1 ACPT; 2 PART X:9006 X:9006 Y:9006 Y:9006 Z:0009")
	w.want("accepted", w.row(`SELECT k.e2e, p.ore FROM payment_key k JOIN payment p ON p.id = k.payment_id ORDER BY 1`), "X 200; Y 600")
	w.receive(bundle("G-2", cpr("Z", ann, 100)))
	w.wantAnswers("1 ACPT; 2 ACPT")
}

// TestCheck_IDsOfRefusedBundles stay free.
func TestCheck_IDsOfRefusedBundles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := bundle("G-1", complete("A", 100))
	refused.CtrlSum = "1"
	expired := bundle("G-2", complete("A", 100))
	expired.Debits[0].Agreement = "AFT-OLD"
	w.receive(refused, expired, bundle("G-3", complete("A", 100)))
	w.wantAnswers("1 RJCT 901; 1 ACPT; 1 ACPT; 2 RJCT 9002; 2 ACPT")
}

// TestCheck_InstrID comes back in front of the EndToEndId.
func TestCheck_InstrID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := cpr("A", nobody, 100)
	p.InstrID = "I-7"
	d := bundle("G-1", p)
	d.From = []string{"LEVA", "5790000000012"}
	w.receive(d)
	w.wantAnswers("1 ACPT; 2 RJCT A:0009")
	response := w.raw(w.number(`SELECT document_id FROM answer WHERE kind = 2`))
	instr, e2e := strings.Index(response, ">I-7</"), strings.Index(response, ">A</")
	if instr < 0 || e2e < instr || !strings.Contains(response, "PartyId>5790000000012</") {
		t.Errorf("response 2:\n%s", response)
	}
}

// TestCheck_Many: more rejects than are in memory at a time.
func TestCheck_Many(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 5001
	payments := make([]intaketest.Payment, n)
	want := make([]string, n)
	for i := range payments {
		payments[i] = complete(fmt.Sprintf("%d", i), 0)
		want[i] = fmt.Sprintf("%d:%s", i, gateway.CodeAmountZero)
	}
	w.receive(bundle("G-1", append(payments, complete("good", 100))...))
	w.wantAnswers("1 ACPT; 2 PART " + strings.Join(want, " "))
}

// TestCheck_TwoAtOnce: two bundles with the same ids, checked at the same time: each id is taken once.
func TestCheck_TwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 300
	for g := range 3 {
		payments := make([]intaketest.Payment, n)
		for i := range payments {
			payments[i] = complete(fmt.Sprintf("%d", (i*(2*g+1)+g)%n), 100) // each in an order of its own
		}
		w.send(bundle(fmt.Sprintf("G-%d", g), payments...))
	}
	w.read()
	done := make(chan error)
	for range 3 {
		go func() {
			_, err := w.Check.Next(t.Context())
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.check()
	w.want("payments", w.row(`SELECT count(*), count(DISTINCT p.e2e) FROM payment p
		WHERE NOT EXISTS (SELECT 1 FROM standing e WHERE e.month = p.month AND e.payment_id = p.id)`), "300 300")
}
