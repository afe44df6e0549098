package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	pkgsftp "github.com/pkg/sftp"

	"nks/sftp"
)

const (
	tempName  = "in/.NKS1.edi.1.tmp"
	finalName = "in/NKS1.edi"
)

func request(data []byte) sftp.PutRequest {
	return sftp.PutRequest{
		TempName: tempName, FinalName: finalName,
		Content: bytes.NewReader(data), Size: int64(len(data)),
	}
}

var errOwn = errors.New("the caller's own error")

// The outcome of a put against a bank that does one thing wrong.
func TestPutOutcomes(t *testing.T) {
	t.Parallel()
	data := pattern(100_000)
	on := func(op string, err error) func(string, string, net.Conn) error {
		return func(o, name string, _ net.Conn) error {
			if o == op && !(op == "stat" && name == "/"+tempName) {
				return err
			}
			return nil
		}
	}
	cut := func(op string) func(string, string, net.Conn) error {
		return func(o, _ string, conn net.Conn) error {
			if o == op {
				conn.Close()
			}
			return nil
		}
	}
	lie := func(about string, by int64) func(string, int64) int64 {
		return func(name string, size int64) int64 {
			if name == about {
				size += by
			}
			return size
		}
	}
	failure := pkgsftp.ErrSSHFxFailure
	for _, c := range []struct {
		name   string
		set    func(*bank, *sftp.PutRequest)
		want   error // nil: sent
		out    bool  // the file is out in the end
		tidied bool  // the temporary file is gone
	}{
		{"all well", func(*bank, *sftp.PutRequest) {}, nil, true, true},
		{"empty file", func(_ *bank, r *sftp.PutRequest) { r.Content, r.Size = strings.NewReader(""), 0 }, nil, true, true},
		{"content too short", func(_ *bank, r *sftp.PutRequest) { r.Size++ }, sftp.ErrNotSent, false, true},
		{"content too long", func(_ *bank, r *sftp.PutRequest) { r.Size-- }, sftp.ErrNotSent, false, true},
		{"content fails", func(_ *bank, r *sftp.PutRequest) {
			r.Content = io.MultiReader(bytes.NewReader(data[:50_000]), failing{})
		}, errOwn, false, true},
		{"temporary name taken", func(b *bank, _ *sftp.PutRequest) { b.set("/"+tempName, data) }, sftp.ErrNotSent, false, false},
		{"final name taken", func(b *bank, _ *sftp.PutRequest) { b.set("/"+finalName, data[:9]) }, sftp.ErrExists, false, true},
		{"final name taken meanwhile", func(b *bank, r *sftp.PutRequest) {
			r.BeforeRename = func(context.Context) error { b.set("/"+finalName, data[:9]); return nil }
		}, sftp.ErrExists, false, false},
		{"final name taken meanwhile by a file as long", func(b *bank, r *sftp.PutRequest) {
			r.BeforeRename = func(context.Context) error { b.set("/"+finalName, make([]byte, len(data))); return nil }
		}, sftp.ErrUnknown, false, false},
		{"caller refuses", func(_ *bank, r *sftp.PutRequest) {
			r.BeforeRename = func(context.Context) error { return errOwn }
		}, errOwn, false, true},
		{"no space", func(b *bank, _ *sftp.PutRequest) { b.before = on("write", failure) }, sftp.ErrNotSent, false, true},
		{"close fails", func(b *bank, _ *sftp.PutRequest) { b.after = on("close", failure) }, sftp.ErrNotSent, false, true},
		{"bank holds less", func(b *bank, _ *sftp.PutRequest) { b.stat = lie("/"+tempName, -1) }, sftp.ErrNotSent, false, true},
		{"bank shows less afterwards", func(b *bank, _ *sftp.PutRequest) { b.stat = lie("/"+finalName, -1) }, sftp.ErrUnknown, true, true},
		{"cut at create", func(b *bank, _ *sftp.PutRequest) { b.before = cut("create") }, sftp.ErrNotSent, false, false},
		{"cut at write", func(b *bank, _ *sftp.PutRequest) { b.after = cut("write") }, sftp.ErrNotSent, false, false},
		{"cut at close", func(b *bank, _ *sftp.PutRequest) { b.after = cut("close") }, sftp.ErrNotSent, false, false},
		{"cut after rename", func(b *bank, _ *sftp.PutRequest) { b.after = cut("rename") }, sftp.ErrUnknown, true, true},
		{"cut instead of rename", func(b *bank, _ *sftp.PutRequest) {
			b.before = func(op, _ string, conn net.Conn) error {
				if op == "rename" {
					conn.Close()
					return failure
				}
				return nil
			}
		}, sftp.ErrUnknown, false, false},
		{"rename refused", func(b *bank, _ *sftp.PutRequest) { b.before = on("rename", failure) }, sftp.ErrNotSent, false, false},
		{"rename denied", func(b *bank, _ *sftp.PutRequest) { b.before = on("rename", pkgsftp.ErrSSHFxPermissionDenied) }, sftp.ErrNotSent, false, false},
		{"rename done but said to fail", func(b *bank, _ *sftp.PutRequest) { b.after = on("rename", failure) }, sftp.ErrUnknown, true, true},
		{"rename done but said to be lost", func(b *bank, _ *sftp.PutRequest) { b.after = on("rename", pkgsftp.ErrSSHFxConnectionLost) }, sftp.ErrUnknown, true, true},
		{"rename done but said to find nothing", func(b *bank, _ *sftp.PutRequest) { b.after = on("rename", pkgsftp.ErrSSHFxNoSuchFile) }, sftp.ErrUnknown, true, true},
		{"rename not done and said to be lost", func(b *bank, _ *sftp.PutRequest) { b.before = on("rename", pkgsftp.ErrSSHFxConnectionLost) }, sftp.ErrUnknown, false, false},
		{"rename done, odd answer", func(b *bank, _ *sftp.PutRequest) { b.after = on("rename", pkgsftp.ErrSSHFxEOF) }, sftp.ErrUnknown, true, true},
		{"rename not done but said to be", func(b *bank, _ *sftp.PutRequest) { b.before = on("rename", pkgsftp.ErrSSHFxOk) }, sftp.ErrUnknown, false, false},
		{"looking is denied", func(b *bank, _ *sftp.PutRequest) { b.before = on("stat", failure) }, sftp.ErrNotSent, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBank(t)
			r := request(data)
			c.set(b, &r)
			client := b.dial(t)
			_, err := client.Put(t.Context(), r)
			client.Close()
			b.wait()
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
			wantOneOutcome(t, err)
			if got, ok := b.content("/" + finalName); c.out != (ok && bytes.Equal(got, data[:r.Size])) {
				t.Errorf("out: %v, want %v", !c.out, c.out)
			}
			if _, ok := b.content("/" + tempName); ok == c.tidied {
				t.Errorf("temporary file left: %v", ok)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errOwn }

func wantOneOutcome(t *testing.T, err error) {
	t.Helper()
	n := 0
	for _, outcome := range []error{sftp.ErrNotSent, sftp.ErrExists, sftp.ErrUnknown} {
		if errors.Is(err, outcome) {
			n++
		}
	}
	if err != nil && n != 1 {
		t.Errorf("%d outcomes in one error: %v", n, err)
	}
}

func TestPutResult(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	data := pattern(700_001)
	res, err := b.dial(t).Put(t.Context(), request(data))
	want := sftp.PutResult{Size: 700_001, Modified: time.Unix(1123727400, 0)}
	if err != nil || res != want {
		t.Errorf("got %+v, %v; want %+v", res, err, want)
	}
}

// A bank that takes the file away at once has it nevertheless.
func TestPutCollectedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.after = func(op, name string, _ net.Conn) error {
		if op == "rename" {
			b.mu.Lock()
			delete(b.files, name)
			b.mu.Unlock()
		}
		return nil
	}
	res, err := b.dial(t).Put(t.Context(), request([]byte("UNB")))
	if err != nil || !res.Collected || res.Size != 3 {
		t.Errorf("got %+v, %v", res, err)
	}
}

// No answer, or a context that ends, closes the connection; the outcome depends on
// whether the rename was sent.
func TestPutHangs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op   string
		want error
	}{
		{"create", sftp.ErrNotSent}, {"write", sftp.ErrNotSent}, {"close", sftp.ErrNotSent}, {"rename", sftp.ErrUnknown},
	} {
		for _, cancelled := range []bool{true, false} {
			t.Run(c.op, func(t *testing.T) {
				t.Parallel()
				b := newBank(t)
				stuck, goOn := make(chan bool), make(chan bool)
				defer close(goOn)
				b.before = func(op, _ string, _ net.Conn) error {
					if op == c.op {
						close(stuck)
						<-goOn
					}
					return nil
				}
				cfg := b.config()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if !cancelled {
					cfg.Step = time.Second
				} else {
					go func() { <-stuck; cancel() }()
				}
				client, err := sftp.Dial(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				_, err = client.Put(ctx, request([]byte("UNB")))
				if !errors.Is(err, c.want) || !errors.Is(err, sftp.ErrConnection) || errors.Is(err, context.Canceled) != cancelled {
					t.Errorf("got %v, want %v and a lost connection", err, c.want)
				}
				<-client.Done()
				if _, err := client.Look(t.Context(), finalName, 3); !errors.Is(err, sftp.ErrConnection) {
					t.Errorf("used after its end: %v", err)
				}
			})
		}
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.set("/"+finalName, []byte("UNB"))
	c := b.dial(t)
	for _, w := range []struct {
		name string
		size int64
		want sftp.Presence
	}{{finalName, 3, sftp.Found}, {finalName, 4, sftp.WrongSize}, {"in/none.edi", 3, sftp.Absent}} {
		if got, err := c.Look(t.Context(), w.name, w.size); got != w.want || err != nil {
			t.Errorf("%s %d: %v, %v; want %v", w.name, w.size, got, err, w.want)
		}
	}
	b.before = func(string, string, net.Conn) error { return pkgsftp.ErrSSHFxFailure }
	if _, err := c.Look(t.Context(), finalName, 3); err == nil {
		t.Error("a failed look is not an error")
	}
}
