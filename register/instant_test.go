package register_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// newAccount is a file that gives one citizen the n-th of some accounts.
func newAccount(n int) country {
	return country{"accounts.csv": fmt.Sprintf("%s\nCPR,0101701111,3001000555000%d,,,,,,,,,,,,\n", accountHeader, n)}
}

// waitForLock returns when somebody waits for a lock of the database, or fails when nobody ever does.
func waitForLock(t *testing.T, db *sqlx.DB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for waits := false; !waits; {
		err := db.GetContext(ctx, &waits, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) FROM pg_sleep(0.01)`)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLoad_InstantIsTakenUnderTheLock: a load that waited for another is of the time after it.
func TestLoad_InstantIsTakenUnderTheLock(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	other, err := db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	if _, err := other.Exec(`LOCK TABLE nks.holder_version IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	var minutes atomic.Int64
	done := make(chan error, 1)
	go func() {
		_, err := register.Load(t.Context(), db, newAccount(1).sources(), register.Options{Now: func() time.Time {
			return morning().Add(time.Duration(minutes.Load()) * time.Minute)
		}})
		done <- err
	}()
	waitForLock(t, db)
	minutes.Store(7)
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var recorded, valid time.Time
	row := db.QueryRow(`SELECT recorded_from, valid_from FROM nks.account_version WHERE right(account, 5) = '50001'`)
	if err := row.Scan(&recorded, &valid); err != nil {
		t.Fatal(err)
	}
	if want := morning().Add(7 * time.Minute); !recorded.Equal(want) || !valid.Equal(want) {
		t.Errorf("recorded %s, valid from %s; want %s", recorded, valid, want)
	}
}

// TestLoad_InstantsGrowWithNumbers: of loads at once whose clocks differ, none is recorded before one that went first, and
// what each says counts from its own instant on.
func TestLoad_InstantsGrowWithNumbers(t *testing.T) {
	t.Parallel()
	db := loaded(t)
	var asked atomic.Int64
	backwards := func() time.Time { return morning().Add(time.Hour - time.Duration(asked.Add(1))*time.Minute) }
	loadAtOnce(t, db, 5, newAccount, backwards)
	if n := asked.Load(); n != 5 {
		t.Errorf("the clock was asked %d times", n)
	}
	var got []string
	err := db.Select(&got, `SELECT concat_ws(' ', counter, closed, recorded_from::time, recorded_to::time, valid_from::time, valid_to::time)
		FROM (SELECT * FROM nks.account_version WHERE holder_id = 101701111 AND authority IS NULL AND counter > 1 ORDER BY counter, valid_from) v`)
	if err != nil {
		t.Fatal(err)
	}
	const at = "03:29:00"
	want := []string{"2 " + at + " " + at, "2 3 " + at + " " + at + " " + at}
	for n := 3; n < 6; n++ {
		want = append(want, fmt.Sprintf("%d %d %s %[3]s %[3]s", n, n+1, at))
	}
	want = append(want, fmt.Sprintf("6 %s %[1]s", at))
	if !slices.Equal(got, want) {
		t.Errorf("versions\n%q, want\n%q", got, want)
	}
	if got := ask(t, db, morning().Add(59*time.Minute), question{gateway.CPR, 101701111, "", ""}); len(got) != 1 || got[0].Reason != 0 {
		t.Errorf("accounts in force: %v", got)
	}
	load(t, db, morning().Add(2*time.Hour), newAccount(7))
	var at2 time.Time
	if err := db.Get(&at2, `SELECT recorded_at FROM nks.register_counter`); err != nil || !at2.Equal(morning().Add(2*time.Hour)) {
		t.Errorf("the last change is of %s, %v", at2, err)
	}
}

// TestLoad_EmptyRegisterAtOnce: the first fills it, and the others find that it has what they bring.
func TestLoad_EmptyRegisterAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		db := pgtest.New(t)
		files := smallCountry(t)
		loadAtOnce(t, db, 4, func(n int) country {
			if n == 0 {
				return files.only("suppliers.csv", "authorities.csv", "los_units.csv", "agreements.csv")
			}
			return files
		}, morning)
		if got := position(t, db); got != "epoch 2 counter 1" && got != "epoch 2 counter 2" {
			t.Errorf("position %s", got)
		}
	}
}

// loadAtOnce loads several files that come together.
func loadAtOnce(t *testing.T, db *sqlx.DB, loads int, files func(int) country, now func() time.Time) {
	t.Helper()
	var all sync.WaitGroup
	for n := range loads {
		all.Go(func() {
			if _, err := register.Load(t.Context(), db, files(n).sources(), register.Options{Now: now}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
