package sftp_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	pkgsftp "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"nks/sftp"
	"nks/sftp/sftptest"
)

// bank is a foreign SFTP server that can be told to misbehave. Its files are in
// memory; it renames as OpenSSH does, never over an existing file.
type bank struct {
	addr  string
	host  ssh.Signer
	user  ssh.Signer
	mu    sync.Mutex
	files map[string][]byte
	moved int // renames that were done
	live  int // connections and sessions
	quiet *sync.Cond

	// sessions is how many are opened on a connection; 0: any number.
	sessions int
	// serve runs the sftp subsystem; nil serves files.
	serve func(io.ReadWriteCloser)
	// before and after run around an operation ("create", "write", "close",
	// "rename", "stat", "read", "remove") on a name; an error is the answer instead. The
	// connection may be closed from there.
	before, after func(op, name string, conn net.Conn) error
	// stat, if set, may lie about a file.
	stat func(name string, size int64) int64
	// short makes answers to reads shorter than asked.
	short int
}

func newBank(t testing.TB) *bank {
	t.Helper()
	return newBankWith(t, ssh.Config{})
}

// newBankWith limits the algorithms.
func newBankWith(t testing.TB, only ssh.Config) *bank {
	t.Helper()
	b := &bank{host: sftptest.Key(t), user: sftptest.Key(t), files: map[string][]byte{}}
	b.quiet = sync.NewCond(&b.mu)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b.addr = l.Addr().String()
	cfg := &ssh.ServerConfig{Config: only, PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), b.user.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	cfg.AddHostKey(b.host)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.run(func() { b.connection(nc, cfg) })
		}
	}()
	return b
}

// run counts a connection or session while it runs.
func (b *bank) run(f func()) {
	b.mu.Lock()
	b.live++
	b.mu.Unlock()
	go func() {
		f()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.live--
		b.quiet.Broadcast()
	}()
}

// wait returns when no connection is left: what the bank had in hand is done.
func (b *bank) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.live > 0 {
		b.quiet.Wait()
	}
}

func (b *bank) connection(nc net.Conn, cfg *ssh.ServerConfig) {
	defer nc.Close()
	_, channels, requests, err := ssh.NewServerConn(nc, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	opened := 0
	for c := range channels {
		if opened++; b.sessions > 0 && opened > b.sessions {
			c.Reject(ssh.ResourceShortage, "one session is enough")
			continue
		}
		ch, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				r.Reply(r.Type == "subsystem", nil)
			}
		}()
		b.run(func() {
			defer ch.Close()
			if b.serve != nil {
				b.serve(ch)
				return
			}
			s := bankSession{b, nc}
			pkgsftp.NewRequestServer(ch, pkgsftp.Handlers{FileGet: s, FilePut: s, FileCmd: s, FileList: s}).Serve()
		})
	}
}

// content is a copy of a file, and whether it is there.
func (b *bank) content(name string) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.files[name]
	return bytes.Clone(data), ok
}

func (b *bank) set(name string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[name] = bytes.Clone(data)
}

func (b *bank) config() sftp.ClientConfig {
	return sftp.ClientConfig{Addr: b.addr, User: "nks", Key: b.user, HostKeys: []ssh.PublicKey{b.host.PublicKey()}}
}

func (b *bank) dial(t testing.TB) *sftp.Client {
	t.Helper()
	c, err := sftp.Dial(t.Context(), b.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

type bankSession struct {
	*bank
	conn net.Conn
}

// do runs an operation between its faults.
func (s bankSession) do(op, name string, f func() error) error {
	if s.before != nil {
		if err := s.before(op, name, s.conn); err != nil {
			return err
		}
	}
	s.mu.Lock()
	err := f()
	s.mu.Unlock()
	if s.after != nil && err == nil {
		err = s.after(op, name, s.conn)
	}
	return err
}

func (s bankSession) Filewrite(r *pkgsftp.Request) (io.WriterAt, error) {
	return bankFile{s, r.Filepath}, s.do("create", r.Filepath, func() error {
		if _, ok := s.files[r.Filepath]; ok && r.Pflags().Excl {
			return pkgsftp.ErrSSHFxFailure
		}
		s.files[r.Filepath] = nil
		return nil
	})
}

type bankFile struct {
	bankSession
	name string
}

func (f bankFile) WriteAt(p []byte, off int64) (int, error) {
	return len(p), f.do("write", f.name, func() error {
		data := f.files[f.name]
		if grow := off + int64(len(p)) - int64(len(data)); grow > 0 {
			data = append(data, make([]byte, grow)...)
		}
		copy(data[off:], p)
		f.files[f.name] = data
		return nil
	})
}

func (f bankFile) Close() error {
	return f.do("close", f.name, func() error { return nil })
}

func (f bankFile) ReadAt(p []byte, off int64) (n int, err error) {
	if f.short > 0 {
		p = p[:min(len(p), f.short)]
	}
	err = f.do("read", f.name, func() error {
		n, err = bytes.NewReader(f.files[f.name]).ReadAt(p, off)
		return err
	})
	return n, err
}

func (s bankSession) Fileread(r *pkgsftp.Request) (io.ReaderAt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.files[r.Filepath]; !ok {
		return nil, fs.ErrNotExist
	}
	return bankFile{s, r.Filepath}, nil
}

func (s bankSession) Filecmd(r *pkgsftp.Request) error {
	switch r.Method {
	case "Rename":
		return s.do("rename", r.Target, func() error {
			data, ok := s.files[r.Filepath]
			if !ok {
				return fs.ErrNotExist
			}
			if _, ok := s.files[r.Target]; ok {
				return pkgsftp.ErrSSHFxFailure
			}
			delete(s.files, r.Filepath)
			s.files[r.Target] = data
			s.moved++
			return nil
		})
	case "Remove":
		return s.do("remove", r.Filepath, func() error {
			if _, ok := s.files[r.Filepath]; !ok {
				return fs.ErrNotExist
			}
			delete(s.files, r.Filepath)
			return nil
		})
	}
	return pkgsftp.ErrSSHFxOpUnsupported
}

func (s bankSession) Filelist(r *pkgsftp.Request) (pkgsftp.ListerAt, error) {
	var l bankList
	if r.Method == "List" {
		s.mu.Lock()
		defer s.mu.Unlock()
		for name, data := range s.files {
			if path.Dir(name) == r.Filepath {
				l = append(l, bankInfo{path.Base(name), int64(len(data)), false})
			}
		}
		return append(l, bankInfo{"folder", 0, true}, bankInfo{"nul\x00.edi", 1, false}, bankInfo{"..", 0, true}), nil
	}
	err := s.do("stat", r.Filepath, func() error {
		data, ok := s.files[r.Filepath]
		if !ok {
			return fs.ErrNotExist
		}
		l = bankList{bankInfo{path.Base(r.Filepath), int64(len(data)), false}}
		return nil
	})
	if err == nil && s.stat != nil {
		l[0].size = s.stat(r.Filepath, l[0].size)
	}
	return l, err
}

type bankList []bankInfo

func (l bankList) ListAt(into []os.FileInfo, off int64) (int, error) {
	n := 0
	for ; n < len(into) && int(off)+n < len(l); n++ {
		into[n] = l[int(off)+n]
	}
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}

type bankInfo struct {
	name string
	size int64
	dir  bool
}

func (i bankInfo) Name() string       { return i.name }
func (i bankInfo) Size() int64        { return i.size }
func (i bankInfo) ModTime() time.Time { return time.Unix(1123727400, 0) }
func (i bankInfo) IsDir() bool        { return i.dir }
func (i bankInfo) Sys() any           { return nil }
func (i bankInfo) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
