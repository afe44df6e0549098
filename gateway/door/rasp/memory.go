package rasp

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"nks/gateway"
	"nks/gateway/door"
)

// Memory keeps sequences as long as the process lives: for who takes a few answers and ends. Safe for concurrent use.
type Memory struct {
	ID func() string // makes an identifier that nobody else has

	mu   sync.Mutex
	kept map[string]*keptSequence
}

type keptSequence struct {
	door.Sequence
	party, asked string
	used         time.Time
	claimed      map[int64]string // messages by number
	messages     map[int64]door.SequenceMessage
}

// Open implements door.Sequences.
func (m *Memory) Open(_ context.Context, party, messageID, offered string, at time.Time) (door.Sequence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		if k.party == party && k.asked == messageID {
			return k.Sequence, nil
		}
	}
	if m.kept == nil {
		m.kept = map[string]*keptSequence{}
	}
	k := &keptSequence{Sequence: door.Sequence{ID: m.ID(), Offered: offered}, party: party, asked: messageID, used: at,
		claimed: map[int64]string{}, messages: map[int64]door.SequenceMessage{}}
	m.kept[k.ID] = k
	return k.Sequence, nil
}

// Find implements door.Sequences.
func (m *Memory) Find(_ context.Context, party, id string, at time.Time) (door.Sequence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.kept[id]
	if k == nil || k.party != party {
		return door.Sequence{}, gateway.ErrNotFound
	}
	k.used = at
	q := k.Sequence
	for _, n := range slices.Sorted(maps.Keys(k.messages)) {
		if last := len(q.Came) - 1; last >= 0 && q.Came[last].Upper == n-1 {
			q.Came[last].Upper = n
			continue
		}
		q.Came = append(q.Came, door.Came{Lower: n, Upper: n})
	}
	return q, nil
}

// Message implements door.Sequences.
func (m *Memory) Message(_ context.Context, id string, number int64) (door.SequenceMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.kept[id]; k != nil {
		if message, ok := k.messages[number]; ok {
			return message, nil
		}
	}
	return door.SequenceMessage{}, gateway.ErrNotFound
}

// Claim implements door.Sequences.
func (m *Memory) Claim(_ context.Context, id string, message door.SequenceMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.claim(id, message)
	return err
}

func (m *Memory) claim(id string, message door.SequenceMessage) (*keptSequence, error) {
	k := m.kept[id]
	if k == nil {
		return nil, gateway.ErrNotFound
	}
	if before, ok := k.claimed[message.Number]; ok && before != message.MessageID {
		return nil, gateway.ErrConflict
	}
	k.claimed[message.Number] = message.MessageID
	return k, nil
}

// Keep implements door.Sequences.
func (m *Memory) Keep(_ context.Context, id string, message door.SequenceMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.claim(id, message)
	if err != nil {
		return err
	}
	k.messages[message.Number] = message
	if message.Last {
		k.Last = message.Number
	}
	return nil
}

// End implements door.Sequences.
func (m *Memory) End(_ context.Context, id string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.kept[id]; k != nil {
		k.Ended = true
	}
	return nil
}

// Forget implements door.Sequences.
func (m *Memory) Forget(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.kept {
		if k.used.Before(before) {
			delete(m.kept, id)
		}
	}
	return nil
}
