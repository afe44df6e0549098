package flowtest_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

// parked is what waits, or was decided, of messages that were parked; with the delivery that one became.
func (w *world) parked() string {
	w.t.Helper()
	return w.row(`SELECT p.id, p.transport_key, p.state, octet_length(p.content), k.delivery_id IS NOT NULL FROM parked_message p
		LEFT JOIN delivery_key k ON k.transport_key = 'parked:' || p.id || ':' || p.transport_key ORDER BY 1`)
}

// TestRecover_Parked: a message that was taken off its queue and waits for persons is not lost with a database that was set back, nor is what they
// have decided about it. The next one gets a number that none had.
func TestRecover_Parked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	o := newOutside(w)
	wanted := bundle("G-1", complete("A-1", 100)).XML()
	w.park("id:before", []byte("seen"), "same key, other content")
	asked := w.decides(act.KindDropMessage, "Ann", 1)
	backup := w.backup()
	w.park("id:back", wanted, "too large")
	w.park("id:dropped", []byte("not this"), "too large")
	w.park("id:waits", bytes.Repeat([]byte("x"), 1<<20), "too large")
	w.park("id:empty", nil, "too large")
	w.approves(asked.ID, "Bob")
	w.decided(act.KindPutBack, 2)
	w.decided(act.KindDropMessage, 3)
	w.read()
	w.check()
	before, deliveries := w.parked(), w.row(`SELECT id, transport_key, state FROM delivery ORDER BY id`)
	waits := w.row(`SELECT supplier, transport_key, encode(sha256, 'hex'), size, reason, evidence, parked_at, encode(sha256(content), 'hex') FROM parked_message WHERE state = 'parked' ORDER BY id`)

	w.restored(backup)
	if why := w.Base.Quiet.Why(); !strings.Contains(why, "4 of kind parked") {
		t.Fatalf("quiet: %q", why)
	}
	if err := w.Receive.Park(t.Context(), queued("LEVA", "id:new", []byte("new")), "too large"); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("a message is taken off its queue while the gateway is quiet: %v", err)
	}
	w.setBack(o, backup, false)
	w.want("parked", w.parked(), before)
	w.want("what waits", w.row(`SELECT supplier, transport_key, encode(sha256, 'hex'), size, reason, evidence, parked_at, encode(sha256(content), 'hex') FROM parked_message WHERE state = 'parked' ORDER BY id`), waits)
	w.want("deliveries", w.row(`SELECT id, transport_key, state FROM delivery ORDER BY id`), deliveries)
	w.park("id:new", []byte("new"), "too large")
	w.want("the next number", w.row(`SELECT id FROM parked_message WHERE transport_key = 'id:new'`), "6")
	w.decided(act.KindDropMessage, 4)
}

// TestPark_NotInTheJournal: what the journal does not take stays in its queue, and is parked once when it comes again.
func TestPark_NotInTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	own := filepath.Join(w.options.Journals[1], "a")
	if err := os.Rename(own, own+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := w.Receive.Park(t.Context(), queued("LEVA", "id:a", []byte("one")), "too large"); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("it is taken off its queue: %v", err)
	}
	if err := os.Rename(own+"-away", own); err != nil {
		t.Fatal(err)
	}
	before := w.backup()
	w.park("id:a", []byte("one"), "too large")
	w.park("id:a", []byte("one"), "too large")
	w.want("parked", w.row(`SELECT count(*) FROM parked_message`), "1")
	w.restored(before)
	w.want("quiet", w.Base.Quiet.Why(), "")
}
