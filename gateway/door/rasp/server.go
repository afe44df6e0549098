// Package rasp is the signed endpoint: a data supplier's programs post bundles to it in signed SOAP messages, as OIO RASP does, and
// answers are posted to theirs. Server takes; Source sends, and Answers sends by it what waits for a supplier.
package rasp

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"nks/gateway/door"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// Party is whom a certificate is bound to.
type Party struct {
	Name string // the data supplier
	// Identifiers are how its messages may call their sender, beside its name, and its company number where that is said to be one.
	Identifiers []string
}

// Parties knows whom certificates are bound to.
type Parties interface {
	// Party is whom a certificate that is trusted is bound to; gateway.ErrNotFound: nobody, or nobody who may send now.
	Party(ctx context.Context, c xmldsig.Certificate) (Party, error)
}

// Limits bound what the server takes and holds. A zero field is the default.
type Limits struct {
	Body      int64         // bytes of a message; 64 MiB, which is also the most
	InHand    int64         // bytes of all messages in hand together; four times Body, twice at least
	OfParty   int           // requests of one party in hand; 8
	Wait      time.Duration // for more room, before a request is told to come again; 10 seconds
	Read      time.Duration // for a message to come; 2 minutes
	Rate      int64         // bytes a second at which it comes at least, after Grace; 32 KiB
	Grace     time.Duration // 10 seconds
	Sequence  int64         // messages of a sequence; 10,000
	Forgotten time.Duration // after so long without a message a sequence is forgotten; 10 minutes
}

func (l Limits) orDefault() Limits {
	const most = 64 << 20
	if l.Body <= 0 || l.Body > most {
		l.Body = most
	}
	orElse(&l.InHand, 4*l.Body)
	l.InHand = max(l.InHand, 2*l.Body)
	orElse(&l.OfParty, 8)
	orElse(&l.Wait, 10*time.Second)
	orElse(&l.Read, 2*time.Minute)
	orElse(&l.Rate, 32<<10)
	orElse(&l.Grace, 10*time.Second)
	orElse(&l.Sequence, 10_000)
	orElse(&l.Forgotten, 10*time.Minute)
	return l
}

func orElse[T ~int | ~int64](n *T, otherwise T) {
	if *n <= 0 {
		*n = otherwise
	}
}

// Config is what a server is made of.
type Config struct {
	// Address is the URL of the endpoint, which every message must be meant for.
	Address string
	// Path is where it is.
	Path string
	// Plain is the URL of it over HTTP without TLS, for who is bound to OIORASP alone; empty: it is not there.
	Plain string
	// Own is how messages may call us.
	Own []string
	// AnyParties has it not looked at how messages call sender and receiver: for who knows one peer alone.
	AnyParties bool
	// Types are the documents that are taken.
	Types []soap.DocumentType
	// Verifier is by whom messages are believed at the moment.
	Verifier func() *xmldsig.Verifier
	// Signer signs the replies of the moment, in the profile of who is replied to. encryptedFor is the certificate of ours that a request was
	// encrypted for, by which its sender knows us; nil: it was not.
	Signer    func(encryptedFor *x509.Certificate) *xmldsig.Signer
	Parties   Parties
	Intake    door.Intake
	Sequences door.Sequences
	Limits    Limits
	Now       func() time.Time // the machine's clock
	Log       func(Event)
}

// What happened, of an Event.
const (
	EventDelivered = "delivered"
	EventRefused   = "refused"    // by the message or its sender
	EventFailed    = "failed"     // by ourselves: it may come again
	EventBroken    = "broken off" // before its end
)

// Event is what became of a request.
type Event struct {
	What   string
	Party  string // empty: nobody is known
	Remote string
	Bytes  int64
	Err    error // without anything of the message's content
}

// Server is the door. Safe for concurrent use.
type Server struct {
	Config
	room *room

	mu     sync.Mutex
	inHand map[string]int // requests by party
}

// NewServer makes the door's handler.
func NewServer(c Config) *Server {
	c.Limits = c.Limits.orDefault()
	return &Server{Config: c, room: newRoom(c.Limits.InHand), inHand: map[string]int{}}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, reason := s.unfit(r)
	if status != 0 {
		http.Error(w, reason, status)
		s.tell(r, "", EventRefused, 0, errors.New(reason))
		return
	}
	held := &holding{room: s.room, whose: sender(r)}
	defer held.release()
	message, err := s.read(w, r, held)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errBusy):
		again(w)
		s.tell(r, "", EventFailed, int64(len(message)), errBusy)
		return
	case errors.As(err, &tooLarge):
		http.Error(w, s.tooLarge(), http.StatusRequestEntityTooLarge)
		s.tell(r, "", EventRefused, int64(len(message)), errTooLarge)
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		http.Error(w, "the message comes too slowly", http.StatusRequestTimeout)
		s.tell(r, "", EventBroken, int64(len(message)), errSlow)
		return
	case err != nil: // most often nobody is there to read it; but nobody may take silence, which is 200, for success
		w.Header().Set("Connection", "close")
		http.Error(w, "the message has not come whole", http.StatusBadRequest)
		s.tell(r, "", EventBroken, int64(len(message)), err)
		return
	}
	s.reply(w, r, message, held)
}

// leastRoom and mostRoom are how much room a message that comes takes at a time: as much again as it has.
const leastRoom, mostRoom = 4 << 10, 256 << 10

// read reads a message into room that it takes as it comes: what a client only says that it will send keeps nobody out. What comes more slowly
// than it must ends with os.ErrDeadlineExceeded.
func (s *Server) read(w http.ResponseWriter, r *http.Request, held *holding) (message []byte, err error) {
	from := http.MaxBytesReader(w, r.Body, s.Limits.Body)
	pace := &pace{limits: s.Limits, connection: http.NewResponseController(w), begun: time.Now()}
	var first [512]byte
	for {
		into := message[len(message):held.bytes]
		if len(into) == 0 {
			into = first[:] // nothing, where the message is at its end
		}
		pace.expect(int64(len(message)))
		n, err := from.Read(into)
		if len(message)+n > int(held.bytes) {
			step := min(max(held.bytes, leastRoom), mostRoom, s.Limits.Body-held.bytes)
			if step < int64(n) || !s.wait(r.Context(), held, step, pace) {
				return message, errBusy
			}
			message = slices.Grow(message, int(held.bytes)-len(message))
			message = append(message, first[:n]...)
		} else {
			message = message[:len(message)+n]
		}
		switch {
		case errors.Is(err, io.EOF):
			return message, nil
		case err != nil:
			return message, err
		}
	}
}

// pace demands of a connection that a message comes fast enough.
type pace struct {
	limits     Limits
	connection *http.ResponseController
	begun      time.Time
	waited     time.Duration // by us, for which the sender cannot help
}

// expect has the connection broken off when what comes after so many bytes is late.
func (p *pace) expect(came int64) {
	late := p.limits.Grace + time.Duration(came*1000/p.limits.Rate)*time.Millisecond
	_ = p.connection.SetReadDeadline(p.begun.Add(p.waited + min(late, p.limits.Read))) // one that cannot is no network's
}

// wait takes room, if there is any soon.
func (s *Server) wait(ctx context.Context, held *holding, bytes int64, pace *pace) bool {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Wait)
	defer cancel()
	begun := time.Now()
	defer func() { pace.waited += time.Since(begun) }()
	return held.more(ctx, bytes)
}

var (
	errBusy     = errors.New("too much is in hand")
	errTooLarge = errors.New("the message is too large")
	errSlow     = errors.New("the message comes too slowly")
)

func (s *Server) tooLarge() string {
	return "a message may have " + strconv.FormatInt(s.Limits.Body, 10) + " bytes at most"
}

// unfit says why a request is refused before its body is read; zero: it is not.
func (s *Server) unfit(r *http.Request) (status int, reason string) {
	switch {
	case r.URL.Path != s.path(r):
		return http.StatusNotFound, "there is nothing here"
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "messages are posted"
	case r.Header.Get("Content-Encoding") != "":
		return http.StatusUnsupportedMediaType, "a message comes as it is, not compressed"
	case r.ContentLength > s.Limits.Body:
		return http.StatusRequestEntityTooLarge, s.tooLarge()
	}
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || media != soap.ContentType || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return http.StatusUnsupportedMediaType, "a message is " + soap.ContentType + " in UTF-8"
	}
	return 0, ""
}

// again tells a client that the same may come a little later.
func again(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "too much is in hand: the same again, a little later", http.StatusServiceUnavailable)
}

// reply answers a message that is whole.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, message []byte, held *holding) {
	c := &call{server: s, held: held, size: int64(len(message)), address: s.Address, plain: plain(r)}
	if c.plain {
		c.address = s.Plain
	}
	defer c.done()
	answer := c.answer(r.Context(), message)
	s.tell(r, c.party.Name, c.what, c.size, c.err)
	if answer == nil {
		if errors.Is(c.err, errBusy) {
			again(w)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	var written []byte
	var err error
	if c.verified == nil { // to nobody knows whom
		written, err = xmldsig.Compose(answer.Outgoing())
	} else {
		written, err = s.signer(c.verified).Sign(answer.Outgoing(), s.Now())
	}
	if err != nil {
		http.Error(w, "internal failure, try again later", http.StatusInternalServerError)
		s.tell(r, c.party.Name, EventFailed, c.size, err)
		return
	}
	w.Header().Set("Content-Type", contentType(answer.Action))
	if answer.Content.Fault != nil {
		w.WriteHeader(http.StatusInternalServerError) // as the usual clients expect of every fault
	}
	if _, err := w.Write(written); err != nil {
		s.tell(r, c.party.Name, EventBroken, c.size, err)
	}
}

// plain reports whether a request came without TLS.
func plain(r *http.Request) bool { return r.TLS == nil }

// path is where requests must go to; empty: nowhere.
func (s *Server) path(r *http.Request) string {
	if !plain(r) {
		return s.Path
	}
	u, err := url.Parse(s.Plain)
	if err != nil {
		return ""
	}
	return u.Path
}

// signer signs for who has sent a message, as that one was.
func (s *Server) signer(to *xmldsig.Message) *xmldsig.Signer {
	signer := *s.Signer(to.EncryptedFor)
	if signer.Profile = to.Profile; signer.Profile == xmldsig.OIORASP {
		signer.Receiver = to.Signer.Leaf
	}
	return &signer
}

func (s *Server) tell(r *http.Request, party, what string, size int64, err error) {
	if what != "" {
		s.Log(Event{What: what, Party: party, Remote: r.RemoteAddr, Bytes: size, Err: err})
	}
}

// enter counts a request of a party in; false: it has as many in hand as it may.
func (s *Server) enter(party string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inHand[party] >= s.Limits.OfParty {
		return false
	}
	s.inHand[party]++
	return true
}

func (s *Server) leave(party string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inHand[party]--; s.inHand[party] <= 0 {
		delete(s.inHand, party)
	}
}

// Sweep forgets sequences that nobody has used for long, until ctx ends.
func (s *Server) Sweep(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(max(s.Limits.Forgotten/10, time.Second))
	defer tick.Stop()
	for {
		if err := s.Sequences.Forget(ctx, s.Now().Add(-s.Limits.Forgotten)); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
