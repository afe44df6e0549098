package rasp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway/door"
	"nks/gateway/door/rasp"
	"nks/gateway/door/rasp/rasptest"
	"nks/gateway/door/rasp/soap"
)

// elsewhere is a client at another address than the supplier.
func (h *house) elsewhere() *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: h.ca.Pool(), MinVersion: tls.VersionTLS12}}}
}

// stall sends as much of a message as it is told, and then nothing; the status of the reply comes when there is one.
func (h *house) stall(by *http.Client, bytesSent int) (status chan int) {
	h.t.Helper()
	body, more := io.Pipe()
	h.t.Cleanup(func() { _ = more.Close() })
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.address, body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", soap.ContentType)
	status = make(chan int, 1)
	go func() {
		reply, err := by.Do(r)
		if err != nil {
			status <- 0
			return
		}
		_ = reply.Body.Close()
		status <- reply.StatusCode
	}()
	go func() { _, _ = more.Write(bytes.Repeat([]byte("<"), bytesSent)) }()
	return status
}

// TestSlow_LeavesRoom: who sends from one address as much as it is let, and never ends, gets no more than leaves a largest message room.
func TestSlow_LeavesRoom(t *testing.T) {
	t.Parallel()
	const body = 1 << 20
	h := newHouse(t, func(c *rasp.Config) {
		c.Limits.Body, c.Limits.InHand, c.Limits.Wait, c.Limits.Grace = body, 4*body, 200*time.Millisecond, time.Minute
	})
	slow := h.elsewhere()
	var all []chan int
	for turned := false; !turned; {
		if len(all) == 8 {
			t.Fatal("8 of 1 MiB from one address, of 4 MiB together, and none is turned away")
		}
		one := h.stall(slow, body-1)
		select {
		case got := <-one:
			if turned = got == http.StatusServiceUnavailable; !turned {
				t.Fatalf("status %d", got)
			}
		case <-time.After(1500 * time.Millisecond): // it has its room
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		t.Fatal("the first is turned away")
	}
	if got := outcome(h.ask(h.request("m-1", strings.Repeat("a", body-20_000)))); !strings.HasSuffix(got, "Response") {
		t.Errorf("a supplier's message: %s", got)
	}
	for _, one := range all {
		select {
		case got := <-one:
			t.Errorf("one that has its room is replied to with status %d", got)
		default:
		}
	}
}

// TestSlow_IsBrokenOff: what comes more slowly than it must is broken off; what is whole is not, however long it is worked on.
func TestSlow_IsBrokenOff(t *testing.T) {
	t.Parallel()
	broken := make(chan rasp.Event, 10)
	h := newHouse(t, func(c *rasp.Config) {
		c.Limits.Grace, c.Limits.Rate = 500*time.Millisecond, 1<<30
		c.Log = func(e rasp.Event) {
			if e.What == rasp.EventBroken {
				broken <- e
			}
		}
	})
	h.shelf.block, h.shelf.in = make(chan struct{}), make(chan struct{}, 1)
	done := make(chan soap.Message, 1)
	go func() { done <- h.ask(h.request("m-1", "one")) }()
	<-h.shelf.in
	for _, sent := range []int{1, 100_000} {
		if got := <-h.stall(h.elsewhere(), sent); got != http.StatusRequestTimeout {
			t.Errorf("after %d bytes: status %d", sent, got)
		}
		if e := <-broken; !strings.Contains(e.Err.Error(), "too slowly") || e.Bytes != int64(sent) {
			t.Errorf("told: %d bytes, %v", e.Bytes, e.Err)
		}
	}
	close(h.shelf.block)
	if got := outcome(<-done); !strings.HasSuffix(got, "Response") {
		t.Errorf("what is worked on: %s", got)
	}
}

// TestSlow_Connections: from one address there are no more connections than may be, and others come in.
func TestSlow_Connections(t *testing.T) {
	t.Parallel()
	refused := make(chan string, 10)
	ca := rasptest.NewAuthority(t, "authority")
	e, err := rasp.Listen(rasp.Listening{Addr: "127.0.0.1:0", Connections: 4, OfAddress: 2, Read: time.Minute, Failed: func(text string) { refused <- text },
		TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, "gateway", "").TLS()}, MinVersion: tls.VersionTLS12}}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	go func() { _ = e.Serve() }() // until it is closed
	h := &house{t: t, ca: ca, address: "https://" + e.Addr() + "/rasp"}
	dial := func(last byte) net.Conn {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, last)}}
		c, err := dialer.DialContext(t.Context(), "tcp", e.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	first := dial(2)
	dial(2)
	third := dial(2)
	if text := <-refused; !strings.Contains(text, "as many as may be") || !strings.Contains(text, third.LocalAddr().String()) {
		t.Errorf("told: %s", text)
	}
	if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("the third: %v", err)
	}
	h.http = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}}}
	if status, _ := h.send(nil); status != http.StatusNotFound {
		t.Errorf("from another address: status %d", status)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := h.elsewhere()
	again.Timeout = 20 * time.Second
	h.http = again
	for end := time.Now().Add(20 * time.Second); ; { // until the server has heard of the end
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := h.http.Do(r)
		if err == nil {
			_ = reply.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after one has ended: %v", err)
		}
	}
}

// TestSlow_Party: a party whose messages are worked on has half of all room at most, wherever they came from, and others come in.
func TestSlow_Party(t *testing.T) {
	t.Parallel()
	const body = 1 << 20
	var other rasptest.Identity
	h := newHouse(t, func(c *rasp.Config) { c.Limits.Body, c.Limits.InHand = body, 4*body })
	other = h.ca.Issue(t, "other", "")
	h.parties[other] = rasp.Party{Name: "LEVB"}
	h.shelf.block, h.shelf.in = make(chan struct{}), make(chan struct{}, 10)
	large := strings.Repeat("a", body-20_000)
	done := make(chan soap.Message, 3)
	for _, id := range []string{"m-1", "m-2"} {
		go func() { done <- h.ask(h.request(id, large)) }()
		<-h.shelf.in
	}
	signed, err := requester(h.supplier).Sign(h.request("m-3", large).Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := h.send(signed); status != http.StatusServiceUnavailable {
		t.Errorf("the third: status %d", status)
	}
	m := h.request("m-4", large)
	m.Parties.Sender = "LEVB"
	others := *h
	others.supplier = other
	go func() { done <- others.ask(m) }()
	<-h.shelf.in
	close(h.shelf.block)
	for range 3 {
		if got := outcome(<-done); !strings.HasSuffix(got, "Response") {
			t.Error(got)
		}
	}
}

// TestSlow_NotWhole: a message that has not come whole is never said to be good.
func TestSlow_NotWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	at := strings.TrimSuffix(strings.TrimPrefix(h.address, "https://"), "/rasp")
	for name, rest := range map[string]string{
		"ends before its end": "Content-Length: 100\r\n\r\n<a/>",
		"no chunks":           "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"half of a chunk":     "Transfer-Encoding: chunked\r\n\r\n10\r\n<a/>",
	} {
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: h.ca.Pool(), MinVersion: tls.VersionTLS12}}
		c, err := dialer.DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(c, "POST /rasp HTTP/1.1\r\nHost: a\r\nContent-Type: application/soap+xml\r\n"+rest)
		if err := errors.Join(err, c.(*tls.Conn).CloseWrite()); err != nil {
			t.Fatal(err)
		}
		reply, err := io.ReadAll(c)
		if err := errors.Join(err, c.Close()); err != nil || !strings.HasPrefix(string(reply), "HTTP/1.1 400 ") || !strings.Contains(string(reply), "Connection: close") {
			t.Errorf("%s: %.100q, %v", name, reply, err)
		}
	}
}

// panicking is an intake that panics the first time.
type panicking struct {
	*shelf
	first sync.Once
}

// Take implements door.Intake.
func (p *panicking) Take(ctx context.Context, a door.Arrival) error {
	p.first.Do(func() { panic("intake") })
	return p.shelf.Take(ctx, a)
}

// TestSlow_Panic: working on a message that panics leaves its party its room.
func TestSlow_Panic(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *rasp.Config) {
		c.Limits.OfParty = 1
		c.Intake = &panicking{shelf: c.Intake.(*shelf)}
	})
	signed, err := requester(h.supplier).Sign(h.request("m-1", "one").Outgoing(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.address, bytes.NewReader(signed))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", soap.ContentType)
	if reply, err := h.http.Do(r); err == nil {
		_ = reply.Body.Close()
		t.Fatalf("status %d", reply.StatusCode)
	}
	if got := outcome(h.ask(h.request("m-2", "two"))); !strings.HasSuffix(got, "Response") {
		t.Errorf("after it: %s", got)
	}
}
