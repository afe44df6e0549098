package app_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/reliable"
	"nks/internal/app"
	"nks/schema"
)

// TestRasp_ServesItsEndpoints: as long as a node runs that has a supplier's endpoint, no other may lay aside what waits for it.
func TestRasp_ServesItsEndpoints(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	ca := rasptest.NewAuthority(t, "authority")
	c.Rasp.Certificate, c.Rasp.Key = ca.Issue(t, "gateway", "").Files(t, c.Folder, "gateway")
	theirs, _ := ca.Issue(t, "theirs", "").Files(t, c.Folder, "theirs")
	c.Rasp.Listen, c.Rasp.Address, c.Rasp.CA = "127.0.0.1:0", "https://gateway.example/rasp", []string{ca.File(t, c.Folder, "ca")}
	c.Rasp.Parties = []conf.RaspParty{{Supplier: "LEVA", Certificates: []string{theirs}, Endpoint: "https://127.0.0.1:1/answers", EndpointCertificates: []string{theirs}},
		{Supplier: "LEVB", CVR: []string{"12345674"}}}
	a, err := app.Start(t.Context(), app.Options{Config: c, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	store := &reliable.Store{Base: postgres.NewBase(postgres.Base{DB: database.Open(t, schema.Flow), Now: time.Now, Location: time.UTC, Log: zerolog.Nop()})}
	becomes := func(supplier string, want bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
			got, err := store.Unserved(t.Context(), supplier, func(context.Context) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: unserved %t, want %t", supplier, got, want)
			}
		}
	}
	becomes("LEVA", false)
	becomes("LEVB", true)
	if err := a.Shutdown(); err != nil {
		t.Fatal(err)
	}
	becomes("LEVA", true)
}

// silenced is a connection to a database that becomes silent: what is sent is lost.
type silenced struct {
	net.Conn
	silent *atomic.Bool
}

// Write implements net.Conn.
func (c silenced) Write(p []byte) (int, error) {
	if c.silent.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// TestSilentDatabase: who holds session locks, of a bank or of the signed endpoint, ends when it shall, also where the database no longer says anything.
func TestSilentDatabase(t *testing.T) {
	t.Parallel()
	c, err := pgx.ParseConfig(pgtest.Create(t).DSN(schema.Flow))
	if err != nil {
		t.Fatal(err)
	}
	var silent atomic.Bool
	dial := c.DialFunc
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return silenced{conn, &silent}, err
	}
	db := sqlx.NewDb(stdlib.OpenDB(*c), "pgx")
	t.Cleanup(func() { _ = db.Close() })
	store := &reliable.Store{Base: postgres.NewBase(postgres.Base{DB: db, Now: time.Now, Location: time.UTC, Log: zerolog.Nop()})}
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}, 3), make(chan string, 3)
	go func() {
		store.Serve(ctx, []string{"LEVA"}, func() { begun <- struct{}{} }, func(error) {})
		ended <- "serves"
	}()
	go func() {
		_, _ = store.Own(ctx, "LEVA", func(ctx context.Context) error {
			begun <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		ended <- "sends"
	}()
	owner, err := postgres.Own(ctx, db, "bank", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-ctx.Done()
		owner.Release()
		ended <- "owns"
	}()
	<-begun
	<-begun
	silent.Store(true)
	cancel()
	limit := time.After(30 * time.Second)
	var all []string
	for range 3 {
		select {
		case who := <-ended:
			all = append(all, who)
		case <-limit:
			t.Fatalf("of who holds a lock end only: %q", all)
		}
	}
}
