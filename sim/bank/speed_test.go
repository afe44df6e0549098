package bank_test

import (
	"fmt"
	"testing"
	"time"
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
