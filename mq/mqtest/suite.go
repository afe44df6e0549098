// Package mqtest holds a driver of mq.Link against what mq promises, case by
// case, and has a queue manager in memory for tests of what uses a link.
package mqtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nks/mq"
)

// Subject is one empty queue of one driver, with what the cases do to it. A
// case whose means are nil, or whose promise Caps do not make, is left out and
// said to be.
type Subject struct {
	Queue   mq.Address // existing and empty
	Missing mq.Address // not existing

	Open       func(context.Context) (mq.Link, error) // to Queue
	OpenParked func(context.Context) (mq.Link, error) // to where Park puts

	// OpenSmall opens a link to a queue, otherwise like Queue, that takes
	// exactly two messages.
	OpenSmall func(context.Context) (mq.Link, mq.Address, error)
	// OpenWrong connects with a wrong secret.
	OpenWrong func(context.Context) (mq.Link, error)
	// Kill ends a link's client as a crash does: nothing more is sent.
	Kill func(mq.Link)
	// Stop ends the queue's server as a crash does, Start runs it again on
	// what it stored.
	Stop, Start func()
	// OpenCut opens a link whose connection breaks at its next settling:
	// before it reaches the server, or after but before the answer.
	OpenCut func(ctx context.Context, reaches bool) (mq.Link, error)

	// Volume is the number of messages of the cases that need many; 0 = 10,000.
	Volume int
	// Soak is how long the last case runs at 500 messages a second; 0 = 10 min.
	Soak time.Duration
	// Leaves is how many bytes that case may leave in this process, in which the server may be, too; 0 = 64 MB.
	Leaves int64
}

// patience bounds every wait for something that must come.
const patience = 5 * time.Minute

// silence is how long nothing must come for it to count as nothing.
const silence = 150 * time.Millisecond

type suite struct {
	*testing.T
	*Subject
	ctx context.Context
}

// Run runs all cases beside each other, each on a subject of its own.
func Run(t *testing.T, subject func(t *testing.T) *Subject) {
	t.Helper()
	run(t, (*testing.T).Parallel, subject)
}

// RunApart runs them one after the other, where subjects share a server that cases stop.
func RunApart(t *testing.T, subject func(t *testing.T) *Subject) {
	t.Helper()
	run(t, func(*testing.T) {}, subject)
}

func run(t *testing.T, begin func(*testing.T), subject func(t *testing.T) *Subject) {
	t.Helper()
	for i, c := range cases {
		t.Run(fmt.Sprintf("%02d %s", i+1, c.name), func(t *testing.T) {
			begin(t)
			s := &suite{T: t, Subject: subject(t)}
			if s.Soak == 0 {
				s.Soak = 10 * time.Minute
			}
			if s.Leaves == 0 {
				s.Leaves = 64 << 20
			}
			if s.Volume == 0 {
				s.Volume = 10_000
			}
			var cancel context.CancelFunc
			s.ctx, cancel = context.WithTimeout(t.Context(), s.Soak+3*patience)
			defer cancel()
			if c.means != nil && !c.means(s) {
				t.Logf("left out: the driver or this subject has no means for it")
				return
			}
			c.run(s)
		})
	}
}

var cases = []struct {
	name  string
	means func(*suite) bool
	run   func(*suite)
}{
	{"body unchanged", nil, (*suite).bodies},
	{"ids, correlation, reply-to, properties", nil, (*suite).fields},
	{"unsettled and closed", nil, (*suite).closedUnsettled},
	{"unsettled and killed", func(s *suite) bool { return s.Kill != nil }, (*suite).killedUnsettled},
	{"acknowledged stays away", nil, (*suite).ackedStaysAway},
	{"return", nil, (*suite).returned},
	{"return with delay", (*suite).delays, (*suite).returnedLater},
	{"park", func(s *suite) bool { return s.OpenParked != nil }, (*suite).parked},
	{"receive ends with its context", nil, (*suite).receiveEnds},
	{"in flight", nil, (*suite).inFlight},
	{"two links share a queue", func(s *suite) bool { return s.Kill != nil }, (*suite).shared},
	{"order", nil, (*suite).order},
	{"stored outlives the server", (*suite).durable, (*suite).storedOutlives},
	{"missing queue", nil, (*suite).missing},
	{"too big", nil, (*suite).tooBig},
	{"full", func(s *suite) bool { return s.OpenSmall != nil }, (*suite).full},
	{"wrong secret", func(s *suite) bool { return s.OpenWrong != nil }, (*suite).wrongSecret},
	{"server away", func(s *suite) bool { return s.Stop != nil }, (*suite).serverAway},
	{"connection cut at the acknowledgement", func(s *suite) bool { return s.OpenCut != nil }, (*suite).cutAtAck},
	{"close while receiving", nil, (*suite).closeWhileReceiving},
	{"persistence, expiry, priority", nil, (*suite).marks},
	{"same id twice", nil, (*suite).sameID},
	{"a message that crashes its reader", func(s *suite) bool { return s.OpenParked != nil && s.Kill != nil }, (*suite).poison},
	{"soak", nil, (*suite).soak},
}

func (s *suite) delays() bool {
	l := s.open()
	return l.Caps().Delay
}

func (s *suite) durable() bool {
	l := s.open()
	return s.Stop != nil && l.Caps().Durable != mq.DurableLazy
}

// open opens a link that is closed with the case.
func (s *suite) open() mq.Link {
	s.Helper()
	return s.opened(s.Open)
}

func (s *suite) opened(open func(context.Context) (mq.Link, error)) mq.Link {
	s.Helper()
	l, err := open(s.ctx)
	s.check(err)
	s.Cleanup(func() {
		if err := l.Close(context.WithoutCancel(s.ctx)); err != nil {
			s.Errorf("close: %v", err)
		}
	})
	return l
}

func (s *suite) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err error, want ...error) {
	s.Helper()
	for _, w := range want {
		if errors.Is(err, w) {
			return
		}
	}
	s.Fatalf("error %v, want one of %v", err, want)
}

func (s *suite) send(l mq.Link, bodies ...string) {
	s.Helper()
	for _, b := range bodies {
		s.check(l.Send(s.ctx, s.Queue, &mq.Message{Body: []byte(b), Persistent: true}))
	}
}

func (s *suite) receive(l mq.Link) *mq.Delivery {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	d, err := l.Receive(ctx)
	s.check(err)
	return d
}

func (s *suite) want(l mq.Link, body string) *mq.Delivery {
	s.Helper()
	d := s.receive(l)
	if !bytes.Equal(d.Body, []byte(body)) {
		s.Fatalf("received %.40q, want %.40q", d.Body, body)
	}
	return d
}

func (s *suite) ack(l mq.Link, d *mq.Delivery) {
	s.Helper()
	s.check(l.Ack(s.ctx, d))
}

func (s *suite) nothing(l mq.Link) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, silence)
	defer cancel()
	d, err := l.Receive(ctx)
	if err == nil {
		s.Fatalf("received %.40q, attempt %d, want nothing", d.Body, d.Attempts)
	}
	s.is(err, context.DeadlineExceeded)
}

// again checks a delivery that must be the second of its message.
func (s *suite) again(l mq.Link, first *mq.Delivery) *mq.Delivery {
	s.Helper()
	d := s.want(l, string(first.Body))
	if d.TransportKey != first.TransportKey {
		s.Errorf("transport key %q, first %q", d.TransportKey, first.TransportKey)
	}
	switch l.Caps().Count {
	case mq.CountExact:
		if d.Attempts != first.Attempts+1 || !d.Redelivered {
			s.Errorf("attempt %d, redelivered %v after attempt %d", d.Attempts, d.Redelivered, first.Attempts)
		}
	case mq.CountAtLeast:
		if d.Attempts < 1 || !d.Redelivered {
			s.Errorf("attempt %d, redelivered %v", d.Attempts, d.Redelivered)
		}
	case mq.CountNone:
		if d.Attempts != -1 {
			s.Errorf("attempt %d of a queue that does not count", d.Attempts)
		}
	}
	return d
}
