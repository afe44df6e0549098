package bank_test

import (
	"fmt"
	"testing"
	"time"

	"nks/sim/bank"
)

// large is an interchange of n orders as the gateway cuts them: messages of at most 5,000.
func large(control string, n int) mail {
	m := mail{control: control}
	for first := 0; first < n; first += 5000 {
		m.messages = append(m.messages, simple(fmt.Sprintf("%s-%d", control, first), min(5000, n-first)).messages[0])
	}
	return m
}

// TestLarge: an interchange of 100,000 orders, the most that the gateway sends, with every answer to it.
func TestLarge(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.RejectPerMille = 10
	c := begin(t, p)
	began := time.Now()
	c.put(c.open(), "NKS1.edi", large("1", 100_000).text())
	read := time.Since(began)
	c.jumpOn()
	t.Logf("read in %v, answered in %v", read, time.Since(began)-read)
	l := c.ledger()
	t.Logf("ledger read after %v", time.Since(began))
	if len(l.Orders) != 100_000 || len(l.Findings) > 0 || l.Waiting > 0 {
		t.Errorf("%d orders, findings %v, %d waiting", len(l.Orders), l.Findings, l.Waiting)
	}
}

// TestLargeReports: every order comes back by itself on one day: no message has more lines, and no line more entries, than
// the directory allows.
func TestLargeReports(t *testing.T) {
	t.Parallel()
	for name, merged := range map[string]int{"one credit each": 0, "one credit for all": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 13_000
			c := begin(t, reporting(func(r *bank.Reports) {
				r.Debmul = bank.DebmulParts
				r.Returns = bank.Returns{PerMille: 1000, Merged: merged}
			}))
			c.put(c.open(), "NKS1.edi", large("1", n).text())
			c.jumpOn()
			c.transcript(isReport)
			h, l := c.listen(), c.ledger()
			if returned(l) < n/2 || returned(l) != len(h.returns) || debited(l) == 0 {
				t.Errorf("%d returns, %d reported", returned(l), len(h.returns))
			}
			for _, s := range h.days {
				if s.count > 9_999 || s.opening+s.entries != s.closing {
					t.Errorf("statement %+v", s)
				}
			}
			if a := l.Account(bank.AccountName{Bank: "3000", Number: "30001234567890"}); a.Balance != a.Opening {
				t.Errorf("everything has come back, %d is left of %d", a.Balance, a.Opening)
			}
		})
	}
}
