package queue_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/mq"
)

// TestReceive_OwnFaultWithoutDelay: where the queue would bring it again at once it is kept in hand, and then given back; where the hand
// holds only one, everything waits.
func TestReceive_OwnFaultWithoutDelay(t *testing.T) {
	t.Parallel()
	for inFlight, before := range map[int]string{2: "id:2", 1: ""} {
		b := newBench(t)
		b.NoDelay, b.MaxInFlight = true, inFlight
		b.door.Back = 50 * time.Millisecond
		failed := 0
		b.take = func(key string) error {
			if key == "id:1" && failed < 3 {
				failed++
				return errors.New("a bug")
			}
			if _, taken := b.taken[before]; key == "id:1" && before != "" && !taken {
				t.Errorf("those behind it wait")
			}
			return nil
		}
		b.put("1", "one")
		b.put("2", "two")
		b.run(b.door.Receive)
		b.until("both", b.has("id:1", "id:2"))
		b.trouble("a bug")
		b.empty(in + ".parked")
		if b.times["id:1"] != 4 {
			t.Errorf("tried %d times", b.times["id:1"])
		}
	}
}

// shelf is where persons find what was parked.
type shelf struct {
	mu    sync.Mutex
	has   map[string]string
	fails int
}

func (s *shelf) Park(_ context.Context, a door.Arrival, reason string) error {
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return gateway.ErrTransient
	}
	s.has[a.Party+" "+a.Key] = string(body) + " because " + reason
	return nil
}

// TestParked: what was parked is taken on to where persons find it, and leaves the queue only then.
func TestParked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kept := &shelf{has: map[string]string{}, fails: 2}
	b.door.Parking = kept
	b.door.OpenParked = func(ctx context.Context) (mq.Link, error) { return b.Open(ctx, in+".parked") }
	b.take = func(string) error { return gateway.ErrConflict }
	b.put("1", "one")
	b.run(b.door.Receive)
	b.run(b.door.Parked)
	b.until("it is kept", func() bool {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		return kept.has["LEVA id:1"] == "one because "+gateway.ErrConflict.Error()
	})
	b.trouble(gateway.ErrTransient.Error())
}
