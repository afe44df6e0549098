package ibmmq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
)

const (
	// slice is how long one MQGET waits: no longer does a Receive outlive its
	// context, or a Close wait for a Receive.
	slice = 500 * time.Millisecond
	// grace is how much longer an MQGET that hangs is awaited after the context.
	grace = 900 * time.Millisecond
	// firstBuffer is what a message is got into, unless it is larger.
	firstBuffer = 64 << 10
)

// backoutRules are what a queue's attributes say of messages that come again and
// again.
type backoutRules struct {
	threshold int32  // BOTHRESH; 0 = none
	queue     string // where they go; empty = nowhere
}

// Receive implements mq.Link.
func (l *link) Receive(ctx context.Context) (*mq.Delivery, error) {
	d, err := l.receive(ctx)
	if err != nil {
		return nil, fmt.Errorf("ibmmq: receive from %s: %w", l.cfg.Queue, err)
	}
	return d, nil
}

func (l *link) receive(ctx context.Context) (*mq.Delivery, error) {
	for {
		err := l.alive(ctx)
		switch {
		case err != nil:
			return nil, err
		case l.cfg.Queue == "":
			return nil, fmt.Errorf("%w: the link only sends", mq.ErrNoQueue)
		case l.held != nil:
			// Where the connection is lost nothing is held any more.
			if err := l.over(l.main.do(ctx, l.main.probe)); err != nil {
				return nil, err
			}
			return nil, mq.ErrInFlight
		}
		d, err := l.next(ctx)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		// Close backs the message out when it comes before the caller has it.
		if err := l.alive(context.WithoutCancel(ctx)); err != nil {
			return nil, err
		}
		l.held = d
		return d, nil
	}
}

// next waits for a message for a slice of time; nil and no error: none came, or
// one that was moved out of the way.
func (l *link) next(ctx context.Context) (*mq.Delivery, error) {
	wait := slice
	if t, ok := ctx.Deadline(); ok {
		wait = max(min(wait, time.Until(t)), time.Millisecond)
	}
	verbs, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	var found *mq.Delivery
	err := l.main.do(verbs, func() (err error) {
		found, err = l.main.get(wait)
		return err
	})
	var a abandoned
	if err = l.over(err); errors.As(err, &a) {
		// Whatever it finds is backed out with the connection.
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: no answer to MQGET", mq.ErrTemporary)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// get gets one message, and moves it out of the way where it cannot be taken.
func (u *unit) get(wait time.Duration) (*mq.Delivery, error) {
	if err := u.input(); err != nil {
		return nil, err
	}
	o, body, err := u.take(wait)
	if err != nil || o == nil {
		return nil, err
	}
	why := u.refusal(o, len(body))
	if why == "" {
		return u.delivery(o, body)
	}
	if err := u.move(o, body, why); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", why, err), u.back())
	}
	return nil, u.commit()
}

// probe asks the queue manager for something, to hear whether it is there.
func (u *unit) probe() error {
	if _, err := u.in.Inq([]int32{mqi.MQIA_Q_TYPE}); err != nil {
		return named(err)
	}
	return nil
}

// refusal says why a message is not delivered but moved; empty: it is delivered.
func (u *unit) refusal(o *Origin, size int) string {
	switch {
	case int64(size) > u.cfg.MaxBytes:
		return fmt.Sprintf("body of %d bytes, at most %d", size, u.cfg.MaxBytes)
	case u.rules.threshold > 0 && u.rules.queue != "" && o.descriptor.BackoutCount >= u.rules.threshold:
		return fmt.Sprintf("backed out %d times, threshold %d", o.descriptor.BackoutCount, u.rules.threshold)
	}
	return ""
}

// take gets a message under syncpoint into a buffer that is large enough. Nil: no
// message came.
func (u *unit) take(wait time.Duration) (*Origin, []byte, error) {
	u.forget()
	handle, err := u.qm.CrtMH(mqi.NewMQCMHO())
	if err != nil {
		return nil, nil, named(err)
	}
	u.handle = &handle
	buffer := make([]byte, 0, firstBuffer)
	for {
		// MatchOptions are none, and a descriptor is made anew for each get: one
		// that is used again asks for the id of the message before.
		md, gmo := mqi.NewMQMD(), mqi.NewMQGMO()
		md.Version = mqi.MQMD_VERSION_2
		gmo.Version = mqi.MQGMO_VERSION_4
		gmo.Options = mqi.MQGMO_SYNCPOINT | mqi.MQGMO_WAIT | mqi.MQGMO_PROPERTIES_IN_HANDLE | mqi.MQGMO_COMPLETE_MSG |
			mqi.MQGMO_ALL_SEGMENTS_AVAILABLE
		gmo.MatchOptions = mqi.MQMO_NONE
		gmo.WaitInterval = int32(max(wait.Milliseconds(), 1))
		gmo.MsgHandle = handle
		body, size, err := u.in.GetSlice(md, gmo, buffer)
		switch {
		case err == nil:
			return &Origin{descriptor: md}, body, nil
		case reason(err) == mqi.MQRC_NO_MSG_AVAILABLE:
			return nil, nil, nil
		case reason(err) == mqi.MQRC_TRUNCATED_MSG_FAILED && size > cap(buffer):
			// The message is still in the queue.
			if size > maxWhole {
				return nil, nil, fmt.Errorf("%w: a message of %d bytes stands in the way", mq.ErrTooBig, size)
			}
			buffer = make([]byte, 0, size)
		case warned(err) && reason(err) != mqi.MQRC_TRUNCATED_MSG_FAILED && reason(err) != mqi.MQRC_TRUNCATED_MSG_ACCEPTED:
			// The message was taken, and is whole: the remark is about something else.
			return &Origin{Remark: reason(err), descriptor: md}, body, nil
		default:
			return nil, nil, errors.Join(named(err), u.back())
		}
	}
}

// delivery makes a delivery of what is in the unit of work.
func (u *unit) delivery(o *Origin, body []byte) (*mq.Delivery, error) {
	props, unread, err := u.properties()
	if err != nil {
		return nil, errors.Join(err, u.back())
	}
	o.UnreadProps = unread
	if len(body) < cap(body)/2 {
		body = bytes.Clone(body) // the buffer would be kept as long as the body is
	}
	return decode(o, body, props, u.cfg.TrustContext), nil
}

// input opens the queue, once.
func (u *unit) input() error {
	if u.in != nil {
		return nil
	}
	od := mqi.NewMQOD()
	od.ObjectName = u.cfg.Queue
	in, err := u.qm.Open(od, mqi.MQOO_INPUT_SHARED|mqi.MQOO_INQUIRE|mqi.MQOO_SAVE_ALL_CONTEXT)
	if err != nil {
		return named(err)
	}
	rules, err := u.inquire(in)
	if err != nil {
		return errors.Join(named(err), in.Close(mqi.MQCO_NONE))
	}
	if u.cfg.ParkQueue != "" {
		rules.queue = u.cfg.ParkQueue
	}
	u.in, u.rules = &in, rules
	return nil
}

// inquire reads the backout attributes of a queue; an alias has them from the
// queue that it stands for.
func (u *unit) inquire(q mqi.MQObject) (backoutRules, error) {
	kind, err := q.Inq([]int32{mqi.MQIA_Q_TYPE})
	if err != nil {
		return backoutRules{}, err
	}
	if kind[mqi.MQIA_Q_TYPE] == mqi.MQQT_ALIAS {
		base, err := q.Inq([]int32{mqi.MQCA_BASE_OBJECT_NAME})
		if err != nil {
			return backoutRules{}, err
		}
		od := mqi.NewMQOD()
		od.ObjectName, _ = base[mqi.MQCA_BASE_OBJECT_NAME].(string)
		if q, err = u.qm.Open(od, mqi.MQOO_INQUIRE); err != nil {
			return backoutRules{}, err
		}
		// Inquiring leaves nothing behind.
		defer func() { _ = q.Close(mqi.MQCO_NONE) }()
	}
	found, err := q.Inq([]int32{mqi.MQIA_BACKOUT_THRESHOLD, mqi.MQCA_BACKOUT_REQ_Q_NAME})
	if err != nil {
		return backoutRules{}, err
	}
	var rules backoutRules
	rules.threshold, _ = found[mqi.MQIA_BACKOUT_THRESHOLD].(int32)
	name, _ := found[mqi.MQCA_BACKOUT_REQ_Q_NAME].(string)
	rules.queue = strings.TrimSpace(name)
	return rules, nil
}

// move puts the message of the unit of work into the backout queue, in the same
// unit of work: with its descriptor, context and properties, and the reason.
func (u *unit) move(o *Origin, body []byte, why string) error {
	if u.rules.queue == "" {
		return fmt.Errorf("%w: the queue has no BOQNAME", mq.ErrUnsupported)
	}
	if err := u.setProperty(u.handle, mq.PropReason, short(printable(why))); err != nil {
		return err
	}
	od := mqi.NewMQOD()
	od.ObjectName = u.rules.queue
	pmo := mqi.NewMQPMO()
	pmo.Options = mqi.MQPMO_SYNCPOINT | mqi.MQPMO_PASS_ALL_CONTEXT
	pmo.Context, pmo.OriginalMsgHandle, pmo.Action = u.in, *u.handle, mqi.MQACTP_FORWARD
	if err := u.qm.Put1(od, o.moved(), pmo, body); err != nil {
		if warned(err) {
			// Done otherwise than asked for: all of it is taken back.
			return errors.Join(fmt.Errorf("%w: to %s: %w", mq.ErrTemporary, od.ObjectName, err), u.back())
		}
		return fmt.Errorf("to %s: %w", od.ObjectName, named(err))
	}
	return nil
}
