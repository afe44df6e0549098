package rasp_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/reliable"
	"nks/schema"
)

func newStore(t *testing.T) *reliable.Store {
	t.Helper()
	return storeIn(t, pgtest.Create(t))
}

func storeIn(t *testing.T, db *pgtest.Database) *reliable.Store {
	t.Helper()
	return &reliable.Store{Limits: reliable.Limits{Sequences: 2},
		Base: postgres.NewBase(postgres.Base{DB: db.Open(t, schema.Flow), Now: time.Now, Location: time.UTC, Log: zerolog.Nop()})}
}

// TestSequences: both ways to keep sequences keep the same.
func TestSequences(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]door.Sequences{"in tables": newStore(t), "in memory": &rasp.Memory{ID: soap.NewID}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, at := t.Context(), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			q, err := keep.Open(ctx, "LEVA", "asked", "offered", at)
			must(err)
			if again, err := keep.Open(ctx, "LEVA", "asked", "offered", at); err != nil || again.ID != q.ID {
				t.Errorf("asked again: %+v, %v", again, err)
			}
			if other, err := keep.Open(ctx, "LEVB", "asked", "", at); err != nil || other.ID == q.ID {
				t.Errorf("asked by another: %+v, %v", other, err)
			}
			if _, err := keep.Find(ctx, "LEVB", q.ID, at); !errors.Is(err, gateway.ErrNotFound) {
				t.Errorf("another's: %v", err)
			}
			for _, n := range []int64{1, 2, 5, 4, 9} {
				m := door.SequenceMessage{Number: n, MessageID: "m", SHA256: [32]byte{byte(n)}, Last: n == 9, Fault: "f", Reason: "r"}
				must(keep.Keep(ctx, q.ID, m))
				must(keep.Keep(ctx, q.ID, m))
				if got, err := keep.Message(ctx, q.ID, n); err != nil || got != m {
					t.Errorf("message %d: %+v, %v", n, got, err)
				}
				m.MessageID = "another"
				if err := keep.Keep(ctx, q.ID, m); !errors.Is(err, gateway.ErrConflict) {
					t.Errorf("another message %d: %v", n, err)
				}
			}
			if _, err := keep.Message(ctx, q.ID, 3); !errors.Is(err, gateway.ErrNotFound) {
				t.Errorf("message 3: %v", err)
			}
			must(keep.End(ctx, q.ID, at))
			later := at.Add(time.Minute)
			found, err := keep.Find(ctx, "LEVA", q.ID, later)
			must(err)
			if !found.Ended || found.Last != 9 || found.Offered != "offered" || !slices.Equal(found.Came, []door.Came{{Lower: 1, Upper: 2}, {Lower: 4, Upper: 5}, {Lower: 9, Upper: 9}}) {
				t.Errorf("found %+v", found)
			}
			must(keep.Forget(ctx, later))
			if _, err := keep.Find(ctx, "LEVA", q.ID, later); err != nil {
				t.Errorf("used at that moment: %v", err)
			}
			must(keep.Forget(ctx, later.Add(time.Millisecond)))
			if _, err := keep.Find(ctx, "LEVA", q.ID, later); !errors.Is(err, gateway.ErrNotFound) {
				t.Errorf("forgotten: %v", err)
			}
		})
	}
}

// TestStore: a party has so many sequences open and no more, and one process alone sends to it.
func TestStore(t *testing.T) {
	t.Parallel()
	s, now := newStore(t), time.Now()
	first, err := s.Open(t.Context(), "LEVA", "1", "", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "LEVA", "2", "", now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "LEVA", "3", "", now); !errors.Is(err, gateway.ErrRefused) {
		t.Errorf("a third one: %v", err)
	}
	if _, err := s.Open(t.Context(), "LEVB", "3", "", now); err != nil {
		t.Errorf("another's: %v", err)
	}
	if err := s.End(t.Context(), first.ID, now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "LEVA", "3", "", now); err != nil {
		t.Errorf("after one has ended: %v", err)
	}

	owned, err := s.Own(t.Context(), "LEVA", func(ctx context.Context) error {
		if other, err := s.Own(ctx, "LEVA", func(context.Context) error { return nil }); other || err != nil {
			t.Errorf("somebody else sends, too: %v", err)
		}
		if other, err := s.Own(ctx, "LEVB", func(context.Context) error { return nil }); !other || err != nil {
			t.Errorf("nobody sends to another: %v", err)
		}
		at := door.Sending{Sequence: "theirs", Number: 3, Answer: 17}
		if err := s.SetSending(ctx, "LEVA", door.Sending{}, at); err != nil {
			return err
		}
		if got, err := s.Sending(ctx, "LEVA"); err != nil || got != at {
			t.Errorf("sending %+v, %v", got, err)
		}
		return s.SetSending(ctx, "LEVA", at, door.Sending{})
	})
	if !owned || err != nil {
		t.Errorf("owned %t, %v", owned, err)
	}
	if owned, err := s.Own(t.Context(), "LEVA", func(context.Context) error { return nil }); !owned || err != nil {
		t.Errorf("afterwards: %t, %v", owned, err)
	}
}

// TestStore_Overtaken: who sends alone no longer, without knowing, takes nothing back from who has come after.
func TestStore_Overtaken(t *testing.T) {
	t.Parallel()
	db := pgtest.Create(t)
	first, second := storeIn(t, db), storeIn(t, db)
	begun, next := door.Sending{Sequence: "theirs", Number: 3, Answer: 17}, door.Sending{Sequence: "theirs", Number: 4, Answer: 18}
	_, err := first.Own(t.Context(), "LEVA", func(ctx context.Context) error {
		if err := first.SetSending(ctx, "LEVA", door.Sending{}, begun); err != nil {
			return err
		}
		if _, err := db.Open(t, pgtest.Superuser).ExecContext(ctx, `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
			return err
		}
		owned, err := second.Own(ctx, "LEVA", func(ctx context.Context) error { return second.SetSending(ctx, "LEVA", begun, next) })
		if !owned || err != nil {
			t.Errorf("the second: %t, %v", owned, err)
		}
		return first.SetSending(ctx, "LEVA", begun, door.Sending{})
	})
	if !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("the first: %v", err)
	}
	if at, err := second.Sending(t.Context(), "LEVA"); err != nil || at != next {
		t.Errorf("sending %+v, %v", at, err)
	}
}

// TestStore_Unserved: while a process serves a party no other may say what becomes of its answers, and it is the one that sends to it when
// it does; of a process that was lost it may.
func TestStore_Unserved(t *testing.T) {
	t.Parallel()
	db := pgtest.Create(t)
	one, two, other := storeIn(t, db), storeIn(t, db), storeIn(t, db)
	want := func(party string, want bool) {
		t.Helper()
		did := false
		unserved, err := other.Unserved(t.Context(), party, func(ctx context.Context) error {
			did = true
			owned, err := one.Own(ctx, party, func(context.Context) error { return nil })
			if owned {
				t.Errorf("%s: somebody sends meanwhile", party)
			}
			return err
		})
		if err != nil || unserved != want || did != want {
			t.Errorf("%s: unserved %t, done %t, %v; want %t", party, unserved, did, err, want)
		}
	}
	serve := func(s *reliable.Store) (begun chan struct{}, stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		begun, ended := make(chan struct{}, 10), make(chan struct{})
		go func() {
			defer close(ended)
			s.Serve(ctx, []string{"LEVA", "LEVB"}, func() { begun <- struct{}{} }, func(error) {})
		}()
		<-begun
		stop = func() { cancel(); <-ended }
		t.Cleanup(stop)
		return begun, stop
	}
	want("LEVA", true)
	again, stopOne := serve(one)
	_, stopTwo := serve(two)
	want("LEVA", false)
	want("LEVC", true)
	stopTwo()
	want("LEVB", false)
	if _, err := db.Open(t, pgtest.Superuser).ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	<-again // by another session
	want("LEVA", false)
	stopOne()
	want("LEVA", true)
	if owned, err := one.Own(t.Context(), "LEVA", func(ctx context.Context) error {
		want("LEVA", false)
		return nil
	}); !owned || err != nil {
		t.Errorf("owned %t, %v", owned, err)
	}
}

// TestStore_EndedWithoutEnd: a party that opens and ends without end has no more than so many remembered, the last of them.
func TestStore_EndedWithoutEnd(t *testing.T) {
	t.Parallel()
	s, at := newStore(t), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	const rounds, most = 40, 8*2 + 1
	var ids []string
	for range rounds {
		at = at.Add(time.Second)
		q, err := s.Open(t.Context(), "LEVA", soap.NewID(), "", at)
		if err == nil {
			err = s.End(t.Context(), q.ID, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, q.ID)
	}
	for i, id := range ids {
		_, err := s.Find(t.Context(), "LEVA", id, at)
		if known := err == nil; known != (i >= rounds-most) {
			t.Errorf("sequence %d of %d: %v", i+1, rounds, err)
		}
	}
}
