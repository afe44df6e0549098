package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Common is what the members of a cluster must share beside the broker, as the database that says which one works. Whether they do cannot be told
// by a name or a number in it, which a copy has, too.
type Common interface {
	// Show leaves a word where who shares it sees it, while ask runs.
	Show(ctx context.Context, ask func(word string)) error
	// Sees reports whether a word is there.
	Sees(ctx context.Context, word string) (bool, error)
}

const (
	// compareSoon and compareEvery are the pauses between two comparisons, until the first that counts, and after it.
	compareSoon, compareEvery = time.Second, 5 * time.Second
	// askCommon is how long another member may take to look for a word.
	askCommon = 3 * time.Second
)

const seesIt, seesItNot = "sees it", "sees it not"

// looking is the subject at which a member is asked whether it sees a word.
func looking(member string) string { return "nks.common." + member }

// comparison is what is known of the others: true for those that share what is common. A member that does not answer stays what it was.
type comparison struct {
	mu     sync.Mutex
	shares map[string]bool
}

func (c *comparison) note(member string, shares bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shares == nil {
		c.shares = map[string]bool{}
	}
	c.shares[member] = shares
}

// known is who shares, and who does not.
func (c *comparison) known() (same, other []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, member := range slices.Sorted(maps.Keys(c.shares)) {
		if c.shares[member] {
			same = append(same, member)
		} else {
			other = append(other, member)
		}
	}
	return same, other
}

// answerLooks tells other members whether this one sees their words.
func (b *Broker) answerLooks(ctx context.Context) error {
	_, err := b.watch.conn.Subscribe(looking(b.cfg.Cluster.Member), func(m *nats.Msg) {
		soon, cancel := context.WithTimeout(ctx, askCommon)
		defer cancel()
		sees, err := b.cfg.Cluster.Common.Sees(soon, string(m.Data))
		if err != nil {
			return // who asks learns nothing, and asks again
		}
		answer := seesItNot
		if sees {
			answer = seesIt
		}
		_ = m.Respond([]byte(answer)) // as above
	})
	return err
}

// compare asks the others, until ctx ends, whether they share what is common.
func (b *Broker) compare(ctx context.Context) {
	for ctx.Err() == nil {
		soon, cancel := context.WithTimeout(ctx, 2*askCommon)
		err := b.cfg.Cluster.Common.Show(soon, func(word string) { b.askOthers(soon, word) })
		cancel()
		if err != nil && ctx.Err() == nil && b.cfg.Cluster.Trouble != nil {
			b.cfg.Cluster.Trouble(fmt.Sprintf("the members' common ground cannot be compared: %v", err))
		}
		pause := compareEvery
		if same, _ := b.watch.common.known(); len(same) == 0 {
			pause = compareSoon
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// askOthers asks those that are seen whether they see a word.
func (b *Broker) askOthers(ctx context.Context, word string) {
	var asked sync.WaitGroup
	for _, member := range b.seen() {
		if member == b.cfg.Cluster.Member {
			continue
		}
		asked.Go(func() {
			soon, cancel := context.WithTimeout(ctx, askCommon)
			defer cancel()
			answer, err := b.watch.conn.RequestWithContext(soon, looking(member), []byte(word))
			if err != nil {
				return // it is as it was
			}
			if text := string(answer.Data); text == seesIt || text == seesItNot {
				b.watch.common.note(member, text == seesIt)
			}
		})
	}
	asked.Wait()
}

// ErrCommon is a member that shares what is common with no other.
var ErrCommon = errors.New("not shared with another member")

// Shared is nil while this member shares what is common with one other at least, so that it is of the two or three that may work. It wraps ErrCommon.
func (b *Broker) Shared() error {
	if b.cfg.Cluster == nil || b.cfg.Cluster.Common == nil {
		return nil
	}
	switch same, other := b.watch.common.known(); {
	case len(same) > 0:
		return nil
	case len(other) > 0:
		return fmt.Errorf("%w: not with %s", ErrCommon, strings.Join(other, ", "))
	}
	return fmt.Errorf("%w: none has answered yet", ErrCommon)
}
