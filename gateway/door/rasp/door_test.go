package rasp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/doortest"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// TestDoor: the signed endpoint keeps what every door promises, with reliable sequences and without.
func TestDoor(t *testing.T) {
	t.Parallel()
	for name, alone := range map[string]bool{"in a sequence": false, "alone": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doortest.Run(t, func(t *testing.T, s *doortest.Stage) doortest.Client { return newPrograms(t, s, alone) })
		})
	}
}

const ownGLN = "5798000016446"

// programs are the suppliers' programs at a running endpoint, each with an endpoint of its own for answers.
type programs struct {
	t       *testing.T
	stage   *doortest.Stage
	alone   bool
	ca      *rasptest.Authority
	gateway rasptest.Identity
	sides   map[string]*program
	broken  chan string // remote addresses of requests that were broken off

	mu       sync.Mutex
	endpoint *rasp.Endpoint
	address  string // URL
	stop     context.CancelFunc
	loops    sync.WaitGroup
}

// program is one supplier's: what it signs with, and the answers that it has got.
type program struct {
	rasptest.Identity
	endpoint *rasp.Endpoint

	mu      sync.Mutex
	answers []doortest.Answer
	more    chan struct{}
}

func newPrograms(t *testing.T, s *doortest.Stage, alone bool) *programs {
	t.Helper()
	p := &programs{t: t, stage: s, alone: alone, ca: rasptest.NewAuthority(t, "authority"), sides: map[string]*program{}, broken: make(chan string, 1000)}
	p.gateway = p.ca.Issue(t, "gateway", "")
	for _, party := range doortest.Parties() {
		p.sides[party] = p.newProgram(party)
	}
	p.open()
	t.Cleanup(p.close)
	return p
}

func (p *programs) requests() *xmldsig.Verifier {
	return &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: p.ca.Trust(p.t), Skew: time.Minute}
}

func (p *programs) replies(from rasptest.Identity) func() *xmldsig.Verifier {
	v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.SHA256), Trust: p.ca.Trust(p.t, from.Certificate), Skew: time.Minute}
	return func() *xmldsig.Verifier { return v }
}

func replier(i rasptest.Identity) func(*x509.Certificate) *xmldsig.Signer {
	return func(*x509.Certificate) *xmldsig.Signer {
		return &xmldsig.Signer{Key: i.Key, Certificate: i.Certificate, ByKeyIdentifier: true}
	}
}

func requester(i rasptest.Identity) *xmldsig.Signer {
	return &xmldsig.Signer{Key: i.Key, Certificate: i.Certificate}
}

func (p *programs) listen(by rasptest.Identity, c rasp.Config) (*rasp.Endpoint, string) {
	p.t.Helper()
	h := &handler{}
	e, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 100, Read: time.Minute, Failed: p.stage.Hear,
		TLS: &tls.Config{Certificates: []tls.Certificate{by.TLS()}, MinVersion: tls.VersionTLS12}}, h)
	if err != nil {
		p.t.Fatal(err)
	}
	v := p.requests()
	c.Address, c.Path = "https://"+e.Addr()+"/rasp", "/rasp"
	c.Verifier, c.Signer, c.Now = func() *xmldsig.Verifier { return v }, replier(by), time.Now
	h.Handler = rasp.NewServer(c)
	go func() {
		if err := e.Serve(); err != nil {
			p.stage.Hear(err.Error())
		}
	}()
	return e, c.Address
}

// handler is set before anybody knows the address.
type handler struct{ http.Handler }

// newProgram opens a supplier's endpoint.
func (p *programs) newProgram(party string) *program {
	side := &program{Identity: p.ca.Issue(p.t, party, "12345674"), more: make(chan struct{})}
	side.endpoint, _ = p.listen(side.Identity, rasp.Config{Own: []string{party}, Types: soap.Answers(), Parties: bound{p.gateway: {Name: "NKS", Identifiers: []string{ownGLN}}},
		Intake: side, Sequences: &rasp.Memory{ID: soap.NewID}, Log: func(rasp.Event) {}})
	p.t.Cleanup(func() { _ = side.endpoint.Close() })
	return side
}

// bound binds certificates to parties.
type bound map[rasptest.Identity]rasp.Party

// Party implements rasp.Parties.
func (b bound) Party(_ context.Context, c xmldsig.Certificate) (rasp.Party, error) {
	for identity, party := range b {
		if identity.Certificate.Equal(c.Leaf) {
			return party, nil
		}
	}
	return rasp.Party{}, gateway.ErrNotFound
}

// Take implements door.Intake for answers.
func (s *program) Take(_ context.Context, a door.Arrival) error {
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, doortest.Answer{Name: a.Name, Body: body})
	close(s.more)
	s.more = make(chan struct{})
	return nil
}

// open runs the door.
func (p *programs) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	parties := bound{}
	for party, side := range p.sides {
		parties[side.Identity] = rasp.Party{Name: party}
	}
	p.endpoint, p.address = p.listen(p.gateway, rasp.Config{Own: []string{ownGLN}, Types: []soap.DocumentType{soap.Payments()}, Parties: parties,
		Intake: p.stage.Intake, Sequences: p.stage.Sequences, Log: func(e rasp.Event) {
			p.stage.Hear(fmt.Sprintln(e.What, e.Party, e.Err))
			if e.What == rasp.EventBroken {
				p.broken <- e.Remote
			}
		}})
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	for party, side := range p.sides {
		a := &rasp.Answers{Supplier: party, Queue: p.stage.Queueing(door.Signed), Sendings: p.stage.Sendings, ID: soap.NewID,
			MessageID: func(name string) string { return "urn:nks:" + name }, Poll: 10 * time.Millisecond, Retry: time.Millisecond,
			Failed: func(name string, err error) { p.stage.Hear(name + ": " + err.Error()) }, Reached: func(error) {}, Sent: func(int) {},
			Source: p.source(p.gateway, side.Identity, "https://"+side.endpoint.Addr()+"/rasp", soap.Parties{Sender: ownGLN, SenderType: soap.TypeEAN, Receiver: party})}
		p.loops.Go(func() { a.Run(ctx) })
	}
}

func (p *programs) source(from, to rasptest.Identity, address string, parties soap.Parties) *rasp.Source {
	return &rasp.Source{Endpoint: address, HTTP: p.client(), Signer: func() *xmldsig.Signer { return requester(from) }, Verifier: p.replies(to), Parties: parties, Now: time.Now,
		Peer: func(c xmldsig.Certificate) bool { return c.Leaf.Equal(to.Certificate) }}
}

func (p *programs) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.ca.Pool(), MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
}

func (p *programs) close() {
	_ = p.endpoint.Close()
	p.stop()
	p.loops.Wait()
}

// Restart implements doortest.Client.
func (p *programs) Restart() {
	p.close()
	p.open()
}

// Traits implements doortest.Client.
func (p *programs) Traits() doortest.Traits {
	return doortest.Traits{Kind: door.Signed, Sent: true, Document: payments, Answer: receipt, Evidence: func(party string) string {
		return rasp.Evidence(xmldsig.Certificate{Fingerprint: sha256.Sum256(p.sides[party].Certificate.Raw)})
	}}
}

func payments(content []byte) []byte { return wrapped(soap.Payments(), content) }

func receipt(content []byte) []byte {
	t, _ := soap.ByRoot(soap.Answers(), xmldsig.Name{Space: soap.Payments().Root.Space, Local: "NKSReceipt1"})
	return wrapped(t, content)
}

// wrapped is a document with a content, in letters.
func wrapped(t soap.DocumentType, content []byte) []byte {
	head, tail := `<`+t.Root.Local+` xmlns="`+t.Root.Space+`">`, `</`+t.Root.Local+`>`
	if len(content) < 200 {
		return []byte(head + hex.EncodeToString(content) + tail)
	}
	letters := bytes.Clone(content[:len(content)-len(head)-len(tail)])
	for i, b := range letters {
		letters[i] = 'a' + b%26
	}
	return bytes.Join([][]byte{[]byte(head), letters, []byte(tail)}, nil)
}

// Send implements doortest.Client.
func (p *programs) Send(ctx context.Context, party, key string, body []byte) error {
	p.mu.Lock()
	address := p.address
	p.mu.Unlock()
	s := p.source(p.sides[party].Identity, p.gateway, address, soap.Parties{Sender: party, Receiver: ownGLN, ReceiverType: soap.TypeEAN})
	document := rasp.Document{MessageID: key, Name: "bundle", Type: soap.Payments(), Body: body}
	if p.alone {
		return reported(p.sendAlone(ctx, party, address, document))
	}
	sequence, err := s.Open(ctx, soap.NewID(), soap.NewID())
	if err != nil {
		return err
	}
	if err := s.Send(ctx, sequence, 1, document); err != nil {
		return reported(err)
	}
	return s.End(ctx, sequence, 2, soap.NewID)
}

// sendAlone is what a program does that knows nothing of sequences.
func (p *programs) sendAlone(ctx context.Context, party, address string, d rasp.Document) error {
	m := soap.Message{Action: d.Type.Request, ID: d.MessageID, Document: d.Name, To: address, Parties: soap.Parties{Sender: party, Receiver: ownGLN},
		Content: soap.Content{Document: d.Body}}
	reply, err := p.post(ctx, p.sides[party].Identity, m)
	if err != nil {
		return err
	}
	if f := reply.Content.Fault; f != nil {
		return f
	}
	if reply.Action != d.Type.Reply || reply.RelatesTo != d.MessageID || reply.Content.Document != nil || reply.Parties != m.Parties.Swapped() {
		return fmt.Errorf("reply %+v", reply)
	}
	return nil
}

// post signs a message and verifies the reply to it.
func (p *programs) post(ctx context.Context, by rasptest.Identity, m soap.Message) (soap.Message, error) {
	signed, err := requester(by).Sign(m.Outgoing(), time.Now())
	if err != nil {
		return soap.Message{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.To, bytes.NewReader(signed))
	if err != nil {
		return soap.Message{}, err
	}
	r.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	reply, err := p.client().Do(r)
	if err != nil {
		return soap.Message{}, err
	}
	body, err := io.ReadAll(reply.Body)
	if err := errors.Join(err, reply.Body.Close()); err != nil {
		return soap.Message{}, err
	}
	verified, err := p.replies(p.gateway)().Verify(body, time.Now())
	if err != nil {
		return soap.Message{}, fmt.Errorf("status %d: %w: %.500s", reply.StatusCode, err, body)
	}
	return soap.Read(verified)
}

// reported is what a fault means to a supplier.
func reported(err error) error {
	var f *soap.Fault
	if !errors.As(err, &f) || f.Receiver {
		return err
	}
	for reason, means := range map[string]error{rasp.ReasonConflict: gateway.ErrConflict, rasp.ReasonTooLarge: gateway.ErrRefused} {
		if strings.Contains(f.Reason, reason) {
			return fmt.Errorf("%w: %w", means, err)
		}
	}
	return err
}

// SendHalf implements doortest.Client.
func (p *programs) SendHalf(ctx context.Context, party, key string, body []byte) error {
	m := soap.Message{Action: soap.Payments().Request, ID: key, Document: "bundle", To: p.address, Parties: soap.Parties{Sender: party, Receiver: ownGLN},
		Content: soap.Content{Document: body}}
	signed, err := requester(p.sides[party].Identity).Sign(m.Outgoing(), time.Now())
	if err != nil {
		return err
	}
	dialer := &tls.Dialer{Config: &tls.Config{RootCAs: p.ca.Pool(), MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", p.endpoint.Addr())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "POST /rasp HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", len(signed), signed[:len(signed)/2])
	local := conn.LocalAddr().String()
	for err = errors.Join(err, conn.Close()); err == nil; {
		select {
		case remote := <-p.broken:
			if remote == local {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// Next implements doortest.Client.
func (p *programs) Next(ctx context.Context, party string) (doortest.Answer, error) {
	s := p.sides[party]
	for {
		s.mu.Lock()
		more := s.more
		if len(s.answers) > 0 {
			a := s.answers[0]
			s.answers = s.answers[1:]
			s.mu.Unlock()
			return a, nil
		}
		s.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return doortest.Answer{}, ctx.Err()
		}
	}
}

// Left implements doortest.Client.
func (p *programs) Left(_ context.Context, party string) (int, error) {
	s := p.sides[party]
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.answers), nil
}
