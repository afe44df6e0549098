package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	own "nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
	"nks/internal/client"
)

// endpoint is a signed endpoint that knows one certificate and takes everything.
type endpoint struct {
	ca               *rasptest.Authority
	gateway, known   rasptest.Identity
	url              string
	ahead            time.Duration // its clock
	taken            chan string   // bodies
	foreign, unbound rasptest.Identity
}

func newEndpoint(t *testing.T, ahead time.Duration) *endpoint {
	t.Helper()
	e := &endpoint{ca: rasptest.NewAuthority(t, "authority"), ahead: ahead, taken: make(chan string, 10)}
	e.gateway, e.known, e.unbound = e.ca.Issue(t, "gateway", ""), e.ca.Issue(t, "known", ""), e.ca.Issue(t, "unbound", "")
	e.foreign = rasptest.NewAuthority(t, "another authority").Issue(t, "foreign", "")
	var server *rasp.Server
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", e.now().UTC().Format(http.TimeFormat))
		server.ServeHTTP(w, r)
	}))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{e.gateway.TLS()}, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	e.url = front.URL + "/rasp"
	v := &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: e.ca.Trust(t), Skew: time.Minute}
	server = rasp.NewServer(rasp.Config{Address: e.url, Path: "/rasp", Own: []string{"NKSTEST"}, Types: []soap.DocumentType{soap.Payments()}, Verifier: func() *xmldsig.Verifier { return v },
		Signer: func(*x509.Certificate) *xmldsig.Signer {
			return &xmldsig.Signer{Key: e.gateway.Key, Certificate: e.gateway.Certificate, ByKeyIdentifier: true}
		}, Parties: e, Intake: e, Sequences: &rasp.Memory{ID: soap.NewID},
		Now: e.now, Log: func(rasp.Event) {}})
	return e
}

func (e *endpoint) now() time.Time { return time.Now().Add(e.ahead) }

func (e *endpoint) Party(_ context.Context, c xmldsig.Certificate) (rasp.Party, error) {
	if !c.Leaf.Equal(e.known.Certificate) {
		return rasp.Party{}, own.ErrNotFound
	}
	return rasp.Party{Name: "LEV"}, nil
}

func (e *endpoint) Take(_ context.Context, a door.Arrival) error {
	e.taken <- a.Name
	return nil
}

const smallDocument = `<NKSPayment xmlns="http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"><To><PartyId>NKSTEST</PartyId></To></NKSPayment>`

// TestSend_SaysWhyTheEndpointDoesNotTakeIt: each fault that a supplier can mend is told in its words, at once, and nothing is taken.
func TestSend_SaysWhyTheEndpointDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead    time.Duration // of the gateway's clock
		change   func(t *testing.T, e *endpoint, dir string, c *client.Config)
		document string
		want     []string
	}{
		"good": {},
		"another authority's": {change: func(t *testing.T, e *endpoint, dir string, c *client.Config) {
			c.Certificate, c.Key = e.foreign.Files(t, dir, "mine")
		}, want: []string{"does not believe the message", "mine.crt", "another authority", "clock and the gateway's agree"}},
		"bound to nobody": {change: func(t *testing.T, e *endpoint, dir string, c *client.Config) {
			c.Certificate, c.Key = e.unbound.Files(t, dir, "mine")
		}, want: []string{"bound to nobody", `sent as "LEV" to "NKSTEST"`, "SHA-256 is "}},
		"another's key": {change: func(t *testing.T, e *endpoint, dir string, c *client.Config) {
			_, c.Key = e.unbound.Files(t, dir, "other")
		}, want: []string{"supplier.crt with other.key", "does not match"}},
		"another server": {change: func(t *testing.T, _ *endpoint, dir string, c *client.Config) {
			c.CA = rasptest.NewAuthority(t, "strangers").File(t, dir, "strangers")
		}, want: []string{"nothing was sent", "strangers.crt does not vouch for"}},
		"another signer of replies": {change: func(t *testing.T, e *endpoint, dir string, c *client.Config) {
			c.ServerCert, _ = e.unbound.Files(t, dir, "wrong")
		}, want: []string{"nothing was sent", "not signed by the certificate in wrong.crt"}},
		"another path": {change: func(_ *testing.T, _ *endpoint, _ string, c *client.Config) { c.Endpoint += "x" },
			want: []string{"is not the address of a signed endpoint", "404"}},
		"nobody there": {change: func(_ *testing.T, _ *endpoint, _ string, c *client.Config) {
			c.Endpoint, c.Wait = "https://127.0.0.1:1/rasp", 0
		}, want: []string{"nothing was sent", "refused"}},
		"slow clock": {ahead: 20 * time.Minute, want: []string{"does not believe the message", "behind the gateway's"}},
		"fast clock": {ahead: -20 * time.Minute, want: []string{"does not believe the message", "ahead of the gateway's"}},
		"a comment":  {document: "<NKSPayment>\n<!-- 17 -->\n</NKSPayment>", want: []string{"bundle.xml has a comment that ends in line 2"}},
		"cut off":    {document: "<NKSPayment>", want: []string{"bundle.xml is not whole XML"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, dir := newEndpoint(t, c.ahead), t.TempDir()
			config := client.Config{Endpoint: e.url, Login: "LEV", CA: e.ca.File(t, dir, "ca"), File: filepath.Join(dir, "bundle.xml"), Wait: time.Minute}
			config.Certificate, config.Key = e.known.Files(t, dir, "supplier")
			config.ServerCert, _ = e.gateway.Files(t, dir, "gateway")
			if c.change != nil {
				c.change(t, e, dir, &config)
			}
			text := smallDocument
			if c.document != "" {
				text = c.document
			}
			if err := os.WriteFile(config.File, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			s, err := client.Send(t.Context(), config)
			if len(c.want) == 0 {
				if err != nil || !s.Elsewhere || <-e.taken != "bundle.xml" {
					t.Errorf("%+v, %v", s, err)
				}
				return
			}
			if err == nil || len(e.taken) > 0 {
				t.Fatalf("taken: %v", err)
			}
			if time.Since(begun) > 30*time.Second {
				t.Error("it was sent again and again")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v has no %q", err, w)
				}
			}
		})
	}
}
