package rasp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// shelf is an intake that keeps documents by their keys.
type shelf struct {
	mu    sync.Mutex
	kept  map[string]string
	taken int
	fails []error // the next takes fail with them; nil: it does not
	block chan struct{}
	in    chan struct{} // told of every take that is blocked
}

// Take implements door.Intake.
func (s *shelf) Take(ctx context.Context, a door.Arrival) error {
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	if s.block != nil {
		s.in <- struct{}{}
		select {
		case <-s.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fails) > 0 {
		err := s.fails[0]
		if s.fails = s.fails[1:]; err != nil {
			return err
		}
	}
	key := a.Party + " " + a.Key
	if before, ok := s.kept[key]; ok && before != string(body) {
		return gateway.ErrConflict
	}
	s.kept[key] = string(body)
	s.taken++
	return nil
}

// house is an endpoint with one supplier, and by what it is spoken to.
type house struct {
	t                 *testing.T
	ca                *rasptest.Authority
	gateway, supplier rasptest.Identity
	shelf             *shelf
	address           string
	http              *http.Client
	parties           bound
}

func newHouse(t *testing.T, change func(*rasp.Config)) *house {
	t.Helper()
	h := &house{t: t, ca: rasptest.NewAuthority(t, "authority"), shelf: &shelf{kept: map[string]string{}}}
	h.gateway, h.supplier = h.ca.Issue(t, "gateway", ""), h.ca.Issue(t, "supplier", "12345674")
	h.parties = bound{h.supplier: {Name: "LEVA", Identifiers: []string{"5790000123459"}}}
	inner := &handler{}
	e, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 100, Read: time.Minute, Failed: func(string) {},
		TLS: &tls.Config{Certificates: []tls.Certificate{h.gateway.TLS()}, MinVersion: tls.VersionTLS12}}, inner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	h.address = "https://" + e.Addr() + "/rasp"
	v := &xmldsig.Verifier{Policy: xmldsig.RequestPolicy(xmldsig.SHA256), Trust: h.ca.Trust(t), Skew: time.Minute}
	c := rasp.Config{Address: h.address, Path: "/rasp", Own: []string{ownGLN}, Types: []soap.DocumentType{soap.Payments()}, Verifier: func() *xmldsig.Verifier { return v },
		Signer: replier(h.gateway), Parties: h.parties, Intake: h.shelf,
		Sequences: &rasp.Memory{ID: soap.NewID}, Now: time.Now, Log: func(rasp.Event) {}}
	if change != nil {
		change(&c)
	}
	inner.Handler = rasp.NewServer(c)
	go func() { _ = e.Serve() }() // until it is closed
	h.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.ca.Pool(), MinVersion: tls.VersionTLS12}}}
	return h
}

// request is a business message, whole and right.
func (h *house) request(id, content string) soap.Message {
	return soap.Message{Action: soap.Payments().Request, ID: id, Document: "d", To: h.address, ReplyTo: soap.Anonymous,
		Parties: soap.Parties{Sender: "5790000123459", SenderType: soap.TypeEAN, Receiver: ownGLN, ReceiverType: soap.TypeEAN}, Content: soap.Content{Document: payments([]byte(content))}}
}

// send posts bytes, and gives the status and the body of the reply.
func (h *house) send(message []byte) (int, []byte) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.address, bytes.NewReader(message))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", `application/soap+xml; charset=utf-8; action="urn:any"`)
	reply, err := h.http.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	if err := errors.Join(err, reply.Body.Close()); err != nil {
		h.t.Fatal(err)
	}
	return reply.StatusCode, body
}

// ask signs a message and gives the reply, verified; the zero message where there is none.
func (h *house) ask(m soap.Message) soap.Message {
	h.t.Helper()
	signed, err := requester(h.supplier).Sign(m.Outgoing(), time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	status, body := h.send(signed)
	if status == http.StatusAccepted && len(body) == 0 {
		return soap.Message{}
	}
	return h.read(m, status, body)
}

func (h *house) read(m soap.Message, status int, body []byte) soap.Message {
	h.t.Helper()
	v := &xmldsig.Verifier{Policy: xmldsig.ReplyPolicy(xmldsig.SHA256), Trust: h.ca.Trust(h.t, h.gateway.Certificate), Skew: time.Minute}
	verified, err := v.Verify(body, time.Now())
	if err != nil {
		h.t.Fatalf("status %d: %v: %s", status, err, body)
	}
	reply, err := soap.Read(verified)
	if err != nil {
		h.t.Fatal(err)
	}
	if reply.RelatesTo != m.ID || reply.Parties != m.Parties.Swapped() || (status == http.StatusInternalServerError) != (reply.Content.Fault != nil) {
		h.t.Fatalf("status %d: %+v", status, reply)
	}
	return reply
}

// outcome is a reply in a word.
func outcome(m soap.Message) string {
	if f := m.Content.Fault; f != nil {
		return f.Error()
	}
	return strings.TrimPrefix(strings.TrimPrefix(m.Action, xmldsig.OIO), xmldsig.Reliable)
}

// open opens a sequence.
func (h *house) open(offer string) string {
	h.t.Helper()
	m := h.control(soap.CreateSequence, soap.Content{Create: &soap.Create{AcksTo: soap.Anonymous, Offer: offer}})
	reply := h.ask(m)
	if reply.Content.Created == nil || (reply.Content.Created.AcksTo == h.address) != (offer != "") {
		h.t.Fatalf("CreateSequence: %+v", reply)
	}
	if again := h.ask(m); again.Content.Created.ID != reply.Content.Created.ID {
		h.t.Error("the same message is given another sequence")
	}
	return reply.Content.Created.ID
}

func (h *house) control(action string, c soap.Content) soap.Message {
	return soap.Message{Action: action, ID: soap.NewID(), To: h.address, ReplyTo: soap.Anonymous, Parties: soap.Parties{Sender: soap.AnonymousParty, SenderType: "other"}, Content: c}
}

// TestSequence: the four steps of a sequence, with what a client repeats.
func TestSequence(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	id := h.open("urn:offered")
	in := func(m soap.Message, number int64, last bool) soap.Message {
		m.Sequence = &soap.Sequence{ID: id, Number: number, Last: last}
		return m
	}
	want := func(m soap.Message, action string, number int64, last bool, ranges ...soap.Range) {
		t.Helper()
		reply := h.ask(m)
		if outcome(reply) != action || reply.Sequence == nil || *reply.Sequence != (soap.Sequence{ID: "urn:offered", Number: number, Last: last}) ||
			reply.Acknowledged == nil || reply.Acknowledged.ID != id || len(reply.Acknowledged.Ranges) != len(ranges) || reply.Content.Document != nil {
			t.Fatalf("%s: %+v %+v", outcome(reply), reply.Sequence, reply.Acknowledged)
		}
		for i, r := range ranges {
			if reply.Acknowledged.Ranges[i] != r {
				t.Errorf("acknowledged %+v, want %+v", reply.Acknowledged.Ranges, ranges)
			}
		}
	}
	asked := h.control(soap.AckRequested, soap.Content{})
	asked.AckRequested = id
	if a := h.ask(asked); a.Acknowledged == nil || a.Acknowledged.Ranges[0] != (soap.Range{}) {
		t.Errorf("before the first message: %+v", a.Acknowledged)
	}
	const answered = "NKSPaymentOrderInterface/SubmitNKSPaymentOrderResponse"
	first, second := in(h.request("m-1", "one"), 1, false), in(h.request("m-2", "two"), 2, false)
	want(first, answered, 1, false, soap.Range{Lower: 1, Upper: 1})
	want(first, answered, 1, false, soap.Range{Lower: 1, Upper: 1}) // signed anew: other bytes
	h.shelf.fails = []error{gateway.ErrTransient}
	if got := outcome(h.ask(second)); got != "fault MessagePersistencyFault of the receiver" {
		t.Errorf("while nothing can be taken: %s", got)
	}
	want(second, answered, 2, false, soap.Range{Lower: 1, Upper: 2})
	// A number that was used, for another message; and the message of before with another document.
	if got := outcome(h.ask(in(h.request("m-3", "three"), 2, false))); got != "fault MessagePersistencyFault of the sender" {
		t.Errorf("a number used twice: %s", got)
	}
	if got := h.ask(in(h.request("m-2", "other"), 2, false)); got.Content.Fault == nil || got.Content.Fault.Reason != rasp.ReasonConflict {
		t.Errorf("another document: %s", outcome(got))
	}
	// What is refused for good is told within the sequence, again and again.
	unknown := h.request("m-4", "four")
	unknown.Action = soap.Answers()[0].Request
	for range 2 {
		want(in(unknown, 3, false), "fault UnknownDocumentTypeFault of the sender", 3, false, soap.Range{Lower: 1, Upper: 3})
	}
	// What is not empty is not merely the last.
	brings := in(h.control(soap.LastMessage, soap.Content{Document: payments([]byte("not taken"))}), 4, false)
	brings.Document, brings.Parties = "d", first.Parties
	want(brings, "fault UnknownDocumentTypeFault of the sender", 4, false, soap.Range{Lower: 1, Upper: 4})
	last := in(h.control(soap.LastMessage, soap.Content{}), 5, true)
	want(last, "/LastMessage", 5, true, soap.Range{Lower: 1, Upper: 5})
	if got := outcome(h.ask(in(h.request("m-5", "five"), 6, false))); got != "fault LastMessageNumberExceeded of the sender" {
		t.Errorf("beyond the last: %s", got)
	}
	end := h.control(soap.TerminateSequence, soap.Content{Terminate: id})
	for range 2 {
		if reply := h.ask(end); reply.Content.Terminate != "urn:offered" || !reply.Acknowledged.Holds(5) {
			t.Errorf("TerminateSequence: %+v", reply)
		}
	}
	want(first, answered, 1, false, soap.Range{Lower: 1, Upper: 5})
	if h.shelf.taken != 2 {
		t.Errorf("%d documents were taken, want 2", h.shelf.taken)
	}
}

// TestSequence_NotOffered: without an offer replies are in no sequence, and the end is answered by nothing.
func TestSequence_NotOffered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rasp.Config) { c.Limits.Sequence = 2 })
	id := h.open("")
	m := h.request("m-1", "one")
	m.Sequence = &soap.Sequence{ID: id, Number: 2}
	if reply := h.ask(m); reply.Sequence != nil || !reply.Acknowledged.Holds(2) || reply.Acknowledged.Holds(1) {
		t.Errorf("reply %+v", reply)
	}
	m.ID, m.Sequence.Number = "m-2", 3
	if got := outcome(h.ask(m)); got != "fault LastMessageNumberExceeded of the sender" {
		t.Errorf("beyond the bound: %s", got)
	}
	if reply := h.ask(h.control(soap.TerminateSequence, soap.Content{Terminate: id})); reply.Action != "" {
		t.Errorf("the end was answered by %s", reply.Action)
	}
	m.ID, m.Sequence.Number = "m-3", 1
	if got := outcome(h.ask(m)); got != "fault SequenceTerminated of the sender" {
		t.Errorf("after the end: %s", got)
	}
	m.Sequence.ID = "urn:unknown"
	if got := outcome(h.ask(m)); got != "fault UnknownSequence of the sender" {
		t.Errorf("an unknown sequence: %s", got)
	}
}

// TestRequest: what is refused, with which fault.
func TestRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for name, c := range map[string]struct {
		change func(*soap.Message)
		want   string
	}{
		"right":                     {func(*soap.Message) {}, "NKSPaymentOrderInterface/SubmitNKSPaymentOrderResponse"},
		"by the supplier's name":    {func(m *soap.Message) { m.Parties.Sender = "LEVA" }, "NKSPaymentOrderInterface/SubmitNKSPaymentOrderResponse"},
		"by its company number":     {func(m *soap.Message) { m.Parties.Sender, m.Parties.SenderType = "12345674", soap.TypeCVR }, "NKSPaymentOrderInterface/SubmitNKSPaymentOrderResponse"},
		"by another company number": {func(m *soap.Message) { m.Parties.Sender, m.Parties.SenderType = "87654321", soap.TypeCVR }, "fault NotAuthorizedFault of the sender"},
		"by another's number":       {func(m *soap.Message) { m.Parties.Sender = "5790000999999" }, "fault NotAuthorizedFault of the sender"},
		"by nobody's":               {func(m *soap.Message) { m.Parties.Sender = soap.AnonymousParty }, "fault NotAuthorizedFault of the sender"},
		"for another":               {func(m *soap.Message) { m.Parties.Receiver = "5790000999999" }, "fault NotAuthorizedFault of the sender"},
		"to another address":        {func(m *soap.Message) { m.To = "https://test.example/rasp" }, "fault NotAuthorizedFault of the sender"},
		"without a sender":          {func(m *soap.Message) { m.Parties.Sender = "" }, "fault MissingHeaderFault of the sender"},
		"without a receiver":        {func(m *soap.Message) { m.Parties.Receiver = "" }, "fault MissingHeaderFault of the sender"},
		"without a name":            {func(m *soap.Message) { m.Document = "" }, "fault MissingHeaderFault of the sender"},
		"with a long id":            {func(m *soap.Message) { m.ID = strings.Repeat("x", 201) }, "fault MissingHeaderFault of the sender"},
		"another root":              {func(m *soap.Message) { m.Content.Document = receipt([]byte("x")) }, "fault UnknownDocumentTypeFault of the sender"},
		"another action":            {func(m *soap.Message) { m.Action = "urn:other" }, "fault UnknownDocumentTypeFault of the sender"},
		"empty":                     {func(m *soap.Message) { m.Content.Document = nil }, "fault UnknownDocumentTypeFault of the sender"},
	} {
		t.Run(name, func(t *testing.T) {
			m := h.request("request "+name, name)
			m.ID = strings.ReplaceAll(m.ID, " ", "-")
			c.change(&m)
			if got := outcome(h.ask(m)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	h.supplier = h.ca.Issue(t, "bound to nobody", "12345674")
	if got := outcome(h.ask(h.request("m", "x"))); got != "fault NotAuthorizedFault of the sender" {
		t.Errorf("a certificate that is bound to nobody: %s", got)
	}
}

// TestUnbelieved: whatever is wrong with a signature, the same is said, unsigned, and nothing comes back of the message.
func TestUnbelieved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	m := h.request("secret-id", "one")
	signed, err := requester(h.supplier).Sign(m.Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	late, err := requester(h.supplier).Sign(m.Outgoing(), time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	strange, err := requester(rasptest.NewAuthority(t, "other").Issue(t, "supplier", "12345674")).Sign(m.Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := xmldsig.Compose(m.Outgoing())
	if err != nil {
		t.Fatal(err)
	}
	replies := map[string]bool{}
	for name, message := range map[string][]byte{"another content": bytes.Replace(signed, []byte(ownGLN), []byte("5798000016447"), 1), "late": late,
		"another authority": strange, "not signed": unsigned, "no XML": []byte("no XML"), "nothing": nil} {
		status, body := h.send(message)
		claim, err := xmldsig.Peek(body, xmldsig.Limits{})
		if err != nil || status != http.StatusInternalServerError || claim.FaultCode != "Sender" || claim.FaultSubcode != soap.SignatureNotValid || bytes.Contains(body, []byte("secret-id")) {
			t.Errorf("%s: %d %+v %v %s", name, status, claim, err, body)
		}
		replies[string(body)] = true
	}
	if len(replies) != 1 || h.shelf.taken != 0 {
		t.Errorf("%d different things were said, and %d documents taken", len(replies), h.shelf.taken)
	}
	legacy := bytes.ReplaceAll(signed, []byte("http://www.w3.org/2001/04/xmlenc#sha256"), []byte("http://www.w3.org/2000/09/xmldsig#sha1"))
	if _, body := h.send(legacy); !bytes.Contains(body, []byte("profile not supported")) {
		t.Errorf("SHA-1: %s", body)
	}
}

// TestTransport: what is refused before a message is read.
func TestTransport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rasp.Config) { c.Limits.Body = 1 << 20 })
	for name, c := range map[string]struct {
		method, path, media, encoding string
		size                          int
		chunked                       bool
		want                          int
	}{
		"not posted":       {method: http.MethodGet, path: "/rasp", want: http.StatusMethodNotAllowed},
		"elsewhere":        {method: http.MethodPost, path: "/", media: soap.ContentType, want: http.StatusNotFound},
		"SOAP 1.1":         {method: http.MethodPost, path: "/rasp", media: "text/xml", want: http.StatusUnsupportedMediaType},
		"no type":          {method: http.MethodPost, path: "/rasp", want: http.StatusUnsupportedMediaType},
		"another charset":  {method: http.MethodPost, path: "/rasp", media: soap.ContentType + "; charset=iso-8859-1", want: http.StatusUnsupportedMediaType},
		"compressed":       {method: http.MethodPost, path: "/rasp", media: soap.ContentType, encoding: "gzip", want: http.StatusUnsupportedMediaType},
		"too large":        {method: http.MethodPost, path: "/rasp", media: soap.ContentType, size: 1<<20 + 1, want: http.StatusRequestEntityTooLarge},
		"too large, piece": {method: http.MethodPost, path: "/rasp", media: soap.ContentType, size: 1<<20 + 1, chunked: true, want: http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = bytes.NewReader(make([]byte, c.size))
			if c.chunked {
				body = io.MultiReader(body)
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, strings.TrimSuffix(h.address, "/rasp")+c.path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", c.media)
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			reply, err := h.http.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := reply.Body.Close(); err != nil || reply.StatusCode != c.want {
				t.Errorf("status %d, %v; want %d", reply.StatusCode, err, c.want)
			}
		})
	}
}

// TestInHand: a supplier that has as much in hand as it may is told to come again, and then may.
func TestInHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rasp.Config) { c.Limits.OfParty = 1 })
	h.shelf.block, h.shelf.in = make(chan struct{}), make(chan struct{}, 1)
	done := make(chan soap.Message, 1)
	go func() { done <- h.ask(h.request("m-1", "one")) }()
	<-h.shelf.in
	signed, err := requester(h.supplier).Sign(h.request("m-2", "two").Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := h.send(signed); status != http.StatusServiceUnavailable {
		t.Errorf("status %d, want %d", status, http.StatusServiceUnavailable)
	}
	close(h.shelf.block)
	if got := outcome(<-done); !strings.HasSuffix(got, "Response") {
		t.Errorf("the first: %s", got)
	}
	h.shelf.in = make(chan struct{}, 10)
	if status, _ := h.send(signed); status != http.StatusOK {
		t.Errorf("again: status %d", status)
	}
}

// TestInHand_Claimed: clients that nobody knows, who say that they will send as much as there is room for and send nothing, keep nobody out.
func TestInHand_Claimed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rasp.Config) { c.Limits.Body, c.Limits.InHand, c.Limits.Wait = 1<<20, 1<<20, time.Minute })
	for _, size := range []int64{1 << 20, -1} {
		body, more := io.Pipe()
		defer func() { _ = more.Close() }()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.address, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = size
		r.Header.Set("Content-Type", soap.ContentType)
		begun := make(chan struct{})
		go func() {
			if reply, err := h.http.Do(r); err == nil {
				_ = reply.Body.Close()
			}
		}()
		go func() {
			defer close(begun)
			_, _ = more.Write([]byte("<")) // it is read once the head was sent
		}()
		<-begun
	}
	quick := *h.http
	quick.Timeout = 20 * time.Second
	h.http = &quick
	if got := outcome(h.ask(h.request("m-1", strings.Repeat("a", 1<<19)))); !strings.HasSuffix(got, "Response") {
		t.Errorf("a supplier's message: %s", got)
	}
}

// TestSequence_NumberTwice: of two messages that come under one number at once one is taken, and the other is refused without being taken.
func TestSequence_NumberTwice(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]door.Sequences{"in tables": newStore(t), "in memory": &rasp.Memory{ID: soap.NewID}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *rasp.Config) { c.Sequences = keep })
			sequence := h.open("")
			h.shelf.block, h.shelf.in = make(chan struct{}), make(chan struct{}, 2)
			ask := func(id string) chan soap.Message {
				m := h.request(id, id)
				m.Sequence = &soap.Sequence{ID: sequence, Number: 1}
				done := make(chan soap.Message, 1)
				go func() { done <- h.ask(m) }()
				return done
			}
			first := ask("m-1")
			<-h.shelf.in
			second := ask("m-2")
			select {
			case m := <-second:
				if got := outcome(m); got != "fault MessagePersistencyFault of the sender" {
					t.Errorf("the second: %s", got)
				}
			case <-h.shelf.in:
				t.Error("the second is taken, too")
			}
			close(h.shelf.block)
			if got := outcome(<-first); !strings.HasSuffix(got, "Response") || h.shelf.taken != 1 {
				t.Errorf("the first: %s, %d taken", got, h.shelf.taken)
			}
		})
	}
}
