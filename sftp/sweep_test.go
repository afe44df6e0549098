package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"nks/sftp"
)

// sweepStride is how many bytes lie between two cuts of the sweeps; on the farm every byte is cut at, which takes minutes.
func sweepStride() int64 {
	if os.Getenv("NKS_FARM") != "" {
		return 1
	}
	return 23
}

// cutConn is a network connection that breaks after a number of bytes from when it
// is armed.
type cutConn struct {
	net.Conn
	armed          atomic.Bool
	sent, received atomic.Int64
	toSend, toRead int64 // negative: no cut
}

func (c *cutConn) Write(p []byte) (int, error) {
	if !c.armed.Load() {
		return c.Conn.Write(p)
	}
	before := c.sent.Add(int64(len(p))) - int64(len(p))
	if c.toSend >= 0 && before+int64(len(p)) > c.toSend {
		n, _ := c.Conn.Write(p[:max(0, c.toSend-before)])
		c.Conn.Close()
		return n, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.armed.Load() {
		return n, err
	}
	before := c.received.Add(int64(n)) - int64(n)
	if c.toRead >= 0 && before+int64(n) > c.toRead {
		c.Conn.Close()
		return int(max(0, c.toRead-before)), net.ErrClosed
	}
	return n, err
}

// dialCut connects with cuts that count from after the login.
func dialCut(t *testing.T, cfg sftp.ClientConfig, toSend, toRead int64) (*sftp.Client, *cutConn) {
	t.Helper()
	var cut *cutConn
	cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		cut = &cutConn{Conn: nc, toSend: toSend, toRead: toRead}
		return cut, err
	}
	c, err := sftp.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	cut.armed.Store(true)
	return c, cut
}

// sweep runs do with the connection cut at one place after another, first while
// sending, then while receiving; sent and received are the bytes of an uncut run.
func sweep(sent, received int64, do func(toSend, toRead int64)) {
	for n := int64(0); n <= sent; n += sweepStride() {
		do(n, -1)
	}
	for n := int64(0); n <= received; n += sweepStride() {
		do(-1, n)
	}
}

// Wherever the connection breaks, a put is sent once, not sent, or unknown.
func TestSweepPut(t *testing.T) {
	t.Parallel()
	data := pattern(3000)
	seen := map[string]int{}
	put := func(toSend, toRead int64) *cutConn {
		b := newBank(t)
		c, cut := dialCut(t, b.config(), toSend, toRead)
		publishing := false
		r := request(data)
		r.BeforeRename = func(context.Context) error { publishing = true; return nil }
		_, err := c.Put(t.Context(), r)
		c.Close()
		b.wait()
		got, out := b.content("/" + finalName)
		if out && (!bytes.Equal(got, data) || b.moved != 1) {
			t.Fatalf("cut %d %d: %d bytes published, %d times", toSend, toRead, len(got), b.moved)
		}
		wantOneOutcome(t, err)
		switch {
		case err == nil && !out:
			t.Fatalf("cut %d %d: said to be sent, but it is not", toSend, toRead)
		case errors.Is(err, sftp.ErrNotSent) && out, errors.Is(err, sftp.ErrExists):
			t.Fatalf("cut %d %d: %v, but out is %v", toSend, toRead, err, out)
		case errors.Is(err, sftp.ErrUnknown) && !publishing:
			t.Fatalf("cut %d %d: unknown before the caller was told", toSend, toRead)
		case err == nil:
			seen["sent"]++
		case errors.Is(err, sftp.ErrNotSent):
			seen["not sent"]++
			again(t, b, data)
		default:
			seen["unknown"]++
			look(t, b, out)
		}
		return cut
	}
	whole := put(-1, -1)
	sweep(whole.sent.Load(), whole.received.Load(), func(toSend, toRead int64) { put(toSend, toRead) })
	for _, outcome := range []string{"sent", "not sent", "unknown"} {
		if seen[outcome] == 0 {
			t.Errorf("the sweep never came to %q: %v", outcome, seen)
		}
	}
	t.Logf("outcomes: %v", seen)
}

// again: what was not sent can be sent, under another temporary name.
func again(t *testing.T, b *bank, data []byte) {
	t.Helper()
	c := b.dial(t)
	defer c.Close()
	r := request(data)
	r.TempName = "in/.NKS1.edi.2.tmp"
	if _, err := c.Put(t.Context(), r); err != nil {
		t.Fatalf("second attempt: %v", err)
	}
}

// look: who takes over sees what there is.
func look(t *testing.T, b *bank, out bool) {
	t.Helper()
	c := b.dial(t)
	defer c.Close()
	p, err := c.Look(t.Context(), finalName, 3000)
	if err != nil || out != (p == sftp.Found) {
		t.Fatalf("look: %v, %v; out is %v", p, err, out)
	}
}

// Wherever the connection breaks, what was fetched is whole or an error.
func TestSweepFetch(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	data := pattern(3000)
	b.set("/out/a.edi", data)
	done := 0
	fetch := func(toSend, toRead int64) *cutConn {
		c, cut := dialCut(t, b.config(), toSend, toRead)
		defer c.Close()
		var got bytes.Buffer
		n, err := c.Fetch(t.Context(), "out/a.edi", 1<<20, &got)
		switch {
		case err == nil && (n != 3000 || !bytes.Equal(got.Bytes(), data)):
			t.Fatalf("cut %d %d: %d bytes and no error", toSend, toRead, n)
		case err == nil:
			done++
		case !errors.Is(err, sftp.ErrConnection):
			t.Fatalf("cut %d %d: %v", toSend, toRead, err)
		}
		return cut
	}
	whole := fetch(-1, -1)
	sweep(whole.sent.Load(), whole.received.Load(), func(toSend, toRead int64) { fetch(toSend, toRead) })
	if done == 0 {
		t.Error("never whole")
	}
}

// Wherever an upload to our mailbox breaks, it is delivered whole or not at all, and
// what the client was told is true.
func TestSweepMailbox(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	data := pattern(3000)
	delivered := func(name string) (found bool) {
		for _, d := range s.box.Deliveries("KMD") {
			if d.Name == name {
				found = true
				if !bytes.Equal(d.Data, data) {
					t.Fatalf("%s was delivered with %d bytes", name, len(d.Data))
				}
			}
		}
		return found
	}
	n := 0
	put := func(toSend, toRead int64) *cutConn {
		n++
		name := strconv.Itoa(n) + ".xml"
		c, cut := dialCut(t, s.config("KMD"), toSend, toRead)
		r := request(data)
		r.TempName, r.FinalName = "in/."+name+".tmp", "in/"+name
		_, err := c.Put(t.Context(), r)
		c.Close()
		if err == nil && !delivered(name) {
			t.Fatalf("cut %d %d: %s was acknowledged but not delivered", toSend, toRead, name)
		}
		if errors.Is(err, sftp.ErrNotSent) && delivered(name) {
			t.Fatalf("cut %d %d: %s was delivered before its rename", toSend, toRead, name)
		}
		return cut
	}
	whole := put(-1, -1)
	sweep(whole.sent.Load(), whole.received.Load(), func(toSend, toRead int64) { put(toSend, toRead) })
}
