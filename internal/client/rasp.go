package client

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"nks/gateway"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// signed sends one document to the signed endpoint, in a reliable sequence of its own, and takes answers where it is told to listen.
type signed struct {
	config   Config
	source   *rasp.Source
	heard    *heard
	tried    bool           // to send the document: until then it cannot have been taken
	endpoint *rasp.Endpoint // for answers; nil: none is listened for
}

const (
	// raspSkew is how far the gateway's clock may be apart.
	raspSkew = 5 * time.Minute
	// raspPause is the pause before a message is sent again that is not acknowledged.
	raspPause = 500 * time.Millisecond
	// readTime bounds the time that an answer takes to come.
	readTime = 2 * time.Minute
)

// dialRasp reads the keys, and begins to listen for answers.
func dialRasp(c Config) (*signed, error) {
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", filepath.Base(c.Certificate), filepath.Base(c.Key), err)
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) || now.Before(pair.Leaf.NotBefore) {
		return nil, fmt.Errorf("the certificate in %s is good from %s to %s, and by this machine's clock it is %s", filepath.Base(c.Certificate),
			pair.Leaf.NotBefore.Format(time.DateOnly), pair.Leaf.NotAfter.Format(time.DateOnly), now.Format(time.DateOnly))
	}
	authorities, err := certificatesOf(c.CA)
	if err != nil {
		return nil, err
	}
	theirs, err := certificatesOf(c.ServerCert)
	if err != nil {
		return nil, err
	}
	trust, err := xmldsig.NewTrust(xmldsig.Anchors{Roots: authorities, Known: theirs})
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, a := range authorities {
		roots.AddCert(a)
	}
	g := &gatewaySide{pair: pair, trust: trust, certificates: theirs, profile: xmldsig.SHA256}
	if c.OIORASP {
		g.profile = xmldsig.OIORASP
		if g.recipient, err = xmldsig.NewRecipient(xmldsig.OwnKey{Key: pair.PrivateKey, Certificate: pair.Leaf}); err != nil {
			return nil, err
		}
	}
	h := &heard{next: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	s := &signed{config: c, heard: h, source: &rasp.Source{Endpoint: c.Endpoint, Signer: func() *xmldsig.Signer { return g.signer(false) }, Verifier: g.verifier(xmldsig.ReplyPolicy(g.profile)), Peer: g.is, Now: time.Now,
		Parties: soap.Parties{Sender: c.Login},
		HTTP:    &http.Client{Timeout: talkTime, Transport: h}}}
	if c.Listen == "" {
		return s, nil
	}
	return s, s.listen(g)
}

// gatewaySide is what is known of the gateway, and by what it knows us.
type gatewaySide struct {
	pair         tls.Certificate
	trust        *xmldsig.Trust
	certificates []*x509.Certificate
	profile      xmldsig.Profile
	recipient    *xmldsig.Recipient // us; nil: nothing is encrypted
}

func (g *gatewaySide) signer(reply bool) *xmldsig.Signer {
	return &xmldsig.Signer{Key: g.pair.PrivateKey.(crypto.Signer), Certificate: g.pair.Leaf, ByKeyIdentifier: reply, Profile: g.profile, Receiver: g.certificates[0]}
}

func (g *gatewaySide) verifier(policy xmldsig.Policy) func() *xmldsig.Verifier {
	v := &xmldsig.Verifier{Policy: policy, Trust: g.trust, Skew: raspSkew, Recipient: g.recipient}
	return func() *xmldsig.Verifier { return v }
}

func (g *gatewaySide) is(c xmldsig.Certificate) bool {
	for _, one := range g.certificates {
		if one.Equal(c.Leaf) {
			return true
		}
	}
	return false
}

// Party implements rasp.Parties: nobody but the gateway sends answers.
func (g *gatewaySide) Party(_ context.Context, c xmldsig.Certificate) (rasp.Party, error) {
	if !g.is(c) {
		return rasp.Party{}, gateway.ErrNotFound
	}
	return rasp.Party{Name: "the gateway"}, nil
}

func certificatesOf(path string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all, err := xmldsig.ParseCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func (s *signed) listen(g *gatewaySide) error {
	at, err := url.Parse(s.config.Listen)
	if err != nil {
		return err
	}
	if err := saver(s.config.Into).folder(); err != nil {
		return err
	}
	server := rasp.NewServer(rasp.Config{Address: s.config.Listen, Path: at.Path, Types: soap.Answers(), AnyParties: true,
		Verifier: g.verifier(xmldsig.RequestPolicy(g.profile)), Signer: func(*x509.Certificate) *xmldsig.Signer { return g.signer(true) }, Parties: g, Intake: saver(s.config.Into),
		Sequences: &rasp.Memory{ID: soap.NewID}, Now: time.Now, Log: func(rasp.Event) {}})
	s.endpoint, err = rasp.Listen(rasp.Listening{Addr: at.Host, Connections: 10, Read: readTime, Failed: func(string) {},
		TLS: &tls.Config{Certificates: []tls.Certificate{g.pair}, MinVersion: tls.VersionTLS12}}, server)
	if err != nil {
		return fmt.Errorf("answers cannot be taken at %s: %w", s.config.Listen, err)
	}
	go func() { _ = s.endpoint.Serve() }() // until close; what is not heard then stays with the gateway
	return nil
}

// messageID is the same for the same bytes of the same supplier.
func messageID(supplier string, document []byte) string {
	return rasp.StableID(supplier, fmt.Sprintf("%x", sha256.Sum256(document)))
}

var (
	toPattern    = regexp.MustCompile(`(?s)<(?:\w+:)?To[\s>].*?</(?:\w+:)?To>`)
	partyPattern = regexp.MustCompile(`PartyId\s*>\s*([^<]*?)\s*<`)
)

// gatewayName is what the gateway is called in production.
const gatewayName = "NKS"

// receiverOf is whom the document is addressed to: its last To/PartyId; empty: it does not say. // OIO RASP, receiver of NemKonto's documents
func receiverOf(document []byte) (receiver string) {
	for _, id := range partyPattern.FindAllSubmatch(toPattern.Find(document), -1) {
		if len(id[1]) > 0 {
			receiver = string(id[1])
		}
	}
	return receiver
}

// upload implements post; as is the MessageID. The acknowledgement is the gateway's word that it has the document; the message is sent again
// for as long as answers would be waited for.
func (s *signed) upload(ctx context.Context, as string, document []byte) error {
	if err := sendable(document); err != nil {
		return fmt.Errorf("%s %w", s.named(as), err)
	}
	var sequence string
	s.tried, s.source.Parties.Receiver = false, cmp.Or(s.config.Receiver, receiverOf(document), gatewayName)
	for until := time.Now().Add(s.config.Wait); ; {
		err := s.send(ctx, &sequence, as, document)
		if err == nil {
			break
		}
		if final := s.final(err); final != nil {
			return final
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", s.outcome(), err)
		}
		gateway.Pause(ctx, raspPause)
	}
	// What it does not hear of the end the gateway forgets by itself.
	_ = s.source.End(ctx, sequence, 2, soap.NewID)
	return nil
}

// send tries once. sequence is one that is open, if any is.
func (s *signed) send(ctx context.Context, sequence *string, as string, document []byte) (err error) {
	if *sequence == "" {
		if *sequence, err = s.source.Open(ctx, soap.NewID(), soap.NewID()); err != nil {
			return err
		}
	}
	s.tried = true
	err = s.source.Send(ctx, *sequence, 1, rasp.Document{MessageID: as, Name: s.named(as), Type: soap.Payments(), Body: document})
	if errors.Is(err, rasp.ErrSequenceOver) {
		*sequence = ""
	}
	return err
}

// named is what the document is called: by its file, where it has one.
func (s *signed) named(as string) string {
	if s.config.File == "" {
		return as
	}
	return filepath.Base(s.config.File)
}

// list implements post.
func (s *signed) list(context.Context) ([]string, error) {
	if s.endpoint == nil {
		return nil, nil
	}
	return saver(s.config.Into).names(nil)
}

// read implements post.
func (s *signed) read(_ context.Context, name string) ([]byte, error) {
	return saver(s.config.Into).read(name)
}

func (s *signed) close() {
	if s.endpoint != nil {
		ctx, cancel := context.WithTimeout(context.Background(), dialTime)
		defer cancel()
		_ = s.endpoint.Shutdown(ctx)
	}
}
