package ibmmq_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/internal/standin"
)

// poison puts a message of another program into the queue that has been backed
// out as often as BOTHRESH says, and a good one behind it.
func poison(t *testing.T, r *rig) (foreign standin.Foreign) {
	t.Helper()
	r.Alter(inQueue, func(q *standin.Queue) { q.Threshold = 3 })
	foreign = standin.Foreign{ID: []byte("ATP-2026-11-30/0017"), Body: []byte("deadly"), Format: "MQSTR", CCSID: 277, Encoding: 785,
		Put: time.Date(2026, 11, 30, 6, 59, 58, 120e6, time.UTC), User: "atpbatch", Expiry: 36000, Report: mqi.MQRO_COPY_MSG_ID_TO_CORREL_ID,
		Flags: mqi.MQMF_LAST_SEGMENT,
		Props: []standin.ForeignProp{{Name: "party", Value: "ATP"}, {Name: "long", Value: strings.Repeat("x", 2000)}}}
	r.Put(inQueue, foreign)
	l := r.open(t)
	for range 3 {
		check(t, l.Return(t.Context(), receive(t, l, "deadly"), 0))
	}
	check(t, l.Close(t.Context()))
	r.Put(inQueue, standin.Foreign{Body: []byte("good")})
	return foreign
}

// TestThreshold_Moves: the message goes out of the way as it is.
func TestThreshold_Moves(t *testing.T) {
	t.Parallel()
	for _, queue := range []string{inQueue, "NKS.ALIAS"} {
		r := newRig(t, standin.Queue{Name: "NKS.ALIAS", Base: inQueue})
		want := poison(t, r)
		take(t, r.openWith(t, r.config(queue)), "good")
		r.depths(t, 0, 1)
		d := take(t, r.openWith(t, r.config(parkedQueue)), "deadly")
		md := d.Handle.(*ibmmq.Origin).Descriptor()
		if !bytes.Equal(d.ID, want.ID) || !d.Put.Equal(want.Put) || d.PutUser != want.User || !d.Persistent {
			t.Errorf("parked with id %q, put at %v by %q", d.ID, d.Put, d.PutUser)
		}
		if md.Format != want.Format || md.CodedCharSetId != want.CCSID || md.Encoding != want.Encoding || md.Report != want.Report {
			t.Errorf("parked as %q in %d, encoding %d, report %d", md.Format, md.CodedCharSetId, md.Encoding, md.Report)
		}
		if d.Expiry != 0 {
			t.Errorf("parked, and gone in %v", d.Expiry)
		}
		if d.Props["party"] != "ATP" || d.Props[mq.PropReason] != "backed out 3 times, threshold 3" {
			t.Errorf("parked with %q", d.Props)
		}
		// It is too long to be read by this client, and was passed on.
		if unread := d.Handle.(*ibmmq.Origin).UnreadProps; len(unread) != 1 || unread[0] != "long" {
			t.Errorf("properties not read: %q", unread)
		}
	}
}

// TestThreshold_None: without BOTHRESH, or without BOQNAME, the receiver judges.
func TestThreshold_None(t *testing.T) {
	t.Parallel()
	for _, alter := range []func(*standin.Queue){
		func(q *standin.Queue) { q.Threshold = 0 },
		func(q *standin.Queue) { q.Requeue = "" },
	} {
		r := newRig(t)
		poison(t, r)
		r.Alter(inQueue, alter)
		l := r.open(t)
		if d := receive(t, l, "deadly"); d.Attempts != 4 {
			t.Errorf("attempt %d", d.Attempts)
		}
		r.depths(t, 2, 0)
	}
}

// TestThreshold_Refused: what the backout queue does not take stays where it is.
func TestThreshold_Refused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		want        error
		alter, mend func(*rig)
	}{
		{"full", mq.ErrFull, func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.MaxDepth = -1 }) },
			func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.MaxDepth = 1 }) }},
		{"missing", mq.ErrNoQueue, func(r *rig) { r.Alter(inQueue, func(q *standin.Queue) { q.Requeue = "NKS.NOBODY" }) },
			func(r *rig) { r.Alter(inQueue, func(q *standin.Queue) { q.Requeue = parkedQueue }) }},
		{"not allowed", mq.ErrAuth, func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.Denied = true }) },
			func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.Denied = false }) }},
		{"no context", mq.ErrAuth, func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.NoContext = true }) },
			func(r *rig) { r.Alter(parkedQueue, func(q *standin.Queue) { q.NoContext = false }) }},
		{"done otherwise", mq.ErrTemporary, func(r *rig) {
			r.Script(standin.Fault{Verb: "MQPUT1", Code: mqi.MQRC_PRIORITY_EXCEEDS_MAXIMUM, Warning: true, Done: true})
		}, func(*rig) {}},
		{"connection lost", mq.ErrTemporary, func(r *rig) { r.Script(standin.Fault{Verb: "MQPUT1", Code: connectionBroken, Cut: true, Done: true}) },
			func(*rig) {}},
		{"commit unknown", mq.ErrUnknown, func(r *rig) { r.Script(standin.Fault{Verb: "MQCMIT", Code: connectionBroken, Cut: true}) },
			func(*rig) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			poison(t, r)
			c.alter(r)
			l := r.open(t)
			_, err := l.Receive(t.Context())
			is(t, err, c.want)
			if c.want == mq.ErrTemporary || c.want == mq.ErrUnknown {
				check(t, l.Close(t.Context()))
				l = r.open(t)
			}
			r.depths(t, 2, 0)
			c.mend(r)
			if c.name == "missing" { // a link knows the attributes that it found
				l = r.open(t)
			}
			take(t, l, "good")
			r.depths(t, 0, 1)
		})
	}
}

// TestThreshold_CommitDone: an outcome that is not known leaves one message, too.
func TestThreshold_CommitDone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	poison(t, r)
	r.Script(standin.Fault{Verb: "MQCMIT", Code: connectionBroken, Cut: true, Done: true})
	_, err := r.open(t).Receive(t.Context())
	is(t, err, mq.ErrUnknown)
	r.depths(t, 1, 1)
	take(t, r.open(t), "good")
}

// TestPark_Refused: the delivery stays held, and can be settled otherwise.
func TestPark_Refused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.open(t)
	send(t, l, "one")
	d := receive(t, l, "one")
	r.Alter(parkedQueue, func(q *standin.Queue) { q.MaxDepth = -1 })
	is(t, l.Park(t.Context(), d, "no"), mq.ErrFull)
	r.depths(t, 1, 0)
	check(t, l.Return(t.Context(), d, 0))
	is(t, l.Park(t.Context(), d, "no"), mq.ErrSettled)
	r.Alter(parkedQueue, func(q *standin.Queue) { q.MaxDepth = 1 })
	check(t, l.Park(t.Context(), receive(t, l, "one"), strings.Repeat("no\n", 1000)+"S\u00f8ren"))
	r.depths(t, 0, 1)
	if p := take(t, r.openWith(t, r.config(parkedQueue)), "one"); len(p.Props[mq.PropReason]) != 1024 {
		t.Errorf("a reason of %d bytes", len(p.Props[mq.PropReason]))
	}
}

// TestPark_Queues: where to, when the login names a queue, and when nobody does.
func TestPark_Queues(t *testing.T) {
	t.Parallel()
	r := newRig(t, standin.Queue{Name: "NKS.ELSEWHERE"})
	r.Alter(inQueue, func(q *standin.Queue) { q.Requeue = "" })
	l := r.open(t)
	send(t, l, "one")
	d := receive(t, l, "one")
	is(t, l.Park(t.Context(), d, "no"), mq.ErrUnsupported)
	check(t, l.Return(t.Context(), d, 0))
	c := r.config(inQueue)
	c.ParkQueue = "NKS.ELSEWHERE"
	named := r.openWith(t, c)
	check(t, named.Park(t.Context(), receive(t, named, "one"), "no"))
	if n := r.Depth("NKS.ELSEWHERE"); n != 1 {
		t.Errorf("%d messages parked", n)
	}
}

// TestTooBig_Moves: a body larger than the gateway takes stands in nobody's way.
func TestTooBig_Moves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Alter(inQueue, func(q *standin.Queue) { q.MaxLength = 100 << 20 })
	body := bytes.Repeat([]byte("1234567"), 1<<20)
	r.Put(inQueue, standin.Foreign{Body: body})
	r.Put(inQueue, standin.Foreign{Body: []byte("good")})
	c := r.config(inQueue)
	c.MaxBytes = 1 << 20
	take(t, r.openWith(t, c), "good")
	r.depths(t, 0, 1)
	c = r.config(parkedQueue)
	c.MaxBytes = 99 << 20
	d, err := r.openWith(t, c).Receive(t.Context())
	check(t, err)
	if !bytes.Equal(d.Body, body) || d.Props[mq.PropReason] != "body of 7340032 bytes, at most 1048576" {
		t.Errorf("parked with %d bytes, %q", len(d.Body), d.Props)
	}
}
