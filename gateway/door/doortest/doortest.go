// Package doortest holds every door of the gateway against what package door promises, through the door's own protocol
// and upon real tables.
package doortest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/door"
)

// Client is the side of the data suppliers at one open door, speaking its protocol. Its methods end with their context.
type Client interface {
	// Traits tell what is particular to the door.
	Traits() Traits
	// Send brings a document and waits for the door's word. nil: it is acknowledged. gateway.ErrConflict and
	// gateway.ErrRefused: the door has refused it, in its protocol's form of these. Any other error: nobody knows, and the
	// client would send again.
	Send(ctx context.Context, party, key string, body []byte) error
	// SendHalf begins to send and breaks off in the middle, as a client that dies; it returns when the door has noticed.
	SendHalf(ctx context.Context, party, key string, body []byte) error
	// Next waits for the oldest answer and takes it away. After an error it may come again.
	Next(ctx context.Context, party string) (Answer, error)
	// Left is how many answers lie at the door.
	Left(ctx context.Context, party string) (int, error)
	// Restart ends the door as a crash does, and opens it again upon the same stage.
	Restart()
}

// Traits are what a door is free to do in one way or another.
type Traits struct {
	Kind     door.Kind
	Sent     bool                      // arrivals say when they were sent
	Queued   bool                      // arrivals say when they were queued
	Evidence func(party string) string // what the door knows of who brings; "": nothing
	Suffix   string                    // of answers' names
	// Document makes of a content a document that the door takes, and Answer one that it gives: another of another content, never shorter, of
	// the same length where that is long. Nil: the door takes and gives anything.
	Document, Answer func(content []byte) []byte
	Resends          bool // what failed for a while comes again without its sender, which hears nothing of it
}

// Answer is an answer as the client got it.
type Answer struct {
	Name string // as the door says it
	Body []byte
}

// The parties of a stage, which know nothing of each other.
const (
	PartyA = "LEVA"
	PartyB = "LEVB"
)

// Parties are the logins that a door must let in.
func Parties() []string { return []string{PartyA, PartyB} }

// patience bounds every wait for something that must come.
const patience = 60 * time.Second

// silence is how long nothing must come for it to count as nothing.
const silence = 150 * time.Millisecond

// Run opens a door upon a stage and runs all cases at it, one after another: what one case does to the door, the next
// one finds.
func Run(t *testing.T, open func(t *testing.T, s *Stage) Client) {
	t.Helper()
	stage := newStage(t)
	client := open(t, stage)
	for i, c := range []struct {
		name string
		run  func(*suite)
	}{
		{"acknowledged is committed, byte for byte", (*suite).bodies},
		{"acknowledged only after it is committed", (*suite).acknowledgedLate},
		{"same key, same bytes", (*suite).sameAgain},
		{"same key, other bytes", (*suite).otherBytes},
		{"over the limit", (*suite).tooLarge},
		{"failed for a while", (*suite).temporary},
		{"failed by a fault of ours", (*suite).ownFault},
		{"the database has no room meanwhile", (*suite).databaseFull},
		{"acknowledgement lost", (*suite).replyLost},
		{"broken off half way", (*suite).brokenOff},
		{"two parties, one key", (*suite).twoParties},
		{"who brought it", (*suite).whoBrought},
		{"no personal data is told", (*suite).nothingPersonal},
		{"answers once each, in order", (*suite).answersInOrder},
		{"answers to each their own", (*suite).answersApart},
		{"an answer that could not be recorded", (*suite).answerUnrecorded},
	} {
		ok := t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			s := &suite{T: t, Stage: stage, client: client, ctx: ctx, prefix: fmt.Sprintf("case-%d-", i+1)}
			s.fresh()
			c.run(s)
			s.servesOn()
		})
		if !ok {
			return // the door is in no known state
		}
	}
}

// suite has short words for the steps of one case.
type suite struct {
	*testing.T
	*Stage
	client Client
	ctx    context.Context
	prefix string // of the case's keys
}

func (s *suite) check(what string, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}

// key is a key of this case.
func (s *suite) key(name string) string { return s.prefix + name }

// mostTries bounds how often a client sends a document again.
const mostTries = 10

// deliver sends until the door has said yes, as a client does that hears nothing.
func (s *suite) deliver(party, key string, body []byte) {
	s.Helper()
	for try := 1; ; try++ {
		err := s.client.Send(s.ctx, party, key, body)
		if err == nil {
			return
		}
		if refused(err) || try == mostTries {
			s.Fatalf("%s %s, try %d: %v", party, key, try, err)
		}
	}
}

func refused(err error) bool {
	return errors.Is(err, gateway.ErrConflict) || errors.Is(err, gateway.ErrRefused)
}

// sending sends in the background.
func (s *suite) sending(party, key string, body []byte) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.client.Send(s.ctx, party, key, body) }()
	return done
}

// await waits for a signal.
func await[T any](s *suite, what string, c <-chan T) T {
	s.Helper()
	select {
	case v := <-c:
		return v
	case <-s.ctx.Done():
		s.Fatalf("never came: %s", what)
		panic("unreachable")
	}
}

// nothing fails when something comes.
func (s *suite) nothing(what string, c <-chan error) {
	s.Helper()
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	select {
	case err := <-c:
		s.Fatalf("%s: %v", what, err)
	case <-quiet.C:
	}
}

// until waits for what the tables will show.
func (s *suite) until(what string, done func() bool) {
	s.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.Fatalf("never came: %s", what)
		}
	}
}

// servesOn sends one more document: whatever has happened, the door goes on, and nothing has been left over.
func (s *suite) servesOn() {
	s.Helper()
	body := s.as([]byte("<afterwards/>"))
	s.deliver(PartyA, s.key("afterwards"), body)
	s.wantOne(PartyA, s.key("afterwards"), body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		s.Errorf("%d faults never came about", len(s.faults))
	}
}
