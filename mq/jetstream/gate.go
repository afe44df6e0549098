package jetstream

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// gate stands between suppliers and the server. The server checks what a login publishes to and subscribes to, but not where it has
// the server itself send things: the reply of a request, and the deliver subject of a consumer, may be any subject of the account, the
// supplier's own in queue and the server's API among them. Here both must be reply boxes. It also is where TLS ends, so that the
// certificate is known beside the login.
type gate struct {
	listener net.Listener
	tls      *tls.Config // nil: none
	most     int         // clients at once
	mostOf   int         // of one supplier
	logins   *logins
	inside   func() (net.Conn, error)

	mu     sync.Mutex
	closed bool
	shut   bool // nobody is let in for now
	open   map[net.Conn]bool
	of     map[string]int // clients by supplier
	wait   sync.WaitGroup
}

const (
	// handshakeWait bounds the TLS handshake, loginWait what comes between it and the login.
	handshakeWait, loginWait = 10 * time.Second, 2 * time.Second
	// maxLine is the server's own bound of a line of the protocol.
	maxLine = 4096
	// maxConsumer bounds the request for a consumer, which is read whole.
	maxConsumer = 64 << 10
	// inbox begins every reply box.
	inbox = "_INBOX."
	// ownInbox begins the gateway's own: no supplier may listen there, nor have anything sent there that the gateway would take for the server's word.
	ownInbox = "_NKS_INBOX"
	// refusedReply and refusedDeliver are subjects to which no supplier may publish: the server's refusal of them is how it is told.
	refusedReply   = "nks.refused.reply"
	refusedDeliver = "nks.refused.deliver_subject"
)

func newGate(address string, c Config, l *logins, inside func() (net.Conn, error)) (*gate, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &gate{listener: listener, tls: c.TLS, most: c.MaxClients, mostOf: c.MaxOfOne, logins: l, inside: inside,
		open: make(map[net.Conn]bool), of: make(map[string]int)}, nil
}

// serve lets clients in until close.
func (g *gate) serve() {
	g.wait.Go(func() {
		for {
			conn, err := g.listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil || !g.enter(conn) {
				continue
			}
			g.wait.Go(func() {
				defer g.leave(conn)
				g.pass(conn)
			})
		}
	})
}

// enter keeps a client's connection, unless there are too many.
func (g *gate) enter(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.shut || len(g.open) >= g.most {
		_ = conn.Close()
		return false
	}
	g.open[conn] = true
	return true
}

func (g *gate) leave(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, conn)
	_ = conn.Close()
}

// let has clients let in, or sends all away.
func (g *gate) let(in bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut = !in; g.shut {
		for conn := range g.open {
			_ = conn.Close()
		}
	}
}

// enterAs counts a client as a supplier's, so that none keeps the others out.
func (g *gate) enterAs(supplier string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[supplier] >= g.mostOf {
		return errTooMany
	}
	g.of[supplier]++
	return nil
}

func (g *gate) leaveAs(supplier string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[supplier]--; g.of[supplier] <= 0 {
		delete(g.of, supplier)
	}
}

func (g *gate) close() {
	_ = g.listener.Close()
	g.mu.Lock()
	g.closed = true
	for conn := range g.open {
		_ = conn.Close()
	}
	g.mu.Unlock()
	g.wait.Wait()
}

// pass connects a client with the server until one of them ends.
func (g *gate) pass(conn net.Conn) {
	in, err := g.inside()
	if err != nil {
		return
	}
	defer func() { _ = in.Close() }()
	answers := bufio.NewReaderSize(in, 64<<10)
	secured, err := g.greet(conn, answers)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(secured, answers) // whoever has gone
		_ = conn.Close()
	})
	s := &session{gate: g, from: bufio.NewReaderSize(secured, maxLine+2), to: in}
	if c, is := secured.(*tls.Conn); is {
		s.peer = c.ConnectionState().PeerCertificates
	}
	_ = s.run() // what is not the protocol, or the end
	if s.supplier != "" {
		g.leaveAs(s.supplier)
	}
	_ = in.Close()
	back.Wait()
}

// greet passes on the server's first line, and begins TLS as it then says.
func (g *gate) greet(conn net.Conn, answers *bufio.Reader) (net.Conn, error) {
	line, err := answers.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(handshakeWait)); err != nil {
		return nil, err
	}
	if g.tls != nil {
		if line, err = requireTLS(line); err != nil {
			return nil, err
		}
	}
	if _, err := conn.Write(line); err != nil {
		return nil, err
	}
	secured := conn
	if g.tls != nil {
		c := tls.Server(conn, g.tls)
		if err := c.Handshake(); err != nil {
			return nil, err
		}
		secured = c
	}
	return secured, conn.SetDeadline(time.Time{})
}

// requireTLS has the server's first line say that TLS begins behind it.
func requireTLS(line []byte) ([]byte, error) {
	text, is := bytes.CutPrefix(line, []byte("INFO "))
	if !is {
		return nil, errProtocol
	}
	var info map[string]json.RawMessage
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, err
	}
	info["tls_required"], info["tls_verify"] = json.RawMessage("true"), json.RawMessage("true")
	text, err := json.Marshal(info)
	return slices.Concat([]byte("INFO "), text, []byte("\r\n")), err
}

// session is what a client says.
type session struct {
	*gate
	from *bufio.Reader
	to   io.Writer
	peer []*x509.Certificate

	connected bool
	supplier  string // whose client it is counted as; empty: nobody's
	ours      bool   // the gateway's own login, which may do everything
}

var (
	errProtocol = errors.New("not the protocol")
	errTooMany  = errors.New("the supplier has as many clients as it may")
	// errNotYet only ends the connection: being refused would be taken for the last word.
	errNotYet = errors.New("the supplier's queues are not there yet")
)

// run passes on what a client says, line by line and message by message, in the one form in which we have understood it.
func (s *session) run() error {
	for {
		line, err := s.from.ReadSlice('\n')
		if err != nil {
			return err
		}
		op, rest, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		switch op = strings.ToUpper(op); op {
		case "PING", "PONG":
			err = s.say(op)
		case "SUB", "UNSUB":
			err = s.say(op + " " + rest)
		case "CONNECT":
			err = s.connect(rest)
		case "PUB", "HPUB":
			err = s.publish(op, strings.Fields(rest))
		default:
			err = errProtocol
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) say(line string) error {
	_, err := io.WriteString(s.to, line+"\r\n")
	return err
}

// connect passes on a login, once, and only with the certificate that belongs to it.
func (s *session) connect(rest string) error {
	var o server.ClientOpts
	if err := json.Unmarshal([]byte(rest), &o); err != nil || s.connected {
		return errProtocol
	}
	s.connected = true
	s.ours = o.Nkey == "" && strings.HasPrefix(o.Username, gatewayUser)
	m, known := s.logins.get(o.Username)
	if o.Nkey != "" {
		m, known = s.logins.withKey(o.Nkey)
	}
	if known && !m.shown(s.peer) {
		// As a wrong password: the server refuses what it cannot know.
		return s.say(`CONNECT {"user":"","pass":""}`)
	}
	if known && !m.open {
		return errNotYet
	}
	if known {
		if err := s.enterAs(m.Name); err != nil {
			return err
		}
		s.supplier = m.Name
	}
	return s.say("CONNECT " + rest)
}

// shown reports whether a supplier's client has shown a certificate that is the supplier's.
func (s Supplier) shown(peer []*x509.Certificate) bool {
	if len(s.Certificates) == 0 {
		return true
	}
	if len(peer) == 0 {
		return false
	}
	sum := sha256.Sum256(peer[0].Raw)
	return slices.Contains(s.Certificates, "sha256:"+hex.EncodeToString(sum[:])) ||
		peer[0].Subject.CommonName != "" && slices.Contains(s.Certificates, "cn:"+peer[0].Subject.CommonName)
}

// publish passes on a message. args are subject, reply if there is one, and the size of the whole, of HPUB that of the headers before.
func (s *session) publish(op string, args []string) error {
	sizes := 1
	if op == "HPUB" {
		sizes = 2
	}
	if len(args) < 1+sizes || len(args) > 2+sizes {
		return errProtocol
	}
	subject, reply := args[0], ""
	if len(args) == 2+sizes {
		reply = args[1]
	}
	size, head := 0, 0
	size, err := sizeOf(args[len(args)-1])
	if err == nil && sizes == 2 {
		head, err = sizeOf(args[len(args)-2])
	}
	if err != nil || head > size {
		return errProtocol
	}
	var body []byte
	if !s.ours && makesConsumer(subject) {
		if body, err = s.whole(size); err != nil {
			return err
		}
		if !delivers(body[head:size]) {
			args[0] = refusedDeliver
		}
	}
	if !s.ours && reply != "" && !isInbox(reply) {
		args = append([]string{refusedReply}, args[2:]...)
	}
	if err := s.say(op + " " + strings.Join(args, " ")); err != nil {
		return err
	}
	if body != nil {
		_, err = s.to.Write(body)
		return err
	}
	_, err = io.CopyN(s.to, s.from, int64(size)+2)
	return err
}

// whole reads a message with the end of its line.
func (s *session) whole(size int) ([]byte, error) {
	if size > maxConsumer {
		return nil, errProtocol
	}
	body := make([]byte, size+2)
	_, err := io.ReadFull(s.from, body)
	return body, err
}

// sizeOf reads digits alone, as the server does.
func sizeOf(text string) (int, error) {
	if text == "" || len(text) > 9 || strings.Trim(text, "0123456789") != "" {
		return 0, errProtocol
	}
	n := 0
	for _, d := range text {
		n = n*10 + int(d-'0')
	}
	return n, nil
}

func isInbox(subject string) bool {
	return strings.HasPrefix(subject, inbox) && !strings.ContainsAny(subject, "*>")
}

func makesConsumer(subject string) bool {
	return strings.HasPrefix(subject, "$JS.API.CONSUMER.CREATE.") || strings.HasPrefix(subject, "$JS.API.CONSUMER.DURABLE.CREATE.")
}

// delivers reports whether a request for a consumer has it deliver to a reply box, or to nothing but who asks. It is read as the
// server reads it.
func delivers(body []byte) bool {
	var r server.CreateConsumerRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return false
	}
	return r.Config.DeliverSubject == "" || isInbox(r.Config.DeliverSubject)
}
