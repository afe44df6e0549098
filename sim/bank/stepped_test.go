package bank_test

import (
	"errors"
	"testing"
	"time"

	"nks/sim/bank"
)

// TestStepped: a centre that is given its turns reads, answers and confirms as one that runs by itself, and nobody else runs it meanwhile.
func TestStepped(t *testing.T) {
	t.Parallel()
	c := prepare(t, quiet())
	s, err := bank.Step(t.Context(), bank.Config{Dir: c.dir, Centre: "TEST", Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Confirm("00000001NOBODY"); !errors.Is(err, bank.ErrNoSuchOrder) {
		t.Errorf("an order that nobody gave: %v", err)
	}
	if due := s.NextDue(); !due.IsZero() {
		t.Errorf("something is due at %s", due)
	}
	if err := s.Turn(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
