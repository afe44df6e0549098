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
