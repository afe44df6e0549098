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

// journalAway has the journal take nothing, until what is returned is called.
func (w *world) journalAway() (back func()) {
	w.t.Helper()
	own := filepath.Join(w.options.Journals[1], "a")
	move := func(from, to string) {
		w.t.Helper()
		if err := os.Rename(from, to); err != nil {
			w.t.Fatal(err)
		}
	}
	move(own, own+"-away")
	return func() { move(own+"-away", own) }
}

// TestRecover_PutBackOnce: the program died before the journal had what was parked. Persons have it put back, the database is set back, and the
// queue brings it once more: it is the message that was taken already.
func TestRecover_PutBackOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	o := newOutside(w)
	wanted := bundle("G-1", complete("A-1", 100)).XML()
	backup := w.backup()
	back := w.journalAway()
	if err := w.Receive.Park(t.Context(), queued("LEVA", "id:a", wanted), "too large"); !errors.Is(err, gateway.ErrTransient) {
		t.Fatal(err)
	}
	back()
	w.decided(act.KindPutBack, 1)
	before := w.parked()
	w.setBack(o, backup, false)
	w.want("parked", w.parked(), before)
	w.park("id:a", wanted, "too large")
	if _, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindPutBack, IDs: []int64{2}, By: "Ann", Why: "again"}); !errors.Is(err, gateway.ErrIntent) {
		t.Errorf("put back twice: %v", err)
	}
	w.want("deliveries", w.row(`SELECT count(*) FROM delivery`), "1")
}

// TestRecover_AnswerOfWhatIsNotThere: the journal has no delivery that broke off before its acknowledgement; before anybody reads an answer to it, it
// has.
func TestRecover_AnswerOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	o := newOutside(w)
	w.park("id:a", bundle("G-1", complete("A-1", 100)).XML(), "too large")
	backup := w.backup()
	back := w.journalAway()
	if _, err := w.decide(act.KindPutBack, "Ann", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk.Approve(t.Context(), 1, "Bob", ""); !errors.Is(err, gateway.ErrTransient) {
		t.Fatalf("the journal has the decision: %v", err)
	}
	if err := w.message("LEVA", "id:b", []byte("no XML")); !errors.Is(err, gateway.ErrTransient) {
		t.Fatalf("acknowledged: %v", err)
	}
	back()
	w.read()
	w.check()
	answered := w.queued("LEVA")
	deliveries := w.row(`SELECT id, transport_key, state FROM delivery ORDER BY id`)
	w.setBack(o, backup, false)
	w.want("deliveries", w.row(`SELECT id, transport_key, state FROM delivery ORDER BY id`), deliveries)
	w.want("answers", w.queued("LEVA"), answered)
}

// TestRecover_ParkedWithout: a database that goes on without what was parked gives its number to no other message, and what is parked then is not
// taken for what was given up.
func TestRecover_ParkedWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	backup := w.backup()
	w.park("id:a", []byte("one"), "too large")
	w.restored(backup)
	if _, err := w.Restore.GoOnWithout(t.Context(), "A. Hansen", 100); err != nil {
		t.Fatal(err)
	}
	again := w.backup()
	w.park("id:a", []byte("one"), "too large") // its sender was asked to put it once more
	before := w.parked()
	w.want("parked", before, "101 id:a parked 3 false")
	w.restored(again)
	if done, err := w.Restore.Take(t.Context(), "A. Hansen"); err != nil || done.Took != 1 || len(done.Left) > 0 {
		t.Errorf("%+v, %v", done, err)
	}
	w.want("parked after the second time", w.parked(), before)
}

// TestRecover_ParkedAtEachKill: the process dies before or after the journal has a message, or after the queue has forgotten it; persons decide or do
// not; and the database is set back. The message is there, and taken once at most.
func TestRecover_ParkedAtEachKill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		journal, gone bool // what had happened when the process died
		decided       string
		after         bool // the backup has the message
		want, again   string
	}{
		{"before the journal", false, false, "", false, "", "parked"},
		{"before the journal, and dropped", false, false, act.KindDropMessage, false, "dropped", "dropped; parked"},
		{"before the acknowledgement", true, false, "", false, "parked", "parked"},
		{"before the acknowledgement, and put back", true, false, act.KindPutBack, true, "put_back", "put_back; parked"},
		{"acknowledged, and put back", true, true, act.KindPutBack, false, "put_back", "put_back"},
		{"acknowledged, and dropped", true, true, act.KindDropMessage, true, "dropped", "dropped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, keeps)
			o := newOutside(w)
			wanted := bundle("G-1", complete("A-1", 100)).XML()
			backup := w.backup()
			back := func() {}
			if !c.journal {
				back = w.journalAway()
			}
			if err := w.Receive.Park(t.Context(), queued("LEVA", "id:a", wanted), "too large"); (err == nil) != c.journal {
				t.Fatal(err)
			}
			back()
			if c.after {
				backup = w.backup()
			}
			if c.decided != "" {
				w.decided(c.decided, 1)
			}
			const states = `SELECT state FROM parked_message ORDER BY id`
			w.setBack(o, backup, false)
			w.want("after the restore", w.row(states), c.want)
			if !c.gone { // the queue brings it again
				w.park("id:a", wanted, "too large")
			}
			w.want("in the end", w.row(states), c.again)
			for _, id := range []int64{1, 2, 3} {
				if d, err := w.decide(act.KindPutBack, "Ann", id); err == nil {
					w.approves(d.ID, "Bob")
				}
			}
			taken := "1"
			if c.again == "dropped" {
				taken = "0"
			}
			w.want("deliveries", w.row(`SELECT count(*) FROM delivery`), taken)
		})
	}
}
