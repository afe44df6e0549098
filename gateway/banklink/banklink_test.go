package banklink_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nks/gateway"
	"nks/gateway/banklink"
	"nks/sftp"
	"nks/sftp/sftptest"
)

// dial runs a bank's mailbox in memory and a link to it.
func dial(t *testing.T, hook func(op, party, name string) error) (*banklink.Link, *sftptest.Memory) {
	t.Helper()
	m := sftptest.NewMemory()
	m.Hook = hook
	host, key := sftptest.Key(t), sftptest.Key(t)
	s := sftptest.Start(t, sftp.ServerConfig{HostKeys: []ssh.Signer{host}, Mailbox: m, Keys: sftptest.Keyring{"nks": {key.PublicKey()}}})
	l, err := banklink.Dial(t.Context(), banklink.Config{InDir: "in", OutDir: "out", FetchLimit: 1 << 20,
		Client: sftp.ClientConfig{Addr: s.Addr().String(), User: "nks", Key: key, HostKeys: []ssh.PublicKey{host.PublicKey()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, m
}

const content = "UNB+UNOC:3'"

func outgoing() gateway.Outgoing {
	return gateway.Outgoing{ID: 1, Attempt: 1, FinalName: "NKS1.xml", TempName: ".NKS1.xml.1.tmp", Size: int64(len(content))}
}

func nothing(context.Context) error { return nil }

// TestLink_Put: what a put says is what there is at the bank.
func TestLink_Put(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		hook      func(op, party, name string) error
		before    func(context.Context) error
		there     string // under the final name before
		is        error
		sight     gateway.Sighting
		delivered int
	}{
		"sent": {sight: gateway.Present, delivered: 1},
		"not wanted any more": {before: func(context.Context) error { return gateway.ErrLostOwnership }, is: gateway.ErrNotSent,
			sight: gateway.Absent},
		"the name is taken":        {there: "other bytes of another size", is: gateway.ErrConflict, sight: gateway.OtherSize, delivered: 1},
		"the bank takes no upload": {hook: failing("commit", ".NKS1", refused), is: gateway.ErrNotSent, sight: gateway.Absent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, m := dial(t, c.hook)
			o := outgoing()
			if c.there != "" {
				other := o
				other.TempName, other.Size = ".other.tmp", int64(len(c.there))
				if err := l.Put(t.Context(), other, strings.NewReader(c.there), nothing); err != nil {
					t.Fatal(err)
				}
			}
			before := c.before
			if before == nil {
				before = nothing
			}
			if err := l.Put(t.Context(), o, strings.NewReader(content), before); !errors.Is(err, c.is) || (err == nil) != (c.is == nil) {
				t.Errorf("put: %v, want %v", err, c.is)
			}
			if seen, err := l.Look(t.Context(), o); err != nil || seen != c.sight {
				t.Errorf("look: %d, %v, want %d", seen, err, c.sight)
			}
			if got := m.Deliveries("nks"); len(got) != c.delivered || c.there == "" && c.delivered == 1 && string(got[0].Data) != content {
				t.Errorf("the bank has %q", got)
			}
		})
	}
}

func failing(op, prefix string, err error) func(op, party, name string) error {
	return func(o, _, name string) error {
		if o == op && strings.HasPrefix(name, prefix) {
			return err
		}
		return nil
	}
}

// TestLink_Put_LostReply: a connection that ends with the rename leaves the outcome unknown, and only a look tells.
func TestLink_Put_LostReply(t *testing.T) {
	t.Parallel()
	l, m := dial(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	o := outgoing()
	err := l.Put(ctx, o, strings.NewReader(content), func(context.Context) error { cancel(); return nil })
	if !errors.Is(err, gateway.ErrOutcomeUnknown) {
		if sent := len(m.Deliveries("nks")) > 0; !errors.Is(err, gateway.ErrNotSent) || sent {
			t.Errorf("put: %v, the bank has it: %t", err, sent)
		}
	}
}

// TestLink_Fetch: list, fetch, remove.
func TestLink_Fetch(t *testing.T) {
	t.Parallel()
	l, m := dial(t, nil)
	m.Offer("nks", "a.edi", []byte("first"))
	m.Offer("nks", "b.edi", []byte("second"))
	files, err := l.List(t.Context())
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		var b bytes.Buffer
		if err := l.Fetch(t.Context(), f, &b); err != nil || int64(b.Len()) != f.Size {
			t.Errorf("fetch %s: %q, %v", f.Name, b.String(), err)
		}
		if err := l.Remove(t.Context(), f.Name); err != nil {
			t.Error(err)
		}
	}
	if files, err := l.List(t.Context()); err != nil || len(files) != 0 {
		t.Errorf("left: %v, %v", files, err)
	}
	if err := l.Fetch(t.Context(), gateway.RemoteFile{Name: "a.edi", Size: 5}, &bytes.Buffer{}); err == nil {
		t.Error("fetched what is not there")
	}
}

// TestLink_FetchLimit: a file beyond the limit is not taken.
func TestLink_FetchLimit(t *testing.T) {
	t.Parallel()
	l, m := dial(t, nil)
	m.Offer("nks", "big.edi", make([]byte, 1<<20+1))
	if err := l.Fetch(t.Context(), gateway.RemoteFile{Name: "big.edi", Size: 1<<20 + 1}, &bytes.Buffer{}); !errors.Is(err, gateway.ErrRefused) {
		t.Errorf("a file beyond the limit: %v", err)
	}
}

// TestDial_PinnedHost: only the bank's own key is talked to. // B16.4
func TestDial_PinnedHost(t *testing.T) {
	t.Parallel()
	key := sftptest.Key(t)
	s := sftptest.Start(t, sftp.ServerConfig{Mailbox: sftptest.NewMemory(), Keys: sftptest.Keyring{"nks": {key.PublicKey()}}})
	l, err := banklink.Dial(t.Context(), banklink.Config{Client: sftp.ClientConfig{Addr: s.Addr().String(), User: "nks", Key: key,
		HostKeys: []ssh.PublicKey{sftptest.Key(t).PublicKey()}}})
	if err == nil {
		_ = l.Close()
		t.Error("talked to a stranger")
	}
}
