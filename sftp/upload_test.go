package sftp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// part is one write packet.
type part struct {
	off  int64
	data []byte
}

func parts(data []byte, size int) []part {
	var ps []part
	for off := 0; off < len(data); off += size {
		ps = append(ps, part{int64(off), data[off:min(off+size, len(data))]})
	}
	return ps
}

// put sends the parts without waiting between them, then closes; it returns the
// codes of the writes and of the close.
func (r *raw) put(name string, ps []part) (writes []int, closing int) {
	r.t.Helper()
	h := r.mustOpen(name)
	sent := make(chan bool)
	go func() {
		defer close(sent)
		for _, p := range ps {
			r.send(fxWrite, h, p.off, p.data)
		}
		r.send(fxClose, h)
	}()
	for range ps {
		code, _ := r.code()
		writes = append(writes, code)
	}
	closing, _ = r.code()
	<-sent
	return writes, closing
}

func TestWritesOutOfOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	data := pattern(3<<20 + 77)
	shuffled := parts(data, 32<<10)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	backwards := parts(data, 100_000)
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	for name, ps := range map[string][]part{
		"shuffled.xml": shuffled, "backwards.xml": backwards, "empty.xml": nil,
		"empty-packets.xml": {{0, nil}, {0, []byte("ab")}, {1, nil}, {2, nil}, {7, nil}},
		"tiny.xml":          parts(data[:3000], 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writes, closing := s.raw(t, "KMD").put("/in/"+name, ps)
			if closing != codeOK {
				t.Fatalf("close: %d, writes: %v", closing, writes)
			}
		})
	}
	t.Cleanup(func() {
		want := map[string][]byte{
			"shuffled.xml": data, "backwards.xml": data, "empty.xml": nil,
			"empty-packets.xml": []byte("ab"), "tiny.xml": data[:3000],
		}
		for _, d := range s.box.Deliveries("KMD") {
			if !bytes.Equal(d.Data, want[d.Name]) {
				t.Errorf("%s came out different", d.Name)
			}
			delete(want, d.Name)
		}
		if len(want) > 0 {
			t.Errorf("not delivered: %d", len(want))
		}
	})
}

func TestWritesRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{FileSize: 8 << 20})
	ab, big := []byte("ab"), make([]byte, 200<<10)
	var beyond []part // more than may wait, after a hole
	for off := int64(1); off < 6<<20; off += int64(len(big)) {
		beyond = append(beyond, part{off, big})
	}
	for name, ps := range map[string][]part{
		"a hole at the start":        {{1, ab}},
		"a hole in the middle":       {{0, ab}, {4, ab}},
		"a large hole":               {{0, ab}, {5 << 20, ab}},
		"the same bytes twice":       {{0, ab}, {0, ab}},
		"other bytes again":          {{0, ab}, {1, []byte("c")}},
		"the same early bytes twice": {{4, ab}, {4, ab}, {0, []byte("abcd")}},
		"early bytes overlapped":     {{3, ab}, {0, []byte("abcd")}},
		"too big":                    {{8 << 20, ab}},
		"a negative offset":          {{-1, ab}},
		"the largest offset":         {{1<<63 - 1, ab}},
		"more than may wait":         beyond,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			writes, closing := s.raw(t, "KMD").put("/in/a.xml", ps)
			if closing == codeOK {
				t.Errorf("close succeeded; writes: %v", writes)
			}
		})
	}
	t.Cleanup(func() {
		wantDelivered(t, s.box, "KMD")
		if n := s.box.Aborted("KMD"); n != 11 {
			t.Errorf("%d uploads aborted, want 11", n)
		}
	})
}

func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{FileSize: 1000})
	data := pattern(1001)
	if _, closing := s.raw(t, "KMD").put("/in/a.xml", parts(data[:1000], 300)); closing != codeOK {
		t.Errorf("as long as allowed: %d", closing)
	}
	if _, closing := s.raw(t, "KMD").put("/in/b.xml", parts(data, 300)); closing == codeOK {
		t.Error("longer than allowed")
	}
	wantDelivered(t, s.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: data[:1000]})
}

func TestDroppedUpload(t *testing.T) {
	t.Parallel()
	data := pattern(300_000)
	for name, drop := range map[string]func(*raw){
		"connection closed": func(r *raw) { r.conn.Close() },
		"channel closed":    func(r *raw) { r.ch.Close() },
		"end of input":      func(r *raw) { r.ch.CloseWrite() },
		"half a packet":     func(r *raw) { r.ch.Write([]byte{0, 0, 0, 9, fxClose}); r.ch.CloseWrite() },
		"malformed packet":  func(r *raw) { r.ch.Write([]byte{0, 0, 0, 2, fxWrite, 0}) },
		"oversized packet":  func(r *raw) { r.ch.Write([]byte{0xff, 0xff, 0xff, 0xff, fxWrite}) },
		"empty packet":      func(r *raw) { r.ch.Write([]byte{0, 0, 0, 0}) },
		"unknown packet":    func(r *raw) { r.ch.Write([]byte{0, 0, 0, 5, 250, 0, 0, 0, 9}) },
	} {
		for _, file := range []string{"/in/a.xml", "/in/a.xml.tmp"} {
			t.Run(name+file[3:], func(t *testing.T) {
				t.Parallel()
				s := serve(t, sftp.Limits{})
				r := s.raw(t, "KMD")
				h := r.mustOpen(file)
				for _, p := range parts(data, 32<<10) {
					r.send(fxWrite, h, p.off, p.data)
					r.code()
				}
				drop(r)
				if e := s.await(t, sftp.EventAborted); e.Party != "KMD" || e.Name != file[1:] || e.Bytes != 300_000 {
					t.Errorf("event: %+v", e)
				}
				wantDelivered(t, s.box, "KMD")
				if files, _ := s.box.List(t.Context(), "KMD", sftp.DirIn); len(files) > 0 {
					t.Errorf("left: %v", files)
				}
			})
		}
	}
}

// A close that was sent counts, even if the connection is gone before the answer:
// the client said that the file is whole.
func TestClosedThenDropped(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	committing, goOn := make(chan bool), make(chan bool)
	s.box.Hook = func(op, _, _ string) error {
		if op == "commit" {
			close(committing)
			<-goOn
		}
		return nil
	}
	r := s.raw(t, "KMD")
	h := r.mustOpen("/in/a.xml")
	r.send(fxWrite, h, int64(0), "<a/>")
	r.code()
	r.send(fxClose, h)
	<-committing
	r.conn.Close()
	close(goOn)
	s.await(t, sftp.EventDelivered)
	wantDelivered(t, s.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: []byte("<a/>")})
}

func TestMailboxErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("dsn=postgres://secret")
	for _, c := range []struct {
		op   string
		err  error
		code int
		text string
	}{
		{"create", sftp.ErrTemporary, codeFailure, "again later"},
		{"create", secret, codeFailure, "internal failure"},
		{"write", secret, codeFailure, "internal failure"},
		{"write", errors.Join(sftp.ErrTooBig, secret), codeFailure, "too big"},
		{"commit", sftp.ErrConflict, codeFailure, "other content"},
		{"commit", errors.Join(secret, sftp.ErrName), codeDenied, "not allowed"},
		{"rename", sftp.ErrNotFound, codeNoFile, "no such file"},
		{"rename", secret, codeFailure, "internal failure"},
		{"abort", secret, codeFailure, "not complete"},
	} {
		t.Run(c.op+" "+c.text, func(t *testing.T) {
			t.Parallel()
			s := serve(t, sftp.Limits{})
			s.box.Hook = func(op, _, _ string) error {
				if op == c.op {
					return c.err
				}
				return nil
			}
			var code int
			var text string
			r := s.raw(t, "KMD")
			r.send(fxOpen, "/in/a.tmp", flagsPut, 0)
			if kind, rest := r.answer(); kind == fxHandle {
				h := string(rest[4:])
				off := int64(0)
				if c.op == "abort" {
					off = 1
				}
				r.send(fxWrite, h, off, "<a/>")
				r.code()
				r.send(fxClose, h)
				code, text = r.code()
				if code == codeOK {
					r.send(fxRename, "/in/a.tmp", "/in/a.xml")
					code, text = r.code()
				}
			} else {
				code, text = int(rest[3]), string(rest[8:])
			}
			if code != c.code || !strings.Contains(text, c.text) || strings.Contains(text, "secret") {
				t.Errorf("told %d %q, want %d %q", code, text, c.code, c.text)
			}
			wantDelivered(t, s.box, "KMD")
		})
	}
}
