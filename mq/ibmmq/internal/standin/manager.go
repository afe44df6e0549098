// Package standin plays queue managers in this process, for tests of mq/ibmmq
// that are linked with the stand-in for IBM's library (testdata/standin). It knows
// of IBM MQ what the driver uses: units of work, backout counts, message handles,
// context, priorities, expiry. It is stricter than a queue manager where the driver
// could go wrong unseen, and does as a test says where one would fail.
package standin

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Queue is a queue's definition.
type Queue struct {
	Name      string
	Base      string // of an alias: the queue that it stands for
	MaxDepth  int    // 0 = 5000
	MaxLength int    // of a message; 0 = 4 MiB
	Threshold int32  // BOTHRESH
	Requeue   string // BOQNAME
	Denied    bool   // nobody may open it
	NoContext bool   // nobody may pass context on to it
}

// Fault is what goes wrong with a verb, once.
type Fault struct {
	Verb        string // "MQGET"
	Application string // of the connection; empty: of any

	Code    int32 // reason code; 0 = none: the verb only hangs
	Warning bool
	Done    bool          // it is done all the same
	Cut     bool          // and the connection breaks
	Hang    chan struct{} // it does not return until this is closed
}

// Manager is a queue manager. Its name is its own in the process.
type Manager struct {
	Name      string
	User      string // that may connect, with Password; empty: whoever comes
	Password  string
	connected []Connection

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever something may have become different
	down     bool
	queues   map[string]*queue
	conns    map[*conn]bool
	faults   []*Fault
	sequence uint64
	careless []string // what a client must not do, and did
}

type queue struct {
	Queue
	messages []*message // in the order of delivery
}

// New starts a queue manager. It reports false where the process is linked with
// another library than the stand-in.
func New(name string, queues ...Queue) (*Manager, bool) {
	if !installed() {
		return nil, false
	}
	m := &Manager{Name: name, changed: make(chan struct{}), queues: make(map[string]*queue), conns: make(map[*conn]bool)}
	for _, q := range queues {
		if q.MaxDepth == 0 {
			q.MaxDepth = 5000
		}
		if q.MaxLength == 0 {
			q.MaxLength = 4 << 20
		}
		m.queues[q.Name] = &queue{Queue: q}
	}
	all.add(m)
	return m, true
}

// Alter changes a queue's definition.
func (m *Manager) Alter(name string, change func(*Queue)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.queues[name].Queue)
}

// Script has something go wrong.
func (m *Manager) Script(f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, &f)
}

// Stop ends the queue manager as a crash does: persistent messages are kept.
func (m *Manager) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = true
	for c := range m.conns {
		c.cut()
	}
	for _, q := range m.queues {
		q.messages = slices.DeleteFunc(q.messages, func(msg *message) bool { return !msg.persistent() })
	}
}

// Start runs it again.
func (m *Manager) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = false
}

// Kill breaks the connections of an application.
func (m *Manager) Kill(application string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		if c.Application == application {
			c.cut()
		}
	}
}

// Depth is how many messages a queue has, with those that are got and not committed.
func (m *Manager) Depth(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queues[name].messages)
}

// Connections are those that were made, in order.
func (m *Manager) Connections() []Connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.connected)
}

// Open is how many connections there are.
func (m *Manager) Open() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conns)
}

// Careless is what clients did that they must not: disconnect with an open unit
// of work, or leave message handles behind.
func (m *Manager) Careless() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.careless)
}

// Waiting returns when a verb of that name waits on the queue manager, as MQGET
// does for a message, or hangs.
func (m *Manager) Waiting(verb string) {
	for {
		m.mu.Lock()
		for c := range m.conns {
			if c.within == verb {
				m.mu.Unlock()
				return
			}
		}
		changed := m.changed
		m.mu.Unlock()
		<-changed
	}
}

// Ended returns when there is no connection any more.
func (m *Manager) Ended() {
	for {
		m.mu.Lock()
		n, changed := len(m.conns), m.changed
		m.mu.Unlock()
		if n == 0 {
			return
		}
		<-changed
	}
}

func (m *Manager) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// fault takes the next fault of a verb from the script.
func (m *Manager) fault(verb, application string) *Fault {
	for i, f := range m.faults {
		if f.Verb != verb || f.Application != "" && f.Application != application {
			continue
		}
		m.faults = slices.Delete(m.faults, i, i+1)
		return f
	}
	return nil
}

// find is the queue that a name stands for, or why there is none.
func (m *Manager) find(name string) (*queue, int32) {
	q := m.queues[name]
	if q == nil {
		return nil, unknownObject
	}
	if q.Base == "" {
		return q, 0
	}
	if q = m.queues[q.Base]; q == nil {
		return nil, unknownBase
	}
	return q, 0
}

// conn is a connection, and its unit of work.
type conn struct {
	Connection
	m       *Manager
	handle  int32
	broken  bool
	within  string // the verb that waits
	got     []*message
	put     []*message
	objects map[int32]*object
	handles map[int64]*handle
	next    int64
}

type object struct {
	name    string
	options int32
	context *message // whose context it has saved
}

// back ends the unit of work as MQBACK does.
func (c *conn) back() {
	for _, msg := range c.got {
		msg.holder = nil
		msg.backouts++
	}
	for _, msg := range c.put {
		msg.q.remove(msg)
	}
	c.got, c.put = nil, nil
	c.m.wake()
}

// commit ends it as MQCMIT does.
func (c *conn) commit() {
	for _, msg := range c.got {
		msg.q.remove(msg)
	}
	for _, msg := range c.put {
		msg.putter = nil
	}
	c.got, c.put = nil, nil
	c.m.wake()
}

// cut breaks the connection: its unit of work is backed out.
func (c *conn) cut() {
	if c.broken {
		return
	}
	c.broken = true
	c.back()
}

// disconnect ends it, and what is open is committed, as MQDISC does.
func (c *conn) disconnect() {
	if !c.broken {
		if len(c.got)+len(c.put) > 0 {
			c.m.careless = append(c.m.careless, "MQDISC with an open unit of work")
		}
		c.commit()
	}
	if len(c.handles) > 0 {
		c.m.careless = append(c.m.careless, "message handles left behind")
	}
	delete(c.m.conns, c)
	c.m.wake()
}

func (q *queue) remove(msg *message) {
	q.messages = slices.DeleteFunc(q.messages, func(o *message) bool { return o == msg })
}

// insert puts a message behind those of its priority and above.
func (q *queue) insert(msg *message) {
	at, _ := slices.BinarySearchFunc(q.messages, msg, func(o, _ *message) int {
		if o.priority() >= msg.priority() {
			return -1
		}
		return 1
	})
	q.messages = slices.Insert(q.messages, at, msg)
}

// first is the first message that may be got; those that have expired go.
func (q *queue) first(now time.Time) *message {
	q.messages = slices.DeleteFunc(q.messages, func(msg *message) bool {
		return msg.holder == nil && !msg.expires.IsZero() && !now.Before(msg.expires)
	})
	for _, msg := range q.messages {
		if msg.holder == nil && msg.putter == nil {
			return msg
		}
	}
	return nil
}

// registry finds queue managers and connections: the verbs name nothing else.
type registry struct {
	mu       sync.Mutex
	managers map[string]*Manager
	conns    map[int32]*conn
	next     int32
}

var all = &registry{managers: make(map[string]*Manager), conns: make(map[int32]*conn)}

func (r *registry) add(m *Manager) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.managers[m.Name] = m
}

func (r *registry) manager(name string) *Manager {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.managers[strings.TrimPrefix(name, "*")]
}

func (r *registry) connect(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	c.handle = r.next
	r.conns[c.handle] = c
}

func (r *registry) conn(h int32) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[h]
}

func (r *registry) forget(h int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, h)
}
