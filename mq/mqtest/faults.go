package mqtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"time"

	"nks/mq"
)

// inbox is the receiver's database: what was taken, by key.
type inbox struct {
	mu   sync.Mutex
	rows map[string]string
	all  chan struct{} // closed when want rows are there
	want int
}

func newInbox(want int) *inbox {
	return &inbox{rows: make(map[string]string, want), all: make(chan struct{}), want: want}
}

func (b *inbox) commit(d *mq.Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.rows[d.TransportKey]; known {
		return
	}
	b.rows[d.TransportKey] = string(d.Body)
	if len(b.rows) == b.want {
		close(b.all)
	}
}

// case 11
func (s *suite) shared() {
	in := newInbox(s.Volume)
	l := s.open()
	for i := range s.Volume {
		s.send(l, strconv.Itoa(i))
	}
	ctx, stop := context.WithCancel(s.ctx)
	var readers sync.WaitGroup
	failed := make(chan error, 2)
	for i := range 2 {
		readers.Go(func() { failed <- s.reader(ctx, in, rand.New(rand.NewPCG(11, uint64(i)))) })
	}
	select {
	case <-in.all:
	case <-ctx.Done():
		s.Errorf("%d of %d messages came", len(in.rows), s.Volume)
	}
	stop()
	readers.Wait()
	for range 2 {
		s.check(<-failed)
	}
	bodies := make(map[string]bool, s.Volume)
	for _, body := range in.rows {
		bodies[body] = true
	}
	if len(bodies) != s.Volume {
		s.Errorf("%d different messages of %d", len(bodies), s.Volume)
	}
}

// reader takes messages until ctx ends, and dies now and then with one in hand.
func (s *suite) reader(ctx context.Context, in *inbox, dice *rand.Rand) error {
	deaths := 0
	for ctx.Err() == nil {
		l, err := s.Open(ctx)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		for {
			d, err := l.Receive(ctx)
			if err != nil {
				break
			}
			in.commit(d)
			if deaths < 3 && dice.IntN(s.Volume/8+1) == 0 {
				deaths++
				s.Kill(l)
			}
			if err := l.Ack(ctx, d); err != nil && ctx.Err() == nil && !isLost(err) {
				return err
			}
		}
		if err := l.Close(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// case 13
func (s *suite) storedOutlives() {
	const n = 50
	l := s.open()
	for i := range n {
		s.send(l, strconv.Itoa(i))
	}
	held := s.want(l, "0")
	s.Stop()
	s.is(l.Ack(s.ctx, held), mq.ErrUnknown, mq.ErrTemporary)
	s.Start()
	after := s.open()
	in := newInbox(n)
	for done := false; !done; {
		d := s.receive(after)
		in.commit(d)
		s.ack(after, d)
		select {
		case <-in.all:
			done = true
		default:
		}
	}
	if in.rows[held.TransportKey] != "0" {
		s.Errorf("the message in hand has another key after the restart")
	}
}

// case 17
func (s *suite) wrongSecret() {
	for range 3 {
		start := time.Now()
		l, err := s.OpenWrong(s.ctx)
		if err == nil {
			s.check(l.Close(s.ctx))
		}
		s.is(err, mq.ErrAuth)
		if took := time.Since(start); took > patience {
			s.Errorf("refused after %v", took)
		}
	}
}

// reopenings is how often a link is opened to a server that is away, and to
// one that is back.
const reopenings = 300

// case 18
func (s *suite) serverAway() {
	l := s.open()
	s.send(l, "kept")
	result := make(chan error, 1)
	got := s.want(l, "kept")
	waiting := l
	if l.Caps().MaxInFlight == 1 {
		waiting = s.open()
	}
	go func() {
		_, err := waiting.Receive(s.ctx)
		result <- err
	}()
	s.Stop()
	s.is(<-result, mq.ErrTemporary)
	s.is(l.Ack(s.ctx, got), mq.ErrUnknown, mq.ErrTemporary)
	s.gone(l)
	s.check(l.Close(s.ctx))
	before := runtime.NumGoroutine()
	for range reopenings {
		_, err := s.Open(s.ctx)
		s.is(err, mq.ErrTemporary)
	}
	s.Start()
	for range reopenings {
		l, err := s.Open(s.ctx)
		s.check(err)
		s.check(l.Close(s.ctx))
	}
	// Other cases run beside this one: a leak is one per reopening.
	if after := runtime.NumGoroutine(); after > before+reopenings*3/4 {
		s.Errorf("%d goroutines before the openings, %d after", before, after)
	}
	again := s.open()
	s.ack(again, s.want(again, "kept"))
}

// case 19
func (s *suite) cutAtAck() {
	for _, reaches := range []bool{false, true} {
		in := newInbox(1)
		sender := s.open()
		body := fmt.Sprintf("reaches %v", reaches)
		s.send(sender, body)
		l, err := s.OpenCut(s.ctx, reaches)
		s.check(err)
		d := s.want(l, body)
		in.commit(d)
		s.is(l.Ack(s.ctx, d), mq.ErrUnknown)
		s.check(l.Close(s.ctx))
		if reaches {
			s.nothing(sender)
		} else {
			d := s.want(sender, body)
			in.commit(d)
			s.ack(sender, d)
		}
		if len(in.rows) != 1 {
			s.Errorf("%d rows of one message", len(in.rows))
		}
	}
}

// case 24
func (s *suite) soak() {
	sender, l := s.open(), s.open()
	ctx, cancel := context.WithTimeout(s.ctx, s.Soak)
	defer cancel()
	before := heap()
	failed := make(chan error, 1)
	go func() { failed <- s.steady(ctx, sender) }()
	received := 0
	for end := false; !end; received++ {
		d := s.receive(l)
		end = len(d.Body) == 0
		s.ack(l, d)
	}
	s.check(<-failed)
	s.nothing(l)
	if grown := heap() - before; grown > s.Leaves {
		s.Errorf("%d messages left %d bytes behind", received, grown)
	}
}

// steady sends 500 messages a second until ctx ends, and then an empty one.
func (s *suite) steady(ctx context.Context, l mq.Link) error {
	tick := time.NewTicker(time.Second / 500)
	defer tick.Stop()
	body := make([]byte, 1<<10)
	for ctx.Err() == nil {
		if err := l.Send(s.ctx, s.Queue, &mq.Message{Body: body}); err != nil {
			return err
		}
		<-tick.C
	}
	return l.Send(s.ctx, s.Queue, &mq.Message{})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
