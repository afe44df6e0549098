package jetstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
	"nks/mq/jetstream"
)

// brokerDir makes this test program a broker on the directory it names.
const brokerDir = "NKS_TEST_BROKER_DIR"

// TestBrokerProcess is the child of the test below: it runs until it is killed.
func TestBrokerProcess(t *testing.T) {
	dir := os.Getenv(brokerDir)
	if dir == "" {
		return
	}
	cfg := crashConfig(dir)
	b, err := jetstream.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening on", b.URL())
	// Ends with the parent, should that die first.
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	b.Close()
}

func crashConfig(dir string) jetstream.Config {
	return jetstream.Config{Dir: dir, GatewayPassword: ours, AckWait: time.Second,
		Suppliers: []jetstream.Supplier{{Name: supplier, Password: secret}}}
}

// broker starts a broker as a process and returns its address and its end.
func broker(t *testing.T, dir string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestBrokerProcess$")
	cmd.Env = append(os.Environ(), brokerDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	kill = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			return at, kill
		}
	}
	t.Fatal("the broker's process ended before it listened")
	return "", nil
}

// Killed with SIGKILL while a supplier puts: what was confirmed is there, what
// was acknowledged stays away, what was in hand comes again.
func TestBrokerKilledWhileASupplierPuts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	confirmed := make(map[string]bool)
	taken := make(map[string]bool)
	next := 0
	for range 3 {
		url, kill := broker(t, dir)
		l, err := jetstream.Dial(t.Context(), jetstream.Login{URL: url, User: jetstream.GatewayUser(supplier), Password: ours,
			Queue: jetstream.In(supplier), AckWait: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan []string, 1)
		enough := make(chan struct{})
		go func() { results <- putUntilGone(t, url, next, enough) }()
		<-enough
		for range 20 {
			d := receive(t, l)
			if taken[d.TransportKey] {
				t.Errorf("%s came again although its acknowledgement was confirmed", d.TransportKey)
			}
			ack(t, l, d)
			taken[d.TransportKey] = true
		}
		inHand := receive(t, l)
		kill()
		if err := l.Ack(t.Context(), inHand); !errors.Is(err, mq.ErrUnknown) && !errors.Is(err, mq.ErrTemporary) {
			t.Errorf("ack after the kill: %v", err)
		}
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for _, id := range <-results {
			confirmed["id:"+id] = true
		}
		next += 1_000_000
	}

	url, _ := broker(t, dir)
	l, err := jetstream.Dial(t.Context(), jetstream.Login{URL: url, User: jetstream.GatewayUser(supplier), Password: ours,
		Queue: jetstream.In(supplier), AckWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	for missing(confirmed, taken) > 0 {
		d := receive(t, l)
		ack(t, l, d)
		taken[d.TransportKey] = true
	}
	if len(confirmed) < 60 {
		t.Errorf("only %d confirmed: the kill came too early to prove anything", len(confirmed))
	}
}

func missing(confirmed, taken map[string]bool) int {
	n := 0
	for id := range confirmed {
		if !taken[id] {
			n++
		}
	}
	return n
}

// putUntilGone puts with the plain client until the broker is gone and returns
// the ids that were confirmed. It closes enough after thirty.
func putUntilGone(t *testing.T, url string, from int, enough chan struct{}) []string {
	nc, err := nats.Connect(url, nats.UserInfo(supplier, secret), nats.NoReconnect())
	if err != nil {
		t.Error(err)
		close(enough)
		return nil
	}
	defer nc.Close()
	gone, cancel := context.WithCancel(t.Context())
	defer cancel()
	nc.SetClosedHandler(func(*nats.Conn) { cancel() })
	api, err := js.New(nc)
	if err != nil {
		t.Error(err)
		close(enough)
		return nil
	}
	var ids []string
	for n := from; ; n++ {
		id := strconv.Itoa(n)
		if _, err := api.Publish(gone, jetstream.In(supplier), []byte(id), js.WithMsgID(id)); err != nil {
			if len(ids) < 30 {
				t.Errorf("put %s: %v", id, err)
				close(enough)
			}
			return ids
		}
		if ids = append(ids, id); len(ids) == 30 {
			close(enough)
		}
	}
}
