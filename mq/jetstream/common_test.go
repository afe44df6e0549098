package jetstream_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"nks/mq/jetstream"
)

// ground is what members may share: the words that are shown on it.
type ground struct {
	mu    sync.Mutex
	words map[string]bool
	away  bool
}

// standing is where a member stands.
type standing struct {
	member string
	mu     sync.Mutex
	on     *ground
}

func (s *standing) where() *ground {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on
}

func (s *standing) move(to *ground) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = to
}

func (s *standing) Show(_ context.Context, ask func(string)) error {
	g := s.where()
	if err := g.set(s.member, true); err != nil {
		return err
	}
	ask(s.member)
	return g.set(s.member, false)
}

var errAway = errors.New("away")

func (g *ground) set(word string, there bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.away {
		return errAway
	}
	g.words[word] = there
	return nil
}

func (g *ground) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = true
}

func (s *standing) Sees(_ context.Context, word string) (bool, error) {
	g := s.where()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.away {
		return false, errAway
	}
	return g.words[word], nil
}

// TestCluster_Common: a member on another ground than the others lets nobody in, and says from whom it differs; they go on. When it is moved to theirs it
// works with them. What nobody can say changes nothing.
func TestCluster_Common(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	theirs, another := &ground{words: map[string]bool{}}, &ground{words: map[string]bool{}}
	stands := map[string]*standing{}
	var all []*jetstream.Broker
	for i, m := range c.members {
		cfg := c.config(m.Name)
		stands[m.Name] = &standing{member: m.Name, on: theirs}
		if i == 0 {
			stands[m.Name].move(another)
		}
		cfg.Cluster.Common = stands[m.Name]
		all = append(all, start(t, cfg))
	}
	apart := all[0]
	known := jetstream.Supplier{Name: supplier, Password: secret}
	for _, b := range all {
		if err := b.Know(known.Name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error { // any of them may be the leader, which makes the queues
		var errs []error
		for _, b := range all {
			errs = append(errs, b.Admit(t.Context(), known))
		}
		return errors.Join(errs...)
	})
	admitByAll(t, all[1:], known)
	eventually(t, func() error {
		if err := apart.Shared(); !errors.Is(err, jetstream.ErrCommon) || !strings.Contains(err.Error(), "not with n2, n3") {
			return errors.Join(errors.New("n1 does not say from whom it differs"), err)
		}
		return nil
	})
	if s := apart.State(); s.Serving || !s.Together() {
		t.Errorf("on another ground: %+v", s)
	}
	if _, err := nats.Connect(apart.URL(), nats.UserInfo(supplier, secret)); err == nil {
		t.Error("a supplier is let in")
	}
	theirs.leave() // as a database that is away
	stands["n1"].move(theirs)
	if err := errors.Join(all[1].Shared(), all[2].Shared()); err != nil {
		t.Errorf("the others: %v", err)
	}
	back := &ground{words: map[string]bool{}}
	for _, s := range stands {
		s.move(back)
	}
	admitByAll(t, all, known)
	if err := put(t, client3(t, apart), "B-1"); err != nil {
		t.Error(err)
	}
}
