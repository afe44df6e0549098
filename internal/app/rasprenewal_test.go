package app_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/conf"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
)

// renewal is a gateway whose signed endpoint has a certificate, and one that will follow it.
type renewal struct {
	t             *testing.T
	node          node
	rasp          conf.Rasp
	ca            *rasptest.Authority
	present, next rasptest.Identity
	legacy, other rasptest.Identity // suppliers', by each profile; nobody in the register
	database      *pgtest.Database
}

// newRenewal starts it, with suppliers beside those whom nobody knows.
func newRenewal(t *testing.T, more ...func(*renewal, string) conf.RaspParty) *renewal {
	t.Helper()
	database := pgtest.Create(t)
	c := folder(t, database.Server.DSN(database.Name, pgtest.Superuser))
	ca := rasptest.NewAuthority(t, "authority")
	r := &renewal{t: t, ca: ca, database: database, present: ca.IssueRSA(t, "gateway", ""), next: ca.IssueRSA(t, "gateway", ""), legacy: ca.IssueRSA(t, "legacy", ""), other: ca.Issue(t, "other", "")}
	certificate, key := r.present.Files(t, c.Folder, "present")
	nextCertificate, nextKey := r.next.Files(t, c.Folder, "next")
	legacy, _ := r.legacy.Files(t, c.Folder, "legacy")
	other, _ := r.other.Files(t, c.Folder, "other")
	c.Rasp.Listen, c.Rasp.Address = "127.0.0.1:0", "https://gateway.example/rasp"
	c.Rasp.Certificate, c.Rasp.Key, c.Rasp.NextCertificate, c.Rasp.NextKey = certificate, key, nextCertificate, nextKey
	c.Rasp.CA = []string{ca.File(t, c.Folder, "ca")}
	c.Rasp.Parties = []conf.RaspParty{{Supplier: "LEVA", Profile: conf.ProfileOIORASP, Certificates: []string{legacy}}, {Supplier: "LEVB", Certificates: []string{other}}}
	for _, party := range more {
		c.Rasp.Parties = append(c.Rasp.Parties, party(r, c.Folder))
	}
	r.rasp = c.Rasp
	r.node = startNode(t, c, func(o *app.Options) { o.RenewEvery = 100 * time.Millisecond })
	return r
}

// register has suppliers known.
func (r *renewal) register(suppliers ...string) {
	r.t.Helper()
	db := r.database.Open(r.t, schema.Flow)
	for _, supplier := range suppliers {
		db.MustExecContext(r.t.Context(), `INSERT INTO supplier (supplier) VALUES ($1)`, supplier)
		db.MustExecContext(r.t.Context(), `INSERT INTO supplier_version (supplier, name, ssh_keys, valid_from, recorded_from, counter) VALUES ($1, $1, '{}', '-infinity', '-infinity', 1)`, supplier)
	}
}

// move puts the next certificate and key in the place of the present ones.
func (r *renewal) move() {
	r.t.Helper()
	for from, to := range map[string]string{r.rasp.NextKey: r.rasp.Key, r.rasp.NextCertificate: r.rasp.Certificate} {
		if err := os.Rename(from, to); err != nil {
			r.t.Fatal(err)
		}
	}
}

// client connects to the endpoint, whatever its address is called.
func (r *renewal) client() *http.Client {
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: r.ca.Pool(), MinVersion: tls.VersionTLS12}}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialTLSContext: dialer.DialContext}}
}

// shown is the certificate of the moment for TLS.
func (r *renewal) shown() *x509.Certificate {
	r.t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: r.ca.Pool(), MinVersion: tls.VersionTLS12}}
	c, err := dialer.DialContext(r.t.Context(), "tcp", r.node.Addresses().Signed)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

// open opens a sequence as somebody, by SHA-256.
func (r *renewal) open(from rasptest.Identity) error {
	r.t.Helper()
	source := r.source(from, r.present)
	source.Parties = soap.Parties{} // whose certificate it is counts alone
	_, err := source.Open(r.t.Context(), soap.NewID(), soap.NewID())
	return err
}

// source sends as somebody, by SHA-256, to a gateway whose replies are signed by a key.
func (r *renewal) source(from, by rasptest.Identity) *rasp.Source {
	r.t.Helper()
	v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.SHA256), Trust: r.ca.Trust(r.t, by.Certificate), Skew: time.Minute}
	signer := &xmldsig.Signer{Key: from.Key, Certificate: from.Certificate}
	// It is meant for the address of the configuration, whatever port there is.
	to := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: r.ca.Pool(), MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1"}}
		return dialer.DialContext(ctx, network, r.node.Addresses().Signed)
	}}}
	return &rasp.Source{Endpoint: r.rasp.Address, HTTP: to, Parties: soap.Parties{Sender: from.Certificate.Subject.CommonName, Receiver: "NKS"}, Signer: func() *xmldsig.Signer { return signer }, Now: time.Now,
		Verifier: func() *xmldsig.Verifier { return v }, Peer: func(c xmldsig.Certificate) bool { return c.Leaf.Equal(by.Certificate) }}
}

// replied reports whether a supplier who knows the gateway by one certificate is replied to by the key of another.
func (r *renewal) replied(from, knows, by rasptest.Identity, profile xmldsig.Profile) bool {
	r.t.Helper()
	v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(profile), Trust: r.ca.Trust(r.t, r.present.Certificate, r.next.Certificate), Skew: time.Minute}
	signer := &xmldsig.Signer{Key: from.Key, Certificate: from.Certificate, Profile: profile}
	if profile == xmldsig.OIORASP {
		var err error
		if v.Recipient, err = xmldsig.NewRecipient(xmldsig.OwnKey{Key: from.Key, Certificate: from.Certificate}); err != nil {
			r.t.Fatal(err)
		}
		signer.Receiver = knows.Certificate
	}
	source := &rasp.Source{Endpoint: "https://" + r.node.Addresses().Signed + "/rasp", HTTP: r.client(), Signer: func() *xmldsig.Signer { return signer }, Now: time.Now,
		Verifier: func() *xmldsig.Verifier { return v }, Peer: func(c xmldsig.Certificate) bool { return c.Leaf.Equal(by.Certificate) }}
	_, err := source.Open(r.t.Context(), soap.NewID(), soap.NewID())
	if err == nil {
		r.t.Fatal("a sequence is opened for nobody")
	}
	return errors.Is(err, rasp.ErrPeerRefuses) && strings.Contains(err.Error(), soap.NotAuthorized)
}

// awaitLine waits until the door's line says so: it begins with its state, and what stands at it holds words; without words nothing does.
func (r *renewal) awaitLine(state string, words ...string) {
	r.t.Helper()
	db := r.database.Open(r.t, schema.Flow)
	for end := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
		var says string
		if err := db.GetContext(r.t.Context(), &says, `SELECT concat_ws(' ', state, nullif(error, '')) FROM line WHERE kind = 'door' AND name = 'rasp'`); err != nil {
			r.t.Fatal(err)
		}
		fits := strings.HasPrefix(says, state) && (len(words) > 0 || says == state)
		for _, word := range words {
			fits = fits && strings.Contains(says, word)
		}
		if fits {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("the line says %q, want %s with %q", says, state, words)
		}
	}
}

// TestRasp_RollOver: until the next certificate takes the place of the present one, each is what who knows it talks to; from then on it is shown,
// and signs, alone, without a restart.
func TestRasp_RollOver(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	if !r.shown().Equal(r.present.Certificate) {
		t.Error("the next certificate is shown before its time")
	}
	for name, c := range map[string]struct {
		from, knows, by rasptest.Identity
		profile         xmldsig.Profile
		want            bool
	}{
		"encrypted for the present one": {r.legacy, r.present, r.present, xmldsig.OIORASP, true},
		"encrypted for the next one":    {r.legacy, r.next, r.next, xmldsig.OIORASP, true},
		"not encrypted":                 {r.other, r.present, r.present, xmldsig.SHA256, true},
	} {
		if got := r.replied(c.from, c.knows, c.by, c.profile); got != c.want {
			t.Errorf("before, %s: %v", name, got)
		}
	}
	r.move()
	r.node.log.await(t, "signed endpoint: other files", 1)
	if !r.shown().Equal(r.next.Certificate) {
		t.Error("the former certificate is still shown")
	}
	for name, c := range map[string]struct {
		from, knows, by rasptest.Identity
		profile         xmldsig.Profile
		want            bool
	}{
		"encrypted for the former one": {r.legacy, r.present, r.present, xmldsig.OIORASP, false},
		"encrypted for the new one":    {r.legacy, r.next, r.next, xmldsig.OIORASP, true},
		"not encrypted":                {r.other, r.next, r.next, xmldsig.SHA256, true},
	} {
		if got := r.replied(c.from, c.knows, c.by, c.profile); got != c.want {
			t.Errorf("after, %s: %v", name, got)
		}
	}
}

// TestRasp_BadFile: a file that cannot be used leaves all as it was, is told of in the log, and stands at the door's line until it is mended.
func TestRasp_BadFile(t *testing.T) {
	t.Parallel()
	r := newRenewal(t)
	if err := os.WriteFile(r.rasp.CA[0]+"~", []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(r.rasp.CA[0]+"~", r.rasp.CA[0]); err != nil {
		t.Fatal(err)
	}
	r.move() // that is not read either
	r.node.log.await(t, "signed endpoint: all stays as it was", 1)
	if !r.shown().Equal(r.present.Certificate) || !r.replied(r.other, r.present, r.present, xmldsig.SHA256) {
		t.Error("not all stays as it was")
	}
	r.awaitLine("up ", filepath.Base(r.rasp.CA[0]))
}

// TestRasp_Untimely: a certificate that clients will not believe is shown all the same, and the log and the door's line tell of it for as long as
// it is not another. That none follows, where one is named, is in the log, too.
func TestRasp_Untimely(t *testing.T) {
	t.Parallel()
	var good rasptest.Identity
	r := newRenewal(t, func(r *renewal, dir string) conf.RaspParty {
		good = r.present
		r.ca.IssueUntil(t, "gateway", time.Now().AddDate(0, 0, -5)).Files(t, dir, "present") // in its place
		for _, next := range []string{"next.crt", "next.key"} {
			if err := os.Remove(filepath.Join(dir, next)); err != nil {
				t.Fatal(err)
			}
		}
		return conf.RaspParty{Supplier: "LEVC", CVR: []string{"12345674"}}
	})
	r.node.log.await(t, "signed endpoint: there is no next certificate", 1)
	r.node.log.await(t, "signed endpoint: the certificate is good from", 1)
	r.awaitLine("up ", "the certificate is good from")
	good.Files(t, filepath.Dir(r.rasp.Certificate), "present")
	r.node.log.await(t, "signed endpoint: other files", 1)
	r.awaitLine("up")
}
