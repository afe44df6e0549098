// Package queue is the second door: a data supplier puts bundles into a message queue and takes its answers from another.
// It stands between any mq.Link and the flow's tables, one Door for each supplier, so that one supplier's trouble delays no
// other.
package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/mq"
)

// Door is the door of one supplier. Its two loops run until their context ends and mend themselves: whatever fails closes
// the link, waits, longer each time, and opens another.
type Door struct {
	Supplier string
	// Open opens a link that receives from the supplier's in queue and may send to Out.
	Open func(ctx context.Context) (mq.Link, error)
	Out  mq.Address
	// OpenParked opens a link that receives from where Open's parks; nil: nobody looks there.
	OpenParked func(ctx context.Context) (mq.Link, error)
	// Correlation makes of a message's transport key what its answers are correlated by.
	Correlation func(key string) string
	// Clock is the queue's where that is trusted: cut-offs then count from when a message was put. Nil: they do not.
	Clock   func() time.Time
	Intake  door.Intake
	Answers door.Queueing
	Parking door.Parking
	// Arrived is told of every message that was committed, with its size in bytes.
	Arrived func(size int)
	Poll    time.Duration // the longest wait between looks for answers
	Retry   time.Duration // the first pause after trouble
	// Back is how long a message stays away that failed by a fault of ours; 0: 30 s.
	Back time.Duration
	// Failed is told of every trouble, name being that of the loop.
	Failed func(name string, err error)

	answers gateway.Bell
}

// Wake makes Answer look for answers at once.
func (d *Door) Wake() { d.answers.Ring() }

// longestRetry bounds the pause after trouble.
const longestRetry = 15 * time.Second

// heldBack is how long a message stays away that failed by a fault of ours: those behind it go first. Where the queue keeps none back it
// is kept in hand.
func (d *Door) heldBack() time.Duration {
	if d.Back == 0 {
		return 30 * time.Second
	}
	return d.Back
}

// Receive takes messages in, one at a time, each acknowledged only when it is committed.
func (d *Door) Receive(ctx context.Context) {
	r := &receiver{Door: d}
	d.keep(ctx, "mq receive "+d.Supplier, d.Open, r.next)
}

// Answer puts the answers that wait into the supplier's queue, oldest first. An answer may be put twice, after a crash
// between its put and its record: with the same id and the same bytes.
func (d *Door) Answer(ctx context.Context) {
	d.keep(ctx, "mq answer "+d.Supplier, d.Open, d.answerNext)
}

// Parked takes what was parked to where persons decide about it; each is acknowledged only when it is committed there.
func (d *Door) Parked(ctx context.Context) {
	if d.OpenParked == nil {
		return
	}
	d.keep(ctx, "mq parked "+d.Supplier, d.OpenParked, d.parkedNext)
}

func (d *Door) parkedNext(ctx context.Context, link mq.Link) (bool, error) {
	m, err := link.Receive(ctx)
	if err != nil {
		return false, err
	}
	if err := d.Parking.Park(ctx, d.arrival(m), m.Props[mq.PropReason]); err != nil {
		return false, err
	}
	return true, link.Ack(ctx, m)
}

// keep repeats work on one link after another.
func (d *Door) keep(ctx context.Context, name string, open func(context.Context) (mq.Link, error), work func(context.Context, mq.Link) (bool, error)) {
	failures := 0
	for ctx.Err() == nil {
		err := d.hold(ctx, open, func() { failures = 0 }, work)
		if ctx.Err() != nil {
			return
		}
		d.Failed(name, err)
		gateway.Pause(ctx, min(d.Retry<<min(failures, 10), longestRetry))
		failures++
	}
}

// hold works on one link until something fails; well is told of every success.
func (d *Door) hold(ctx context.Context, open func(context.Context) (mq.Link, error), well func(), work func(context.Context, mq.Link) (bool, error)) error {
	link, err := open(ctx)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	for ctx.Err() == nil {
		worked, err := work(ctx, link)
		if err != nil {
			return errors.Join(err, link.Close(context.WithoutCancel(ctx)))
		}
		well()
		if !worked {
			d.answers.Wait(ctx, d.Poll)
		}
	}
	return link.Close(context.WithoutCancel(ctx))
}

func (d *Door) arrival(m *mq.Delivery) door.Arrival {
	a := door.Arrival{Door: door.Queue, Party: d.Supplier, Key: m.TransportKey, Queued: m.Put, Evidence: m.PutUser,
		Size: int64(len(m.Body)), Content: bytes.NewReader(m.Body)}
	if d.Clock != nil && !m.Put.IsZero() {
		a.Waited = func() time.Duration { return d.Clock().Sub(m.Put) }
	}
	return a
}

// format is the media type of answers.
const format = "application/xml"

// answerNext puts one answer into the queue, and then records that it is there.
func (d *Door) answerNext(ctx context.Context, link mq.Link) (bool, error) {
	a, err := d.Answers.NextQueued(ctx, d.Supplier)
	if errors.Is(err, gateway.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = link.Send(ctx, d.Out, &mq.Message{ID: []byte(a.Name), CorrelID: []byte(d.Correlation(a.Key)), Format: format, Body: a.Body, Persistent: true})
	if errors.Is(err, mq.ErrTooBig) {
		return true, d.Answers.LayInMailbox(ctx, a)
	}
	if err != nil {
		return false, fmt.Errorf("answer %s: %w", a.Name, err)
	}
	return true, d.Answers.Queued(ctx, a)
}
