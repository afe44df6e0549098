package app_test

import (
	"context"
	"testing"
	"time"

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
