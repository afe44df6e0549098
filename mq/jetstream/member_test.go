package jetstream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
	"nks/mq/jetstream"
	"nks/mq/mqtest"
)

// memberConfig makes this test program a member of a cluster, as it says in JSON.
const memberConfig = "NKS_TEST_MEMBER"

// memberOf is what a member's process is told.
type memberOf struct {
	Dir, Member, Certificate, Key, Authorities string
	Members                                    []jetstream.Member
}

// TestMemberProcess is the child of the tests below: it runs until it is killed.
func TestMemberProcess(t *testing.T) {
	text := os.Getenv(memberConfig)
	if text == "" {
		return
	}
	var m memberOf
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	b, err := jetstream.Start(t.Context(), jetstream.Config{Dir: m.Dir, GatewayPassword: ours, AckWait: time.Second,
		Cluster: &jetstream.Cluster{Name: "nks-test", Member: m.Member, Members: m.Members, Secret: routeSecret, Accounts: []string{supplier},
			TLS: routeTLS(m.Members, mqtest.Pair{Certificate: m.Certificate, Key: m.Key}, m.Authorities)}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening on", b.URL())
	admitByAll(t, []*jetstream.Broker{b}, jetstream.Supplier{Name: supplier, Password: secret})
	eventually(t, func() error {
		if s := b.State(); !s.Together() || !s.Current || len(s.Members) < s.Of {
			return errors.New(s.String())
		}
		return nil
	})
	fmt.Println("in step")
	// Ends with the parent, should that die first.
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	b.Close()
}

// processes are three members, each a process.
type processes struct {
	*cluster
	t    *testing.T
	mu   sync.Mutex
	urls map[string]string // of those that live
	kill map[string]func()
}

func newProcesses(t *testing.T) *processes {
	p := &processes{cluster: newCluster(t), t: t, urls: map[string]string{}, kill: map[string]func(){}}
	var steps []func()
	for _, m := range p.members {
		steps = append(steps, p.run(m.Name))
	}
	for _, inStep := range steps {
		inStep()
	}
	return p
}

// run starts a member and returns what waits until it has all that the others have.
func (p *processes) run(member string) (inStep func()) {
	p.t.Helper()
	text, err := json.Marshal(memberOf{Dir: filepath.Join(p.dir, member), Member: member, Certificate: p.pair.Certificate, Key: p.pair.Key, Authorities: p.ca, Members: p.members})
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMemberProcess$")
	cmd.Env = append(os.Environ(), memberConfig+"="+string(text))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	kill := sync.OnceFunc(func() {
		p.mu.Lock()
		delete(p.urls, member)
		p.mu.Unlock()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
	})
	p.t.Cleanup(kill)
	lines := bufio.NewScanner(stdout)
	p.mu.Lock()
	p.kill[member] = kill
	p.mu.Unlock()
	p.until(lines, "listening on ", func(at string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.urls[member] = at
	})
	return func() { p.until(lines, "in step", func(string) {}) }
}

func (p *processes) until(lines *bufio.Scanner, word string, is func(string)) {
	p.t.Helper()
	heard := ""
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), word); ok {
			is(rest)
			return
		}
		heard += lines.Text() + "\n"
	}
	p.t.Fatalf("a member ended before it said %q:\n%s", word, heard)
}

// url is where a member that lives can be reached, another each time.
func (p *processes) url(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.members {
		if at, lives := p.urls[p.members[(n+i)%len(p.members)].Name]; lives {
			return at
		}
	}
	return ""
}

// account is what a supplier was promised and what the gateway took.
type account struct {
	mu        sync.Mutex
	tries     map[string]int // by key
	confirmed map[string]bool
	taken     map[string]int  // whose acknowledgement was confirmed
	sent      map[string]int  // answers, by the key of what they answer: how often they were put
	answered  map[string]int  // and how often taken and acknowledged
	arrived   map[string]bool // those that the supplier has, whether or not it knows that its acknowledgement did
	changed   chan struct{}
}

func (a *account) note(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

func newAccount() *account {
	return &account{tries: map[string]int{}, confirmed: map[string]bool{}, taken: map[string]int{}, sent: map[string]int{}, answered: map[string]int{},
		arrived: map[string]bool{},
		changed: make(chan struct{}, 1)}
}

// settled is how many messages were confirmed and answered.
func (a *account) settled() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.confirmed {
		if a.arrived[id] {
			n++
		}
	}
	return n
}

// waiting is how far some of those are that were confirmed and not answered.
func (a *account) waiting() (text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.confirmed {
		if !a.arrived[id] && len(text) < 500 {
			text += fmt.Sprintf("%s put %d, taken %d, answer put %d; ", id, a.tries[id], a.taken[id], a.sent[id])
		}
	}
	return text
}

// await waits until so many have been settled.
func (a *account) await(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), takeover)
	defer cancel()
	for a.settled() < n {
		select {
		case <-a.changed:
		case <-ctx.Done():
			t.Fatalf("%d messages confirmed and answered after %v, want %d; waiting: %s", a.settled(), takeover, n, a.waiting())
		}
	}
}

// takeover is within what two members go on when the third is killed, on a machine that is busy with other things.
const takeover = 90 * time.Second

// mostWaiting is how far the supplier may be ahead of the gateway.
const mostWaiting = 100

// puts puts messages until ctx ends, each with the plain client until it is confirmed.
func (p *processes) puts(ctx context.Context, a *account) {
	for n := 0; ctx.Err() == nil; n++ {
		nc, err := nats.Connect(p.url(n), nats.UserInfo(supplier, secret), nats.NoReconnect(), nats.ErrorHandler(unheard))
		if err != nil {
			pause(ctx)
			continue
		}
		api, err := js.New(nc)
		if err != nil {
			p.t.Error(err)
			return
		}
		p.putAll(ctx, api, a)
		nc.Close()
	}
}

func (p *processes) putAll(ctx context.Context, api js.JetStream, a *account) {
	for ctx.Err() == nil {
		a.mu.Lock()
		number := len(a.confirmed)
		a.mu.Unlock()
		if number > a.settled()+mostWaiting {
			pause(ctx)
			continue
		}
		id := "B-" + strconv.Itoa(number)
		a.note(func() { a.tries["id:"+id]++ })
		soon, cancel := context.WithTimeout(ctx, 3*time.Second)
		_, err := api.Publish(soon, jetstream.In(supplier), []byte(id), js.WithMsgID(id), js.WithRetryAttempts(0))
		cancel()
		if err != nil {
			pause(ctx)
			return
		}
		a.note(func() { a.confirmed["id:"+id] = true })
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}

// takes takes messages and answers them until ctx ends, over one link after another, as the gateway does.
func (p *processes) takes(ctx context.Context, a *account) {
	p.links(ctx, jetstream.Login{User: jetstream.GatewayUser(supplier), Password: ours, Queue: jetstream.In(supplier)}, func(l mq.Link, d *mq.Delivery) error {
		a.note(func() { a.sent[d.TransportKey]++ })
		err := l.Send(ctx, mq.Address{Queue: jetstream.Out(supplier)}, &mq.Message{ID: []byte("A-" + d.TransportKey), CorrelID: []byte(d.TransportKey)})
		if err == nil {
			err = l.Ack(ctx, d)
		}
		if err == nil {
			a.note(func() { a.taken[d.TransportKey]++ })
		}
		return err
	})
}

// collects takes answers until ctx ends, as a supplier does.
func (p *processes) collects(ctx context.Context, a *account) {
	p.links(ctx, jetstream.Login{User: supplier, Password: secret, Queue: jetstream.Out(supplier)}, func(l mq.Link, d *mq.Delivery) error {
		a.note(func() { a.arrived[string(d.CorrelID)] = true })
		err := l.Ack(ctx, d)
		if err == nil {
			a.note(func() { a.answered[string(d.CorrelID)]++ })
		}
		return err
	})
}

// links has what is received over one link after another settled.
func (p *processes) links(ctx context.Context, in jetstream.Login, settle func(mq.Link, *mq.Delivery) error) {
	in.AckWait, in.Clustered = time.Second, true
	for n := 1; ctx.Err() == nil; n++ {
		in.URL = p.url(n)
		l, err := jetstream.Dial(ctx, in)
		if err != nil {
			pause(ctx)
			continue
		}
		for err == nil {
			var d *mq.Delivery
			if d, err = l.Receive(ctx); err == nil {
				err = settle(l, d)
			}
		}
		_ = l.Close(context.Background()) // of a member that may be gone
	}
}

// leader is the member that leads a supplier's in queue: what is killed first.
func (p *processes) leader() string {
	nc, err := nats.Connect(p.url(0), nats.UserInfo(jetstream.GatewayUser(supplier), ours))
	if err != nil {
		p.t.Fatal(err)
	}
	defer nc.Close()
	api, err := js.New(nc)
	if err != nil {
		p.t.Fatal(err)
	}
	leader := ""
	eventually(p.t, func() error {
		s, err := api.Stream(p.t.Context(), "NKS_IN")
		if err == nil {
			leader = s.CachedInfo().Cluster.Leader
		}
		return err
	})
	return leader
}

// TestMemberKilled: with one of three members killed at a time with SIGKILL while a supplier puts, whether it comes back with its disk or with an empty
// one, nothing that was confirmed is lost, and nothing comes again that was acknowledged and was not put again.
func TestMemberKilled(t *testing.T) {
	t.Parallel()
	kills, seed := 1, uint64(1)
	if text := os.Getenv("NKS_MEMBER_KILLS"); text != "" {
		kills = number(t, text)
		seed = uint64(number(t, os.Getenv("NKS_SEED")))
	}
	random := rand.New(rand.NewPCG(seed, 0))
	p := newProcesses(t)
	a := newAccount()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work, reading sync.WaitGroup
	work.Go(func() { p.puts(ctx, a) })
	reads, end := context.WithCancel(t.Context())
	defer end()
	reading.Go(func() { p.takes(reads, a) })
	reading.Go(func() { p.collects(reads, a) })
	for round := range kills {
		a.await(t, a.settled()+20+random.IntN(50))
		member := p.members[random.IntN(len(p.members))].Name
		if round == 0 {
			member = p.leader()
		}
		p.kill[member]()
		begun := time.Now()
		a.await(t, a.settled()+20+random.IntN(50))
		after, emptied := time.Since(begun), random.IntN(2) == 0
		if emptied {
			if err := os.RemoveAll(filepath.Join(p.dir, member)); err != nil {
				t.Fatal(err)
			}
		}
		begun = time.Now()
		p.run(member)()
		t.Logf("%s killed: others go on within %v; emptied %t, in step within %v; %d settled", member, after.Round(time.Millisecond), emptied,
			time.Since(begun).Round(time.Millisecond), a.settled())
	}
	stop()
	work.Wait()
	a.await(t, len(a.confirmed))
	end()
	reading.Wait()
	for id, n := range a.taken {
		if n > a.tries[id] {
			t.Errorf("%s was put %d times, taken and acknowledged %d times", id, a.tries[id], n)
		}
	}
	for id, n := range a.answered {
		if n > a.sent[id] {
			t.Errorf("the answer to %s was put %d times, taken and acknowledged %d times", id, a.sent[id], n)
		}
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
