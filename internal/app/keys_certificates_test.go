package app_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
)

// TestKeys_Certificates: each certificate that the doors name is in the inventory with its end, a supplier's that is bound by its fingerprint
// without, and a revocation list is told of once it has ended.
func TestKeys_Certificates(t *testing.T) {
	t.Parallel()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	now := time.Now().UTC().Truncate(time.Second)
	authority, list := authorityFiles(t, c.Folder, now)
	next := filepath.Join(c.Folder, "next.crt")
	if err := os.Link(authority, next); err != nil {
		t.Fatal(err)
	}
	c.Rasp.NextCertificate = next
	c.Rasp.Listen, c.Rasp.Certificate, c.Rasp.CA, c.Rasp.CRL = "127.0.0.1:0", authority, []string{authority}, []string{list}
	c.Rasp.Parties = []conf.RaspParty{{Supplier: "LEVA", Certificates: []string{"sha256:" + strings.Repeat("ab", 32), filepath.Join(c.Folder, "none.crt")}}}
	opened, err := app.OpenDatabase(t.Context(), c, zerolog.Nop(), app.Beside)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	inventory, err := app.OpenInventory(t.Context(), c, opened)
	if err != nil {
		t.Fatal(err)
	}
	all, err := inventory.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range all {
		if !slices.Contains([]gateway.KeyKind{gateway.KeyTLS, gateway.KeyAuthority, gateway.KeyRevocations, gateway.KeySupplierCertificate}, k.Kind) {
			continue
		}
		is := string(k.Kind) + " " + k.Name
		switch {
		case k.Wrong != "":
			is += " cannot be read"
		case k.NotAfter.IsZero():
			is += " without an end"
		}
		if s := k.Expires(now); s != 0 {
			is += ": " + s.String()
		}
		if s := k.Expires(now.Add(48 * time.Hour)); s != 0 {
			is += ", in two days " + s.String()
		}
		got = append(got, is)
	}
	want := []string{"certificate of a door authority.crt: warning, in two days warning", "certificate of a door next.crt: warning, in two days warning", "authority's certificate authority.crt: warning, in two days warning",
		"list of revoked certificates authority.crl, in two days urgent", "supplier certificate by fingerprint without an end", "supplier certificate none.crt cannot be read"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// authorityFiles makes an authority that ends in twenty days, and its list that ends tomorrow.
func authorityFiles(t *testing.T, dir string, now time.Time) (certificate, list string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(20 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(24 * time.Hour)}, issuer, private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("authority.crt", "CERTIFICATE", der), write("authority.crl", "X509 CRL", revoked)
}
