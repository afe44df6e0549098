// Package health knows whether the process lives and is ready, and tells it, with the numbers of others and with
// profiles, at an address of its own. What it tells was put into memory before: no request waits for the database.
package health

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// beatWithin is how old the last Tick may be: the process is starved otherwise.
	beatWithin = 30 * time.Second
	// askedWithin is how old the database's last word may be.
	askedWithin = 20 * time.Second
)

// Monitor knows whether the process lives and is ready. Safe for concurrent use.
type Monitor struct {
	now      func() time.Time
	business func() time.Time
	limit    time.Duration

	mu       sync.Mutex
	pulses   map[string]*pulse
	doors    map[string]string // why one is closed; "" when it is open
	checks   map[string]string // what a named check found wrong; "" when nothing
	lines    []Line
	notes    map[string]string
	stopping bool

	database   error
	databaseAt time.Time
	asked      bool

	tick     time.Time
	latest   time.Time // business time
	wentBack bool
}

// pulse is the turns of the steps of one name.
type pulse struct {
	repeats bool // it comes round also when there is nothing to do
	turns   int
	running map[int]time.Time
	last    time.Time
}

// New makes the Monitor of a process that starts: not ready. now is the machine's clock; a step that takes longer
// than limit, or does not come round for so long, is stuck.
func New(now func() time.Time, limit time.Duration) *Monitor {
	return &Monitor{now: now, limit: limit, pulses: map[string]*pulse{}, doors: map[string]string{}, checks: map[string]string{}, notes: map[string]string{}, tick: now()}
}

// Business gives the business clock, which must go forward.
func (m *Monitor) Business(now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.business = now
}

// Expect tells of a step that comes round by itself.
func (m *Monitor) Expect(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pulse(name).repeats = true
}

// Forget tells of a step that comes round no more.
func (m *Monitor) Forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pulses, name)
}

func (m *Monitor) pulse(name string) *pulse {
	p := m.pulses[name]
	if p == nil {
		p = &pulse{running: map[int]time.Time{}, last: m.now()}
		m.pulses[name] = p
	}
	return p
}

// Begin tells that a turn of a step begins; what it gives, that it has ended.
func (m *Monitor) Begin(name string) (ended func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pulse(name)
	p.turns++
	turn := p.turns
	p.running[turn], p.last = m.now(), m.now()
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(p.running, turn)
		p.last = m.now()
	}
}

// Door reports whether a door is open, or why not.
func (m *Monitor) Door(name string, closed error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doors[name] = ""
	if closed != nil {
		m.doors[name] = closed.Error()
	}
}

// Check tells what a named check has found that keeps work away; "": nothing.
func (m *Monitor) Check(name, wrong string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checks[name] = wrong
}

// Database tells what the database said when it was asked.
func (m *Monitor) Database(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.database, m.databaseAt, m.asked = err, m.now(), true
}

// Line is how a line to a bank, a door or a queue is, by whichever node told of it.
type Line struct {
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	Node     string    `json:"node,omitempty"` // whose it is; "": no node's
	State    string    `json:"state"`          // up, down, closed, unknown
	Since    time.Time `json:"since"`
	LastGood time.Time `json:"last_good,omitzero"`
	Late     bool      `json:"late"` // it is not up for longer than it may be
	Error    string    `json:"error,omitempty"`
	Queues   []Queue   `json:"queues,omitempty"` // of a data supplier's queues alone
}

// Queue is what waits in one place of a data supplier's queues.
type Queue struct {
	Place    string     `json:"place"`            // in, to_put, out, parked
	Messages *int64     `json:"messages"`         // nil: not known
	Oldest   *time.Time `json:"oldest,omitempty"` // since when the first of them waits
}

func (q Queue) String() string {
	switch {
	case q.Messages == nil:
		return q.Place + " unknown"
	case q.Oldest == nil:
		return fmt.Sprintf("%s %d", q.Place, *q.Messages)
	}
	return fmt.Sprintf("%s %d since %s", q.Place, *q.Messages, q.Oldest.Format(time.RFC3339))
}

func (l Line) String() string {
	text := "line " + l.Kind + " " + l.Name
	if l.Node != "" {
		text += " at " + l.Node
	}
	text += ": " + l.State + " since " + l.Since.Format(time.RFC3339)
	if !l.LastGood.IsZero() {
		text += ", last good " + l.LastGood.Format(time.RFC3339)
	}
	if l.Late {
		text += ", FOR TOO LONG"
	}
	if l.Error != "" {
		text += ": " + l.Error
	}
	for i, q := range l.Queues {
		text += []string{"; waiting: ", ", "}[min(i, 1)] + q.String()
	}
	return text
}

// Lines tells how all lines are. A line that is down keeps no work away from the process: it is told beside readiness.
func (m *Monitor) Lines(all []Line) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = all
}

func (m *Monitor) allLines() []Line {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Line{}, m.lines...)
}

// Note tells how something is that keeps no work away: it is told beside readiness, under a name.
func (m *Monitor) Note(name, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes[name] = text
}

func (m *Monitor) allNotes() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.notes)
}

// Stopping makes the process not ready for ever.
func (m *Monitor) Stopping() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopping = true
}

// Tick is to be called every second.
func (m *Monitor) Tick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tick = m.now()
	if m.business == nil {
		return
	}
	business := m.business().Round(0) // by the wall clock, which can be set back
	m.wentBack = !business.After(m.latest)
	if !m.wentBack {
		m.latest = business
	}
}

// Sick is why the process should be started anew; none while it lives.
func (m *Monitor) Sick() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var why []string
	now := m.now()
	if since := now.Sub(m.tick); since > beatWithin {
		why = append(why, fmt.Sprintf("no sign of life for %s", since.Round(time.Second)))
	}
	if m.wentBack {
		why = append(why, "business time stands still or has gone back")
	}
	for _, name := range slices.Sorted(maps.Keys(m.pulses)) {
		p := m.pulses[name]
		oldest := p.last
		for _, begun := range p.running {
			if begun.Before(oldest) {
				oldest = begun
			}
		}
		if since := now.Sub(oldest); since > m.limit && (p.repeats || len(p.running) > 0) {
			why = append(why, fmt.Sprintf("step %s has not come round for %s", name, since.Round(time.Second)))
		}
	}
	return why
}

// Unready is why no work should be given to the process; none while it is ready.
func (m *Monitor) Unready() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var why []string
	if m.stopping {
		why = append(why, "shutting down")
	}
	switch {
	case !m.asked:
		why = append(why, "starting: the database has not been asked yet")
	case m.database != nil:
		why = append(why, "database: "+m.database.Error())
	case m.now().Sub(m.databaseAt) > askedWithin:
		why = append(why, fmt.Sprintf("database: not asked for %s", m.now().Sub(m.databaseAt).Round(time.Second)))
	}
	for _, name := range slices.Sorted(maps.Keys(m.checks)) {
		if wrong := m.checks[name]; wrong != "" {
			why = append(why, name+": "+wrong)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.doors)) {
		if closed := m.doors[name]; closed != "" {
			why = append(why, "door "+name+": "+closed)
		}
	}
	return why
}
