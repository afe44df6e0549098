package flowtest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/gateway/nksxml"
)

// TestAnswers_ByBundle: bundles that share a LIN are answered each by itself, under their own names.
func TestAnswers_ByBundle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 100)), bundle("G-2", complete("C", 100)), bundle("G-3", complete("D", 100)))
	w.want("one line", w.row(`SELECT payments FROM order_line`), "4")
	w.told()
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", word(1, 1, "2", "x"), word(1, 4, "2", "y")))
	w.wantTold("8 B; 9 A:0001(x); 8 C; 9 D:0001(y)")
	w.want("groups", w.row(`SELECT d.group_ref, a.kind, a.number FROM answer a JOIN delivery d ON d.id = a.delivery_id WHERE a.kind > 2 ORDER BY a.id`),
		"G-1 8 1; G-1 9 1; G-2 8 2; G-3 9 2")
}

// TestAnswers_Response8: the full account, where it came from the register too; a grouped bundle's payments stand under
// one debit, others each under its own.
func TestAnswers_Response8(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	abroadPaid := cpr("abroad", abroad, 300)
	grouped := bundle("G-1", cpr("A", ann, 100), abroadPaid)
	grouped.Debits[0].Text, grouped.Debits[0].Payments[0].InstrID = "Udbetaling", "I-1"
	single := bundle("G-2", complete("B", 100))
	single.Debits[0].Text = "Første"
	single.Debits = append(single.Debits, single.Debits[0])
	single.Debits[1].Text, single.Debits[1].Payments = "Anden", []intaketest.Payment{complete("C", 100)}
	w.paid(grouped, single)
	w.told()
	w.says("BEC", contrl("BEC", 1, "7"))
	w.wantTold("8 A abroad; 8 B C")
	first := w.document(w.number(`SELECT document_id FROM answer WHERE kind = 8 AND number = 1`)).(*nksxml.Response8)
	second := w.document(w.number(`SELECT document_id FROM answer WHERE kind = 8 AND number = 2`)).(*nksxml.Response8)
	if len(first.Blocks) != 1 || len(second.Blocks) != 2 {
		t.Fatalf("%d and %d debits", len(first.Blocks), len(second.Blocks))
	}
	b := first.Blocks[0]
	if b.Debit.Agreement != "AFT-1" || b.Debit.Account != debit1 || b.Debit.Purpose != "Udbetaling" || b.Debit.ExecutionDate.String() != "2005-08-12" {
		t.Errorf("debit %+v", b.Debit)
	}
	if got := b.Transfers[0]; got.InstrID != "I-1" || got.Original.Account.Number != annAccount || got.Original.Amount != 1000 ||
		got.Original.Creditor.ID != ann || !got.Original.Incomplete {
		t.Errorf("A: %+v", got)
	}
	if got := b.Transfers[1].Original; got.Account.Kind != nksxml.IBAN || got.Account.Number != abroadAccount || got.Agent.BIC != "AAAACHZZXXX" ||
		got.TransferCurrency != "CHF" || got.Creditor.Name != "Urs Udland" || got.Creditor.Town != "Zürich" {
		t.Errorf("abroad: %+v", got)
	}
	if second.Blocks[0].Debit.Purpose != "Første" || second.Blocks[1].Debit.Purpose != "Anden" {
		t.Errorf("debits %+v, %+v", second.Blocks[0].Debit, second.Blocks[1].Debit)
	}
	if g := first.General; g.StatusID != "NKS2C RETURSVAR8 0000000001" || g.Authority != "77" || g.GroupID != "G-1" {
		t.Errorf("head %+v", g)
	}
}

// TestAnswers_Close: an answer closes when nothing has come for it for a while, at the latest after its deadline.
func TestAnswers_Close(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", many("A", 40)...))
	w.told()
	w.at("2005-08-11 06:10")
	reject := func(seq int) {
		w.t.Helper()
		w.says("BEC", bansta("BEC-00000000000001-0001", word(1, seq, "2", "x")))
	}
	closed := func() int {
		t.Helper()
		return w.all("answer", w.Answer.Next)
	}
	reject(1)
	w.later(quiet - time.Millisecond)
	if n := closed(); n != 0 {
		t.Errorf("closed %d before it was quiet", n)
	}
	w.later(time.Millisecond)
	if n := closed(); n != 1 {
		t.Errorf("closed %d when it was quiet", n)
	}
	// A reject every second: never quiet, until the deadline.
	for i := range 33 {
		reject(2 + i)
		w.later(quiet - time.Millisecond)
		n := closed()
		if due := i == 30; (n == 1) != due {
			t.Errorf("after reject %d: closed %d", i, n)
		}
	}
	w.told()
	w.want("payments in answers", w.row(`SELECT count(*) FROM answer_due WHERE answer_id IS NOT NULL GROUP BY answer_id ORDER BY answer_id`), "1; 31; 2")
}

// TestAnswers_Cap: at most so many payments in a document, and numbers without holes.
func TestAnswers_Cap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.AnswerPayments, o.limits.Split.MessageOrders = 3, 2 })
	w.paid(bundle("G-1", many("A", 8)...)) // four messages of two
	w.told()
	w.says("BEC", contrl("BEC", 1, "7"))
	w.wantTold("8 A-000 A-001; 8 A-002 A-003; 8 A-004 A-005; 8 A-006 A-007")
	var words []string
	for m := 1; m <= 4; m++ {
		words = append(words, bansta(fmt.Sprintf("BEC-00000000000001-%04d", m), word(1, 1, "2", "x"), word(1, 2, "2", "x")))
	}
	w.says("BEC", words...)
	w.all("answer", w.Answer.Next) // a full document closes at once
	w.want("full ones", w.row(`SELECT count(*) FROM answer WHERE kind = 9`), "2")
	w.wantTold("9 A-000:0001(x) A-001:0001(x) A-002:0001(x); 9 A-003:0001(x) A-004:0001(x) A-005:0001(x); 9 A-006:0001(x) A-007:0001(x)")
	w.want("numbers", w.row(`SELECT kind, string_agg(number::text, ' ' ORDER BY id) FROM answer WHERE kind > 2 GROUP BY kind ORDER BY kind`), "8 1 2 3 4; 9 1 2 3")
}

var errPrinter = errors.New("out of ink")

// TestAnswers_NumberOfAFailure: a number that was drawn for nothing is drawn again, and one answer that cannot be
// written holds up no other.
func TestAnswers_NumberOfAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 100)))
	w.told()
	w.says("BEC", contrl("BEC", 1, "7"))
	w.later(quiet)
	broken := w.steps()
	broken.Answer.Answers.Encode = func(to io.Writer, a gateway.Answer) (gateway.AnswerEncoder, error) {
		if a.GroupRef == "G-1" {
			return nil, errPrinter
		}
		return w.Answer.Answers.Encode(to, a)
	}
	if worked, err := broken.Answer.Next(t.Context()); !worked || err != nil {
		t.Errorf("the other bundle's: %t, %v", worked, err)
	}
	if worked, err := broken.Answer.Next(t.Context()); worked || !errors.Is(err, errPrinter) {
		t.Errorf("the first bundle's: %t, %v", worked, err)
	}
	w.wantTold("8 B; 8 A")
	w.want("numbers", w.row(`SELECT number FROM answer WHERE kind = 8 ORDER BY id`), "1; 2")
}

// TestAnswers_Mailbox: an answer lies in its supplier's out/ until it is taken away, the same bytes each time.
func TestAnswers_Mailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	files, err := w.Answer.Ready(t.Context(), "LEVA")
	if err != nil || len(files) != 2 || files[0].Name != "KVITTERING1-0000000001.xml" || files[1].Name != "RETURSVAR2-0000000001.xml" {
		t.Fatalf("%+v, %v", files, err)
	}
	if theirs, err := w.Answer.Ready(t.Context(), "LEVB"); err != nil || len(theirs) != 0 {
		t.Errorf("another supplier sees %+v, %v", theirs, err)
	}
	for _, f := range files {
		d, err := w.Answer.OpenReady(t.Context(), "LEVA", f.Name)
		if err != nil {
			t.Fatal(err)
		}
		twice := make([]string, 2)
		for i := range twice {
			all, err := io.ReadAll(io.NewSectionReader(d, 0, f.Size+10))
			if err != nil {
				t.Fatal(err)
			}
			twice[i] = string(all)
		}
		if twice[0] != twice[1] || int64(len(twice[0])) != f.Size || !strings.Contains(twice[0], "G-1") {
			t.Errorf("%s: %q", f.Name, twice[0])
		}
		if _, err := w.Answer.OpenReady(t.Context(), "LEVB", f.Name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("another supplier's: %v", err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVB", f.Name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("taken away by another: %v", err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVA", f.Name); err != nil {
			t.Error(err)
		}
		if err := w.Answer.Collect(t.Context(), "LEVA", f.Name); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("taken away twice: %v", err)
		}
	}
	if files, err := w.Answer.Ready(t.Context(), "LEVA"); err != nil || len(files) != 0 {
		t.Errorf("left: %+v, %v", files, err)
	}
}

// TestAnswers_Cheque: told by response 7 when it is ordered, by response 8 when the bank has it. // B35-36
func TestAnswers_Cheque(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := bundle("G-1", cpr("A", poor, 100), cpr("B", ann, 100))
	d.Debits[0].Agreement, d.Debits[0].Account = "AFT-2", "53010000123456"
	w.paid(d)
	w.wantTold("1 ACPT; 2 ACPT; 7 A:ACPT")
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "4", ""), line(2, "4", "")))
	w.wantTold("8 A B")
	w.want("ledger", w.ledger(), "executed 1 = 100, cheque 1 = 100")
}
