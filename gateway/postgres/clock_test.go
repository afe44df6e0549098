package postgres_test

import (
	"testing"
	"time"

	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
)

// noon is the business time of tests that do not care for it.
var noon = time.Date(2005, 8, 11, 12, 0, 0, 0, time.UTC)

// TestBeginClock: the first start sets business time; a restart finds it, and it never goes back.
func TestBeginClock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	machine := func() time.Time { return noon.Add(time.Hour) }
	first, err := postgres.BeginClock(t.Context(), db, machine, noon)
	if err != nil || first != -time.Hour {
		t.Fatalf("offset %s, %v", first, err)
	}
	later := func() time.Time { return noon.Add(10 * time.Hour) }
	if again, err := postgres.BeginClock(t.Context(), db, later, noon); err != nil || again != first {
		t.Errorf("a restart found %s, %v", again, err)
	}
	for _, jump := range []struct{ to, want time.Duration }{{2 * time.Hour, 2 * time.Hour}, {time.Hour, 2 * time.Hour}} {
		if err := postgres.MoveClock(t.Context(), db, jump.to, later()); err != nil {
			t.Fatal(err)
		}
		if got, err := postgres.BeginClock(t.Context(), db, later, time.Time{}); err != nil || got != jump.want {
			t.Errorf("after a jump to %s: %s, %v", jump.to, got, err)
		}
	}
}
