package mqtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"nks/mq"
)

// Memory is a queue manager in this process, for tests of what uses a link.
// It keeps mq's promises while it lives, the hard way where it may choose: a
// message that comes again comes at once and in its old place.
type Memory struct {
	MaxBytes    int  // of a body; 0 = 1 MiB
	MaxMessages int  // of a queue; 0 = no bound
	MaxInFlight int  // of a link; 0 = 16
	NoDelay     bool // what is returned comes again at once

	mu      sync.Mutex
	down    bool
	queues  map[string][]*stored
	links   map[*memoryLink]bool
	next    uint64
	changed chan struct{} // closed and replaced when a message may have become free
}

type stored struct {
	mq.Message
	sequence uint64
	attempts int
	holder   *memoryLink
	from     time.Time // free from then on
}

// NewMemory has the queues named and, for each, one called name+".parked".
func NewMemory(queues ...string) *Memory {
	m := &Memory{queues: make(map[string][]*stored), links: make(map[*memoryLink]bool), changed: make(chan struct{})}
	for _, q := range queues {
		m.queues[q], m.queues[parkedOf(q)] = nil, nil
	}
	return m
}

func parkedOf(queue string) string { return queue + ".parked" }

// Open opens a link to a queue.
func (m *Memory) Open(ctx context.Context, queue string) (mq.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if m.down {
		return nil, fmt.Errorf("memory: open: %w", mq.ErrTemporary)
	}
	l := &memoryLink{m: m, queue: queue, held: make(map[*mq.Delivery]*stored), done: make(chan struct{})}
	m.links[l] = true
	return l, nil
}

// Stop cuts all links; the messages stay.
func (m *Memory) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = true
	for l := range m.links {
		l.cut(mq.ErrTemporary)
	}
}

// Start ends a Stop.
func (m *Memory) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = false
}

// Kill cuts one link.
func (m *Memory) Kill(l mq.Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := l.(*memoryLink); ok {
		l.cut(mq.ErrTemporary)
	}
}

func (m *Memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Memory) put(queue string, msg mq.Message) error {
	have, ok := m.queues[queue]
	switch {
	case !ok:
		return mq.ErrNoQueue
	case len(msg.Body) > m.maxBytes():
		return mq.ErrTooBig
	case m.MaxMessages > 0 && len(have) >= m.MaxMessages:
		return mq.ErrFull
	case msg.Expiry != 0:
		return mq.ErrUnsupported
	}
	m.next++
	msg.Body, msg.ID, msg.CorrelID = slices.Clone(msg.Body), slices.Clone(msg.ID), slices.Clone(msg.CorrelID)
	msg.Props, msg.Persistent, msg.Put = maps.Clone(msg.Props), true, time.Now()
	m.queues[queue] = append(have, &stored{Message: msg, sequence: m.next})
	m.wake()
	return nil
}

func (m *Memory) maxBytes() int {
	if m.MaxBytes == 0 {
		return 1 << 20
	}
	return m.MaxBytes
}

func (m *Memory) remove(queue string, s *stored) {
	m.queues[queue] = slices.DeleteFunc(m.queues[queue], func(o *stored) bool { return o == s })
}

type memoryLink struct {
	m     *Memory
	queue string
	held  map[*mq.Delivery]*stored
	done  chan struct{}
	why   error // set when done is closed
}

// cut ends the link and frees what it holds; m.mu is held.
func (l *memoryLink) cut(why error) {
	if l.why != nil {
		return
	}
	l.why = why
	close(l.done)
	delete(l.m.links, l)
	for d, s := range l.held {
		s.holder = nil
		delete(l.held, d)
	}
	l.m.wake()
}

func (l *memoryLink) Caps() mq.Caps {
	c := mq.Caps{MaxInFlight: l.m.MaxInFlight, MaxBytes: int64(l.m.maxBytes()), Count: mq.CountExact, Durable: mq.DurableFsync,
		Delay: !l.m.NoDelay, AtomicPark: true, Priority: true, PutTime: true}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 16
	}
	return c
}

func (l *memoryLink) Receive(ctx context.Context) (*mq.Delivery, error) {
	for {
		d, wait, changed, err := l.try(ctx)
		if d != nil || err != nil {
			return d, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-l.done:
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// try takes the first free message, or says how long to wait for one.
func (l *memoryLink) try(ctx context.Context) (*mq.Delivery, time.Duration, chan struct{}, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	list, ok := l.m.queues[l.queue]
	switch {
	case l.why != nil:
		return nil, 0, nil, fmt.Errorf("memory: receive: %w", l.why)
	case ctx.Err() != nil:
		return nil, 0, nil, ctx.Err()
	case !ok:
		return nil, 0, nil, fmt.Errorf("memory: receive: %w", mq.ErrNoQueue)
	case len(l.held) >= l.Caps().MaxInFlight:
		return nil, 0, nil, fmt.Errorf("memory: receive: %w", mq.ErrInFlight)
	}
	wait := time.Hour
	for _, s := range list {
		if s.holder != nil {
			continue
		}
		if left := time.Until(s.from); left > 0 {
			wait = min(wait, left)
			continue
		}
		s.holder = l
		s.attempts++
		d := &mq.Delivery{Message: s.Message, Attempts: s.attempts, Redelivered: s.attempts > 1}
		d.TransportKey = "seq:" + strconv.FormatUint(s.sequence, 10)
		if len(s.ID) > 0 {
			d.TransportKey = "id:" + string(s.ID)
		}
		l.held[d] = s
		return d, 0, nil, nil
	}
	return nil, wait, l.m.changed, nil
}

// settle ends the holding of d and lets f say what becomes of its message.
func (l *memoryLink) settle(op string, d *mq.Delivery, f func(*stored) error) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	s, ok := l.held[d]
	switch {
	case l.why != nil:
		return fmt.Errorf("memory: %s: %w", op, l.why)
	case !ok:
		return fmt.Errorf("memory: %s: %w", op, mq.ErrSettled)
	}
	if err := f(s); err != nil {
		return fmt.Errorf("memory: %s: %w", op, err)
	}
	delete(l.held, d)
	return nil
}

func (l *memoryLink) Ack(_ context.Context, d *mq.Delivery) error {
	return l.settle("ack", d, func(s *stored) error {
		l.m.remove(l.queue, s)
		return nil
	})
}

func (l *memoryLink) Return(_ context.Context, d *mq.Delivery, after time.Duration) error {
	return l.settle("return", d, func(s *stored) error {
		if l.m.NoDelay {
			after = 0
		}
		s.holder, s.from = nil, time.Now().Add(after)
		l.m.wake()
		return nil
	})
}

func (l *memoryLink) Park(_ context.Context, d *mq.Delivery, reason string) error {
	return l.settle("park", d, func(s *stored) error {
		msg := s.Message
		msg.Props = maps.Clone(msg.Props)
		if msg.Props == nil {
			msg.Props = make(map[string]string)
		}
		msg.Props[mq.PropReason] = reason
		if err := l.m.put(parkedOf(l.queue), msg); err != nil {
			return err
		}
		l.m.remove(l.queue, s)
		return nil
	})
}

func (l *memoryLink) Send(ctx context.Context, to mq.Address, msg *mq.Message) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	err := l.why
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = l.m.put(to.Queue, *msg)
	}
	if err != nil {
		return fmt.Errorf("memory: send: %w", err)
	}
	return nil
}

func (l *memoryLink) Close(context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.cut(mq.ErrClosed)
	l.why = mq.ErrClosed
	return nil
}
