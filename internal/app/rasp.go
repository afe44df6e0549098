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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	"nks/health"
)

// signed is the signed endpoint: the server, and a sender for each supplier whose answers are sent to it.
type signed struct {
	app      *App
	config   conf.Rasp
	endpoint *rasp.Endpoint
	plain    *rasp.Endpoint // nil: there is no HTTP without TLS
	files    atomic.Pointer[raspFiles]
	// recipient opens what is encrypted; nil: nobody may encrypt.
	recipient *xmldsig.Recipient
	store     *reliable.Store
	answers   []*rasp.Answers

	mu   sync.Mutex
	away map[string]bool // suppliers whose endpoints took nothing the last time
}

// openSigned opens the door; nil when it is closed.
func (a *App) openSigned(ctx context.Context) (*signed, error) {
	c := a.config.Rasp
	s := &signed{app: a, config: c, away: map[string]bool{},
		store: &reliable.Store{Base: a.steps.Receive.Base, Limits: reliable.Limits{Sequences: c.Sequences}}}
	if err := s.layUnreachable(ctx); err != nil {
		return nil, err
	}
	a.wait.Go(func() { s.followUnreachable(ctx) })
	if c.Listen == "" {
		return nil, nil
	}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("rasp: %w", err)
	}
	return s, nil
}

func (s *signed) open(ctx context.Context) error {
	c := s.config
	files, err := readRasp(c, nil)
	if err != nil {
		return ConfigError{err}
	}
	s.files.Store(files)
	if c.NextCertificate != "" && files.next == nil { // it has followed, or its name is misspelt
		s.app.log.Warn().Str("next_certificate", c.NextCertificate).Msg("signed endpoint: there is no next certificate")
	}
	if c.OIORASP() {
		if s.recipient, err = xmldsig.NewRecipient(files.ownKeys()...); err != nil {
			return ConfigError{err}
		}
	}
	address, err := url.Parse(c.Address)
	if err != nil {
		return ConfigError{err}
	}
	profile := func(c xmldsig.Certificate) xmldsig.Profile { return s.files.Load().bindings.profile(c) }
	server := rasp.NewServer(rasp.Config{Address: c.Address, Path: address.Path, Plain: c.PlainAddress, Own: []string{s.app.config.Identity.GLN, s.app.config.Identity.Name},
		Types: []soap.DocumentType{soap.Payments()}, Verifier: s.verifier(xmldsig.RequestPolicy(xmldsig.SHA256), c.MaxMessageMB<<20, profile),
		Signer: s.replier, Parties: raspParties{s}, Intake: s.app.steps.Receive, Sequences: s.store, Now: time.Now, Log: s.event,
		Limits: rasp.Limits{Body: int64(c.MaxMessageMB) << 20, OfParty: c.PartyRequests, Read: c.ReadTimeout.Duration, Rate: int64(c.MinRateKB) << 10, Forgotten: c.Inactivity.Duration}})
	// Each connection has what the files say when it comes.
	shown := &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.files.Load().server, nil }}
	if err := s.listen(server, shown); err != nil {
		return err
	}
	for _, p := range c.Parties {
		if p.Endpoint != "" {
			s.answers = append(s.answers, s.newAnswers(p))
		}
	}
	s.run(ctx, server)
	return nil
}

// unreachableEvery is the pause between two looks for answers that nobody sends any more.
const unreachableEvery = time.Minute

// followUnreachable lays aside what other nodes have left that sent it, until ctx ends.
func (s *signed) followUnreachable(ctx context.Context) {
	health.Repeat(ctx, unreachableEvery, 50, func(ctx context.Context) {
		if err := s.layUnreachable(ctx); err != nil && ctx.Err() == nil {
			s.failed("rasp answers for no endpoint", err)
		}
	})
}

// layUnreachable gives to the mailboxes what lies for endpoints that are configured no more: neither here, nor at another node that runs.
func (s *signed) layUnreachable(ctx context.Context) error {
	suppliers, err := s.app.steps.Answer.Unreachable(ctx, s.config.Endpoints())
	if err != nil {
		return err
	}
	for _, supplier := range suppliers {
		laid, err := s.store.Unserved(ctx, supplier, func(ctx context.Context) error { return s.app.steps.Answer.LayUnreachable(ctx, supplier) })
		if err != nil {
			return err
		}
		s.app.log.Info().Str("supplier", supplier).Bool("laid_in_mailbox", laid).Msg("signed endpoint: answers for an endpoint that this node has not")
	}
	return nil
}

// listen takes the addresses.
func (s *signed) listen(server *rasp.Server, shown *tls.Config) (err error) {
	c := s.config
	how := rasp.Listening{Connections: int64(c.MaxConnections), OfAddress: c.AddressConnections, Read: c.ReadTimeout.Duration, Failed: s.complain}
	secured, plain := how, how
	secured.Addr, secured.TLS = c.Listen, shown
	plain.Addr, plain.Networks = c.PlainListen, c.Networks()
	s.endpoint, err = rasp.Listen(secured, server)
	if err != nil || c.PlainListen == "" {
		return err
	}
	s.plain, err = rasp.Listen(plain, server)
	if err != nil {
		return errors.Join(err, s.endpoint.Close())
	}
	return nil
}

// renew has what files say that have changed count from now on. Where one cannot be used, all stays as it was. What is wrong with the files, or
// with what counts, stands at the door's line as long as it is.
func (s *signed) renew() error {
	if s == nil {
		return nil
	}
	err := s.reread()
	if err != nil {
		err = fmt.Errorf("signed endpoint: all stays as it was: %w", err)
	}
	if untimely := s.files.Load().timely(time.Now()); untimely != nil {
		err = errors.Join(err, fmt.Errorf("signed endpoint: %w", untimely))
	}
	s.app.watch.lines.remark(gateway.LinkDoor, doorSigned, err)
	return err
}

// reread takes over what has changed, or nothing.
func (s *signed) reread() error {
	before := s.files.Load()
	files, err := readRasp(s.config, before)
	if err != nil || files == before {
		return err
	}
	if !files.present.Leaf.Equal(before.present.Leaf) {
		if err := timely("certificate", files.present.Leaf, time.Now()); err != nil {
			return err
		}
	}
	if s.recipient != nil {
		if err := s.recipient.Change(files.ownKeys()...); err != nil {
			return err
		}
	}
	s.files.Store(files)
	for _, a := range s.answers {
		a.Source.HTTP.CloseIdleConnections()
	}
	line := s.app.log.Info().Str("fingerprint", certificatePrint(files.present.Leaf)).Time("not_after", files.present.Leaf.NotAfter)
	if files.next != nil {
		line = line.Str("next", certificatePrint(files.next.Leaf))
	}
	line.Msg("signed endpoint: other files")
	return nil
}

func (s *signed) endpoints() []*rasp.Endpoint {
	if s.plain == nil {
		return []*rasp.Endpoint{s.endpoint}
	}
	return []*rasp.Endpoint{s.endpoint, s.plain}
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
	if len(s.answers) > 0 {
		a.wait.Go(func() {
			s.store.Serve(ctx, s.config.Endpoints(), func() {}, func(err error) { s.failed("rasp endpoints", err) })
		})
	}
	// Of several nodes each tries; which of them sends to a supplier at the moment says the database (door.Sendings).
	for _, answers := range s.answers {
		a.sleepers.add(postgres.ToQueue(answers.Supplier), answers.Wake)
		a.wait.Go(func() { answers.Run(ctx) })
	}
}

// replier signs replies: with the key that its sender knows us by, where it says so.
func (s *signed) replier(knownBy *x509.Certificate) *xmldsig.Signer {
	pair := s.files.Load().known(knownBy)
	return &xmldsig.Signer{Key: pair.PrivateKey.(crypto.Signer), Certificate: pair.Leaf, ByKeyIdentifier: true}
}

// verifier believes whom the files of the moment say. profile is that of a signer; nil: that of the policy.
func (s *signed) verifier(policy xmldsig.Policy, most int, profile func(xmldsig.Certificate) xmldsig.Profile) func() *xmldsig.Verifier {
	return func() *xmldsig.Verifier {
		return &xmldsig.Verifier{Policy: policy, Trust: s.files.Load().trust, Skew: s.config.ClockSkew.Duration, Limits: xmldsig.Limits{Bytes: most},
			ProfileOf: profile, Recipient: s.recipient}
	}
}

// replyTime is how long an endpoint has for an answer.
const replyTime = 2 * time.Minute

// newAnswers makes the sender to a supplier's endpoint.
func (s *signed) newAnswers(p conf.RaspParty) *rasp.Answers {
	receiver := p.Supplier
	if len(p.Identifiers) > 0 {
		receiver = p.Identifiers[0]
	}
	profile := profileOf(p)
	peer := func() raspPeer { return s.files.Load().peers[p.Supplier] }
	signer := func() *xmldsig.Signer {
		pair := s.files.Load().present
		signer := &xmldsig.Signer{Key: pair.PrivateKey.(crypto.Signer), Certificate: pair.Leaf, Profile: profile}
		if profile == xmldsig.OIORASP {
			signer.Receiver = peer().certificates[0]
		}
		return signer
	}
	source := &rasp.Source{Endpoint: p.Endpoint, Signer: signer, Verifier: s.verifier(xmldsig.ReplyPolicy(profile), 1<<20, nil), Now: time.Now,
		Parties: soap.Parties{Sender: s.app.config.Identity.GLN, SenderType: soap.TypeEAN, Receiver: receiver, ReceiverType: soap.TypeEAN},
		HTTP: &http.Client{Timeout: replyTime, Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, DialContext: s.dialer(p.Endpoint).DialContext,
			DialTLSContext: s.secured(p)},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Peer: func(c xmldsig.Certificate) bool { return slices.ContainsFunc(peer().certificates, c.Leaf.Equal) }}
	return &rasp.Answers{Supplier: p.Supplier, Source: source, Queue: s.app.steps.Answer.Outbox(door.Signed), Sendings: s.store,
		ID: soap.NewID, MessageID: func(name string) string { return rasp.StableID(s.app.config.Identity.GLN, name) }, Poll: s.app.longestSleep(), Retry: retryFirst,
		Failed: s.failed, Reached: func(err error) { s.reached(p.Supplier, err) },
		Sent: func(size int) {
			s.app.log.Info().Str("supplier", p.Supplier).Int("bytes", size).Msg("signed endpoint: answer acknowledged")
		}}
}

// secured connects to a supplier's endpoint by TLS, with what the files of the moment say.
func (s *signed) secured(p conf.RaspParty) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		files := s.files.Load()
		dialer := tls.Dialer{NetDialer: s.dialer(p.Endpoint), Config: &tls.Config{RootCAs: files.peers[p.Supplier].authorities, MinVersion: tls.VersionTLS12,
			Certificates: []tls.Certificate{files.present}}}
		return dialer.DialContext(ctx, network, address)
	}
}

// dialer reaches an endpoint; one without TLS in the networks that are named, and nowhere else.
func (s *signed) dialer(endpoint string) *net.Dialer {
	if strings.HasPrefix(endpoint, "http:") {
		return rasp.DialerWithin(s.config.Networks(), dialTime)
	}
	return &net.Dialer{Timeout: dialTime}
}

const dialTime = 30 * time.Second

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

// RaspFiles is what the files of the signed endpoint say.
type RaspFiles struct {
	Parties, Endpoints int // suppliers that it lets in, and sends to
	// Untimely is which certificate of the gateway's is not good at the moment; nil: none. It can start with it, and clients will not connect.
	Untimely error
}

// CheckRasp reads every file of the signed endpoint, as its start does. now is the machine's time.
func CheckRasp(c conf.Rasp, now time.Time) (RaspFiles, error) {
	files, err := readRasp(c, nil)
	if err != nil {
		return RaspFiles{}, err
	}
	return RaspFiles{Parties: len(c.Parties), Endpoints: len(c.Endpoints()), Untimely: files.timely(now)}, nil
}
