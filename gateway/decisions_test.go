package gateway_test

import (
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
)

// TestPaymentStates: every state stands in the list once, and the final ones are those after which nothing happens by itself.
func TestPaymentStates(t *testing.T) {
	t.Parallel()
	final := map[gateway.PaymentState]bool{gateway.PaymentRejected: true, gateway.PaymentExecuted: true, gateway.PaymentCheque: true,
		gateway.PaymentReturned: true, gateway.PaymentStopped: true, gateway.PaymentSettled: true}
	seen := map[gateway.PaymentState]bool{}
	for _, s := range gateway.PaymentStates() {
		if seen[s] {
			t.Errorf("%s stands twice", s)
		}
		seen[s] = true
		if s.Final() != final[s] {
			t.Errorf("%s is final: %t", s, s.Final())
		}
	}
	for s := range final {
		if !seen[s] {
			t.Errorf("%s is not listed", s)
		}
	}
}

func TestJudgeContrl(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before gateway.ContrlState
		action gateway.ContrlAction
		code   string
		final  bool
		want   gateway.ContrlEffect
	}{
		{gateway.ContrlNone, gateway.ContrlReceived, "", false, gateway.ContrlNotesIt},
		{gateway.ContrlNone, gateway.ContrlReceived, "", true, gateway.ContrlAcceptsIt},
		{gateway.ContrlNone, gateway.ContrlAccepted, "", false, gateway.ContrlAcceptsIt},
		{gateway.ContrlIsReceived, gateway.ContrlAccepted, "", false, gateway.ContrlAcceptsIt},
		{gateway.ContrlIsAccepted, gateway.ContrlAccepted, "", false, gateway.ContrlAcceptsIt},
		{gateway.ContrlIsRejected, gateway.ContrlAccepted, "", false, gateway.ContrlAcceptsAfter},
		{gateway.ContrlNone, gateway.ContrlRejected, "", false, gateway.ContrlRejectsIt},
		{gateway.ContrlIsRejected, gateway.ContrlReceived, "", true, gateway.ContrlAcceptsAfter},
		{gateway.ContrlIsRejected, gateway.ContrlReceived, "", false, gateway.ContrlNotesIt},
		{gateway.ContrlIsRejected, gateway.ContrlRejected, "", true, gateway.ContrlRejectsIt},
		{gateway.ContrlNone, gateway.ContrlRejected, "12", false, gateway.ContrlRejectsIt},
		{gateway.ContrlNone, gateway.ContrlRejected, gateway.DuplicateDetected, false, gateway.ContrlRefusesAgain},
		{gateway.ContrlIsAccepted, gateway.ContrlRejected, gateway.DuplicateDetected, false, gateway.ContrlRefusesAgain},
		{gateway.ContrlIsRejected, gateway.ContrlRejected, gateway.DuplicateDetected, true, gateway.ContrlRefusesAgain},
		{gateway.ContrlIsAccepted, gateway.ContrlRejected, "12", false, gateway.ContrlRejectsAfter},
		{gateway.ContrlIsDisputed, gateway.ContrlRejected, "12", false, gateway.ContrlRejectsAfter},
		{gateway.ContrlIsDisputed, gateway.ContrlAccepted, "", false, gateway.ContrlAcceptsIt},
		{gateway.ContrlNone, "perhaps", "", false, gateway.NoContrlEffect},
	} {
		if got := gateway.JudgeContrl(c.before, c.action, c.code, c.final); got != c.want {
			t.Errorf("%s after %s (receipt is final: %t): %d, want %d", c.action, c.before, c.final, got, c.want)
		}
	}
}

func TestTwoPersons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		by, approvedBy string
		two            bool
	}{
		{"A. Hansen", "B. Jensen", true}, {"A. Hansen", "A. Hansen", false}, {"A. Hansen", "a.  hansen ", false},
		{"ÆRØ", "ærø", false}, {"", "B. Jensen", false}, {"A. Hansen", " ", false},
	} {
		if err := gateway.TwoPersons(c.by, c.approvedBy); (err == nil) != c.two {
			t.Errorf("%q and %q: %v", c.by, c.approvedBy, err)
		}
	}
}

func TestJudgeGroup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault              gateway.Code
		rejected, payments int
		want               gateway.GroupState
	}{
		{"", 0, 3, gateway.GroupWaiting}, {"", 2, 3, gateway.GroupWaiting}, {"", 3, 3, gateway.GroupRejected},
		{gateway.CodeDebitAccount, 0, 3, gateway.GroupRejected}, {"", 0, 0, gateway.GroupRejected},
	} {
		if got := gateway.JudgeGroup(c.fault, c.rejected, c.payments); got != c.want {
			t.Errorf("%d of %d rejected, debit fault %q: %s, want %s", c.rejected, c.payments, c.fault, got, c.want)
		}
	}
}

// TestSplitter: no interchange and no message holds more than its limits, and none ends early.
func TestSplitter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := gateway.SplitLimits{InterchangeOrders: rapid.IntRange(1, 9).Draw(t, "orders"), InterchangeBytes: rapid.IntRange(32, 3200).Draw(t, "bytes"),
			MessageOrders: rapid.IntRange(1, 5).Draw(t, "message")}
		signed := gateway.Signature{MostMessages: rapid.IntRange(0, 4).Draw(t, "signed messages"), MessageBytes: rapid.IntRange(0, 100).Draw(t, "signature")}
		l = l.Signed(signed)
		room := l.InterchangeBytes - l.InterchangeBytes/32
		s := gateway.NewSplitter(l)
		orders, bytes, inMessage, messages := 0, 0, 0, 0
		for range 60 {
			size := rapid.IntRange(1, 400).Draw(t, "size")
			with := size
			if inMessage == 0 {
				with += signed.MessageBytes
			}
			signable := inMessage > 0 || signed.MostMessages == 0 || messages < signed.MostMessages
			fits := orders == 0 || orders < l.InterchangeOrders && bytes+with <= room && signable
			if s.Fits(size) != fits {
				t.Fatalf("%d orders of %d bytes and one of %d: fits %t, want %t", orders, bytes, size, !fits, fits)
			}
			if !fits {
				s.EndInterchange()
				orders, bytes, inMessage, messages = 0, 0, 0, 0
				with = size + signed.MessageBytes
			}
			if inMessage == 0 {
				messages++
			}
			orders, bytes, inMessage = orders+1, bytes+with, inMessage+1
			if full := s.Add(size); full != (inMessage == l.MessageOrders) {
				t.Fatalf("%d orders in a message of %d: full %t", inMessage, l.MessageOrders, full)
			}
			if inMessage == l.MessageOrders {
				s.EndMessage()
				inMessage = 0
			}
		}
	})
}

// TestIdentifiers_BothWays: what leaves the house is within its places, and is taken apart as it was put together.
func TestIdentifiers_BothWays(t *testing.T) {
	t.Parallel()
	files := gateway.FileNames{Final: "NKS{ref}.edi", Temp: ".NKS{ref}.{attempt}.tmp"}
	rapid.Check(t, func(t *rapid.T) {
		n := gateway.ControlNumber(rapid.Int64Range(1, int64(gateway.MaxControlNumber)).Draw(t, "control"))
		if back, err := gateway.ParseControlNumber(n.String()); err != nil || back != n || len(n.String()) != 14 {
			t.Fatalf("control number %s: %d, %v", n, back, err)
		}
		ref := gateway.MessageRef{Bank: rapid.StringMatching(`[A-Z][A-Z0-9-]{0,13}[A-Z0-9]`).Draw(t, "bank"), Control: n, No: rapid.IntRange(1, 9999).Draw(t, "no")}
		if back, err := gateway.ParseMessageRef(ref.String()); err != nil || back != ref || len(ref.String()) > 35 {
			t.Fatalf("message reference %s: %+v, %v", ref, back, err)
		}
		cell := gateway.Cell(rapid.Int64Range(0, int64(gateway.MaxCell)).Draw(t, "cell"))
		head, err := gateway.ReferenceHead(cell, rapid.Int64Range(1, gateway.MaxReferenceNumber).Draw(t, "number"))
		if err != nil {
			t.Fatal(err)
		}
		r := gateway.BankReference{Head: head,
			EndToEndID: rapid.StringMatching(`[!-~]([ -~]{0,25}[!-~])?`).Draw(t, "e2e")}
		if back, err := gateway.ParseBankReference(r.String()); err != nil || back != r || len(r.String()) > 35 {
			t.Fatalf("bank reference %s: %+v, %v", r, back, err)
		}
		if back, err := files.ParseFinalName(files.FinalName(n)); err != nil || back != n {
			t.Fatalf("file name %s: %d, %v", files.FinalName(n), back, err)
		}
		month := gateway.Month(rapid.Int64Range(0, 1023).Draw(t, "month"))
		delivery, ordinal := gateway.DeliveryID(cell, month, rapid.Int64Range(1, 1<<22-1).Draw(t, "delivery")), rapid.IntRange(1, gateway.MaxBundlePayments).Draw(t, "ordinal")
		id := gateway.PaymentID(delivery, ordinal)
		if id < 0 || gateway.DeliveryOf(id) != delivery || gateway.OrdinalOf(id) != ordinal {
			t.Fatalf("payment %d of delivery %d: %d of %d", ordinal, delivery, gateway.OrdinalOf(id), gateway.DeliveryOf(id))
		}
	})
	for _, none := range []string{"", "+1", "-1", "1e3", "123456789012345", "12x", "1", "0000000000001", "0000000000000x"} {
		if n, err := gateway.ParseControlNumber(none); err == nil {
			t.Errorf("control number %q: %d", none, n)
		}
	}
	for _, none := range []string{"", "BEC", "BEC-1-0001", "-00000000000001-0001", "BEC-00000000000001-1", "BEC-00000000000001-0000", "BEC-00000000000001-00x1"} {
		if r, err := gateway.ParseMessageRef(none); err == nil {
			t.Errorf("message reference %q: %+v", none, r)
		}
	}
	for _, none := range []string{"", "12345678", "1234567x1", "1234567Æ1", "1"} {
		if r, err := gateway.ParseBankReference(none); err == nil {
			t.Errorf("bank reference %q: %+v", none, r)
		}
	}
	for _, none := range []string{"NKS00000000000001.xml", "NKS1.edi", "x"} {
		if n, err := files.ParseFinalName(none); err == nil {
			t.Errorf("file name %q: %d", none, n)
		}
	}
}

// TestCells: what two cells make is never alike, and what no cell may make is refused.
func TestCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cell    gateway.Cell
		number  int64
		head    string
		control string
	}{{0, 1, "00000001", "00000000000001"}, {7, 36, "07000010", "07000000000001"}, {99, gateway.MaxReferenceNumber, "99ZZZZZZ", "99000000000001"}} {
		if head, err := gateway.ReferenceHead(c.cell, c.number); err != nil || head != c.head {
			t.Errorf("cell %d reference %d: %s, %v, must be %s", c.cell, c.number, head, err, c.head)
		}
		if first := gateway.FirstControlNumber(c.cell); first.String() != c.control || first.Of(c.cell) != nil {
			t.Errorf("cell %d begins with control number %s, must be %s", c.cell, first, c.control)
		}
	}
	for _, c := range []struct {
		cell   gateway.Cell
		number int64
	}{{-1, 1}, {100, 1}, {0, 0}, {0, gateway.MaxReferenceNumber + 1}} {
		if head, err := gateway.ReferenceHead(c.cell, c.number); err == nil {
			t.Errorf("cell %d reference %d: %s", c.cell, c.number, head)
		}
	}
	if last := gateway.FirstControlNumber(99) - 2; last.Of(98) != nil || (last+1).Of(98) == nil {
		t.Errorf("%s is the last of cell 98", last)
	}
}

// TestInterchange_MayVoid: only while no attempt can have reached the bank, and nobody is sending it.
func TestInterchange_MayVoid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state           gateway.InterchangeState
		mayBeOut, owned bool
		want            bool
	}{
		{gateway.InterchangeFrozen, false, true, true},
		{gateway.InterchangeRendered, false, true, true},
		{gateway.InterchangeRendered, true, false, false}, // somebody says that it has not arrived
		{gateway.InterchangeSending, false, false, true},
		{gateway.InterchangeSending, false, true, false},
		{gateway.InterchangeSending, true, false, false},
		{gateway.InterchangePublishing, false, false, false},
		{gateway.InterchangeSent, false, false, false},
		{gateway.InterchangeIsUnknown, false, false, false},
		{gateway.InterchangeVoid, false, false, false},
	} {
		if got := c.state.MayVoid(c.mayBeOut, c.owned); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
