package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"nks/gateway"
)

// stepWork is what the steps have done since they were last asked for.
type stepWork struct {
	Times []stepTime `json:"times"`
	// Postgres is the processor time in seconds of the database's connections, by the step that they worked for.
	Postgres map[string]float64 `json:"postgres_s"`
	// Profile is the gateway's own, as a profile has sampled it; "" is what belongs to no step: the collection of
	// garbage, the doors, the numbers.
	Profile map[string]float64 `json:"profile_s"`
}

// stepTime is the time that one kind of step has worked.
type stepTime struct {
	Name  string        `json:"name"`
	Turns int           `json:"turns"`
	Busy  time.Duration `json:"busy_ns"` // of all its workers together
	First time.Time     `json:"first"`   // beginning of the first turn with work
	Last  time.Time     `json:"last"`    // end of the last
}

// stepTimes adds up the turns that had work. Safe for concurrent use.
type stepTimes struct {
	mu     sync.Mutex
	steps  map[string]*stepTime
	inHand map[*turnInHand]bool
}

type turnInHand struct {
	name  string
	began time.Time
}

func newStepTimes() *stepTimes {
	return &stepTimes{steps: map[string]*stepTime{}, inHand: map[*turnInHand]bool{}}
}

// before puts itself before another observer, who must not notice.
func (s *stepTimes) before(other gateway.Observe) gateway.Observe {
	return func(name string) func(bool, error) {
		ended := other(name)
		turn := &turnInHand{stepKind(name), time.Now()}
		s.mu.Lock()
		s.inHand[turn] = true
		s.mu.Unlock()
		return func(worked bool, err error) {
			ended(worked, err)
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.inHand, turn)
			if worked {
				s.add(turn, time.Now())
			}
		}
	}
}

// stepKind is a step's name without its bank centre: those of the bank centres count together.
func stepKind(name string) string {
	kind, _, _ := strings.Cut(name, " ")
	return kind
}

func (s *stepTimes) add(turn *turnInHand, until time.Time) {
	t := s.steps[turn.name]
	if t == nil {
		t = &stepTime{Name: turn.name, First: turn.began}
		s.steps[turn.name] = t
	}
	t.Turns++
	t.Last = until
	t.Busy += until.Sub(turn.began)
}

// idleTurn is longer than any turn that finds nothing to do.
const idleTurn = 100 * time.Millisecond

// take gives what has been added up and begins anew. A turn in hand counts up to now: the last release has stored
// everything, and gathers statistics yet.
func (s *stepTimes) take() []stepTime {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for turn := range s.inHand {
		if now.Sub(turn.began) > idleTurn {
			s.add(turn, now)
			turn.began = now
		}
	}
	list := make([]stepTime, 0, len(s.steps))
	for _, t := range s.steps {
		list = append(list, *t)
	}
	clear(s.steps)
	return list
}

// connectionTimes adds up the processor time of the database's processes by the step that has their connection. It reads
// a process's clock only when its connection passes from one step to another: nothing is sampled or guessed, and a
// statement costs no more than a look into a map. Safe for concurrent use.
type connectionTimes struct {
	mu   sync.Mutex
	held map[uint32]heldConnection // by process
	used map[string]float64        // seconds by step
}

type heldConnection struct {
	step  string
	since float64 // the process's clock
}

// TraceQueryStart implements pgx.QueryTracer. The process is idle yet.
func (c *connectionTimes) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	name, _ := pprof.Label(ctx, gateway.StepLabel)
	step, pid := stepKind(name), conn.PgConn().PID()
	c.mu.Lock()
	defer c.mu.Unlock()
	held, known := c.held[pid]
	if known && held.step == step {
		return ctx
	}
	now := cpuSeconds(int(pid), false)
	if known {
		c.used[held.step] += max(0, now-held.since)
	}
	c.held[pid] = heldConnection{step, now}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (c *connectionTimes) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take gives what has been added up and begins anew.
func (c *connectionTimes) take() map[string]float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for pid, held := range c.held {
		now := cpuSeconds(int(pid), false)
		if now == 0 { // its process has ended
			delete(c.held, pid)
			continue
		}
		c.used[held.step] += now - held.since
		c.held[pid] = heldConnection{held.step, now}
	}
	used := c.used
	c.used = map[string]float64{}
	return used
}

// stepProfile samples the program's own processor time by step.
type stepProfile struct{ buffer bytes.Buffer }

// take ends a profile that was begun, gives its seconds by step, and begins the next.
func (p *stepProfile) take() (map[string]float64, error) {
	pprof.StopCPUProfile()
	var used map[string]float64
	if p.buffer.Len() > 0 {
		byName, err := profileByLabel(p.buffer.Bytes(), gateway.StepLabel)
		if err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		used = map[string]float64{}
		for name, seconds := range byName {
			used[stepKind(name)] += seconds
		}
	}
	p.buffer.Reset()
	return used, pprof.StartCPUProfile(&p.buffer)
}
