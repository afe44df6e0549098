package flowtest_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"nks/gateway"
	"nks/internal/app"
)

// TestRelease_OneThatFailsHoldsUpNoOther: a bank centre that is no longer configured.
func TestRelease_OneThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := bundle("G-2", complete("B", 100))
	second.Debits[0].Agreement, second.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(bundle("G-1", complete("A", 100)), second)
	w.at(receiveBy)
	without := w.steps(func(o *app.StepOptions) { o.Banks = w.banks[1:] })
	if worked, err := without.Release.Next(t.Context()); !worked || err != nil {
		t.Errorf("the other bank's: %t, %v", worked, err)
	}
	if worked, err := without.Release.Next(t.Context()); worked || err == nil {
		t.Errorf("the missing bank's: %t, %v", worked, err)
	}
	w.want("ledger", w.ledger(), "waiting 1 = 100, frozen 1 = 100")
	w.want("exceptions", w.exceptions(), "release fails")
	w.release() // it is back
	w.want("exceptions", w.exceptions(), "")
	w.want("closed by", w.row(`SELECT closed_by FROM exception`), "nks")
	w.want("ledger", w.ledger(), "frozen 2 = 200")
}

// TestCheck_OneThatFailsIsSetAside: it is tried again, holds up no other for long, and no release.
func TestCheck_OneThatFailsIsSetAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	w.send(bundle("G-2", complete("B", 100)))
	w.read()
	w.exec(`UPDATE delivery SET sender_ean = repeat('1', 80) WHERE group_ref = 'G-1'`) // no answer can be addressed so
	failures := 0
	for range 10 {
		worked, err := w.Check.Next(t.Context())
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
	w.want("exceptions", w.exceptions(), "delivery cannot be read")
	w.at(receiveBy)
	w.release()
	w.want("ledger", w.ledger(), "unread 1 = 100, frozen 1 = 100")
	w.exec(`UPDATE delivery SET sender_ean = NULL WHERE group_ref = 'G-1'`)
	w.readAgain()
	w.check()
	w.want("exceptions", w.exceptions(), "")
	w.release()
	w.want("ledger", w.ledger(), "frozen 2 = 200")
}

// dumb is a codec of a program that is broken.
type dumb struct{ gateway.BankCodec }

func (dumb) Begin(io.Writer, gateway.Interchange) (gateway.OrderWriter, error) {
	return nil, errBroken
}

func (dumb) Read(io.Reader, time.Time, gateway.BankSink) (gateway.BankEnvelope, error) {
	return gateway.BankEnvelope{}, errBroken
}

var errBroken = errors.New("broken")

// TestPassing_ClosesWhatIsMended: the exception of work that failed ends when the same work succeeds, and the other
// bank's and another bundle's do not.
func TestPassing_ClosesWhatIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := w.steps(func(o *app.StepOptions) {
		banks := slices.Clone(w.banks)
		banks[0].Codec = dumb{banks[0].Codec}
		o.Banks = banks
	})
	broken.Answer.Answers.Encode = func(io.Writer, gateway.Answer) (gateway.AnswerEncoder, error) { return nil, errBroken }
	fails := func(step string, do func(context.Context) (bool, error)) {
		t.Helper()
		if worked, err := do(t.Context()); worked || !errors.Is(err, errBroken) {
			t.Errorf("%s: %t, %v", step, worked, err)
		}
	}
	w.exec(`INSERT INTO exception (kind, subject, detail, raised_at) SELECT k, '99', 'another', $1
		FROM unnest('{interchange cannot be written,bank file cannot be heard,answer cannot be written}'::text[]) k`, w.time())
	const others = "interchange cannot be written; bank file cannot be heard; answer cannot be written"
	w.receive(bundle("G-1", complete("A", 100), complete("B", 100)))
	w.at(receiveBy)
	w.release()
	bec := func(step func(context.Context, string) (bool, error)) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) { return step(ctx, "BEC") }
	}
	w.unrender()
	fails("render", bec(broken.Release.NextToRender))
	w.want("exceptions", w.exceptions(), others+"; interchange cannot be written")
	w.dispatch()
	w.want("rendered", w.exceptions(), others)

	w.lay("BEC", "1.edi", file("BEC", "F1", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "2", "x"))))
	fails("hear", bec(broken.Bank.NextToHear))
	w.want("exceptions", w.exceptions(), others+"; bank file cannot be heard")
	w.hear("BEC")
	w.want("heard", w.exceptions(), others)

	w.later(quiet)
	fails("answer", broken.Answer.Next)
	w.want("exceptions", w.exceptions(), others+"; answer cannot be written")
	if worked, err := w.Answer.Next(t.Context()); !worked || err != nil {
		t.Errorf("answer: %t, %v", worked, err)
	}
	w.want("one of two answers", w.exceptions(), others+"; answer cannot be written")
	w.wantAnswers("1 ACPT; 2 ACPT; 8 B; 9 A:0001(x)")
	w.want("answered", w.exceptions(), others)
	w.want("closed by", w.row(`SELECT DISTINCT closed_by FROM exception WHERE closed_at IS NOT NULL`), "nks")
}
