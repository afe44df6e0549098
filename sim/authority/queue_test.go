package authority_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"nks/sim/authority"
)

// fakeBroker is a gateway's broker: a plain NATS server with the queues of the supplier LEV.
type fakeBroker struct {
	dir     string
	port    int
	server  *server.Server
	conn    *nats.Conn
	api     jetstream.JetStream
	largest int32
}

const secret = "LEV's password"

// newFakeBroker writes LEV's password below dir and serves until the test ends.
func newFakeBroker(t *testing.T, dir string) *fakeBroker {
	t.Helper()
	write(t, filepath.Join(dir, "keys", "mq", "LEV"), []byte(secret+"\n"))
	b := &fakeBroker{dir: t.TempDir(), port: server.RANDOM_PORT, largest: 64 << 10}
	b.start(t)
	t.Cleanup(func() { b.stop() })
	return b
}

func (b *fakeBroker) start(t *testing.T) {
	t.Helper()
	var err error
	b.server, err = server.NewServer(&server.Options{Host: "127.0.0.1", Port: b.port, JetStream: true, StoreDir: b.dir, NoSigs: true, NoLog: true,
		MaxPayload: b.largest, Users: []*server.User{{Username: "LEV", Password: secret}, {Username: "gateway", Password: "g"}}})
	if err != nil {
		t.Fatal(err)
	}
	b.server.Start()
	if !b.server.ReadyForConnections(patience) {
		t.Fatal("the broker does not start")
	}
	b.port = b.server.Addr().(*net.TCPAddr).Port
	if b.conn, err = nats.Connect("", nats.InProcessServer(b.server), nats.UserInfo("gateway", "g")); err != nil {
		t.Fatal(err)
	}
	if b.api, err = jetstream.New(b.conn); err != nil {
		t.Fatal(err)
	}
	for stream, subject := range map[string]string{"NKS_IN": "nks.in.LEV", "NKS_OUT": "nks.out.LEV"} {
		_, err := b.api.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: stream, Subjects: []string{subject},
			Retention: jetstream.WorkQueuePolicy, Duplicates: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (b *fakeBroker) stop() {
	b.conn.Close()
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

func (b *fakeBroker) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)) }

// answer puts an answer into the out queue, about a message.
func (b *fakeBroker) answer(t *testing.T, name, about, body string) {
	t.Helper()
	_, err := b.api.PublishMsg(context.Background(), &nats.Msg{Subject: "nks.out.LEV", Data: []byte(body),
		Header: nats.Header{"Nats-Msg-Id": {name}, "Nks-Correlation-Id": {about}}})
	if err != nil {
		t.Error(err)
	}
}

type message struct{ id, body string }

// taken is every message of a stream, in order.
func (b *fakeBroker) taken(t *testing.T, stream string) []message {
	t.Helper()
	s, err := b.api.Stream(context.Background(), stream)
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	for seq := max(1, s.CachedInfo().State.FirstSeq); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(context.Background(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, message{m.Header.Get("Nats-Msg-Id"), string(m.Data)})
	}
	return all
}

func (b *fakeBroker) left(t *testing.T) int { return len(b.taken(t, "NKS_OUT")) }

func runByQueue(t *testing.T, dir string, m *fakeMailbox, b *fakeBroker) {
	t.Helper()
	runWith(t, authority.Config{Dir: dir, Supplier: "LEV", Mailbox: m.address(), Queue: b.address(), ByQueue: true})
}

func TestByQueue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m, b := newFakeMailbox(t, dir), newFakeBroker(t, dir)
	big := strings.Repeat("much", 16<<10)
	writePlan(t, dir, planned{0, "a.xml", "a.xml", "first"}, planned{0, "b.xml", "b.xml", big}, planned{0, "c.xml", "c.xml", "third"})
	b.answer(t, "r-1", "a.xml", "one")
	b.answer(t, "r-2", "a.xml", "two")
	m.put("/out/r-3.xml", "three")
	runByQueue(t, dir, m, b)
	offset := setClock(t, dir, 0)
	eventually(t, "idle", idleAt(dir, offset))
	if got := b.taken(t, "NKS_IN"); !slices.Equal(got, []message{{"a.xml", "first"}, {"c.xml", "third"}}) {
		t.Errorf("queued %v", got)
	}
	// What is too large for the queue goes to the mailbox.
	if got := m.sent(); !slices.Equal(got, []string{"b.xml"}) {
		t.Errorf("uploaded %v", got)
	}
	if n := b.left(t) + m.left(); n != 0 {
		t.Errorf("%d answers left", n)
	}
	for name, want := range map[string]string{"r-1.xml": "one", "r-2.xml": "two", "r-3.xml": "three"} {
		if got, err := os.ReadFile(filepath.Join(dir, "sim", "authority", "LEV", "got", name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}

	// The broker goes and comes back: an answer in its queue is collected all the same, and meanwhile nobody is idle.
	b.stop()
	eventually(t, "not idle", func() bool { return !readStatus(dir).Idle })
	b.start(t)
	b.answer(t, "r-4", "c.xml", "four")
	eventually(t, "answer after the restart", func() bool { return b.left(t) == 0 })
	offset = setClock(t, dir, 1)
	eventually(t, "idle again", idleAt(dir, offset))
}

// TestByQueue_Killed kills the process at many instants. No message may have another id or other bytes than planned, no
// answer be acknowledged that is not at home.
func TestByQueue_Killed(t *testing.T) {
	t.Parallel()
	const deliveries = 40
	dir := t.TempDir()
	m, b := newFakeMailbox(t, dir), newFakeBroker(t, dir)
	contents := map[string]string{}
	var plan []planned
	for i := range deliveries {
		name := fmt.Sprintf("d%02d.xml", i)
		contents[name] = strings.Repeat(name, 1+i*20)
		plan = append(plan, planned{i / 4, name, name, contents[name]})
		b.answer(t, fmt.Sprintf("r%02d", i), name, "receipt for "+name)
	}
	writePlan(t, dir, plan...)
	rng := rand.New(rand.NewPCG(3, 4))
	offset := time.Duration(0)
	for round := range 10 {
		offset = setClock(t, dir, round)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUTHORITY_TEST_DIR="+dir, "AUTHORITY_TEST_MAILBOX="+m.address(), "AUTHORITY_TEST_QUEUE="+b.address())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(40+rng.IntN(160)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		// What is gone from the queue is at home.
		waits := map[string]bool{}
		for _, a := range b.taken(t, "NKS_OUT") {
			waits[a.id] = true
		}
		for i := range deliveries {
			name := fmt.Sprintf("r%02d", i)
			_, err := os.Stat(filepath.Join(dir, "sim", "authority", "LEV", "got", name+".xml"))
			if !waits[name] && errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s was acknowledged and is not at home", name)
			}
		}
	}
	runByQueue(t, dir, m, b)
	eventually(t, "idle in the end", func() bool { return idleAt(dir, offset)() && b.left(t) == 0 })
	seen := map[string]bool{}
	for _, got := range b.taken(t, "NKS_IN") {
		seen[got.id] = true
		if got.body != contents[got.id] {
			t.Errorf("%s: %d bytes of %d", got.id, len(got.body), len(contents[got.id]))
		}
	}
	if len(seen) != deliveries || len(m.sent()) != 0 {
		t.Errorf("%d of %d delivered, %v by the other door", len(seen), deliveries, m.sent())
	}
	sent, got := map[string]int{}, map[string]int{}
	for _, e := range readJournal(t, dir, "journal.jsonl") {
		if e.Got != "" {
			got[e.Got]++
		} else if e.Result == "ok" {
			sent[e.As]++
		}
	}
	for i, p := range plan {
		if answer := fmt.Sprintf("r%02d.xml", i); sent[p.as] != 1 || got[answer] != 1 {
			t.Errorf("%s: sent %d, answered %d times by the journal", p.as, sent[p.as], got[answer])
		}
	}
}
