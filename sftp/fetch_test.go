package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	pkgsftp "github.com/pkg/sftp"

	"nks/sftp"
)

func TestList(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	for _, name := range []string{"/out/b.edi", "/out/a.edi", "/out/.c.edi.tmp", "/in/d.edi"} {
		b.set(name, []byte("UNB"))
	}
	c := b.dial(t)
	files, err := c.List(t.Context(), "out")
	if err != nil || len(files) != 2 || files[0].Name != "a.edi" || files[1].Name != "b.edi" || files[0].Size != 3 {
		t.Errorf("got %+v, %v", files, err)
	}
}

func TestFetchAndRemove(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"empty": 0, "one packet": 32 << 10, "a packet and a byte": 32<<10 + 1, "many": 3<<20 + 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBank(t)
			data := pattern(size)
			b.set("/out/a.edi", data)
			c := b.dial(t)
			var got bytes.Buffer
			n, err := c.Fetch(t.Context(), "out/a.edi", int64(size), &got)
			if err != nil || n != int64(size) || !bytes.Equal(got.Bytes(), data) {
				t.Fatalf("got %d bytes, %v", got.Len(), err)
			}
			for range 2 { // gone is gone
				if err := c.Remove(t.Context(), "out/a.edi"); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.Fetch(t.Context(), "out/a.edi", 1, &got); !errors.Is(err, sftp.ErrNotFound) {
				t.Errorf("fetched what was removed: %v", err)
			}
		})
	}
}

func TestFetchFaults(t *testing.T) {
	t.Parallel()
	data := pattern(300_000)
	for _, c := range []struct {
		name string
		set  func(*bank)
		want error
	}{
		{"answers shorter than asked", func(b *bank) { b.short = 1000 }, nil},
		{"more is said than there is", func(b *bank) { b.stat = func(_ string, n int64) int64 { return n + 1 } }, sftp.ErrChanged},
		{"less is said than there is", func(b *bank) { b.stat = func(_ string, n int64) int64 { return n - 1 } }, sftp.ErrChanged},
		{"nothing is said to be there", func(b *bank) { b.stat = func(string, int64) int64 { return 0 } }, sftp.ErrChanged},
		{"a negative size", func(b *bank) { b.stat = func(string, int64) int64 { return -5 } }, sftp.ErrTooBig},
		{"too big", func(b *bank) { b.set("/out/a.edi", make([]byte, 1<<20+1)) }, sftp.ErrTooBig},
		{"grows while it is read", func(b *bank) {
			b.after = func(op, name string, _ net.Conn) error {
				if op == "read" {
					b.set(name, append(data, 'x'))
				}
				return nil
			}
		}, sftp.ErrChanged},
		{"shrinks while it is read", func(b *bank) {
			b.before = func(op, name string, _ net.Conn) error {
				if op == "read" {
					b.set(name, data[:200_000])
				}
				return nil
			}
		}, sftp.ErrChanged},
		{"has grown after it was read", func(b *bank) {
			asked := int64(-1)
			b.stat = func(_ string, n int64) int64 { asked++; return n + asked }
		}, sftp.ErrChanged},
		{"is taken away while it is read", func(b *bank) {
			asked := 0
			b.before = func(op, _ string, _ net.Conn) error {
				if op == "stat" {
					if asked++; asked > 1 {
						return pkgsftp.ErrSSHFxNoSuchFile
					}
				}
				return nil
			}
		}, sftp.ErrChanged},
		{"connection lost", func(b *bank) {
			b.before = func(op, _ string, conn net.Conn) error {
				if op == "read" {
					conn.Close()
				}
				return nil
			}
		}, sftp.ErrConnection},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBank(t)
			b.set("/out/a.edi", data)
			c.set(b)
			var got bytes.Buffer
			n, err := b.dial(t).Fetch(t.Context(), "out/a.edi", 1<<20, &got)
			if !errors.Is(err, c.want) || c.want == nil && (err != nil || n != 300_000 || !bytes.Equal(got.Bytes(), data)) {
				t.Errorf("got %d bytes, %v; want %v", n, err, c.want)
			}
		})
	}
}

// TestFetch_Stalls: a server that is there and does not serve one file has it alone fail, over a connection that stays.
func TestFetch_Stalls(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"stat", "read", "close", "remove"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			b := newBank(t)
			hangs, dialled := make(chan struct{}), 0
			t.Cleanup(func() { close(hangs) })
			b.set("/out/a.edi", []byte("never"))
			b.set("/out/b.edi", []byte("good"))
			b.before = func(at, name string, _ net.Conn) error {
				if at == op && name == "/out/a.edi" {
					<-hangs
				}
				return nil
			}
			cfg := b.config()
			cfg.Step = 250 * time.Millisecond
			cfg.Dialer = func(ctx context.Context, addr string) (net.Conn, error) {
				dialled++
				return new(net.Dialer).DialContext(ctx, "tcp", addr)
			}
			c, err := sftp.Dial(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			for range 6 { // more than may be held at a time
				_, err := c.Fetch(t.Context(), "out/a.edi", 100, io.Discard)
				if op == "remove" && err == nil {
					err = c.Remove(t.Context(), "out/a.edi")
				}
				if !errors.Is(err, sftp.ErrStalled) || errors.Is(err, sftp.ErrConnection) {
					t.Fatal(err)
				}
				var got bytes.Buffer
				if _, err := c.Fetch(t.Context(), "out/b.edi", 100, &got); err != nil || got.String() != "good" {
					t.Fatalf("the file behind it: %q, %v", got.String(), err)
				}
			}
			if dialled != 1 {
				t.Errorf("%d connections", dialled)
			}
		})
	}
}

// TestFetch_StallsForGood: a server that opens no other session, or that is not there any more, is another matter.
func TestFetch_StallsForGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dead    bool
		stalled bool
	}{"one session only": {false, true}, "nobody there": {true, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBank(t)
			b.sessions = 1
			hangs := make(chan struct{})
			t.Cleanup(func() { close(hangs) })
			b.set("/out/a.edi", []byte("never"))
			quiet := &silenced{}
			b.before = func(op, _ string, _ net.Conn) error {
				if op == "read" {
					quiet.silent.Store(c.dead)
					<-hangs
				}
				return nil
			}
			cfg := b.config()
			cfg.Step = 250 * time.Millisecond
			cfg.Dialer = func(ctx context.Context, addr string) (nc net.Conn, err error) {
				quiet.Conn, err = new(net.Dialer).DialContext(ctx, "tcp", addr)
				return quiet, err
			}
			client, err := sftp.Dial(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close() })
			_, err = client.Fetch(t.Context(), "out/a.edi", 100, io.Discard)
			if !errors.Is(err, sftp.ErrConnection) || errors.Is(err, sftp.ErrStalled) != c.stalled {
				t.Error(err)
			}
			if _, err := client.List(t.Context(), "out"); !errors.Is(err, sftp.ErrConnection) {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// silenced is a connection that may swallow what is sent.
type silenced struct {
	net.Conn
	silent atomic.Bool
}

func (c *silenced) Write(p []byte) (int, error) {
	if c.silent.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func TestFetchSinkFails(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.set("/out/a.edi", pattern(300_000))
	c := b.dial(t)
	if _, err := c.Fetch(t.Context(), "out/a.edi", 1<<20, full{}); !errors.Is(err, errOwn) {
		t.Errorf("got %v", err)
	}
	if _, err := c.List(t.Context(), "out"); err != nil {
		t.Errorf("the connection was given up: %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errOwn }
