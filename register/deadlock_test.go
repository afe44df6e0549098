package register_test

import (
	"context"
	"testing"

	"nks/gateway/postgres/pgtest"
	"nks/register"
)

// TestLoadGivesWay: a load that fills the register, and somebody who reads it the other way round meanwhile, wait for each
// other; the load is the one that begins anew.
func TestLoadGivesWay(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ctx := context.Background()
	reading, err := db.BeginTxx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reading.Rollback() }()
	if _, err := reading.ExecContext(ctx, `SELECT FROM nks.account_version`); err != nil {
		t.Fatal(err)
	}
	loaded := make(chan error, 1)
	go func() {
		_, err := register.Load(ctx, db, generated(10), register.Options{Now: morning})
		loaded <- err
	}()
	for waits := false; !waits; {
		select {
		case err := <-loaded:
			t.Fatalf("the load did not wait: %v", err)
		default:
		}
		if err := db.GetContext(ctx, &waits, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'nks.account_version'::regclass)`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := reading.ExecContext(ctx, `SELECT FROM nks.holder_version`); err != nil {
		t.Fatalf("who reads was ended: %v", err)
	}
	if err := reading.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-loaded; err != nil {
		t.Fatal(err)
	}
}
