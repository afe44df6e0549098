package app

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"nks/conf"
	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
	"nks/gateway/postgres"
	"nks/gateway/postgres/reliable"
)

// signed is the signed endpoint: the server, and a sender for each supplier whose answers are sent to it.
type signed struct {
	app      *App
	config   conf.Rasp
	endpoint *rasp.Endpoint
	plain    *rasp.Endpoint // nil: there is no HTTP without TLS
	trust    *trust
	// recipient opens what is encrypted; nil: nobody may encrypt.
	recipient *xmldsig.Recipient
	pair      tls.Certificate
	store     *reliable.Store
	answers   []*rasp.Answers

	mu   sync.Mutex
	away map[string]bool // suppliers whose endpoints took nothing the last time
}

// openSigned opens the door; nil when it is closed. What lies for endpoints that are configured no more goes to the mailboxes.
func (a *App) openSigned(ctx context.Context) (*signed, error) {
	c := a.config.Rasp
	if err := a.steps.Answer.LayUnreachable(ctx, c.Endpoints()); err != nil {
		return nil, err
	}
	if c.Listen == "" {
		return nil, nil
	}
	s := &signed{app: a, config: c, away: map[string]bool{},
		store: &reliable.Store{Base: a.steps.Receive.Base, Limits: reliable.Limits{Sequences: c.Sequences}}}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("rasp: %w", err)
	}
	return s, nil
}

func (s *signed) open(ctx context.Context) error {
	c := s.config
	var err error
	if s.pair, err = tls.LoadX509KeyPair(c.Certificate, c.Key); err != nil {
		return ConfigError{err}
	}
	if s.trust, err = newTrust(c); err != nil {
		return ConfigError{err}
	}
	if s.recipient, err = newRecipient(c, s.pair); err != nil {
		return ConfigError{err}
	}
	parties, err := newRaspParties(c, s.app)
	if err != nil {
		return ConfigError{err}
	}
	address, err := url.Parse(c.Address)
	if err != nil {
		return ConfigError{err}
	}
	requests := s.verifier(xmldsig.RequestPolicy(xmldsig.SHA256), c.MaxMessageMB<<20, parties.profile)
	server := rasp.NewServer(rasp.Config{Address: c.Address, Path: address.Path, Plain: c.PlainAddress, Own: []string{s.app.config.Identity.GLN, s.app.config.Identity.Name},
		Types: []soap.DocumentType{soap.Payments()}, Verifier: requests,
		Signer: s.signer(true), Parties: parties, Intake: s.app.steps.Receive, Sequences: s.store, Now: time.Now, Log: s.event,
		Limits: rasp.Limits{Body: int64(c.MaxMessageMB) << 20, OfParty: c.PartyRequests, Forgotten: c.Inactivity.Duration}})
	s.endpoint, err = rasp.Listen(rasp.Listening{Addr: c.Listen, Connections: int64(c.MaxConnections), Read: c.ReadTimeout.Duration, Failed: s.complain,
		TLS: &tls.Config{Certificates: []tls.Certificate{s.pair}, MinVersion: tls.VersionTLS12, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool(s.trust.authorities)}}, server)
	if err != nil {
		return err
	}
	if c.PlainListen != "" {
		s.plain, err = rasp.Listen(rasp.Listening{Addr: c.PlainListen, Connections: int64(c.MaxConnections), Read: c.ReadTimeout.Duration, Failed: s.complain, Networks: c.Networks()}, server)
		if err != nil {
			return errors.Join(err, s.endpoint.Close())
		}
	}
	for _, p := range c.Parties {
		if p.Endpoint == "" {
			continue
		}
		if err := s.addAnswers(p); err != nil {
			return errors.Join(err, s.close())
		}
	}
	s.run(ctx, server)
	return nil
}

func (s *signed) endpoints() []*rasp.Endpoint {
	if s.plain == nil {
		return []*rasp.Endpoint{s.endpoint}
	}
	return []*rasp.Endpoint{s.endpoint, s.plain}
}

func (s *signed) close() error {
	var errs []error
	for _, e := range s.endpoints() {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}

// run starts what the door repeats.
func (s *signed) run(ctx context.Context, server *rasp.Server) {
	a := s.app
	for _, e := range s.endpoints() {
		a.wait.Go(func() {
			err := e.Serve()
			a.watch.door(doorSigned, errDoorClosed)
			if err != nil && ctx.Err() == nil {
				select {
				case a.failed <- fmt.Errorf("rasp: %w", err):
				default: // another door has failed, too
				}
			}
		})
	}
	a.wait.Go(func() { server.Sweep(ctx, func(err error) { s.failed("rasp sequences", err) }) })
	a.wait.Go(func() { s.trust.follow(ctx, func(err error) { s.failed("rasp certificates", err) }) })
	// Of several nodes each tries; which of them sends to a supplier at the moment says the database (door.Sendings).
	for _, answers := range s.answers {
		a.sleepers.add(postgres.ToQueue(answers.Supplier), answers.Wake)
		a.wait.Go(func() { answers.Run(ctx) })
	}
}

// signer signs with the gateway's key: replies name the certificate, requests bring it.
func (s *signed) signer(reply bool) *xmldsig.Signer {
	return &xmldsig.Signer{Key: s.pair.PrivateKey.(crypto.Signer), Certificate: s.pair.Leaf, ByKeyIdentifier: reply}
}

// verifier believes whom the trust of the moment does. profile is that of a signer; nil: that of the policy.
func (s *signed) verifier(policy xmldsig.Policy, most int, profile func(xmldsig.Certificate) xmldsig.Profile) func() *xmldsig.Verifier {
	return func() *xmldsig.Verifier {
		return &xmldsig.Verifier{Policy: policy, Trust: s.trust.present(), Skew: s.config.ClockSkew.Duration, Limits: xmldsig.Limits{Bytes: most},
			ProfileOf: profile, Recipient: s.recipient}
	}
}

// replyTime is how long an endpoint has for an answer.
const replyTime = 2 * time.Minute

// addAnswers makes the sender to a supplier's endpoint.
func (s *signed) addAnswers(p conf.RaspParty) error {
	authorities := s.trust.authorities
	if len(p.EndpointCA) > 0 {
		var err error
		if authorities, err = certificates(p.EndpointCA); err != nil {
			return ConfigError{err}
		}
	}
	theirs, err := certificates(p.EndpointCertificates)
	if err != nil {
		return ConfigError{err}
	}
	receiver := p.Supplier
	if len(p.Identifiers) > 0 {
		receiver = p.Identifiers[0]
	}
	signer := s.signer(false)
	if signer.Profile = profileOf(p); signer.Profile == xmldsig.OIORASP {
		if err := encryptable(theirs); err != nil {
			return ConfigError{err}
		}
		signer.Receiver = theirs[0]
	}
	source := &rasp.Source{Endpoint: p.Endpoint, Signer: signer, Verifier: s.verifier(xmldsig.ReplyPolicy(signer.Profile), 1<<20, nil), Now: time.Now,
		Parties: soap.Parties{Sender: s.app.config.Identity.GLN, SenderType: soap.TypeEAN, Receiver: receiver, ReceiverType: soap.TypeEAN},
		HTTP: &http.Client{Timeout: replyTime, Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, DialContext: s.dialer(p.Endpoint),
			TLSClientConfig: &tls.Config{RootCAs: pool(authorities), MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{s.pair}}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Peer: func(c xmldsig.Certificate) bool { return holds(theirs, c.Leaf) }}
	s.answers = append(s.answers, &rasp.Answers{Supplier: p.Supplier, Source: source, Queue: s.app.steps.Answer.Outbox(door.Signed), Sendings: s.store,
		ID: soap.NewID, MessageID: func(name string) string { return rasp.StableID(s.app.config.Identity.GLN, name) }, Poll: s.app.longestSleep(), Retry: retryFirst,
		Failed: s.failed, Reached: func(err error) { s.reached(p.Supplier, err) },
		Sent: func(size int) {
			s.app.log.Info().Str("supplier", p.Supplier).Int("bytes", size).Msg("signed endpoint: answer acknowledged")
		}})
	return nil
}

// dialer reaches an endpoint; one without TLS in the networks that are named, and nowhere else.
func (s *signed) dialer(endpoint string) func(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasPrefix(endpoint, "http:") {
		return rasp.DialerWithin(s.config.Networks(), dialTime).DialContext
	}
	return (&net.Dialer{Timeout: dialTime}).DialContext
}

const dialTime = 30 * time.Second

func holds(all []*x509.Certificate, c *x509.Certificate) bool {
	for _, one := range all {
		if one.Equal(c) {
			return true
		}
	}
	return false
}

// reached notes whether a supplier's endpoint took the last answer; an error is why not.
func (s *signed) reached(supplier string, err error) {
	s.app.watch.lines.opening(gateway.LinkEndpoint, supplier, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.away, supplier)
	} else {
		s.away[supplier] = true
	}
	s.app.watch.note(s.app.watch.numbers.EndpointsAway(len(s.away)))
}

func (s *signed) event(e rasp.Event) {
	level := zerolog.InfoLevel
	switch e.What {
	case rasp.EventDelivered:
		s.wake(e.Party)
	case rasp.EventRefused, rasp.EventBroken:
		level = zerolog.WarnLevel
	case rasp.EventFailed:
		level = zerolog.ErrorLevel
	}
	s.app.log.WithLevel(level).Err(e.Err).Str("supplier", e.Party).Str("remote", e.Remote).Int64("bytes", e.Bytes).Msg("signed endpoint: " + e.What)
}

// wake has a supplier's endpoint tried again that was away: who has just sent something is there, most likely.
func (s *signed) wake(supplier string) {
	for _, answers := range s.answers {
		if answers.Supplier == supplier {
			answers.Wake()
		}
	}
}

func (s *signed) failed(name string, err error) {
	s.app.log.Error().Err(err).Str("step", name).Msg("signed endpoint")
}

func (s *signed) complain(text string) {
	s.app.log.Debug().Str("connection", text).Msg("signed endpoint")
}

// addr is where the door listens; empty: it is closed.
func (s *signed) addr() string {
	if s == nil {
		return ""
	}
	return s.endpoint.Addr()
}

// shutdown lets what is in hand end.
func (s *signed) shutdown(ctx context.Context) error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, e := range s.endpoints() {
		errs = append(errs, e.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// EndpointState is how it stands with sending answers to a supplier's endpoint.
type EndpointState struct {
	Supplier, Endpoint string
	// Trouble is why the last answer was not acknowledged; empty: it was, or there was none yet.
	Trouble string
}

// Endpoints tells how it stands with each supplier's endpoint; none while the door is closed.
func (a *App) Endpoints() []EndpointState {
	if a.signed == nil {
		return nil
	}
	var all []EndpointState
	for _, s := range a.signed.answers {
		all = append(all, EndpointState{Supplier: s.Supplier, Endpoint: s.Source.Endpoint, Trouble: s.Trouble()})
	}
	return all
}

// CheckRasp reads every file of the signed endpoint, as its start does: how many suppliers it lets in and sends to, or what is wrong.
func CheckRasp(c conf.Rasp) (parties, endpoints int, err error) {
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return 0, 0, err
	}
	if _, err := newRecipient(c, pair); err != nil {
		return 0, 0, err
	}
	if _, err := newTrust(c); err != nil {
		return 0, 0, err
	}
	if _, err := newRaspParties(c, nil); err != nil {
		return 0, 0, err
	}
	for _, p := range c.Parties {
		if _, err := certificates(p.EndpointCA); err != nil {
			return 0, 0, err
		}
		theirs, err := certificates(p.EndpointCertificates)
		if err == nil && profileOf(p) == xmldsig.OIORASP {
			err = encryptable(theirs)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return len(c.Parties), len(c.Endpoints()), nil
}

// certificates reads files of them.
func certificates(paths []string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := xmldsig.ParseCertificates(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func pool(all []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range all {
		p.AddCert(c)
	}
	return p
}
