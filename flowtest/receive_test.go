package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/intake/intaketest"
)

// bundle is one that LEVA sends for authority 77, under its first agreement; nothing is wrong with it.
func bundle(group string, payments ...intaketest.Payment) intaketest.Document {
	return intaketest.Document{From: []string{"LEVA"}, GroupID: group, Authority: "77", Debits: []intaketest.Debit{
		{On: "2005-08-12", Agreement: "AFT-1", Account: debit1, Payments: payments}}}
}

// cpr is an incomplete payment to a citizen, of so many øre.
func cpr(e2e, id string, ore int64) intaketest.Payment {
	return intaketest.Incomplete(e2e, "CPR", id, ore*10)
}

// complete is a payment to a domestic account.
func complete(e2e string, ore int64) intaketest.Payment {
	return intaketest.Complete(e2e, "70450001234567", ore*10)
}

func TestReceive_SameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, other := bundle("G-1", complete("A-1", 100)).XML(), bundle("G-2", complete("A-2", 100)).XML()
	for range 3 { // the acknowledgement was lost: the same again, also after it was read
		if err := w.put("LEVA", "a.xml", first); err != nil {
			t.Fatal(err)
		}
		w.read()
	}
	if err := w.put("LEVA", "a.xml", other); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("other bytes under the same name: %v", err)
	}
	if err := w.put("LEVB", "a.xml", other); err != nil {
		t.Errorf("another supplier's name is another: %v", err)
	}
	w.receive()
	w.want("deliveries", w.row(`SELECT supplier, transport_key, state FROM delivery ORDER BY id`), "LEVA a.xml checked; LEVB a.xml refused")
	w.wantAnswers("1 ACPT; LEVB:1 RJCT 907; 2 ACPT")
	w.want("alarm", w.exceptions(), "name used again with other bytes")
	// Each delivery and each answer has its bytes once; what was refused or came again has left none.
	w.want("documents", w.row(`SELECT count(*) FROM document`), "5")
}

// TestReceive_Stamp: a delivery is stamped by the business clock, and not anew when it comes again.
func TestReceive_Stamp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := bundle("G-1", complete("A-1", 100)).XML()
	for range 2 {
		if err := w.put("LEVA", "a.xml", doc); err != nil {
			t.Fatal(err)
		}
		w.later(time.Hour)
	}
	w.want("stamp", w.row(`SELECT received_at FROM delivery`), "2005-08-11T04:30")
}

// TestReceive_DuplicateBundle: the same bytes or the same GrpId under another key is no payment more.
func TestReceive_DuplicateBundle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := bundle("G-1", complete("A-1", 100))
	w.receive(b, b)
	changed := bundle("G-1", complete("A-2", 100))
	w.receive(changed)
	w.wantAnswers("1 ACPT; 1 RJCT 904; 2 ACPT; 1 RJCT 904")
	// Another pair of supplier and authority has GrpIds of its own.
	theirs := bundle("G-1", complete("A-1", 100))
	theirs.From, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "AFT-B", "40010000765432"
	w.receive(theirs)
	w.wantAnswers("LEVB:1 ACPT; LEVB:2 ACPT")
	w.want("ledger", w.ledger(), "waiting 2 = 200")
}

// TestReceive_CorrectedResend: a refused bundle has used nothing up.
func TestReceive_CorrectedResend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := bundle("G-1", complete("A-1", 100))
	wrong := b
	wrong.CtrlSum = "1"
	w.receive(wrong)
	broken := b
	broken.End = "</NKSPaymentX>"
	w.receive(broken)
	w.receive(b)
	w.wantAnswers("1 RJCT 901; 0 5199; 1 ACPT; 2 ACPT")
	w.want("ledger", w.ledger(), "waiting 1 = 100")
}

// TestReceive_BundleCodes: what stands in receipt 1, and which of several.
func TestReceive_BundleCodes(t *testing.T) {
	t.Parallel()
	// B33.1: an agreement makes the pair.
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		change func(*intaketest.Document)
		want   string
	}{
		{"another supplier's name", func(d *intaketest.Document) { d.From = []string{"LEVA", "x"} }, "1 ACPT; 2 ACPT"},
		{"unknown authority", func(d *intaketest.Document) { d.Authority = "99" }, "1 RJCT 905"},
		{"a pair without agreement", func(d *intaketest.Document) { d.Authority = "78" }, "1 RJCT 905"},
		{"production", func(d *intaketest.Document) { d.To = []string{"NKS"} }, "1 RJCT 908"},
		{"environment before pair", func(d *intaketest.Document) { d.To, d.Authority = []string{"NKS"}, "99" }, "1 RJCT 908"},
		{"pair before sum", func(d *intaketest.Document) { d.Authority, d.CtrlSum = "99", "1" }, "1 RJCT 905"},
		{"duplicate before sum", func(d *intaketest.Document) { d.GroupID, d.CtrlSum = "another supplier's name", "1" }, "1 RJCT 904"},
		{"too old", func(d *intaketest.Document) { d.Debits[0].On = "2005-08-05" }, "1 RJCT 1"},
	} {
		d := bundle(c.name, complete(c.name, 100))
		c.change(&d)
		w.receive(d)
		if got := w.newAnswers(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	w.want("ledger", w.ledger(), "waiting 1 = 100")
	// The login is not what the document says.
	if err := w.put("LEVB", "stolen.xml", bundle("G", complete("A", 1)).XML()); err != nil {
		t.Fatal(err)
	}
	w.receive()
	w.wantAnswers("LEVB:1 RJCT 907")
}

// TestReceive_TooManyGroups: the debit groups of one bundle are bounded.
func TestReceive_TooManyGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.DeliveryGroups = 3 })
	d := bundle("G-1")
	d.Debits = nil
	for i := range 4 {
		d.Debits = append(d.Debits, intaketest.Debit{On: fmt.Sprintf("2005-08-1%d", 2+i), Agreement: "AFT-1", Account: debit1,
			Payments: []intaketest.Payment{complete(fmt.Sprintf("A-%d", i), 100)}})
	}
	w.receive(d)
	w.wantAnswers("1 RJCT 909")
	d.Debits = d.Debits[:3]
	w.receive(d)
	w.wantAnswers("1 ACPT; 2 ACPT")
	w.want("groups", w.row(`SELECT count(*) FROM release_group`), "3")
}

// TestReceive_Unreadable: receipt 0 goes to the login, names the sender where it is known, and shows no CPR number.
func TestReceive_Unreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := string(bundle("G-1", cpr("A-1", ann, 100)).XML())
	for i, doc := range []string{"", "garbage", "<x/>", strings.Replace(good, ">"+ann+"<", "><b>"+ann+"</b><", 1),
		strings.Replace(good, "<s:PmtId>", ann+"<s:PmtId>", 1), strings.Replace(good, "<s:PmtId>", "010170-0001<s:PmtId>", 1), good[:len(good)/2]} {
		if err := w.put("LEVA", fmt.Sprintf("%d.xml", i), []byte(doc)); err != nil {
			t.Fatal(err)
		}
		w.receive()
		w.wantAnswers("0 5199")
	}
	w.receive(bundle("G-1", cpr("A-1", ann, 100))) // the next file goes through
	w.wantAnswers("1 ACPT; 2 ACPT")
	if !strings.Contains(w.log.String(), "010170-xxxx") {
		t.Errorf("the log does not show the masked number:\n%s", w.log)
	}
	w.want("ledger", w.ledger(), "waiting 1 = 100")
}

// TestReceive_TooLarge: a document beyond the limit is refused while it arrives, and leaves nothing.
func TestReceive_TooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.DocumentBytes = 100_000 })
	if err := w.put("LEVA", "a.xml", bytes.Repeat([]byte("x"), 100_001)); !errors.Is(err, gateway.ErrRefused) {
		t.Errorf("accepted: %v", err)
	}
	w.want("deliveries", w.row(`SELECT count(*) FROM delivery`), "0")
}

// TestReceive_Aborted: an upload that breaks off leaves nothing, and one whose process died is cleared away later.
func TestReceive_Aborted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	brokenOff := io.MultiReader(bytes.NewReader(bytes.Repeat([]byte("x"), 3<<20)), iotest.ErrReader(io.ErrUnexpectedEOF))
	err := w.Receive.Take(t.Context(), door.Arrival{Door: door.Mailbox, Party: "LEVA", Key: "a.xml", Size: door.Unsized, Content: brokenOff})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an upload that breaks off: %v", err)
	}
	// Of one whose process dies nobody tidies up.
	u, err := w.Base.NewDocument(t.Context(), w.db)
	if err == nil {
		_, err = u.Write(bytes.Repeat([]byte("x"), 3<<20))
	}
	if err != nil {
		t.Fatal(err)
	}
	left := `SELECT count(*), (SELECT count(*) FROM document_piece) FROM document`
	w.want("left", w.row(left), "1 3")
	sweep := func(next string) {
		t.Helper()
		if worked, err := w.Receive.Sweep(t.Context()); worked || err != nil {
			t.Errorf("more to sweep: %t, %v", worked, err)
		}
		at, err := w.Receive.NextSweep(t.Context(), w.time())
		if got := fmt.Sprint(!at.IsZero() && at.Sub(w.time()) > 23*time.Hour); got != next || err != nil {
			t.Errorf("next at %v, %v", at, err)
		}
	}
	sweep("true")
	w.want("while it may still arrive", w.row(left), "1 3")
	w.later(25 * time.Hour)
	sweep("false")
	w.want("then", w.row(left), "0 0")
	if _, err := u.Finish(t.Context(), w.db); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("it comes to its end after all: %v", err)
	}
}

// TestReceive_Nothing of a bundle is visible before its last byte is read: its other payments stay out.
func TestReceive_AllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var payments []intaketest.Payment
	for i := range 500 {
		payments = append(payments, complete(fmt.Sprintf("A-%d", i), 100))
	}
	d := bundle("G-1", payments...)
	d.Payments = "501"
	w.receive(d)
	w.wantAnswers("1 RJCT 902")
	w.want("rows", w.row(`SELECT (SELECT count(*) FROM payment), (SELECT count(*) FROM release_group), (SELECT count(*) FROM payment_key)`), "0 0 0")
}

// TestReceive_FailureOfOurOwn: a delivery that cannot be read for a reason of our own does not stop the others, is tried
// again, and is then set aside for a person; releases no longer wait for it.
func TestReceive_FailureOfOurOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country = denmark().with("agreements.csv",
			"AFT-1,77,U1,LEVA,BEC,"+debit1+",return,06:00,,",
			"AFT-X,77,,LEVA,UNKNOWN,"+debit1+",return,06:00,,")
	})
	bad := bundle("G-1", complete("A-1", 100))
	bad.Debits[0].Agreement = "AFT-X"
	w.send(bad)
	w.send(bundle("G-2", complete("A-2", 100)))
	failures := 0
	for range 10 {
		worked, err := w.Receive.NextToRead(t.Context())
		if err != nil {
			failures++
		}
		if !worked {
			break
		}
	}
	if failures != 3 {
		t.Errorf("tried %d times, want 3", failures)
	}
	w.check()
	w.want("exceptions", w.exceptions(), "delivery cannot be read")
	w.at(receiveBy)
	w.release()
	w.want("ledger", w.ledger(), "frozen 1 = 100")
}

// TestReceive_MoreGroupsThanHaveIDs: whatever the configuration allows, the ids of a delivery's groups never run into
// those of the next one.
func TestReceive_MoreGroupsThanHaveIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.limits.DeliveryGroups, o.limits.BundlePayments, o.limits.DocumentBytes = 10_000_000, 100_000_000, 64<<20
	})
	d := bundle("G-1")
	d.Debits = nil
	for i := range gateway.MaxGroups + 1 {
		d.Debits = append(d.Debits, intaketest.Debit{On: "2005-08-12", Agreement: fmt.Sprintf("AFT-%d", i), Account: debit1,
			Payments: []intaketest.Payment{complete(fmt.Sprint(i), 100)}})
	}
	w.receive(d)
	w.wantAnswers("1 RJCT 909")
}

// TestReceive_TwoAtOnce: one bundle under several names, read at the same time, is accepted once.
func TestReceive_TwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 {
		w.send(bundle("G-1", many("A", 200)...))
	}
	done := make(chan error)
	for range 4 {
		go func() {
			for {
				worked, err := w.Receive.NextToRead(t.Context())
				if err != nil && !errors.Is(err, gateway.ErrTransient) || !worked {
					done <- err
					return
				}
			}
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.receive()
	w.wantAnswers("1 ACPT; 1 RJCT 904; 1 RJCT 904; 1 RJCT 904; 2 ACPT")
	w.want("payments", w.row(`SELECT count(*) FROM payment`), "200")
}
