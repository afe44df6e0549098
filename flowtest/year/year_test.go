package year_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/gateway/postgres/pgtest"
	"nks/schema"
)

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestYear lives a year in which everything goes wrong that does, as often as it does, and judges each month of it, and all of it in the end.
// NKS_SEED says which (default 1), NKS_DAYS and NKS_PAYMENTS of what length and size.
func TestYear(t *testing.T) {
	t.Parallel()
	s := settings{Dir: os.Getenv("YDIR"), Seed: uint64(number(t, "NKS_SEED", 1)), Payments: number(t, "NKS_PAYMENTS", 40), Days: number(t, "NKS_DAYS", 30), Often: number(t, "NKS_OFTEN", 10),
		Keep: number(t, "NKS_KEEP", 0)}
	begun := time.Now()
	db := pgtest.Create(t).Open(t, schema.Flow)
	if err := begin(t.Context(), s, db); err != nil {
		t.Fatal(err)
	}
	r, err := open(t.Context(), s, db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.shut(); err != nil {
			t.Error(err)
		}
	}()
	r.judge = func(month string) error {
		v, err := r.judgeAll(t.Context(), false)
		if err == nil {
			err = v.err(month)
			if err != nil {
				t.Error(err)
				err = nil
			}
			t.Logf("%s after %v: %s", month, time.Since(begun).Round(time.Second), strings.Join(v.counts, "; "))
		}
		return err
	}
	if err := r.live(t.Context()); err != nil {
		debug(t, r)
		t.Fatal(err)
	}
	t.Logf("lived after %v", time.Since(begun).Round(time.Second))
	v, err := r.judgeAll(t.Context(), true)
	if err == nil {
		err = v.err("in the end")
	}
	if err != nil {
		t.Error(err)
		debug(t, r)
	}
	t.Logf("seed %d, %d days, %v: %s", s.Seed, s.Days, time.Since(begun).Round(time.Second), strings.Join(v.counts, "\n"))
}
