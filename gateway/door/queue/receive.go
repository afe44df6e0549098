package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nks/gateway"
	"nks/mq"
)

// receiver takes messages from one link after another.
type receiver struct {
	*Door
	link mq.Link
	back []heldMessage // in hand, where the queue itself keeps nothing back; oldest first
}

// heldMessage goes back to the queue later.
type heldMessage struct {
	*mq.Delivery
	since time.Time
}

// next waits for one message and settles it. What it returns an error for was not settled: closing the link gives it back.
func (r *receiver) next(ctx context.Context, link mq.Link) (bool, error) {
	if r.link != link {
		r.link, r.back = link, nil
	}
	if err := r.giveBack(ctx); err != nil {
		return false, err
	}
	wait := ctx
	if len(r.back) > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithDeadline(ctx, r.back[0].since.Add(r.heldBack()))
		defer cancel()
	}
	m, err := link.Receive(wait)
	if err != nil && ctx.Err() == nil && wait.Err() != nil && errors.Is(err, wait.Err()) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return r.settle(ctx, m)
}

func (r *receiver) settle(ctx context.Context, m *mq.Delivery) (bool, error) {
	err := r.Intake.Take(ctx, r.arrival(m))
	switch {
	case err == nil:
		r.Arrived(len(m.Body))
		return true, r.link.Ack(ctx, m)
	case ctx.Err() != nil || errors.Is(err, gateway.ErrTransient):
		return false, err
	case errors.Is(err, gateway.ErrConflict) || errors.Is(err, gateway.ErrRefused):
		r.Failed("mq receive "+r.Supplier, fmt.Errorf("message parked: %w", err))
		return true, r.link.Park(ctx, m, err.Error())
	}
	caps := r.link.Caps()
	if !caps.Delay && len(r.back)+1 >= caps.MaxInFlight {
		return false, err // there is no hand left for those behind it
	}
	r.Failed("mq receive "+r.Supplier, err)
	if caps.Delay {
		return true, r.link.Return(ctx, m, r.heldBack())
	}
	r.back = append(r.back, heldMessage{m, time.Now()})
	return true, nil
}

// giveBack returns what was in hand for long enough.
func (r *receiver) giveBack(ctx context.Context) error {
	for len(r.back) > 0 && time.Since(r.back[0].since) >= r.heldBack() {
		m := r.back[0]
		r.back = r.back[1:]
		if err := r.link.Return(ctx, m.Delivery, 0); err != nil {
			return err
		}
	}
	return nil
}
