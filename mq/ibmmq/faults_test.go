package ibmmq_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/internal/standin"
)

const connectionBroken = mqi.MQRC_CONNECTION_BROKEN

// TestReceive_Codes: whatever a get answers, the message is neither lost nor taken.
func TestReceive_Codes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb string
		code int32
		cut  bool
		want error
	}{
		{"MQGET", connectionBroken, true, mq.ErrTemporary},
		{"MQINQMP", mqi.MQRC_OPTIONS_ERROR, false, mq.ErrUnsupported},
		{"MQGET", mqi.MQRC_Q_MGR_QUIESCING, false, mq.ErrTemporary},
		{"MQGET", mqi.MQRC_CONNECTION_QUIESCING, false, mq.ErrTemporary},
		{"MQGET", mqi.MQRC_Q_MGR_STOPPING, true, mq.ErrTemporary},
		{"MQGET", mqi.MQRC_GET_INHIBITED, false, mq.ErrTemporary},
		{"MQGET", mqi.MQRC_UNEXPECTED_ERROR, false, mq.ErrTemporary},
		{"MQGET", mqi.MQRC_MSG_TOO_BIG_FOR_CHANNEL, false, mq.ErrTooBig},
		{"MQGET", mqi.MQRC_OPTIONS_ERROR, false, mq.ErrUnsupported},
		{"MQGET", mqi.MQRC_Q_DELETED, false, mq.ErrNoQueue},
		{"MQOPEN", mqi.MQRC_UNKNOWN_OBJECT_NAME, false, mq.ErrNoQueue},
		{"MQOPEN", mqi.MQRC_NOT_AUTHORIZED, false, mq.ErrAuth},
		{"MQOPEN", mqi.MQRC_OBJECT_IN_USE, false, mq.ErrTemporary},
		{"MQINQ", connectionBroken, true, mq.ErrTemporary},
		{"MQCRTMH", connectionBroken, true, mq.ErrTemporary},
		{"MQINQMP", connectionBroken, true, mq.ErrTemporary},
		{"MQINQMP", mqi.MQRC_UNEXPECTED_ERROR, false, mq.ErrTemporary},
	} {
		t.Run(fmt.Sprint(c.verb, " ", c.code), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			send(t, r.open(t), "one")
			failing := r.config(inQueue)
			// A get that fails may have taken the message all the same.
			r.Script(standin.Fault{Verb: c.verb, Application: failing.Application, Code: c.code, Cut: c.cut, Done: c.verb == "MQGET"})
			l := r.openWith(t, failing)
			_, err := l.Receive(t.Context())
			is(t, err, c.want)
			if c.want == mq.ErrTemporary {
				_, err = l.Receive(t.Context())
				is(t, err, mq.ErrTemporary)
				is(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{}), mq.ErrTemporary)
				check(t, l.Close(t.Context()))
				l = r.open(t)
			}
			take(t, l, "one")
			nothing(t, l)
		})
	}
}

// TestReceive_Warning: a warning is a message that was taken.
func TestReceive_Warning(t *testing.T) {
	t.Parallel()
	for _, code := range []int32{mqi.MQRC_NOT_CONVERTED, mqi.MQRC_FORMAT_ERROR, mqi.MQRC_INCONSISTENT_CCSIDS} {
		r := newRig(t)
		l := r.open(t)
		send(t, l, "one", "two")
		r.Script(standin.Fault{Verb: "MQGET", Code: code, Warning: true, Done: true})
		d := receive(t, l, "one")
		if o := d.Handle.(*ibmmq.Origin); o.Remark != code {
			t.Errorf("remark %d, want %d", o.Remark, code)
		}
		r.depths(t, 2, 0)
		check(t, l.Ack(t.Context(), d))
		take(t, l, "two")
		r.depths(t, 0, 0)
	}
}

// outcomes of MQCMIT: what the caller hears, and whether it was done.
var outcomes = []struct {
	fault standin.Fault
	want  error
	done  bool
}{
	{standin.Fault{Code: connectionBroken, Cut: true}, mq.ErrUnknown, false},
	{standin.Fault{Code: connectionBroken, Cut: true, Done: true}, mq.ErrUnknown, true},
	{standin.Fault{Code: mqi.MQRC_CALL_INTERRUPTED, Cut: true, Done: true}, mq.ErrUnknown, true},
	{standin.Fault{Code: mqi.MQRC_UNEXPECTED_ERROR}, mq.ErrUnknown, false},
	{standin.Fault{Code: mqi.MQRC_OUTCOME_PENDING, Warning: true, Done: true}, mq.ErrUnknown, true},
	{standin.Fault{Code: mqi.MQRC_BACKED_OUT, Cut: true}, mq.ErrTemporary, false},
	{standin.Fault{Code: mqi.MQRC_BACKED_OUT, Cut: true, Warning: true}, mq.ErrTemporary, false},
}

func TestCommit_Outcomes(t *testing.T) {
	t.Parallel()
	for _, o := range outcomes {
		o.fault.Verb = "MQCMIT"
		t.Run(fmt.Sprint(o.fault.Code, " ", o.done), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			sender := r.open(t)
			left := func(n, parked int) {
				t.Helper()
				if o.done {
					n, parked = 1-n, 1-parked
				}
				r.depths(t, n, parked)
			}
			l := r.open(t)
			r.Script(o.fault)
			is(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{Body: []byte("sent")}), o.want)
			check(t, l.Close(t.Context()))
			left(0, map[bool]int{true: 1}[o.done])
			if o.done {
				take(t, sender, "sent")
			}
			for _, settle := range []struct {
				parked int
				call   func(mq.Link, *mq.Delivery) error
			}{
				{0, func(l mq.Link, d *mq.Delivery) error { return l.Ack(t.Context(), d) }},
				{1, func(l mq.Link, d *mq.Delivery) error { return l.Park(t.Context(), d, "not readable") }},
			} {
				send(t, sender, "one")
				l := r.open(t)
				d := receive(t, l, "one")
				r.Script(o.fault)
				is(t, settle.call(l, d), o.want)
				is(t, l.Ack(t.Context(), d), mq.ErrTemporary)
				check(t, l.Close(t.Context()))
				if o.done {
					r.depths(t, 0, settle.parked)
					continue
				}
				r.depths(t, 1, 0)
				if again := take(t, sender, "one"); again.TransportKey != d.TransportKey || !again.Redelivered {
					t.Errorf("came again as %q, redelivered %v", again.TransportKey, again.Redelivered)
				}
			}
		})
	}
}

// TestSend_Codes: a put that fails before its commit is certain not to be there.
func TestSend_Codes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault standin.Fault
		want  error
	}{
		{standin.Fault{Code: connectionBroken, Cut: true}, mq.ErrTemporary},
		{standin.Fault{Code: connectionBroken, Cut: true, Done: true}, mq.ErrTemporary},
		{standin.Fault{Code: mqi.MQRC_UNEXPECTED_ERROR, Done: true}, mq.ErrTemporary},
		{standin.Fault{Code: mqi.MQRC_Q_FULL}, mq.ErrFull},
		{standin.Fault{Code: mqi.MQRC_PUT_INHIBITED}, mq.ErrFull},
		{standin.Fault{Code: mqi.MQRC_STORAGE_MEDIUM_FULL}, mq.ErrFull},
		{standin.Fault{Code: mqi.MQRC_UNKNOWN_OBJECT_NAME}, mq.ErrNoQueue},
		{standin.Fault{Code: mqi.MQRC_UNKNOWN_REMOTE_Q_MGR}, mq.ErrNoQueue},
		{standin.Fault{Code: mqi.MQRC_NOT_AUTHORIZED}, mq.ErrAuth},
		{standin.Fault{Code: mqi.MQRC_MSG_TOO_BIG_FOR_Q}, mq.ErrTooBig},
		{standin.Fault{Code: mqi.MQRC_PERSISTENT_NOT_ALLOWED}, mq.ErrUnsupported},
		{standin.Fault{Code: mqi.MQRC_PRIORITY_EXCEEDS_MAXIMUM, Warning: true, Done: true}, mq.ErrUnsupported},
		{standin.Fault{Code: mqi.MQRC_MULTIPLE_REASONS, Warning: true, Done: true}, mq.ErrUnsupported},
	} {
		c.fault.Verb = "MQPUT1"
		t.Run(fmt.Sprint(c.fault.Code, " ", c.fault.Done), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			l := r.open(t)
			r.Script(c.fault)
			is(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{Body: []byte("refused"), Props: map[string]string{"party": "ATP"}}), c.want)
			r.depths(t, 0, 0)
			if c.want == mq.ErrTemporary {
				l = r.open(t)
			}
			send(t, l, "after")
			take(t, l, "after")
			nothing(t, l)
		})
	}
}

// TestSend_BackoutFails: what was put and can not be taken back is not committed
// by the next send.
func TestSend_BackoutFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.config(inQueue)
	l := r.openWith(t, c)
	r.Script(standin.Fault{Verb: "MQPUT1", Code: mqi.MQRC_PRIORITY_EXCEEDS_MAXIMUM, Warning: true, Done: true})
	r.Script(standin.Fault{Verb: "MQBACK", Code: mqi.MQRC_UNEXPECTED_ERROR})
	to := mq.Address{Queue: inQueue}
	if err := l.Send(t.Context(), to, &mq.Message{Body: []byte("half")}); err == nil {
		t.Fatal("sent")
	}
	is(t, l.Send(t.Context(), to, &mq.Message{Body: []byte("next")}), mq.ErrTemporary)
	check(t, l.Close(t.Context()))
	r.depths(t, 0, 0)
}

// TestClose_BacksOut: MQDISC commits, and must not.
func TestClose_BacksOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		back standin.Fault
		ends bool // the connection does
	}{
		{"backed out", standin.Fault{Verb: "none"}, true},
		{"connection broken", standin.Fault{Verb: "MQBACK", Code: connectionBroken, Cut: true}, true},
		{"not backed out", standin.Fault{Verb: "MQBACK", Code: mqi.MQRC_UNEXPECTED_ERROR}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			login := r.config(inQueue)
			l, err := r.dial(t.Context(), login)
			check(t, err)
			send(t, l, "one")
			d := receive(t, l, "one")
			r.Script(c.back)
			err = l.Close(t.Context())
			if c.ends {
				check(t, err)
			} else {
				is(t, err, mq.ErrUnknown)
			}
			check(t, l.Close(t.Context()))
			if open := r.Open(); (open == 0) != c.ends {
				t.Fatalf("%d connections are open", open)
			}
			r.Kill(login.Application) // as the end of the process does
			again := take(t, r.open(t), "one")
			if again.Attempts != d.Attempts+1 {
				t.Errorf("attempt %d after attempt %d", again.Attempts, d.Attempts)
			}
		})
	}
}

// TestSend_WhileHeld: a send commits nothing that is held.
func TestSend_WhileHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.open(t)
	send(t, l, "held")
	receive(t, l, "held")
	send(t, l, "sent 1", "sent 2")
	if n := r.Open(); n != 2 {
		t.Errorf("%d connections, want one for each unit of work", n)
	}
	check(t, l.Close(t.Context()))
	other := r.open(t)
	take(t, other, "held")
	take(t, other, "sent 1")
	take(t, other, "sent 2")
	nothing(t, other)
}

// TestHanging: a verb that does not come back holds up nobody, and what it does in
// the end is not taken for done.
func TestHanging(t *testing.T) {
	t.Parallel()
	hang := func(r *rig, verb string) chan struct{} {
		release := make(chan struct{})
		r.Script(standin.Fault{Verb: verb, Hang: release})
		return release
	}
	// under cancels the context of a call once the verb hangs, and checks what the
	// call then says.
	under := func(t *testing.T, r *rig, verb string, want error, call func(context.Context) error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- call(ctx) }()
		r.Waiting(verb)
		start := time.Now()
		cancel()
		if err := <-result; want != nil {
			is(t, err, want)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s was awaited for %v", verb, took)
		}
	}
	short := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	t.Run("commit", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		l, err := r.dial(t.Context(), r.config(inQueue))
		check(t, err)
		send(t, l, "one")
		d := receive(t, l, "one")
		release := hang(r, "MQCMIT")
		under(t, r, "MQCMIT", mq.ErrUnknown, func(ctx context.Context) error { return l.Ack(ctx, d) })
		is(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{}), mq.ErrTemporary)
		is(t, l.Close(short(t)), mq.ErrUnknown)
		close(release)
		r.Ended()
	})
	t.Run("get", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		l, err := r.dial(t.Context(), r.config(inQueue))
		check(t, err)
		send(t, l, "one")
		release := hang(r, "MQGET")
		under(t, r, "MQGET", context.Canceled, func(ctx context.Context) error { _, err := l.Receive(ctx); return err })
		_, err = l.Receive(t.Context())
		is(t, err, mq.ErrTemporary)
		is(t, l.Close(short(t)), mq.ErrUnknown)
		close(release)
		r.Ended()
		take(t, r.open(t), "one")
	})
	t.Run("get and close", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		l, err := r.dial(t.Context(), r.config(inQueue))
		check(t, err)
		send(t, l, "one")
		release := hang(r, "MQGET")
		result := make(chan error, 1)
		go func() { _, err := l.Receive(t.Context()); result <- err }()
		r.Waiting("MQGET")
		is(t, l.Close(short(t)), mq.ErrUnknown)
		close(release)
		is(t, <-result, mq.ErrClosed)
		r.Ended()
		take(t, r.open(t), "one")
	})
	t.Run("connect", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		release := hang(r, "MQCONNX")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := ibmmq.Open(ctx, r.config(inQueue))
		is(t, err, context.DeadlineExceeded)
		close(release)
		l := r.open(t)
		check(t, l.Close(t.Context()))
		r.Ended()
	})
}
