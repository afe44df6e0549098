package sftp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// Packet types and flags of draft-ietf-secsh-filexfer-02.
const (
	fxInit, fxOpen, fxClose, fxRead, fxWrite = 1, 3, 4, 5, 6
	fxOpendir, fxRemove, fxRealpath, fxStat  = 11, 13, 16, 17
	fxRename                                 = 18
	fxStatus, fxHandle, fxData, fxName       = 101, 102, 103, 104

	flagRead, flagWrite, flagAppend, flagCreat, flagTrunc, flagExcl = 1, 2, 4, 8, 16, 32

	codeOK, codeEOF, codeNoFile, codeDenied, codeFailure = 0, 1, 2, 3, 4
)

// served is a running mailbox server for the parties KMD and CSC.
type served struct {
	*sftp.Server
	box    *sftptest.Memory
	keys   map[string]ssh.Signer
	host   ssh.PublicKey
	events chan sftp.Event
}

func serve(t testing.TB, limits sftp.Limits) *served {
	t.Helper()
	return serveWith(t, sftp.ServerConfig{Limits: limits})
}

// serveWith is serve with a configuration of which what is missing is made.
func serveWith(t testing.TB, cfg sftp.ServerConfig) *served {
	t.Helper()
	host := sftptest.Key(t)
	s := &served{
		box:  sftptest.NewMemory(),
		keys: map[string]ssh.Signer{"KMD": sftptest.Key(t), "CSC": sftptest.Key(t)},
		host: host.PublicKey(), events: make(chan sftp.Event, 10_000),
	}
	ring := sftptest.Keyring{}
	for party, key := range s.keys {
		ring[party] = []ssh.PublicKey{key.PublicKey()}
	}
	if cfg.Keys == nil {
		cfg.Keys = ring
	}
	cfg.HostKeys = append([]ssh.Signer{host}, cfg.HostKeys...)
	cfg.Mailbox = s.box
	cfg.Log = func(e sftp.Event) {
		select {
		case s.events <- e:
		default:
		}
	}
	s.Server = sftptest.Start(t, cfg)
	return s
}

// await waits for an event.
func (s *served) await(t *testing.T, what string) sftp.Event {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-s.events:
			if e.What == what {
				return e
			}
		case <-late:
			t.Fatalf("no event %q", what)
		}
	}
}

func (s *served) dialSSH(t testing.TB, party string) (*ssh.Client, error) {
	t.Helper()
	c, err := ssh.Dial("tcp", s.Addr().String(), &ssh.ClientConfig{
		User: party, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.keys[party])},
		HostKeyCallback: ssh.FixedHostKey(s.host), Timeout: patience,
	})
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// raw speaks SFTP packet by packet.
type raw struct {
	t    testing.TB
	conn *ssh.Client
	ch   ssh.Channel
	id   uint32
}

func (s *served) raw(t testing.TB, party string) *raw {
	t.Helper()
	c, err := s.dialSSH(t, party)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rawSession(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rawSession(t testing.TB, c *ssh.Client) (*raw, error) {
	ch, requests, err := c.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	ok, err := ch.SendRequest("subsystem", true, ssh.Marshal(struct{ Name string }{"sftp"}))
	if err != nil || !ok {
		return nil, errors.Join(err, errors.New("no subsystem"))
	}
	r := &raw{t: t, conn: c, ch: ch}
	r.write(binary.BigEndian.AppendUint32([]byte{fxInit}, 3))
	r.packet()
	return r, nil
}

func (r *raw) write(packet []byte) {
	r.t.Helper()
	if _, err := r.ch.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(packet))), packet...)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) packet() []byte {
	r.t.Helper()
	var size [4]byte
	_, err := io.ReadFull(r.ch, size[:])
	p := make([]byte, binary.BigEndian.Uint32(size[:]))
	if err == nil {
		_, err = io.ReadFull(r.ch, p)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// send sends a request; fields are strings, byte slices, uint32 and uint64.
func (r *raw) send(kind byte, fields ...any) uint32 {
	r.t.Helper()
	r.id++
	p := binary.BigEndian.AppendUint32([]byte{kind}, r.id)
	for _, f := range fields {
		switch f := f.(type) {
		case string:
			p = append(binary.BigEndian.AppendUint32(p, uint32(len(f))), f...)
		case []byte:
			p = append(binary.BigEndian.AppendUint32(p, uint32(len(f))), f...)
		case int:
			p = binary.BigEndian.AppendUint32(p, uint32(f))
		case int64:
			p = binary.BigEndian.AppendUint64(p, uint64(f))
		default:
			r.t.Fatalf("field %T", f)
		}
	}
	r.write(p)
	return r.id
}

// answer reads the next reply: its kind and what follows the id.
func (r *raw) answer() (kind byte, rest []byte) {
	r.t.Helper()
	p := r.packet()
	return p[0], p[5:]
}

// code reads the next reply, which must be a status.
func (r *raw) code() (code int, text string) {
	r.t.Helper()
	kind, rest := r.answer()
	if kind != fxStatus {
		r.t.Fatalf("reply %d, want a status", kind)
	}
	return int(binary.BigEndian.Uint32(rest)), string(rest[8 : 8+binary.BigEndian.Uint32(rest[4:])])
}

func (r *raw) open(name string, flags int) (string, bool) {
	r.t.Helper()
	r.send(fxOpen, name, flags, 0)
	kind, rest := r.answer()
	if kind != fxHandle {
		return "", false
	}
	return string(rest[4:]), true
}

const flagsPut = flagWrite | flagCreat | flagTrunc

func (r *raw) mustOpen(name string) string {
	r.t.Helper()
	h, ok := r.open(name, flagsPut)
	if !ok {
		r.t.Fatalf("open %s refused", name)
	}
	return h
}

func (r *raw) closed(handle string) int {
	r.t.Helper()
	r.send(fxClose, handle)
	code, _ := r.code()
	return code
}

func (s *served) config(party string) sftp.ClientConfig {
	return sftp.ClientConfig{
		Addr: s.Addr().String(), User: party, Key: s.keys[party], HostKeys: []ssh.PublicKey{s.host},
	}
}

// client dials a party's mailbox with this package's own client.
func (s *served) client(t testing.TB, party string) *sftp.Client {
	t.Helper()
	c, err := sftp.Dial(t.Context(), s.config(party))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tcp dials without SSH.
func (s *served) tcp(t *testing.T) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
