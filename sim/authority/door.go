package authority

import (
	"context"
	"path/filepath"
	"time"
)

// door is a connection through which documents go to the gateway and answers come back.
type door interface {
	// takes reports whether a document of that size can go this way.
	takes(size int) bool
	// upload is nil when the gateway has said that it has the document.
	upload(ctx context.Context, as string, b []byte) error
	// list names the answers that wait.
	list(ctx context.Context) ([]string, error)
	// download writes an answer to a local file and syncs it.
	download(ctx context.Context, name, to string) (sum string, size int64, err error)
	// remove takes an answer away for good.
	remove(ctx context.Context, name string) error
	close()
}

// line is one way to the gateway, up or down.
type line struct {
	address string
	dial    func(context.Context) (door, error)
	door    door // nil while there is no connection
	retry   time.Duration
	notTill time.Time // no new connection before

	polled    time.Time     // when no answer waited last
	polledAt  time.Duration // offset of the clock at that time
	lastError string
}

// quiet reports whether no answer waited at that offset of the clock.
func (l *line) quiet(offset time.Duration) bool {
	return l.door != nil && l.polledAt == offset && !l.polled.IsZero()
}

func (l *line) drop() {
	if l.door != nil {
		l.door.close()
		l.door = nil
	}
}

// lines are the ways there are, in the order in which a document tries them for size.
func (c Config) lines(keys string) ([]*line, error) {
	box, err := readAccess(c.Mailbox, c.Supplier, filepath.Join(keys, "supplier_"+c.Supplier), filepath.Join(keys, "mailbox_host.pub"))
	if err != nil {
		return nil, err
	}
	lines := []*line{{address: c.Mailbox, dial: func(ctx context.Context) (door, error) { return dial(ctx, box) }}}
	if c.Queue == "" {
		return lines, nil
	}
	access, err := readQueueAccess(c.Queue, c.Supplier, filepath.Join(keys, "mq", c.Supplier))
	if err != nil {
		return nil, err
	}
	lines = append(lines, &line{address: c.Queue, dial: func(ctx context.Context) (door, error) { return dialQueue(ctx, access) }})
	if c.ByQueue {
		lines[0], lines[1] = lines[1], lines[0]
	}
	return lines, nil
}
