package flowtest_test

import (
	"testing"

	"nks/gateway/postgres"
)

// TestRelease_OneThatFailsHoldsUpNoOther: a bank centre that is no longer configured.
func TestRelease_OneThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := bundle("G-2", complete("B", 100))
	second.Debits[0].Agreement, second.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(bundle("G-1", complete("A", 100)), second)
	w.at(receiveBy)
	config := w.Config
	config.Banks = config.Banks[1:]
	without := postgres.New(config)
	if worked, err := without.ReleaseNext(t.Context()); !worked || err != nil {
		t.Errorf("the other bank's: %t, %v", worked, err)
	}
	if worked, err := without.ReleaseNext(t.Context()); worked || err == nil {
		t.Errorf("the missing bank's: %t, %v", worked, err)
	}
	w.want("ledger", w.ledger(), "waiting 1 = 100, frozen 1 = 100")
	w.release() // it is back
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
		worked, err := w.CheckNext(t.Context())
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
	w.exec(`UPDATE delivery SET sender_ean = NULL, failures = 0 WHERE group_ref = 'G-1'`)
	w.check()
	w.release()
	w.want("ledger", w.ledger(), "frozen 2 = 200")
}
