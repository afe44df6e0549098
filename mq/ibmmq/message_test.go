package ibmmq_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	mqi "github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"nks/mq"
	"nks/mq/ibmmq"
	"nks/mq/ibmmq/internal/standin"
)

// TestMessage_Foreign: what another program put, a Java one on a mainframe, say.
func TestMessage_Foreign(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ebcdic := []byte{0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x15, 0x00}
	r.Put(inQueue, standin.Foreign{Body: ebcdic, Format: mqi.MQFMT_STRING, CCSID: 277, Encoding: 785, NotPersistent: true, User: "mainfram",
		Put: time.Date(2005, 8, 11, 12, 0, 0, 10e6, time.UTC), Props: []standin.ForeignProp{
			{Name: "usr.party", Value: "ATP"}, {Name: "jms.Dlv", Value: int32(2)}, {Name: "jms.Tms", Value: int64(1123761600000)}, {Name: "ok", Value: true},
			{Name: "raw", Value: []byte{0, 255}}, {Name: "rate", Value: 0.5}, {Name: "none", Value: nil}, {Name: "empty", Value: ""},
			{Name: "a_HYPHEN_b", Value: "S\u00f8ren"}, {Name: "nks_id", Value: "61"}}})
	l := r.open(t)
	d, err := l.Receive(t.Context())
	check(t, err)
	if !bytes.Equal(d.Body, ebcdic) || d.Format != "MQSTR" || d.Persistent || d.Attempts != 1 || d.Redelivered {
		t.Errorf("came as %x %q, persistent %v, attempt %d", d.Body, d.Format, d.Persistent, d.Attempts)
	}
	if md := d.Handle.(*ibmmq.Origin).Descriptor(); md.CodedCharSetId != 277 || md.Encoding != 785 || md.Version != mqi.MQMD_VERSION_2 {
		t.Errorf("character set %d, encoding %d", md.CodedCharSetId, md.Encoding)
	}
	// An id that its hash does not bear out is not believed.
	want := map[string]string{"party": "ATP", "jms.Dlv": "2", "jms.Tms": "1123761600000", "ok": "true", "raw": "00ff", "rate": "0.5", "none": "",
		"empty": "", "a-b": "S\u00f8ren"}
	if !maps.Equal(d.Props, want) || d.ID != nil {
		t.Errorf("properties %q, id %q", d.Props, d.ID)
	}
	if !d.Put.Equal(time.Date(2005, 8, 11, 12, 0, 0, 10e6, time.UTC)) || d.PutUser != "mainfram" {
		t.Errorf("put at %v by %q", d.Put, d.PutUser)
	}
	check(t, l.Return(t.Context(), d, 0))
	c := r.config(inQueue)
	c.TrustContext = false
	other := r.openWith(t, c)
	if d, err = other.Receive(t.Context()); err != nil || !d.Put.IsZero() || d.PutUser != "" {
		t.Errorf("put at %v by %q, though the context is not trusted: %v", d.Put, d.PutUser, err)
	}
}

// TestMessage_IDs: an id comes out as it went in, and is the same key each time.
func TestMessage_IDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.open(t)
	keys := map[string]string{}
	ids := []string{"a", strings.Repeat("b", 24), strings.Repeat("c", 25), strings.Repeat("d", 500), "zero\x00", "\x00", "AMQ QM1", "CSQ QM1", "\xff\xfe"}
	dice := rand.New(rand.NewPCG(24, 24))
	for range 300 {
		id := make([]byte, 5+dice.IntN(45))
		for i := range id {
			id[i] = "\x00\x00\x00AMQ \xff"[dice.IntN(8)]
		}
		if !slices.Contains(ids, string(id)) {
			ids = append(ids, string(id))
		}
	}
	for _, id := range ids {
		for range 2 {
			check(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{ID: []byte(id), CorrelID: []byte(id)}))
			d := take(t, l, "")
			if string(d.ID) != id || string(d.CorrelID) != id || len(d.Props) != 0 {
				t.Errorf("id %q and correlation %q came out of %q, properties %q", d.ID, d.CorrelID, id, d.Props)
			}
			if before, known := keys[d.TransportKey]; known && before != id {
				t.Errorf("%q and %q have the key %q", before, id, d.TransportKey)
			}
			keys[d.TransportKey] = id
		}
	}
	if len(keys) != len(ids) {
		t.Errorf("%d keys of %d ids", len(keys), len(ids))
	}
}

// TestCorrelation: an answer carries the MsgId of what it answers, be it the
// sender's or the queue manager's.
func TestCorrelation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, id := range []string{"", "ATP 17", strings.Repeat("z", 24)} {
		r.Put(inQueue, standin.Foreign{ID: []byte(id)})
		l := r.open(t)
		d := take(t, l, "")
		md := d.Handle.(*ibmmq.Origin).Descriptor()
		check(t, l.Send(t.Context(), mq.Address{Queue: parkedQueue}, &mq.Message{CorrelID: []byte(ibmmq.Correlation(d.TransportKey))}))
		a := take(t, r.openWith(t, r.config(parkedQueue)), "")
		if answer := a.Handle.(*ibmmq.Origin).Descriptor(); !bytes.Equal(answer.CorrelId, md.MsgId) {
			t.Errorf("answer to %x correlates with %x", md.MsgId, answer.CorrelId)
		}
	}
	if c := ibmmq.Correlation("id:another driver's"); c != "id:another driver's" {
		t.Errorf("correlation %q", c)
	}
}

// TestExpiry: what has expired does not come.
func TestExpiry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.open(t)
	check(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{Body: []byte("old"), Expiry: time.Nanosecond}))
	check(t, l.Send(t.Context(), mq.Address{Queue: inQueue}, &mq.Message{Body: []byte("new"), Expiry: time.Hour}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		d, err := l.Receive(ctx)
		check(t, err)
		if string(d.Body) == "new" {
			if d.Expiry <= 59*time.Minute || d.Expiry > time.Hour {
				t.Errorf("expires in %v", d.Expiry)
			}
			break
		}
		check(t, l.Return(ctx, d, 0))
	}
}

// TestSend_Refused: before anything is put.
func TestSend_Refused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := r.open(t)
	in := mq.Address{Queue: inQueue}
	prop := func(k, v string) *mq.Message { return &mq.Message{Props: map[string]string{k: v}} }
	for _, c := range []struct {
		name string
		to   mq.Address
		m    *mq.Message
		want error
	}{
		{"no queue", mq.Address{}, &mq.Message{}, mq.ErrNoQueue},
		{"no such queue", mq.Address{Queue: "NKS.NOBODY"}, &mq.Message{}, mq.ErrNoQueue},
		{"no such queue manager", mq.Address{Manager: "QM.NOBODY", Queue: inQueue}, &mq.Message{}, mq.ErrNoQueue},
		{"name that would be cut off", mq.Address{Queue: strings.Repeat("N", 49)}, &mq.Message{}, mq.ErrNoQueue},
		{"name with a space", mq.Address{Queue: "NKS IN"}, &mq.Message{}, mq.ErrNoQueue},
		{"reply to no name", in, &mq.Message{ReplyTo: mq.Address{Queue: "a b"}}, mq.ErrNoQueue},
		{"body", in, &mq.Message{Body: make([]byte, 4<<20+1)}, mq.ErrTooBig},
		{"priority", in, &mq.Message{Priority: 10}, mq.ErrUnsupported},
		{"expiry", in, &mq.Message{Expiry: -1}, mq.ErrUnsupported},
		{"long expiry", in, &mq.Message{Expiry: 200 * 365 * 24 * time.Hour}, mq.ErrUnsupported},
		{"long id", in, &mq.Message{ID: make([]byte, 600)}, mq.ErrUnsupported},
		{"property without name", in, prop("", "x"), mq.ErrUnsupported},
		{"property name", in, prop("S\u00f8ren", "x"), mq.ErrUnsupported},
		{"property name with a digit first", in, prop("1st", "x"), mq.ErrUnsupported},
		{"property name that would change", in, prop("a_HYPHEN_b", "x"), mq.ErrUnsupported},
		{"our property", in, prop("nks_id", "x"), mq.ErrUnsupported},
		{"long property", in, prop("party", strings.Repeat("x", 1025)), mq.ErrUnsupported},
		{"property with a zero", in, prop("party", "a\x00b"), mq.ErrUnsupported},
		{"property that is no text", in, prop("party", "\xff"), mq.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			is(t, l.Send(t.Context(), c.to, c.m), c.want)
			r.depths(t, 0, 0)
		})
	}
	send(t, l, "after")
	take(t, l, "after")
}
