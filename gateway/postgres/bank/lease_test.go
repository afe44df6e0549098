package bank_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/bank"
	"nks/gateway/postgres/pgtest"
)

func store(db *sqlx.DB) *bank.Store {
	return &bank.Store{Base: postgres.NewBase(postgres.Base{DB: db, Now: time.Now, Location: time.UTC, Log: zerolog.Nop()})}
}

// TestLease: one owner at a time, and each with a higher fencing number.
func TestLease(t *testing.T) {
	t.Parallel()
	s := store(pgtest.New(t))
	first, err := s.Lease(t.Context(), "B")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lease(t.Context(), "B"); !isTransient(err) {
		t.Errorf("a second owner: %v", err)
	}
	other, err := s.Lease(t.Context(), "C")
	if err != nil {
		t.Fatalf("another bank's: %v", err)
	}
	other.Release()
	if err := first.Held(t.Context()); err != nil {
		t.Error(err)
	}
	first.Release()
	second, err := s.Lease(t.Context(), "B")
	if err != nil || second.Fence <= first.Fence {
		t.Errorf("fence %d after %d, %v", second.Fence, first.Fence, err)
	}
	second.Release()
}

// TestLease_EndsWithItsSession: who loses the database loses the connection to the bank.
func TestLease_EndsWithItsSession(t *testing.T) {
	t.Parallel()
	d := pgtest.Create(t)
	s := store(d.Open(t, "nks_flow"))
	lease, err := s.Lease(t.Context(), "B")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(t, pgtest.Superuser).ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err != nil {
		t.Fatal(err)
	}
	if err := lease.Held(t.Context()); err == nil {
		t.Error("still held after the session's end")
	}
	next, err := s.Lease(t.Context(), "B")
	if err != nil || next.Fence <= lease.Fence {
		t.Errorf("the next owner: fence %d after %d, %v", next.Fence, lease.Fence, err)
	}
	lease.Release()
	next.Release()
}

// TestLease_AskedByTwo: sending and fetching ask at once while the session breaks, and both learn that it is lost.
func TestLease_AskedByTwo(t *testing.T) {
	t.Parallel()
	d := pgtest.Create(t)
	s := store(d.Open(t, "nks_flow"))
	killer := d.Open(t, pgtest.Superuser)
	for range 10 {
		lease, err := s.Lease(t.Context(), "B")
		if err != nil {
			t.Fatal(err)
		}
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				for lease.Held(t.Context()) == nil && t.Context().Err() == nil {
				}
			})
		}
		_, err = killer.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
			WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
		if err != nil {
			t.Fatal(err)
		}
		asking.Wait()
		lease.Release()
	}
}

func isTransient(err error) bool { return err != nil && errors.Is(err, gateway.ErrTransient) }
