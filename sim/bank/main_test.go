package bank_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"nks/sim/bank"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain makes the test binary a bank centre when it is started as one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SIM_BANK_DIR"); dir != "" {
		c := bank.Config{Dir: dir, Centre: "TEST", Listen: os.Getenv("SIM_BANK_LISTEN"), Out: os.Stdout, At: dieAt(os.Getenv("SIM_BANK_GAP"))}
		if err := bank.Run(context.Background(), c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// dieAt kills its own process when it comes to a failpoint.
func dieAt(failpoint string) func(bank.Failpoint) {
	return func(at bank.Failpoint) {
		if string(at) == failpoint {
			if at == bank.AtPublished {
				<-time.After(30 * time.Millisecond) // so that the other side may have taken it away
			}
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

const patience = 5 * time.Minute

// until waits for something that another goroutine or process does.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// start is the first instant of a test's business time: Thursday 2005-08-11 04:30 in Copenhagen.
var start = time.Date(2005, 8, 11, 2, 30, 0, 0, time.UTC)

// centre is a running centre with the folder that it and its client share.
type centre struct {
	t       *testing.T
	dir     string
	folders bank.Folders
	address string
	client  ssh.Signer
	host    ssh.PublicKey
	offset  time.Duration
}

// quiet is a profile without misbehaviour, in which everything is due at once or at nine.
func quiet() bank.Profile {
	return bank.Profile{
		GLN: "5790001000013", Writes: bank.WritesPlain, UNA: true, AcceptsWrapped: true,
		Contrl: bank.Contrl7, Validation: bank.ValidationRejects, Keys: bank.KeysBoth, Executed: bank.ExecutedSeq,
		Codes:   bank.Codes{Rejected: "2", Accepted: "3", Executed: "4"},
		Accepts: "2m", Books: "09:00", Seed: 7, Cheques: true,
		Reasons: []bank.Reason{{Code: "K0530", Text: "Modtagers konto findes ikke"}, {Code: "K0544", Text: "Kontoen er spærret: 'nej'?"}},
	}
}

// prepare makes the data directory: keys, clock and profile.
func prepare(t *testing.T, p bank.Profile) *centre {
	t.Helper()
	c := &centre{t: t, dir: t.TempDir()}
	c.folders = bank.FoldersOf(c.dir, "TEST")
	c.client = c.key("nks_client")
	c.host = c.key("bank_TEST_host").PublicKey()
	if err := bank.WriteProfile(c.dir, "TEST", p); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *centre) key(name string) ssh.Signer {
	c.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	block := must(ssh.MarshalPrivateKey(private, name))(c.t)
	signer := must(ssh.NewSignerFromKey(private))(c.t)
	c.write(filepath.Join("keys", name), pem.EncodeToMemory(block))
	c.write(filepath.Join("keys", name+".pub"), ssh.MarshalAuthorizedKey(signer.PublicKey()))
	return signer
}

func (c *centre) write(name string, text []byte) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		c.t.Fatal(err)
	}
}

var listens = regexp.MustCompile(`listens on (\S+)`)

// address waits for the line that says where a centre listens.
func address(t *testing.T, out io.Reader) string {
	t.Helper()
	var text strings.Builder
	b := make([]byte, 256)
	for {
		n, err := out.Read(b)
		text.Write(b[:n])
		if m := listens.FindStringSubmatch(text.String()); m != nil && strings.Contains(text.String(), "\n") {
			return m[1]
		}
		if err != nil {
			t.Fatalf("no address: %v: %s", err, text.String())
		}
	}
}

// run starts the centre in this process, its machine clock standing at start; the returned function ends it.
func (c *centre) run() (stop func()) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := bank.Run(ctx, bank.Config{
			Dir: c.dir, Centre: "TEST", Listen: "127.0.0.1:0", Out: out, Now: func() time.Time { return start },
		})
		_ = out.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	c.address = address(c.t, in)
	go func() { _, _ = io.Copy(io.Discard, in) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("run: %v", err)
		}
	})
	c.t.Cleanup(stop)
	return stop
}

func begin(t *testing.T, p bank.Profile) *centre {
	t.Helper()
	c := prepare(t, p)
	c.run()
	return c
}

// dial opens an SFTP session as the holder of a key.
func (c *centre) dial(key ssh.Signer) (*sftp.Client, error) {
	conn, err := net.DialTimeout("tcp", c.address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	session, channels, requests, err := ssh.NewClientConn(conn, c.address, &ssh.ClientConfig{
		User: "nks", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(c.host),
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return sftp.NewClient(ssh.NewClient(session, channels, requests))
}

func (c *centre) open() *sftp.Client {
	c.t.Helper()
	s := must(c.dial(c.client))(c.t)
	c.t.Cleanup(func() { _ = s.Close() })
	return s
}

// upload puts a file as the gateway does.
func upload(s *sftp.Client, name, text string) error {
	tmp := "in/." + name + ".1.tmp"
	f, err := s.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return s.Rename(tmp, "in/"+name)
}

// put uploads and waits until the file is read.
func (c *centre) put(s *sftp.Client, name, text string) {
	c.t.Helper()
	if err := upload(s, name, text); err != nil {
		c.t.Fatalf("put %s: %v", name, err)
	}
	c.idle()
}

type status struct {
	OffsetNS int64  `json:"offset_ns"`
	Idle     bool   `json:"idle"`
	NextDue  string `json:"next_due"`
	Serial   int    `json:"serial"`
	Done     int    `json:"done"`
	Todo     int    `json:"todo"`
}

func (c *centre) status() status {
	c.t.Helper()
	var s status
	text, err := os.ReadFile(filepath.Join(c.folders.Home, "status.json"))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Fatal(err)
	}
	return s
}

// idle waits until everything that can be done at the present business time is done.
func (c *centre) idle() {
	c.t.Helper()
	until(c.t, "idle", func() bool {
		s := c.status()
		return s.Idle && s.OffsetNS == int64(c.offset)
	})
}

// jump moves business time.
func (c *centre) jump(to time.Duration) {
	c.t.Helper()
	c.offset = to
	c.write("sim/clock.json", fmt.Appendf(nil, `{"offset_ns":%d}`, int64(to)))
	c.idle()
}

// jumpOn moves business time from due answer to due answer until none is left.
func (c *centre) jumpOn() {
	c.t.Helper()
	for c.idle(); c.status().NextDue != ""; {
		due := must(time.Parse(time.RFC3339, c.status().NextDue))(c.t)
		c.jump(due.Sub(start))
	}
}

// answers reads out/, oldest first.
func (c *centre) answers(s *sftp.Client) []string {
	c.t.Helper()
	var texts []string
	for _, e := range must(s.ReadDir("out"))(c.t) {
		texts = append(texts, c.fetch(s, "out/"+e.Name()))
	}
	return texts
}

func (c *centre) fetch(s *sftp.Client, name string) string {
	c.t.Helper()
	f := must(s.Open(name))(c.t)
	defer f.Close()
	return string(must(io.ReadAll(f))(c.t))
}

func (c *centre) ledger() bank.Ledger {
	c.t.Helper()
	return must(bank.ReadJournal(c.dir, "TEST"))(c.t)
}

func kinds(l bank.Ledger) []bank.FindingKind {
	var k []bank.FindingKind
	for _, f := range l.Findings {
		k = append(k, f.Kind)
	}
	slices.Sort(k)
	return k
}
