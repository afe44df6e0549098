package year_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/gateway/postgres/pgtest"
	"nks/internal/programtest"
	"nks/schema"
)

// number is a number of the environment, or another.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// settingsOf are those of a year, or of a few days in which everything goes wrong ten times as often.
func settingsOf(t *testing.T, days, payments int) settings {
	t.Helper()
	return settings{Dir: t.TempDir(), Seed: uint64(number(t, "NKS_SEED", 1)), Days: number(t, "NKS_DAYS", programtest.Size(4, days)), Payments: number(t, "NKS_PAYMENTS", programtest.Size(40, payments)),
		Extra: programtest.Size(7, 30), Often: number(t, "NKS_OFTEN", programtest.Size(10, 1)), Keep: number(t, "NKS_KEEP", 0)}
}

// TestYear lives a year in which everything goes wrong that does, as often as it does, and judges each month of it, and all of it in the end.
// NKS_SEED says which (default 1), NKS_DAYS and NKS_PAYMENTS of what length and size, NKS_OFTEN how many times as often things go wrong.
func TestYear(t *testing.T) {
	t.Parallel()
	s, begun := settingsOf(t, 365, 2000), time.Now()
	db := pgtest.Create(t).Open(t, schema.Flow)
	if err := begin(t.Context(), s, db); err != nil {
		t.Fatal(err)
	}
	r, err := open(t.Context(), s, db)
	if err != nil {
		t.Fatal(err)
	}
	r.judge = func(month string) error {
		v, err := r.judgeAll(t.Context(), false)
		if err == nil {
			err = v.err(month)
			t.Logf("%s after %v: %s", month, time.Since(begun).Round(time.Second), strings.Join(v.counts, "; "))
		}
		return err
	}
	if err := r.live(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.ends(t)
	t.Logf("seed %d, %d days, %v", s.Seed, s.Days, time.Since(begun).Round(time.Second))
}

// ends judges all of a year that is over.
func (r *run) ends(t *testing.T) {
	t.Helper()
	v, err := r.judgeAll(t.Context(), true)
	if err == nil {
		err = v.err("in the end")
	}
	if err != nil {
		t.Error(err)
	}
	if v != nil {
		t.Log(strings.Join(v.counts, "; "))
	}
	if err := r.shut(); err != nil {
		t.Error(err)
	}
}
