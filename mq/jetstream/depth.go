package jetstream

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Depth is what a queue holds.
type Depth struct {
	Messages uint64
	Oldest   time.Time // when its first message was put; zero: it holds none
}

// Standing tells what a supplier's in, out and parked queue hold.
func (b *Broker) Standing(supplier string) (in, out, parked Depth, err error) {
	if !b.knows(supplier) {
		return in, out, parked, fmt.Errorf("jetstream: depths: %w: %q", ErrSupplier, supplier)
	}
	seen, err := b.server.JszAccount(&server.JSzOptions{Account: supplier, Streams: true})
	if err != nil {
		return in, out, parked, fmt.Errorf("jetstream: depths of %s: %w", supplier, err)
	}
	depth := make(map[string]Depth, len(seen.Streams))
	for _, stream := range seen.Streams {
		d := Depth{Messages: stream.State.Msgs}
		if d.Messages > 0 {
			d.Oldest = stream.State.FirstTime
		}
		depth[stream.Name] = d
	}
	return depth[streamIn], depth[streamOut], depth[streamParked], nil
}

// Depths tells how many messages wait in a supplier's in, out and parked queue.
func (b *Broker) Depths(supplier string) (in, out, parked uint64, err error) {
	i, o, p, err := b.Standing(supplier)
	return i.Messages, o.Messages, p.Messages, err
}
