package rasp

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp/soap"
	"nks/gateway/door/rasp/xmldsig"
)

// Answers sends one supplier the answers that wait for it, oldest first, to its own endpoint: each until it is acknowledged, with the
// same MessageID, and in the same sequence with the same number. It mends itself: after whatever fails it waits, longer each time.
type Answers struct {
	Supplier string
	Source   *Source
	Queue    door.Queueing
	Sendings door.Sendings
	// ID makes an identifier that nobody else has; MessageID that of an answer, which is always the same.
	ID        func() string
	MessageID func(name string) string
	Poll      time.Duration // the longest wait between looks for answers
	Retry     time.Duration // the first pause after trouble
	// Failed is told of every trouble, Reached why the endpoint did not do what was asked of it the last time; nil: it did.
	Failed  func(name string, err error)
	Reached func(err error)
	// Sent is told of every answer that was acknowledged.
	Sent func(size int)

	bell  gateway.Bell
	state atomic.Pointer[string]
}

// Wake makes Run look for answers at once.
func (a *Answers) Wake() { a.bell.Ring() }

// Trouble is why the supplier's endpoint cannot be sent to; "" while it can, or nobody has tried.
func (a *Answers) Trouble() string {
	if t := a.state.Load(); t != nil {
		return *t
	}
	return ""
}

// longestRetry bounds the pause after trouble.
const longestRetry = 5 * time.Minute

// Run sends until ctx ends.
func (a *Answers) Run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		worked := false
		_, err := a.Sendings.Own(ctx, a.Supplier, func(ctx context.Context) (err error) {
			worked, err = a.next(ctx)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.tell(err)
			a.rest(ctx, failures)
			failures++
		case worked:
			a.tell(nil)
			failures = 0
		default:
			failures = 0
			a.bell.Wait(ctx, a.Poll)
		}
	}
}

// rest is the pause after trouble. A new answer ends it: a supplier that has just sent something is there, most likely, while the pause
// may have grown to minutes since it was away.
func (a *Answers) rest(ctx context.Context, failures int) {
	gateway.Pause(ctx, a.Retry)
	a.bell.Wait(ctx, min(a.Retry<<min(failures, 16), longestRetry)-a.Retry)
}

func (a *Answers) tell(err error) {
	trouble := ""
	if err != nil {
		trouble = err.Error()
		a.Failed("rasp answer "+a.Supplier, err)
	}
	a.state.Store(&trouble)
}

// next sends the oldest answer; where there is none it ends the sequence.
func (a *Answers) next(ctx context.Context) (bool, error) {
	at, err := a.Sendings.Sending(ctx, a.Supplier)
	if err != nil {
		return false, err
	}
	answer, err := a.Queue.NextQueued(ctx, a.Supplier)
	if errors.Is(err, gateway.ErrNotFound) {
		return false, a.end(ctx, at)
	}
	if err != nil {
		return false, err
	}
	document, ok := documentOf(answer)
	if !ok {
		return true, a.Queue.LayInMailbox(ctx, answer)
	}
	document.MessageID = a.MessageID(answer.Name)
	if at, err = a.number(ctx, at, answer.ID); err != nil {
		return false, err
	}
	err = a.Source.Send(ctx, at.Sequence, at.Number, document)
	a.Reached(err)
	switch {
	case errors.Is(err, ErrSequenceOver):
		return false, errors.Join(err, a.Sendings.SetSending(ctx, a.Supplier, at, door.Sending{}))
	case errors.Is(err, ErrPeerRefuses): // in this sequence it would be refused for ever, whatever the peer has mended
		return false, errors.Join(fmt.Errorf("answer %s: %w", answer.Name, err), a.end(ctx, at))
	case err != nil:
		return false, fmt.Errorf("answer %s: %w", answer.Name, err)
	}
	a.Sent(len(answer.Body))
	return true, a.Queue.Queued(ctx, answer)
}

// number gives an answer its place, on record before it is sent: again it is the same.
func (a *Answers) number(ctx context.Context, at door.Sending, answer int64) (door.Sending, error) {
	from := at
	if at.Sequence == "" {
		sequence, err := a.Source.Open(ctx, a.ID(), a.ID())
		if err != nil {
			a.Reached(err)
			return at, err
		}
		at = door.Sending{Sequence: sequence}
	}
	if at.Answer == answer {
		return at, nil
	}
	at.Number, at.Answer = at.Number+1, answer
	return at, a.Sendings.SetSending(ctx, a.Supplier, from, at)
}

// end ends the sequence, if one is open. It is none of ours any more before the peer hears of it, so that no number is used twice; what the
// peer does not hear of it forgets by itself.
func (a *Answers) end(ctx context.Context, at door.Sending) error {
	if at.Sequence == "" {
		return nil
	}
	if err := a.Sendings.SetSending(ctx, a.Supplier, at, door.Sending{}); err != nil {
		return err
	}
	if err := a.Source.End(ctx, at.Sequence, at.Number+1, a.ID); err != nil && ctx.Err() == nil {
		a.Failed("rasp answer "+a.Supplier, err)
	}
	return nil
}

// documentOf is an answer as a document; false: no message can hold it.
func documentOf(a gateway.QueuedAnswer) (Document, bool) {
	d := Document{Name: a.Name, Body: a.Body}
	from := xml.NewDecoder(bytes.NewReader(a.Body))
	for {
		t, err := from.Token()
		if err != nil {
			return d, false
		}
		if root, ok := t.(xml.StartElement); ok {
			d.Type, ok = soap.ByRoot(soap.Answers(), xmldsig.Name(root.Name))
			return d, ok
		}
	}
}
