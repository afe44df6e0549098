package client

import (
	"context"
	"fmt"
	"time"
)

// Door is a supplier's side of a door through which several documents go, one after the other. It takes no answer away but what is sent to it:
// by the signed endpoint it must be told to listen, at a broker elsewhere to take what waits, or sees none.
type Door struct{ box post }

// Open connects as c says; its File and As do not matter, and its Wait is for how long what the signed endpoint does not take is sent again.
func Open(ctx context.Context, c Config) (*Door, error) {
	dial := func() (post, error) { return dialMailbox(ctx, c) }
	switch {
	case c.Queue != "":
		dial = func() (post, error) { return dialQueue(ctx, c) }
	case len(c.Broker.URLs) > 0:
		dial = func() (post, error) { return dialElsewhere(ctx, c) }
	case c.Endpoint != "":
		dial = func() (post, error) { return dialRasp(c) }
	}
	box, err := dial()
	if err != nil {
		return nil, err
	}
	return &Door{box}, nil
}

// Send gives a document in, under a file's name or as a message id. When it returns nil, the gateway has it.
func (d *Door) Send(ctx context.Context, as string, document []byte) error {
	if !plainName(as) || !UsableID(as) {
		return fmt.Errorf("%q cannot be the name of a document", as)
	}
	return d.box.upload(ctx, as, document)
}

// Names are the answers that lie there, in the queue those to documents that this Door has sent, of the endpoint
// those that were sent to it.
func (d *Door) Names(ctx context.Context) ([]string, error) { return d.box.list(ctx) }

// Read gives an answer's bytes; fs.ErrNotExist: it was taken away.
func (d *Door) Read(ctx context.Context, name string) ([]byte, error) { return d.box.read(ctx, name) }

// Pause waits before the next look, and reports whether ctx goes on.
func (d *Door) Pause(ctx context.Context, wait time.Duration) bool { return pause(ctx, wait) }

// Close ends the connection.
func (d *Door) Close() { d.box.close() }
