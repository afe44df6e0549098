package flowtest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

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
		a, err := w.Answer.NextQueued(w.t.Context(), supplier)
		if errors.Is(err, gateway.ErrNotFound) {
			return strings.Join(all, "; ")
		}
		if err == nil {
			err = w.Answer.Queued(w.t.Context(), a)
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

// TestQueuedAnswer_Again: an answer whose record was lost is the same answer again, and keeps the others behind it.
func TestQueuedAnswer_Again(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.message("LEVA", "id:a", bundle("G-1", complete("A-1", 100)).XML()); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	first, err := w.Answer.NextQueued(t.Context(), "LEVA")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Answer.NextQueued(t.Context(), "LEVA")
	if err != nil || again.Name != first.Name || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("first %s, then %s, %v", first.Name, again.Name, err)
	}
	if busy, err := w.Watch.InHand(t.Context()); err != nil || !busy {
		t.Errorf("in hand: %t, %v", busy, err)
	}
	if err := w.Answer.LayInMailbox(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	w.want("the queue", w.queued("LEVA"), "RETURSVAR2-0000000001 about id:a")
	w.want("the mailbox", w.row(`SELECT file_name FROM answer WHERE door = 'sftp' AND collected_at IS NULL`), "KVITTERING1-0000000001.xml")
	w.want("alarm", w.exceptions(), "answer too large for the queue")
}
