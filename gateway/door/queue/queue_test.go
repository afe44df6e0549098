package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/queue"
	"nks/mq"
	"nks/mq/mqtest"
)

// table is the flow's database: what was taken by key, and the answers that wait.
type table struct {
	mu      sync.Mutex
	taken   map[string]string
	times   map[string]int // how often a key was offered
	waited  map[string]time.Duration
	answers []gateway.QueuedAnswer
	boxed   []string
	// take may fail before a message is taken, record after an answer was put.
	take   func(key string) error
	record func(a gateway.QueuedAnswer) error
	// looked is told when somebody has looked for answers in vain; it may be nil.
	looked func()
}

func (b *table) Take(_ context.Context, a door.Arrival) error {
	key := a.Key
	body, err := io.ReadAll(a.Content)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times[key]++
	if b.take != nil {
		if err := b.take(key); err != nil {
			return err
		}
	}
	if before, ok := b.taken[key]; ok && before != string(body) {
		return fmt.Errorf("delivery 7: %w", gateway.ErrConflict)
	}
	b.taken[key] = string(body)
	if a.Waited != nil {
		b.waited[key] = a.Waited()
	}
	return nil
}

func (b *table) NextQueued(context.Context, string) (gateway.QueuedAnswer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.answers) == 0 {
		if b.looked != nil {
			b.looked()
		}
		return gateway.QueuedAnswer{}, gateway.ErrNotFound
	}
	return b.answers[0], nil
}

func (b *table) Queued(_ context.Context, a gateway.QueuedAnswer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record != nil {
		if err := b.record(a); err != nil {
			return err
		}
	}
	b.answers = slices.DeleteFunc(b.answers, func(o gateway.QueuedAnswer) bool { return o.ID == a.ID })
	return nil
}

func (b *table) LayInMailbox(ctx context.Context, a gateway.QueuedAnswer) error {
	b.boxed = append(b.boxed, a.Name)
	b.answers = b.answers[1:]
	return nil
}

func (b *table) has(keys ...string) func() bool {
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, k := range keys {
			if _, ok := b.taken[k]; !ok {
				return false
			}
		}
		return true
	}
}

const (
	in  = "in"
	out = "out"
)

// bench is a door between a table and a queue manager in memory.
type bench struct {
	t *testing.T
	*table
	*mqtest.Memory
	door     *queue.Door
	links    chan mq.Link // every link that the door has opened
	reported chan string  // troubles
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, table: &table{taken: map[string]string{}, times: map[string]int{}, waited: map[string]time.Duration{}}, Memory: mqtest.NewMemory(in, out),
		links: make(chan mq.Link, 1000), reported: make(chan string, 1000)}
	b.door = &queue.Door{Supplier: "LEVA", Out: mq.Address{Queue: out}, Correlation: func(key string) string { return "about " + key },
		Intake: b.table, Answers: b.table, Arrived: func(int) {}, Poll: time.Millisecond, Retry: time.Millisecond,
		Open: func(ctx context.Context) (mq.Link, error) {
			l, err := b.Open(ctx, in)
			if err == nil {
				b.links <- l
			}
			return l, err
		},
		Failed: func(name string, err error) { b.reported <- name + ": " + err.Error() }}
	return b
}

// run runs one of the door's loops until the test ends.
func (b *bench) run(loop func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { loop(ctx) })
	b.t.Cleanup(func() {
		cancel()
		wait.Wait()
	})
}

// link is the test's own end of a queue.
func (b *bench) link(queue string) mq.Link {
	b.t.Helper()
	l, err := b.Open(b.t.Context(), queue)
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

func (b *bench) put(id, body string) {
	b.t.Helper()
	if err := b.link(in).Send(b.t.Context(), mq.Address{Queue: in}, &mq.Message{ID: []byte(id), Body: []byte(body)}); err != nil {
		b.t.Fatal(err)
	}
}

// patience is how long what must come may take, on a machine that is busy with other things.
const patience = 5 * time.Minute

// next takes the next message of a queue.
func (b *bench) next(l mq.Link) *mq.Delivery {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	d, err := l.Receive(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := l.Ack(ctx, d); err != nil {
		b.t.Fatal(err)
	}
	return d
}

// empty fails when a message is left in a queue.
func (b *bench) empty(queue string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 50*time.Millisecond)
	defer cancel()
	if d, err := b.link(queue).Receive(ctx); err == nil {
		b.t.Errorf("%s still holds %q", queue, d.Body)
	}
}

func (b *bench) until(what string, done func() bool) {
	b.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(end) {
			b.t.Fatalf("never came: %s", what)
		}
	}
}

// trouble waits for a trouble that names what.
func (b *bench) trouble(what string) {
	b.t.Helper()
	for end := time.After(patience); ; {
		select {
		case reported := <-b.reported:
			if strings.Contains(reported, what) {
				return
			}
		case <-end:
			b.t.Fatalf("never told: %s", what)
		}
	}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arrived := make(chan struct{}, 10)
	b.door.Arrived = func(int) { arrived <- struct{}{} }
	b.put("1", "one")
	b.put("1", "one")
	b.put("", "no id")
	b.put("2", "")
	b.run(b.door.Receive)
	for range 4 {
		<-arrived
	}
	b.until("all settled", b.has("id:1", "seq:3", "id:2"))
	b.until("no message left", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.times["id:1"] == 2 })
	b.empty(in)
	b.empty(in + ".parked")
}

// TestReceive_PutTime: how long a message has waited is told where the queue's clock is trusted, by that clock. // M9
func TestReceive_PutTime(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]func() time.Time{"trusted": func() time.Time { return time.Now().Add(time.Hour) }, "not trusted": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.door.Clock = clock
			b.put("a", "x")
			b.run(b.door.Receive)
			b.until("the message", b.has("id:a"))
			b.mu.Lock()
			defer b.mu.Unlock()
			if got, known := b.waited["id:a"]; known != (clock != nil) || known && (got < time.Hour || got > time.Hour+patience) {
				t.Errorf("it waited %s (known: %t)", got, known)
			}
		})
	}
}

func TestReceive_Parked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.take = func(key string) error {
		if key == "id:huge" {
			return fmt.Errorf("limit 3 bytes: %w", gateway.ErrRefused)
		}
		return nil
	}
	b.put("1", "one")
	b.put("1", "other bytes")
	b.put("huge", "much")
	b.put("2", "two")
	b.run(b.door.Receive)
	parked := b.link(in + ".parked")
	for _, want := range []struct{ body, reason string }{{"other bytes", "delivery 7"}, {"much", "limit 3 bytes"}} {
		d := b.next(parked)
		if string(d.Body) != want.body || !strings.Contains(d.Props[mq.PropReason], want.reason) {
			t.Errorf("parked %q because %q, want %q because %q", d.Body, d.Props[mq.PropReason], want.body, want.reason)
		}
	}
	b.until("the message behind them", b.has("id:2"))
	if b.taken["id:1"] != "one" {
		t.Errorf("taken %q", b.taken["id:1"])
	}
	b.trouble("parked")
}

// TestReceive_DatabaseAway: nothing is acknowledged, nothing parked, and the door goes on by itself. An alarm that could
// not be raised is as good as the database being away.
func TestReceive_DatabaseAway(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]error{
		"away":               gateway.ErrTransient,
		"away for the alarm": errors.Join(gateway.ErrConflict, gateway.ErrTransient),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.take = func(key string) error {
				if b.times[key] < 4 {
					return trouble
				}
				return nil
			}
			b.put("1", "one")
			b.put("2", "two")
			b.run(b.door.Receive)
			b.until("both taken", b.has("id:1", "id:2"))
			b.trouble(gateway.ErrTransient.Error())
			b.empty(in + ".parked")
		})
	}
}

// TestReceive_OwnFault: a message that fails for no reason of its own stays and lets those behind it go first.
func TestReceive_OwnFault(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.take = func(key string) error {
		if key == "id:1" {
			return errors.New("a bug")
		}
		return nil
	}
	b.put("1", "one")
	b.put("2", "two")
	b.run(b.door.Receive)
	b.until("the second", b.has("id:2"))
	b.trouble("a bug")
	b.empty(in + ".parked")
}

// TestReceive_LostLink: the link breaks when the message is committed and not acknowledged.
func TestReceive_LostLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.take = func(key string) error {
		if b.times[key] == 1 {
			b.Kill(<-b.links)
		}
		return nil
	}
	b.put("1", "one")
	b.run(b.door.Receive)
	b.until("it came again", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.times["id:1"] == 2 })
	b.until("one row", b.has("id:1"))
	b.Stop()
	b.trouble(mq.ErrTemporary.Error())
	b.Start()
	b.put("2", "two")
	b.until("after the broker's restart", b.has("id:2"))
}

func answer(n int64) gateway.QueuedAnswer {
	return gateway.QueuedAnswer{ID: n, Name: fmt.Sprintf("KVITTERING1-%010d", n), Key: "id:B-1", Body: fmt.Appendf(nil, "<receipt>%d</receipt>", n)}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	failed := false
	b.record = func(a gateway.QueuedAnswer) error {
		// The process would have died here.
		if a.ID == 2 && !failed {
			failed = true
			return gateway.ErrTransient
		}
		return nil
	}
	b.answers = []gateway.QueuedAnswer{answer(1), answer(2), answer(3)}
	b.run(b.door.Answer)
	l := b.link(out)
	for _, n := range []int64{1, 2, 2, 3} {
		d, want := b.next(l), answer(n)
		if string(d.ID) != want.Name || string(d.Body) != string(want.Body) || string(d.CorrelID) != "about id:B-1" || d.Format != "application/xml" {
			t.Errorf("answer %+v, want %d", d.Message, n)
		}
	}
	b.empty(out)
}

// TestAnswer_Wake: an answer that comes while the door sleeps is put as soon as somebody says so.
func TestAnswer_Wake(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.door.Poll = time.Hour
	looked := make(chan struct{}, 10)
	b.looked = func() { looked <- struct{}{} }
	b.run(b.door.Answer)
	<-looked
	b.mu.Lock()
	b.answers = append(b.answers, answer(1))
	b.mu.Unlock()
	b.door.Wake()
	if got := b.next(b.link(out)); string(got.Body) != string(answer(1).Body) {
		t.Errorf("the queue has %q", got.Body)
	}
}

func TestAnswer_QueueFullOrAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.MaxMessages = 1
	b.answers = []gateway.QueuedAnswer{answer(1), answer(2)}
	b.run(b.door.Answer)
	b.trouble(mq.ErrFull.Error())
	b.Stop()
	b.trouble(mq.ErrTemporary.Error())
	b.Start()
	l := b.link(out)
	for n := range int64(2) {
		if d := b.next(l); string(d.ID) != answer(n+1).Name {
			t.Errorf("answer %s, want %d", d.ID, n+1)
		}
	}
	b.empty(out)
}

// TestAnswer_TooBig: what no queue takes goes to the mailbox, and those behind it go on.
func TestAnswer_TooBig(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.MaxBytes = 30
	big := answer(1)
	big.Body = make([]byte, 31)
	b.answers = []gateway.QueuedAnswer{big, answer(2)}
	b.run(b.door.Answer)
	if d := b.next(b.link(out)); string(d.ID) != answer(2).Name {
		t.Errorf("answer %s", d.ID)
	}
	if !slices.Equal(b.boxed, []string{big.Name}) {
		t.Errorf("in the mailbox: %q", b.boxed)
	}
}

// TestEnds: both loops end with their context, also while they wait.
func TestEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.door.Retry = time.Hour
	b.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { b.door.Receive(ctx) })
	b.trouble(mq.ErrTemporary.Error())
	b.Start()
	wait.Go(func() { b.door.Answer(ctx) })
	cancel()
	wait.Wait()
}
