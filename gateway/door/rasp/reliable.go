package rasp

import (
	"context"
	"crypto/sha256"
	"errors"

	"nks/gateway"
	"nks/gateway/door"
	"nks/gateway/door/rasp/soap"
)

// create gives a sequence. Asked for again by the same message it is the same one.
func (c *call) create(ctx context.Context) *soap.Message {
	asked := c.asked.Content.Create
	if asked == nil {
		return c.refuse(errContent, soap.Fault{Name: soap.SchemaValidation, Reason: "CreateSequence has another content"})
	}
	if asked.Offer != "" && !usableID(asked.Offer) {
		return c.refuse(errContent, soap.Fault{Name: soap.CreateSequenceRefused, Reason: "an Identifier must have 1 to 200 printable ASCII characters"})
	}
	q, err := c.server.Sequences.Open(ctx, c.party.Name, c.asked.ID, asked.Offer, c.server.Now())
	switch {
	case errors.Is(err, gateway.ErrTransient):
		return c.fail(err)
	case errors.Is(err, gateway.ErrRefused):
		return c.refuse(err, soap.Fault{Name: soap.CreateSequenceRefused, Reason: "too many sequences are open: end one, or try again later"})
	case err != nil:
		return c.fail(err)
	}
	m := c.replying(soap.CreateSequenceResponse)
	m.Content.Created = &soap.Created{ID: q.ID}
	if q.Offered != "" {
		m.Content.Created.AcksTo = c.asked.To
	}
	return m
}

var errContent = errors.New("another content than the action says")

// find gives the party's sequence, or the reply that says why there is none.
func (c *call) find(ctx context.Context, id string) (door.Sequence, *soap.Message) {
	q, err := c.server.Sequences.Find(ctx, c.party.Name, id, c.server.Now())
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return q, c.refuse(err, soap.Fault{Name: soap.UnknownSequence, Reason: "there is no such sequence, or it was forgotten"})
	case err != nil:
		return q, c.fail(err)
	}
	return q, nil
}

// terminate ends a sequence; again, it has ended.
func (c *call) terminate(ctx context.Context) *soap.Message {
	q, missing := c.find(ctx, c.asked.Content.Terminate)
	if missing != nil {
		return missing
	}
	if err := c.server.Sequences.End(ctx, q.ID, c.server.Now()); err != nil {
		return c.fail(err)
	}
	if q.Offered == "" {
		return nil
	}
	m := c.replying(soap.TerminateSequence)
	m.Content.Terminate, m.Acknowledged = q.Offered, acknowledged(q)
	return m
}

// acknowledge tells what has come.
func (c *call) acknowledge(ctx context.Context) *soap.Message {
	q, missing := c.find(ctx, c.asked.AckRequested)
	if missing != nil {
		return missing
	}
	m := c.replying(soap.Acknowledgement)
	m.Acknowledged = acknowledged(q)
	return m
}

func acknowledged(q door.Sequence) *soap.Acknowledged {
	a := &soap.Acknowledged{ID: q.ID}
	for _, r := range q.Came {
		a.Ranges = append(a.Ranges, soap.Range{Lower: r.Lower, Upper: r.Upper})
	}
	return a
}

// sequenced settles a message of a sequence: once, however often it comes, and in whatever order.
func (c *call) sequenced(ctx context.Context) *soap.Message {
	at := c.asked.Sequence
	q, missing := c.find(ctx, at.ID)
	if missing != nil {
		return missing
	}
	m := door.SequenceMessage{Number: at.Number, MessageID: c.asked.ID, SHA256: sha256.Sum256(c.asked.Content.Document), Last: at.Last}
	before, err := c.server.Sequences.Message(ctx, q.ID, at.Number)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return c.settle(ctx, q, m)
	case err != nil:
		return c.fail(err)
	case before.MessageID != m.MessageID:
		return c.numberReused()
	case before.SHA256 != m.SHA256: // refused by the intake, which tells a person
		if f := c.take(ctx); f != nil {
			return c.faulted(*f)
		}
		return c.numberReused()
	}
	return c.inSequence(q, before)
}

func (c *call) numberReused() *soap.Message {
	return c.refuse(gateway.ErrConflict, soap.Fault{Name: soap.MessagePersistency, Reason: "another message of this sequence has this number"})
}

// settle takes a message that comes for the first time, or again after it could not be settled. What is acknowledged is committed.
func (c *call) settle(ctx context.Context, q door.Sequence, m door.SequenceMessage) *soap.Message {
	switch {
	case q.Ended:
		return c.refuse(errEnded, soap.Fault{Name: soap.SequenceTerminated, Reason: "the sequence was ended"})
	case m.Number < 1 || m.Number > c.server.Limits.Sequence || q.Last > 0 && m.Number > q.Last:
		return c.refuse(errEnded, soap.Fault{Name: soap.LastMessageNumberExceeded, Reason: "the number is none of the sequence, or beyond its last"})
	}
	if !c.isLast() {
		switch err := c.server.Sequences.Claim(ctx, q.ID, m); {
		case errors.Is(err, gateway.ErrConflict):
			return c.numberReused()
		case err != nil:
			return c.fail(err)
		}
		_, f := c.documentType()
		if f == nil {
			f = c.take(ctx)
		}
		if f != nil && f.Receiver {
			return c.faulted(*f)
		}
		if f != nil {
			m.Fault, m.Reason = f.Name, f.Reason
		}
	}
	err := c.server.Sequences.Keep(ctx, q.ID, m)
	switch {
	case errors.Is(err, gateway.ErrConflict):
		return c.numberReused()
	case err != nil:
		return c.fail(err)
	}
	q, missing := c.find(ctx, q.ID)
	if missing != nil {
		return missing
	}
	return c.inSequence(q, m)
}

// isLast reports whether the message says that nothing more comes, and says nothing else: what brings anything is taken or refused.
func (c *call) isLast() bool {
	return c.asked.Action == soap.LastMessage && c.asked.Sequence.Last && c.verified.Body.Empty
}

var errEnded = errors.New("beyond the end of its sequence")

// inSequence replies to a message that is settled, with its number, as often as it comes: the same content, signed anew, since the
// time of what was signed before may be over.
func (c *call) inSequence(q door.Sequence, m door.SequenceMessage) *soap.Message {
	reply := c.replying(soap.LastMessage)
	if !c.isLast() {
		document, _ := soap.ByRequest(c.server.Types, c.asked.Action)
		reply.Action = document.Reply
	}
	if m.Fault != "" {
		f := soap.Fault{Name: m.Fault, Reason: m.Reason}
		reply.Action, reply.Content.Fault = f.Action(), &f
	}
	reply.Acknowledged = acknowledged(q)
	if q.Offered != "" {
		reply.Sequence = &soap.Sequence{ID: q.Offered, Number: m.Number, Last: m.Last}
	}
	return reply
}
