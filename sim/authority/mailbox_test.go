package authority_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// fakeMailbox is a gateway's door in memory. It keeps every upload that was ever completed, so that a test sees what
// was sent twice.
type fakeMailbox struct {
	listener net.Listener
	config   *ssh.ServerConfig

	mu       sync.Mutex
	conns    map[net.Conn]bool
	files    map[string][]byte
	uploads  []upload
	accepted int
	// onRename is called with the final name before a rename takes effect. It may refuse, or have the connection cut
	// with the reply lost.
	onRename func(name string) (refuse error, cut bool)
	// onDelivered is called after it, to lay answers into out/.
	onDelivered func(files map[string][]byte, name string)
}

type upload struct {
	name string
	data []byte
}

// newFakeMailbox makes the keys of a mailbox and of the supplier LEV below dir, and serves until the test ends.
func newFakeMailbox(t *testing.T, dir string) *fakeMailbox {
	t.Helper()
	host := makeKey(t, filepath.Join(dir, "keys", "mailbox_host"))
	user := makeKey(t, filepath.Join(dir, "keys", "supplier_LEV"))
	m := &fakeMailbox{conns: map[net.Conn]bool{}, files: map[string][]byte{}}
	m.config = &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != "LEV" || !bytes.Equal(key.Marshal(), user.PublicKey().Marshal()) {
			return nil, errors.New("who are you")
		}
		return &ssh.Permissions{}, nil
	}}
	m.config.AddHostKey(host)
	m.listen(t, "127.0.0.1:0")
	return m
}

func makeKey(t *testing.T, file string) ssh.Signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, pem.EncodeToMemory(block))
	write(t, file+".pub", ssh.MarshalAuthorizedKey(sshPublic))
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *fakeMailbox) address() string { return m.listener.Addr().String() }

// listen opens the door; stop closes it and cuts every connection.
func (m *fakeMailbox) listen(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	m.listener = l
	t.Cleanup(func() { m.stop() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(conn)
		}
	}()
}

func (m *fakeMailbox) stop() {
	m.listener.Close()
	m.cut()
}

func (m *fakeMailbox) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.Close()
	}
}

func (m *fakeMailbox) serve(conn net.Conn) {
	m.mu.Lock()
	m.conns[conn] = true
	m.accepted++
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.conns, conn)
		m.mu.Unlock()
		conn.Close()
	}()
	_, channels, requests, err := ssh.NewServerConn(conn, m.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		server := sftp.NewRequestServer(channel, sftp.Handlers{FileGet: m, FilePut: m, FileCmd: m, FileList: m})
		_ = server.Serve()
		server.Close()
	}
}

func (m *fakeMailbox) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[r.Filepath]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytes.NewReader(data), nil
}

func (m *fakeMailbox) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[r.Filepath] = nil
	return &memoryWriter{m, r.Filepath}, nil
}

type memoryWriter struct {
	m    *fakeMailbox
	path string
}

func (w *memoryWriter) WriteAt(p []byte, at int64) (int, error) {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	data := w.m.files[w.path]
	if end := int(at) + len(p); end > len(data) {
		data = append(data, make([]byte, end-len(data))...)
	}
	copy(data[at:], p)
	w.m.files[w.path] = data
	return len(p), nil
}

func (m *fakeMailbox) Filecmd(r *sftp.Request) error {
	switch r.Method {
	case "Rename":
		return m.rename(r.Filepath, r.Target)
	case "Remove":
		m.mu.Lock()
		defer m.mu.Unlock()
		if _, ok := m.files[r.Filepath]; !ok {
			return fs.ErrNotExist
		}
		delete(m.files, r.Filepath)
		return nil
	}
	return sftp.ErrSSHFxOpUnsupported
}

func (m *fakeMailbox) rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var cut bool
	if m.onRename != nil {
		var refuse error
		if refuse, cut = m.onRename(path.Base(to)); refuse != nil {
			return refuse
		}
	}
	data, ok := m.files[from]
	if !ok {
		return fs.ErrNotExist
	}
	delete(m.files, from)
	m.files[to] = data
	m.uploads = append(m.uploads, upload{path.Base(to), data})
	if m.onDelivered != nil {
		m.onDelivered(m.files, path.Base(to))
	}
	if cut {
		for c := range m.conns {
			c.Close()
		}
	}
	return nil
}

func (m *fakeMailbox) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list lister
	for name, data := range m.files {
		if name == r.Filepath && r.Method != "List" || r.Method == "List" && path.Dir(name) == r.Filepath {
			list = append(list, memoryInfo{path.Base(name), int64(len(data))})
		}
	}
	if len(list) == 0 && r.Method != "List" {
		return nil, fs.ErrNotExist
	}
	return list, nil
}

type lister []fs.FileInfo

func (l lister) ListAt(to []fs.FileInfo, at int64) (int, error) {
	if at >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[at:])
	if int(at)+n == len(l) {
		return n, io.EOF
	}
	return n, nil
}

type memoryInfo struct {
	name string
	size int64
}

func (i memoryInfo) Name() string     { return i.name }
func (i memoryInfo) Size() int64      { return i.size }
func (memoryInfo) Mode() fs.FileMode  { return 0o644 }
func (memoryInfo) ModTime() time.Time { return time.Unix(0, 0) }
func (memoryInfo) IsDir() bool        { return false }
func (memoryInfo) Sys() any           { return nil }

// put lays a file into the mailbox.
func (m *fakeMailbox) put(name, data string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = []byte(data)
}

// sent lists the completed uploads by name, in order.
func (m *fakeMailbox) sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, u := range m.uploads {
		list = append(list, u.name)
	}
	return list
}

// left counts what lies in out/.
func (m *fakeMailbox) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for name := range m.files {
		if strings.HasPrefix(name, "/out/") {
			n++
		}
	}
	return n
}

// patience is how long what must come may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
