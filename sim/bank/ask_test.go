package bank_test

import (
	"context"
	"errors"
	"testing"

	"nks/sim/bank"
)

// TestAsk: whoever asks is told the truth, whatever the centre's files say, before and after a restart.
func TestAsk(t *testing.T) {
	t.Parallel()
	c := prepare(t, faulty(bank.FaultRejectAfterExecuted, 0))
	stop := c.run()
	c.put(c.open(), "NKS1.edi", twoMessages("1").text())
	c.jumpOn()
	answers := func() {
		t.Helper()
		reported := map[bank.Outcome]int{}
		for ref, o := range c.ledger().Orders {
			got, err := bank.Ask(t.Context(), c.dir, "TEST", ref)
			if err != nil || got != o.Truth {
				t.Errorf("%s: %s, %v; in truth %s", ref, got, err, o.Truth)
			}
			if o.Fault != "" {
				reported[got]++
			}
		}
		if reported[bank.Executed] == 0 || reported[bank.Rejected] == 0 {
			t.Errorf("of the faulty ones, %v", reported)
		}
		for ref, o := range c.ledger().Orders {
			if !o.Confirmed {
				t.Errorf("%s: the answer is not in the journal", ref)
			}
		}
	}
	answers()
	stop()
	c.run()
	answers()
	if _, err := bank.Ask(t.Context(), c.dir, "TEST", "nobody's"); !errors.Is(err, bank.ErrNoSuchOrder) {
		t.Errorf("about an order that nobody gave: %v", err)
	}
}

func TestAskNobody(t *testing.T) {
	t.Parallel()
	c := prepare(t, quiet())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bank.Ask(ctx, c.dir, "TEST", "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a centre that does not run: %v", err)
	}
}

// TestAskAgain: what nobody could use is said once more to who asks, in good order, and once; also after a restart.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	for _, fault := range []bank.Fault{bank.FaultUnreadable, bank.FaultOldNumber, bank.FaultUnknownCode, bank.FaultWrongReference} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			c := prepare(t, faulty(fault, 0))
			stop := c.run()
			c.put(c.open(), "NKS1.edi", twoMessages("1").text())
			c.jumpOn()
			stop()
			c.run()
			open := func() (n int) {
				for _, o := range c.ledger().Orders {
					if o.Outcome != o.Truth {
						n++
					}
				}
				return n
			}
			if open() == 0 {
				t.Fatal("everything could be used")
			}
			for range 2 {
				if err := bank.AskAgain(t.Context(), c.dir, "TEST"); err != nil {
					t.Fatal(err)
				}
				c.jumpOn()
				if n := open(); n > 0 {
					t.Errorf("%d orders are not told of as they are", n)
				}
			}
			corrects := map[string]int{}
			for _, a := range c.ledger().Answers {
				if a.Corrects {
					corrects[a.SHA256]++
					if a.Fault == bank.FaultUnreadable {
						t.Errorf("%s cannot be read either", a.Name)
					}
				}
			}
			if waits := c.ledger().Waiting; len(corrects) == 0 || waits != 0 {
				t.Errorf("%d answers said again, %d wait", len(corrects), waits)
			}
		})
	}
}
