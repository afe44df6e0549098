package flowtest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
)

// park parks a message as the queue's door does.
func (w *world) park(key string, body []byte, reason string) {
	w.t.Helper()
	if err := w.Receive.Park(w.t.Context(), queued("LEVA", key, body), reason); err != nil {
		w.t.Fatal(err)
	}
}

// TestParked: what a queue brought and was not taken waits for two persons, once; they have it taken as a message of its own, or drop
// its bytes.
func TestParked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, other := bundle("G-1", complete("A-1", 100)).XML(), bundle("G-2", complete("A-2", 200)).XML()
	if err := w.message("LEVA", "id:a", first); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the acknowledgement was lost
		w.park("id:a", other, "same key, other content")
	}
	w.park("id:a", []byte("not this"), "same key, other content")
	w.park("id:b", nil, "refused")
	list, err := w.Desk.Parked(t.Context(), false)
	if err != nil || len(list) != 3 || list[0].Supplier != "LEVA" || list[0].Key != "id:a" || list[0].Size != int64(len(other)) || list[0].Reason != "same key, other content" {
		t.Fatalf("%+v, %v", list, err)
	}
	wanted, unwanted := list[0].ID, list[1].ID

	asked := w.decides(act.KindPutBack, "Ann", wanted)
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "Ann", ""); !errors.Is(err, gateway.ErrPersons) {
		t.Errorf("one person alone: %v", err)
	}
	w.want("nothing happens yet", w.row(`SELECT count(*) FROM delivery`), "1")
	w.approves(asked.ID, "Bob")
	w.decided(act.KindDropMessage, unwanted)
	for _, kind := range []string{act.KindPutBack, act.KindDropMessage} {
		for _, id := range []int64{wanted, unwanted} {
			if _, err := w.Desk.Decide(t.Context(), act.Intent{Kind: kind, IDs: []int64{id}, By: "Ann", Why: "a test"}); !errors.Is(err, gateway.ErrMovedOn) {
				t.Errorf("%s %d once more: %v", kind, id, err)
			}
		}
	}
	w.want("parked", w.row(`SELECT state, content IS NULL, decision_id IS NULL FROM parked_message ORDER BY id`), "put_back true false; dropped true false; parked false true")
	w.read()
	w.check()
	key := gateway.PutBackKey(wanted, "id:a")
	w.want("deliveries", w.row(`SELECT door, transport_key, state FROM delivery ORDER BY id`), "mq id:a checked; mq "+key+" checked")
	w.want("payments", w.row(`SELECT count(*) FROM payment`), "2")
	w.want("answers", w.queued("LEVA"), "KVITTERING1-0000000001 about id:a; KVITTERING1-0000000002 about "+key+
		"; RETURSVAR2-0000000001 about id:a; RETURSVAR2-0000000002 about "+key)
	if got := gateway.OriginalKey(key); got != "id:a" {
		t.Errorf("answers are about %q", got)
	}
	w.park("id:a", []byte("not this"), "same key, other content") // it comes again after it was decided
	w.want("waits anew", w.row(`SELECT count(*) FROM parked_message WHERE state = 'parked'`), "2")
}

// TestParked_StillTooLarge: what is larger than anything that is taken is not put back.
func TestParked_StillTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.DocumentBytes = 100_000 })
	w.park("id:a", bytes.Repeat([]byte("x"), 100_001), "too large")
	list, err := w.Desk.Parked(t.Context(), false)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	_, err = w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindPutBack, IDs: []int64{list[0].ID}, By: "Ann", Why: "a test"})
	if !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), "100001 bytes") {
		t.Errorf("put back: %v", err)
	}
	w.decided(act.KindDropMessage, list[0].ID)
}

// TestParked_TakenMeanwhile: a message is not put back whose bytes were taken under its key after it was parked, or as another copy of it.
func TestParked_TakenMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, other := bundle("G-1", complete("A-1", 100)).XML(), bundle("G-2", complete("A-2", 200)).XML()
	w.park("id:a", first, "too large")
	w.park("id:b", other, "too large")
	if err := w.message("LEVA", "id:a", first); err != nil { // sent again, when more was taken
		t.Fatal(err)
	}
	w.decided(act.KindPutBack, 2)
	w.park("id:b", other, "too large") // its acknowledgement was lost
	w.want("parked", w.row(`SELECT id, transport_key, state FROM parked_message ORDER BY id`), "1 id:a parked; 2 id:b put_back; 3 id:b parked")
	for _, id := range []int64{1, 3} {
		_, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindPutBack, IDs: []int64{id}, By: "Ann", Why: "a test"})
		if !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), "taken meanwhile") {
			t.Errorf("put back %d: %v", id, err)
		}
		w.decided(act.KindDropMessage, id)
	}
	w.want("deliveries", w.row(`SELECT count(*) FROM delivery`), "2")
}
