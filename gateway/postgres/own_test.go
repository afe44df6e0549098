package postgres_test

import (
	"errors"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/schema"
)

// TestOwn_Silent: the database takes an ownership from a process that says nothing any more; one that lets go in order leaves a session that may be silent.
func TestOwn_Silent(t *testing.T) {
	t.Parallel()
	d := pgtest.Create(t)
	first, second := d.Open(t, schema.Flow), d.Open(t, schema.Flow)
	const silent = 200 * time.Millisecond
	halted, err := postgres.Own(t.Context(), first, "a door", postgres.EndsWhenSilent(t.Context(), silent))
	if err != nil {
		t.Fatal(err)
	}
	var next postgres.Ownership
	for begun := time.Now(); ; {
		if next, err = postgres.Own(t.Context(), second, "a door", postgres.EndsWhenSilent(t.Context(), time.Minute)); err == nil {
			break
		}
		if !errors.Is(err, gateway.ErrTransient) || time.Since(begun) > time.Minute {
			t.Fatal(err)
		}
	}
	if err := halted.Held(t.Context()); err == nil {
		t.Error("two own it")
	}
	halted.Release()
	if err := next.Held(t.Context()); err != nil {
		t.Error(err)
	}
	second.SetMaxOpenConns(1)
	next.Release()
	var left string
	if err := second.GetContext(t.Context(), &left, `SELECT string_agg(current_setting('idle_session_timeout'), ' ')`); err != nil || left != "0" {
		t.Errorf("the session that was the owner's ends after %s, %v", left, err)
	}
}
