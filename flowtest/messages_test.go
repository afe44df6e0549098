package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
)

// message takes a message in, as the queue's door does before it acknowledges.
func (w *world) message(supplier, key string, body []byte) error {
	w.t.Helper()
	return w.Receive.Take(w.t.Context(), queued(supplier, key, body))
}

// queued is a message at the door.
func queued(supplier, key string, body []byte) door.Arrival {
	return door.Arrival{Door: door.Queue, Party: supplier, Key: key, Size: int64(len(body)), Content: bytes.NewReader(body)}
}

// queued puts all answers of a supplier's queue, and gives them as "name about key".
func (w *world) queued(supplier string) string {
	w.t.Helper()
	var all []string
	for {
		a, err := w.Answer.Outbox(door.Queue).NextQueued(w.t.Context(), supplier)
		if errors.Is(err, gateway.ErrNotFound) {
			return strings.Join(all, "; ")
		}
		if err == nil {
			err = w.Answer.Outbox(door.Queue).Queued(w.t.Context(), a)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		if !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")) {
			w.t.Errorf("answer %s is %q", a.Name, a.Body)
		}
		all = append(all, a.Name+" about "+a.Key)
	}
}

func TestMessage_SameKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, other := bundle("G-1", complete("A-1", 100)).XML(), bundle("G-2", complete("A-2", 100)).XML()
	for range 3 { // the acknowledgement was lost: the same again, also after it was read
		if err := w.message("LEVA", "id:a", first); err != nil {
			t.Fatal(err)
		}
		w.read()
	}
	if err := w.message("LEVA", "id:a", other); !errors.Is(err, gateway.ErrConflict) || errors.Is(err, gateway.ErrTransient) {
		t.Errorf("other bytes under the same key: %v", err)
	}
	if err := w.put("LEVA", "id:a.xml", other); err != nil {
		t.Errorf("the mailbox has names of its own: %v", err)
	}
	w.read()
	w.check()
	w.want("deliveries", w.row(`SELECT door, transport_key, state FROM delivery ORDER BY id`), "mq id:a checked; sftp id:a.xml checked")
	w.want("alarm", w.exceptions(), "name used again with other bytes")
	// Each delivery and each answer has its bytes once; what was refused or came again has left none.
	w.want("documents", w.row(`SELECT count(*) FROM document`), "6")
	w.want("the queue", w.queued("LEVA"), "KVITTERING1-0000000001 about id:a; RETURSVAR2-0000000001 about id:a")
	w.want("the mailbox", w.row(`SELECT file_name FROM answer WHERE door = 'sftp' AND collected_at IS NULL ORDER BY id`),
		"KVITTERING1-0000000002.xml; RETURSVAR2-0000000002.xml")
}

// TestMessage_WrongSender: the login is the supplier, whatever the document says; its receipt goes to the login's queue.
func TestMessage_WrongSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.message("LEVB", "id:a", bundle("G-1", complete("A-1", 100)).XML()); err != nil {
		t.Fatal(err)
	}
	if err := w.message("LEVB", "seq:x-1", nil); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	w.wantAnswers("LEVB:1 RJCT 907; LEVB:0 5199")
	w.want("LEVA's queue", w.queued("LEVA"), "")
	w.want("LEVB's queue", w.queued("LEVB"), "KVITTERING1-0000000001 about id:a; KVITTERING0-0000000001 about seq:x-1")
	w.want("payments", w.row(`SELECT count(*) FROM payment`), "0")
}

func TestMessage_TooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.DocumentBytes = 100_000 })
	for range 2 { // parking it was interrupted
		if err := w.message("LEVA", "id:a", bytes.Repeat([]byte("x"), 100_001)); !errors.Is(err, gateway.ErrRefused) {
			t.Errorf("over the limit: %v", err)
		}
	}
	if err := w.message("LEVA", "id:a", bytes.Repeat([]byte("x"), 100_000)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	w.want("alarm", w.exceptions(), "message too large")
	w.read()
}

// TestMessage_DatabaseAway: what could not be stored may come again.
func TestMessage_DatabaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := bundle("G-1", complete("A-1", 100)).XML()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Receive.Take(gone, queued("LEVA", "id:a", first)); err == nil || errors.Is(err, gateway.ErrConflict) {
		t.Errorf("without a database: %v", err)
	}
	if err := w.message("LEVA", "id:a", first); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	w.wantAnswers("1 ACPT; 2 ACPT")
}

// TestMessage_PutTime: where the queue's clock is trusted a message counts for cut-offs from when it was put, within bounds, and
// for nothing else. // M9
func TestMessage_PutTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		taken    string
		waited   time.Duration // 0: no clock is trusted
		released string
	}{
		"put in time, taken late":      {"2005-08-11 06:01", 2 * time.Minute, "2005-08-11T06:00 2005-08-12"},
		"the clock is not trusted":     {"2005-08-11 06:01", 0, "2005-08-12T06:00 2005-08-15"},
		"put too late":                 {"2005-08-11 06:03", 2 * time.Minute, "2005-08-12T06:00 2005-08-15"},
		"put at the very cut-off":      {"2005-08-11 06:03", 3 * time.Minute, "2005-08-11T06:00 2005-08-12"},
		"put too long ago":             {"2005-08-11 07:01", 24 * time.Hour, "2005-08-12T06:00 2005-08-15"},
		"as long ago as counts":        {"2005-08-11 07:00", 24 * time.Hour, "2005-08-11T06:00 2005-08-12"},
		"put after it was taken":       {"2005-08-11 05:59", -time.Hour, "2005-08-11T06:00 2005-08-12"},
		"the mailbox has no put times": {"2005-08-11 06:01", 0, "2005-08-12T06:00 2005-08-15"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.at(c.taken)
			a := queued("LEVA", "id:a", bundle("G-1", complete("A", 100)).XML())
			if c.waited != 0 {
				a.Waited = func() time.Duration { return c.waited }
			}
			if err := w.Receive.Take(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			w.read()
			w.check()
			w.want("plan", w.row(`SELECT release_at, to_char(executes_on, 'YYYY-MM-DD') FROM release_group`), c.released)
			w.want("times", w.row(`SELECT to_char(received_at AT TIME ZONE 'Europe/Copenhagen', 'YYYY-MM-DD HH24:MI') FROM delivery`), c.taken)
			w.want("answers", w.row(`SELECT DISTINCT to_char(made_at AT TIME ZONE 'Europe/Copenhagen', 'YYYY-MM-DD HH24:MI') FROM answer`), c.taken)
		})
	}
}

// TestRelease_WaitsForPutTime: what was put before the cut-off and taken after it is waited for, if it is of the release. // M9
func TestRelease_WaitsForPutTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at("2005-08-11 06:01")
	a := queued("LEVA", "id:b", bundle("G-2", complete("B", 100)).XML())
	a.Waited = func() time.Duration { return 2 * time.Minute }
	if err := w.Receive.Take(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	w.release()
	w.want("before reading", w.ledger(), "waiting 1 = 100")
	w.read()
	w.check()
	w.release()
	w.want("one interchange", w.row(`SELECT payments FROM interchange`), "2")
}

// TestQueuedAnswer_Again: an answer whose record was lost is the same answer again, and keeps the others behind it.
func TestQueuedAnswer_Again(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.message("LEVA", "id:a", bundle("G-1", complete("A-1", 100)).XML()); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	first, err := w.Answer.Outbox(door.Queue).NextQueued(t.Context(), "LEVA")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Answer.Outbox(door.Queue).NextQueued(t.Context(), "LEVA")
	if err != nil || again.Name != first.Name || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("first %s, then %s, %v", first.Name, again.Name, err)
	}
	if busy, err := w.Watch.InHand(t.Context()); err != nil || !busy {
		t.Errorf("in hand: %t, %v", busy, err)
	}
	if err := w.Answer.Outbox(door.Queue).LayInMailbox(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.want("the queue", w.queued("LEVA"), "RETURSVAR2-0000000001 about id:a")
	w.want("the mailbox", w.row(`SELECT file_name FROM answer WHERE door = 'sftp' AND collected_at IS NULL`), "KVITTERING1-0000000001.xml")
	w.want("alarm", w.exceptions(), "answer too large for the queue")
}
