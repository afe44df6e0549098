package sftp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	s.box.Offer("CSC", "secret.xml", []byte("<secret/>"))
	s.box.Offer("KMD", "mine.xml", []byte("<mine/>"))
	r := s.raw(t, "KMD")
	for _, name := range []string{
		"", "/", ".", "..", "in", "/in", "/in/", "/out", "/in/.", "/in/..", "/in/...",
		"/in/../out/a.xml", "/in//../../etc/a.xml", "/in/sub/a.xml", "/CSC/in/a.xml", "/in/a.xml/b.xml",
		"/in/a.XML", "/in/a", "/in/a.xml ", "/in/a\x00.xml", "/in/a\n.xml", "/in/å.xml", "/in/a\\b.xml",
		"/in/a.xml\x00.tmp", "/in/%2e%2e.xml", "/in/-rf *.xml", "/in/a:b.xml", "/in/\xff.xml", "in/..",
		"/in/" + strings.Repeat("a", 101) + ".xml", "/in/" + strings.Repeat("a", 200_000) + ".tmp",
		"/IN/a.xml", "~/in/a.xml", "//in/../../in/../a.xml",
	} {
		label := name[:min(len(name), 40)]
		if _, ok := r.open(name, flagsPut); ok {
			t.Errorf("upload of %q allowed", label)
		}
		for _, prefix := range []string{"", "/out/../../CSC/out/", "/out/"} {
			if _, ok := r.open(prefix+name, flagRead); ok {
				t.Errorf("reading %q allowed", prefix+label)
			}
		}
		r.send(fxRename, "/in/x.tmp", name)
		if code, _ := r.code(); code == codeOK {
			t.Errorf("rename to %q allowed", label)
		}
		r.send(fxRename, name, "/in/x.xml")
		if code, _ := r.code(); code == codeOK {
			t.Errorf("rename from %q allowed", label)
		}
		r.send(fxRemove, name)
		if code, _ := r.code(); code == codeOK {
			t.Errorf("removing %q allowed", label)
		}
	}
	for _, name := range []string{"/in/../in/a.xml", "in/b.xml", "./in/./c.xml", "/in/~d-1._.xml"} {
		if code := r.closed(r.mustOpen(name)); code != codeOK {
			t.Errorf("%s: %d", name, code)
		}
	}
	if n := len(s.box.Deliveries("KMD")); n != 4 {
		t.Errorf("%d deliveries, want 4", n)
	}
	if _, ok := r.open("/out/secret.xml", flagRead); ok {
		t.Error("another party's document opened")
	}
}

func TestOpenFlags(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	r := s.raw(t, "KMD")
	if code := r.closed(r.mustOpen("/in/old.tmp")); code != codeOK {
		t.Fatal(code)
	}
	h := r.mustOpen("/in/full.tmp")
	r.send(fxWrite, h, int64(0), "x")
	r.code()
	r.closed(h)
	for _, c := range []struct {
		name  string
		flags int
		want  bool
	}{
		{"new.tmp", flagWrite | flagCreat | flagTrunc, true},
		{"new2.tmp", flagWrite | flagCreat | flagExcl, true},
		{"new3.tmp", flagWrite | flagCreat, true},
		{"old.tmp", flagWrite | flagCreat | flagExcl, false},
		{"old.tmp", flagWrite | flagCreat | flagExcl | flagTrunc, false},
		{"old.tmp", flagWrite | flagCreat, true},
		{"full.tmp", flagWrite | flagCreat, false},
		{"full.tmp", flagWrite | flagCreat | flagTrunc, true},
		{"full.tmp", flagWrite, false},
		{"full.tmp", flagWrite | flagTrunc, false},
		{"new4.tmp", flagWrite | flagCreat | flagTrunc | flagAppend, false},
		{"new4.tmp", flagAppend, false},
		{"new4.tmp", flagRead | flagWrite | flagCreat | flagTrunc, false},
		{"new4.tmp", flagCreat | flagTrunc, false},
		{"new4.tmp", 0, false},
	} {
		h, ok := r.open("/in/"+c.name, c.flags)
		if ok != c.want {
			t.Errorf("%s with flags %#x: opened %v, want %v", c.name, c.flags, ok, c.want)
		}
		if ok {
			r.closed(h)
		}
	}
}

func TestUploadTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	r := s.raw(t, "KMD")
	h := r.mustOpen("/in/a.xml")
	if _, ok := r.open("/in/a.xml", flagsPut); ok {
		t.Error("one session uploads one name twice at once")
	}
	r.send(fxStat, "/in/a.xml")
	if kind, _ := r.answer(); kind == fxStatus {
		t.Error("the upload in hand is not shown to its own session")
	}
	other := s.raw(t, "KMD")
	other.send(fxStat, "/in/a.xml")
	if code, _ := other.code(); code != codeNoFile {
		t.Errorf("the upload in hand is shown to others: %d", code)
	}
	if code := r.closed(h); code != codeOK {
		t.Error(code)
	}
}

func TestHandleLimit(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{Handles: 3})
	s.box.Offer("KMD", "d.xml", []byte("<d/>"))
	r := s.raw(t, "KMD")
	for range 3 { // handles are given back
		a := r.mustOpen("/in/a.tmp")
		b, ok := r.open("/out/d.xml", flagRead)
		r.send(fxOpendir, "/out")
		kind, rest := r.answer()
		if !ok || kind != fxHandle {
			t.Fatal("three handles are not allowed")
		}
		if _, ok := r.open("/out/d.xml", flagRead); ok {
			t.Error("a fourth file")
		}
		if _, ok := r.open("/in/b.tmp", flagsPut); ok {
			t.Error("a fourth upload")
		}
		r.send(fxOpendir, "/out")
		if kind, _ := r.answer(); kind == fxHandle {
			t.Error("a fourth folder")
		}
		for _, h := range []string{a, b, string(rest[4:])} {
			if code := r.closed(h); code != codeOK {
				t.Errorf("close: %d", code)
			}
			if code := r.closed(h); code == codeOK {
				t.Error("closed twice")
			}
		}
		r.send(fxRead, b, int64(0), 10)
		if code, _ := r.code(); code == codeOK {
			t.Error("read from a closed handle")
		}
	}
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{PerParty: 2, Connections: 3, Sessions: 2})
	first, err := s.dialSSH(t, "KMD")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.dialSSH(t, "KMD"); err != nil {
		t.Fatal(err)
	}
	// A client knows that it is logged in a moment before the server counts it.
	s.await(t, sftp.EventLogin)
	s.await(t, sftp.EventLogin)
	// The third one's login may still look like a success to the client.
	if c, err := s.dialSSH(t, "KMD"); err == nil {
		defer c.Close()
	}
	s.await(t, sftp.EventTurned)
	// The refused connection's place is given back a moment after its event.
	eventually(t, "another party", func() bool {
		_, err := s.dialSSH(t, "CSC")
		return err == nil
	})
	if _, err := s.dialSSH(t, "CSC"); err == nil {
		t.Error("a fourth connection in all")
	}
	for range 2 {
		if _, err := rawSession(t, first); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rawSession(t, first); err == nil {
		t.Error("a third session of a connection")
	}
	first.Close()
	eventually(t, "a connection after another was closed", func() bool {
		_, err := s.dialSSH(t, "KMD")
		return err == nil
	})
}

// patience is how long what must come may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// eventually waits for something that the server does by itself soon.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func TestSilentClients(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{Handshake: 700 * time.Millisecond, Idle: 700 * time.Millisecond, Handshakes: 2})
	// Strangers who never log in hold a place only until the deadline.
	a, b := s.tcp(t), s.tcp(t)
	s.await(t, sftp.EventRefused)
	s.await(t, sftp.EventRefused)
	for _, c := range []io.Reader{a, b} {
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Error(err)
		}
	}
	// One who logged in and says nothing is let go; what it uploaded is dropped.
	var r *raw
	eventually(t, "a login after the strangers", func() bool {
		c, err := s.dialSSH(t, "KMD")
		if err == nil {
			r, err = rawSession(t, c)
		}
		return err == nil
	})
	r.mustOpen("/in/a.xml")
	if e := s.await(t, sftp.EventAborted); e.Name != "in/a.xml" {
		t.Errorf("event: %+v", e)
	}
	r.conn.Wait()
	wantDelivered(t, s.box, "KMD")
}

// A client that does something now and then is not idle, however long it stays.
func TestBusyClientStays(t *testing.T) {
	t.Parallel()
	const idle = time.Second
	s := serve(t, sftp.Limits{Idle: idle})
	r := s.raw(t, "KMD")
	tick := time.NewTicker(idle / 10)
	defer tick.Stop()
	for range 20 {
		<-tick.C
		r.send(fxStat, "/in")
		r.answer()
	}
}

// A party is who proved its key, not who offered one (CVE-2024-45337), and a
// password or nothing at all never opens the door.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{AuthTries: 3})
	dial := func(user string, auth ...ssh.AuthMethod) error {
		c, err := ssh.Dial("tcp", s.Addr().String(), &ssh.ClientConfig{
			User: user, Auth: auth, HostKeyCallback: ssh.FixedHostKey(s.host),
		})
		if err == nil {
			c.Close()
		}
		return err
	}
	own, other := s.keys["KMD"], s.keys["CSC"]
	if err := dial("KMD", ssh.PublicKeys(other, own)); err != nil {
		t.Errorf("own key after another: %v", err)
	}
	if e := s.await(t, sftp.EventLogin); e.Party != "KMD" {
		t.Errorf("logged in as %q", e.Party)
	}
	for name, err := range map[string]error{
		"nothing":         dial("KMD"),
		"password":        dial("KMD", ssh.Password("")),
		"another's key":   dial("KMD", ssh.PublicKeys(other)),
		"unknown":         dial("nobody", ssh.PublicKeys(own)),
		"empty name":      dial("", ssh.PublicKeys(own)),
		"hostile name":    dial("../KMD", ssh.PublicKeys(own)),
		"stolen public":   dial("KMD", ssh.PublicKeys(halfKey{other, own.PublicKey()})),
		"too many offers": dial("KMD", ssh.PublicKeys(other, sftptest.Key(t), sftptest.Key(t), own)),
	} {
		if err == nil {
			t.Errorf("%s: let in", name)
		}
	}
}

// halfKey shows one key and signs with another.
type halfKey struct {
	ssh.Signer
	shown ssh.PublicKey
}

func (h halfKey) PublicKey() ssh.PublicKey { return h.shown }

func TestPartiesApartAndTogether(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	want := map[string]map[string]string{"KMD": {}, "CSC": {}}
	var all sync.WaitGroup
	for party := range want {
		for i := range 4 {
			r := s.raw(t, party)
			for j := range 5 {
				want[party][fmt.Sprintf("%d-%d.xml", i, j)] = fmt.Sprintf("<%s-%d-%d/>", party, i, j)
			}
			all.Go(func() {
				for j := range 5 {
					name := fmt.Sprintf("/in/%d-%d.xml", i, j)
					writes, closing := r.put(name+".part", parts(fmt.Appendf(nil, "<%s-%d-%d/>", party, i, j), 3))
					r.send(fxRename, name+".part", name)
					if code, _ := r.code(); code != codeOK || closing != codeOK {
						t.Errorf("%s %s: %v %d %d", party, name, writes, closing, code)
					}
				}
			})
		}
	}
	all.Wait()
	for party := range want {
		got := s.box.Deliveries(party)
		for _, d := range got {
			if want[party][d.Name] != string(d.Data) {
				t.Errorf("%s: %s holds %q", party, d.Name, d.Data)
			}
		}
		if len(got) != 20 {
			t.Errorf("%s: %d deliveries, want 20", party, len(got))
		}
	}
}

func TestShutdownWaitsForUploads(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	idle, r := s.raw(t, "CSC"), s.raw(t, "KMD")
	h := r.mustOpen("/in/a.tmp")
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(t.Context()) }()
	idle.conn.Wait()
	if _, err := s.dialSSH(t, "CSC"); err == nil {
		t.Error("a login during shutdown")
	}
	if _, ok := r.open("/in/b.xml", flagsPut); ok {
		t.Error("a new upload during shutdown")
	}
	select {
	case err := <-down:
		t.Fatalf("shutdown did not wait: %v", err)
	default:
	}
	r.send(fxWrite, h, int64(0), "<a/>")
	r.code()
	if code := r.closed(h); code != codeOK {
		t.Errorf("close: %d", code)
	}
	r.send(fxRename, "/in/a.tmp", "/in/a.xml")
	if code, _ := r.code(); code != codeOK {
		t.Errorf("rename: %d", code)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	wantDelivered(t, s.box, "KMD", sftptest.Delivery{Name: "a.xml", Data: []byte("<a/>")})
}

func TestShutdownDeadline(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	s.raw(t, "KMD").mustOpen("/in/a.xml")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if n := s.box.Aborted("KMD"); n != 1 {
		t.Errorf("%d aborted uploads when Shutdown returned, want 1", n)
	}
}

// Whatever bytes come, the server stays up and delivers nothing that was not closed.
func TestGarbagePackets(t *testing.T) {
	t.Parallel()
	s := serve(t, sftp.Limits{})
	seed := uint64(20050811)
	rnd := rand.New(rand.NewPCG(seed, 0))
	kinds := []byte{1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 200}
	words := []string{"/in/a.xml", "/in/a.tmp", "/", "/out", "1", "2", "posix-rename@openssh.com", "hardlink@openssh.com", "statvfs@openssh.com"}
	for i := range 60 {
		c, err := s.dialSSH(t, "KMD")
		if err != nil {
			t.Fatalf("seed %d, session %d: %v", seed, i, err)
		}
		r, err := rawSession(t, c)
		if err != nil {
			t.Fatalf("seed %d, session %d: %v", seed, i, err)
		}
		drained := make(chan bool)
		go func() { io.Copy(io.Discard, r.ch); close(drained) }()
		for range 60 {
			kind := kinds[rnd.IntN(len(kinds))]
			if kind == fxClose {
				continue
			}
			p := binary.BigEndian.AppendUint32([]byte{kind}, rnd.Uint32())
			for range rnd.IntN(5) {
				switch rnd.IntN(4) {
				case 0:
					p = binary.BigEndian.AppendUint32(p, rnd.Uint32()>>rnd.IntN(32))
				case 1:
					p = binary.BigEndian.AppendUint64(p, rnd.Uint64())
				default:
					w := words[rnd.IntN(len(words))]
					p = append(binary.BigEndian.AppendUint32(p, uint32(len(w))), w...)
				}
			}
			if _, err := r.ch.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)); err != nil {
				break // the server has had enough of it
			}
		}
		r.ch.CloseWrite()
		<-drained
		c.Close()
	}
	wantDelivered(t, s.box, "KMD")
}
