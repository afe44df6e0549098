package jetstream_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq/jetstream"
	"nks/mq/mqtest"
)

// TestTLS: a supplier comes in by login and certificate together, where it is bound to one.
func TestTLS(t *testing.T) {
	t.Parallel()
	ca, other := mqtest.NewAuthority(t), mqtest.NewAuthority(t)
	server, named, pinned, outsider := ca.Issue("broker"), ca.Issue("atp.example"), ca.Issue("whoever"), ca.Issue("outsider")
	pair, err := tls.LoadX509KeyPair(server.Certificate, server.Key)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(ca.Certificate())
	cfg := config(t)
	cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	cfg.Suppliers[0].Certificates = []string{"cn:atp.example", fmt.Sprintf("sha256:%x", sha256.Sum256(pinned.Leaf.Raw))}
	b := start(t, cfg)
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := nats.UserInfo(supplier, secret), nats.UserInfo("KMD.drift", "another")
	// In what words a client hears of a failed handshake hangs on how far it has come when the server hangs up.
	const handshake = "tls"
	for name, c := range map[string]struct {
		options []nats.Option
		refused string
	}{
		"common name":           {options: []nats.Option{mine, nats.Secure(ca.Client(named))}},
		"fingerprint":           {options: []nats.Option{mine, nats.Secure(ca.Client(pinned))}},
		"not bound":             {options: []nats.Option{theirs, nats.Secure(ca.Client(outsider))}},
		"another's certificate": {options: []nats.Option{mine, nats.Secure(ca.Client(outsider))}, refused: "Authorization Violation"},
		"another's password":    {options: []nats.Option{nats.UserInfo(supplier, "another"), nats.Secure(ca.Client(named))}, refused: "Authorization Violation"},
		"no certificate":        {options: []nats.Option{mine, nats.Secure(ca.Client())}, refused: handshake},
		"another authority's":   {options: []nats.Option{mine, nats.Secure(ca.Client(other.Issue("atp.example")))}, refused: handshake},
		"a broker not trusted":  {options: []nats.Option{mine, nats.Secure(other.Client(named))}, refused: handshake},
	} {
		nc, err := nats.Connect("nats://localhost:"+port, append(c.options, nats.ErrorHandler(unheard))...)
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := js.New(nc); err != nil {
			t.Error(err)
		}
		nc.Close()
	}
	// In the clear nothing but the greeting is heard.
	if reply := raw(t, b, "PUB nks.in.ATP 1\r\nx\r\n"); reply != "" {
		t.Errorf("in the clear: %q", reply)
	}
	put, _ := client(t, b, mine, nats.Secure(ca.Client(named)), func(o *nats.Options) error {
		o.Url = "nats://localhost:" + port
		return nil
	})
	stream, err := js.New(put)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Publish(t.Context(), jetstream.In(supplier), []byte("sealed")); err != nil {
		t.Fatal(err)
	}
	if d := receive(t, open(t, b, supplier)); string(d.Body) != "sealed" {
		t.Errorf("received %q", d.Body)
	}
}
