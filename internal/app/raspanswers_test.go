package app_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"nks/conf"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// taker is a supplier's endpoint, which takes every answer and says who has signed it.
type taker struct {
	signed  chan string
	clients chan *x509.Certificate // of connections
}

// Take implements door.Intake.
func (s *taker) Take(_ context.Context, a door.Arrival) error {
	s.signed <- a.Evidence
	return nil
}

// Party implements rasp.Parties.
func (s *taker) Party(context.Context, xmldsig.Certificate) (rasp.Party, error) {
	return rasp.Party{Name: "gateway"}, nil
}

// listen opens the endpoint, and gives its URL.
func (s *taker) listen(t *testing.T, ca *rasptest.Authority, as rasptest.Identity) string {
	t.Helper()
	v := &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: ca.Trust(t), Skew: time.Minute}
	c := rasp.Config{Path: "/answers", Types: soap.Answers(), AnyParties: true, Verifier: func() *xmldsig.Verifier { return v },
		Signer: func(*x509.Certificate) *xmldsig.Signer {
			return &xmldsig.Signer{Key: as.Key, Certificate: as.Certificate, ByKeyIdentifier: true}
		}, Parties: s, Intake: s, Sequences: &rasp.Memory{ID: soap.NewID}, Now: time.Now, Log: func(rasp.Event) {}}
	shown := func(_ [][]byte, chains [][]*x509.Certificate) error {
		s.clients <- chains[0][0]
		return nil
	}
	server := &later{}
	e, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 10, Read: time.Minute, Failed: func(string) {}, TLS: &tls.Config{Certificates: []tls.Certificate{as.TLS()},
		MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(), VerifyPeerCertificate: shown, SessionTicketsDisabled: true}}, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c.Address = "https://" + e.Addr() + "/answers"
	server.Server = rasp.NewServer(c)
	go func() { _ = e.Serve() }() // until it is closed
	return c.Address
}

// later is set before anybody knows the address.
type later struct{ *rasp.Server }

// TestRasp_AnswersByTheNewKey: answers are sent to a supplier's endpoint by the certificate and key of the moment.
func TestRasp_AnswersByTheNewKey(t *testing.T) {
	t.Parallel()
	endpoint := &taker{signed: make(chan string, 10), clients: make(chan *x509.Certificate, 10)}
	var supplier rasptest.Identity
	r := newRenewal(t, func(r *renewal, dir string) conf.RaspParty {
		supplier = r.ca.Issue(t, "LEVC", "")
		file, _ := supplier.Files(t, dir, "supplier")
		return conf.RaspParty{Supplier: "LEVC", Certificates: []string{file}, Endpoint: endpoint.listen(t, r.ca, supplier), EndpointCertificates: []string{file}}
	})
	r.register("LEVC")
	answered := func(by rasptest.Identity, id string) {
		t.Helper()
		source := r.source(supplier, by)
		sequence, err := source.Open(t.Context(), soap.NewID(), soap.NewID())
		if err != nil {
			t.Fatal(err)
		}
		payments := soap.Payments()
		if err := source.Send(t.Context(), sequence, 1, rasp.Document{MessageID: id, Name: "bundle", Type: payments,
			Body: []byte(`<NKSPayment xmlns="` + payments.Root.Space + `">` + id + `</NKSPayment>`)}); err != nil {
			t.Fatal(err)
		}
		limit := time.After(20 * time.Second)
		for evidence, client := "", (*x509.Certificate)(nil); evidence == "" || client == nil; {
			select {
			case evidence = <-endpoint.signed:
				if evidence != rasp.Evidence(xmldsig.Certificate{Fingerprint: sha256.Sum256(by.Certificate.Raw)}) {
					t.Errorf("%s: the answer is signed by another key: %s", id, evidence)
				}
			case client = <-endpoint.clients:
				if !client.Equal(by.Certificate) {
					t.Errorf("%s: another certificate is shown", id)
				}
			case <-limit:
				t.Fatalf("%s: no answer comes", id)
			}
		}
	}
	answered(r.present, "urn:uuid:1")
	r.move()
	r.node.log.await(t, "signed endpoint: other files", 1)
	answered(r.next, "urn:uuid:2")
}
