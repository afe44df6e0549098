package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
)

// pullFor is how long the server keeps a pull. A Receive that ended leaves its
// pull behind: a message that comes in this time is kept for the next Receive
// of this link, and goes to others after AckWait.
const pullFor = 2 * time.Second

// pullAgain is the pause after a pull that reached nobody.
const pullAgain = 50 * time.Millisecond

// consumer is shared by all links of one login kind to one queue, so that each
// message goes to one of them.
const consumer = "nks"

// Receive implements mq.Link.
func (l *link) Receive(ctx context.Context) (*mq.Delivery, error) {
	d, err := l.receive(ctx)
	if err != nil {
		return nil, fmt.Errorf("jetstream: receive from %s: %w", l.queue, err)
	}
	return d, nil
}

func (l *link) receive(ctx context.Context) (*mq.Delivery, error) {
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	full := len(l.held) >= maxInFlight
	l.mu.Unlock()
	if full {
		return nil, mq.ErrInFlight
	}
	if l.sub == nil {
		if err := l.subscribe(ctx); err != nil {
			return nil, err
		}
	}
	l.forgetStale()
	for {
		m, err := l.next(ctx)
		if err != nil {
			return nil, err
		}
		if m != nil {
			return l.hold(m)
		}
	}
}

// forgetStale drops what came so long ago for a Receive that had ended that
// the server may soon give it to another.
func (l *link) forgetStale() {
	if !l.pulled || time.Since(l.pulledAt) < l.ackWait/2 {
		return
	}
	for {
		if _, err := l.sub.NextMsg(time.Millisecond); err != nil {
			break
		}
	}
	l.pulled = false
}

// subscribe finds the queue's stream, joins its consumer and opens the box to
// which pulls are answered.
func (l *link) subscribe(ctx context.Context) error {
	ctx, done := l.bound(ctx)
	defer done()
	api, err := js.New(l.nc)
	if err != nil {
		return err
	}
	name, ok := streamOf(l.queue)
	if !ok {
		return mq.ErrNoQueue
	}
	var stream js.Stream
	if err := l.repeat(ctx, func(ctx context.Context) (err error) {
		if stream, err = api.Stream(ctx, name); err == nil {
			_, err = stream.CreateOrUpdateConsumer(ctx, js.ConsumerConfig{Durable: consumer, AckPolicy: js.AckExplicitPolicy,
				AckWait: l.ackWait, MaxAckPending: -1, MaxDeliver: -1})
		}
		return err
	}); err != nil {
		return l.subscribeError(ctx, err)
	}
	info := stream.CachedInfo()
	if len(info.Config.Subjects) != 1 || info.Config.Subjects[0] != l.queue {
		return mq.ErrNoQueue
	}
	l.stream, l.epoch = name, strconv.FormatInt(info.Created.UnixNano(), 36)
	// Not NewRespInbox: the library would take a pulled message for the answer
	// to a request under way.
	sub, err := l.nc.SubscribeSync(l.nc.NewInbox())
	if err != nil {
		return l.away(err)
	}
	l.mu.Lock()
	l.sub = sub
	l.mu.Unlock()
	return nil
}

// codesRead say that the queue has a consumer already, and takes no second.
var codesRead = []js.ErrorCode{10099, 10100}

func (l *link) subscribeError(ctx context.Context, err error) error {
	var api *js.APIError
	switch {
	case errors.Is(err, js.ErrStreamNotFound):
		return fmt.Errorf("%w: %w", mq.ErrNoQueue, err)
	case errors.As(err, &api) && slices.Contains(codesRead, api.ErrorCode):
		return fmt.Errorf("%w: another program has a consumer on it: %w", mq.ErrUnsupported, err)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return l.away(err)
}

func streamOf(queue string) (string, bool) {
	for prefix, stream := range map[string]string{prefixIn: streamIn, prefixOut: streamOut, prefixParked: streamParked} {
		if strings.HasPrefix(queue, prefix) {
			return stream, true
		}
	}
	return "", false
}

// next waits for the answer to a pull; nil and no error: the pull ended
// without a message.
func (l *link) next(ctx context.Context) (*nats.Msg, error) {
	if !l.pulled {
		if err := l.pull(); err != nil {
			return nil, err
		}
	}
	wait, cancel := context.WithTimeout(ctx, 2*pullFor)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	m, err := l.sub.NextMsgWithContext(wait)
	switch {
	case l.ctx.Err() != nil:
		if m != nil && m.Reply != "" {
			_ = l.nc.Publish(m.Reply, []byte("-NAK"))
		}
		return nil, l.cause()
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, nats.ErrNoResponders) && l.again != 0:
		return nil, l.unheard(ctx)
	case err != nil:
		l.pulled = false // neither a message nor the pull's end: asked again
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, nil
		}
		return nil, l.away(err)
	}
	switch m.Header.Get("Status") {
	case "":
		l.pulled, l.unheardSince = false, time.Time{}
		return m, nil
	case "404", "408":
		l.pulled, l.unheardSince = false, time.Time{}
		return nil, nil
	case "100":
		return nil, nil
	}
	l.pulled = false
	return nil, fmt.Errorf("%w: server says %s %s", mq.ErrTemporary, m.Header.Get("Status"), m.Header.Get("Description"))
}

// unheard is a pull that reached nobody: in a cluster the queue's leader is being chosen, or not known here yet. It is pulled again, for a while.
func (l *link) unheard(ctx context.Context) error {
	l.pulled = false
	if l.unheardSince.IsZero() {
		l.unheardSince = time.Now()
	}
	if time.Since(l.unheardSince) > requestWait {
		return fmt.Errorf("%w: the queue has no leader", mq.ErrTemporary)
	}
	pause, cancel := context.WithTimeout(ctx, pullAgain)
	defer cancel()
	select {
	case <-pause.Done():
	case <-l.ctx.Done():
	}
	return ctx.Err()
}

func (l *link) pull() error {
	body, err := json.Marshal(struct {
		Batch   int           `json:"batch"`
		Expires time.Duration `json:"expires"`
	}{1, min(pullFor, l.ackWait/4)})
	if err != nil {
		return err
	}
	if err := l.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+l.stream+"."+consumer, l.sub.Subject, body); err != nil {
		return l.away(err)
	}
	l.pulled, l.pulledAt = true, time.Now()
	return nil
}

func (l *link) hold(m *nats.Msg) (*mq.Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", mq.ErrTemporary, err)
	}
	d := &mq.Delivery{Message: decode(m, l.queue), Attempts: int(meta.NumDelivered), Redelivered: meta.NumDelivered > 1}
	d.Put = meta.Timestamp
	d.TransportKey = transportKey(d.ID, l.epoch, meta.Sequence.Stream)
	d.Handle = meta.Sequence.Stream
	l.mu.Lock()
	l.held[d] = m
	l.mu.Unlock()
	return d, nil
}

// transportKey marks keys of our own, so that a sender cannot guess its way into
// them.
func transportKey(id []byte, epoch string, sequence uint64) string {
	if len(id) > 0 {
		return mq.KeyOfID(id)
	}
	return keyOfSequence + epoch + "-" + strconv.FormatUint(sequence, 10)
}

const keyOfSequence = "seq:"

// Correlation is what an answer carries as HeaderCorrelation, from the
// TransportKey of the message that it answers: that message's own id; "sha256:"
// and the hash of one that is no key as it is; and for a message without id
// "seq:" and the sequence number that the confirmation of its put named.
func Correlation(key string) string {
	if id, ok := mq.IDOfKey(key); ok {
		return strings.TrimSpace(id)
	}
	if rest, ok := strings.CutPrefix(key, keyOfSequence); ok {
		_, sequence, _ := strings.Cut(rest, "-")
		return keyOfSequence + sequence
	}
	return key
}

// take ends the holding of d.
func (l *link) take(d *mq.Delivery) (*nats.Msg, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.held[d]
	if !ok {
		if l.ctx.Err() != nil {
			return nil, l.cause()
		}
		return nil, mq.ErrSettled
	}
	delete(l.held, d)
	return m, nil
}

// Ack implements mq.Link.
func (l *link) Ack(ctx context.Context, d *mq.Delivery) error {
	m, err := l.take(d)
	if err == nil {
		err = l.confirm(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("jetstream: ack on %s: %w", l.queue, err)
	}
	return nil
}

// confirm acknowledges and waits for the server to say that it did.
func (l *link) confirm(ctx context.Context, m *nats.Msg) error {
	sent := false
	err := l.repeat(ctx, func(ctx context.Context) error {
		_, asked, err := l.request(ctx, &nats.Msg{Subject: m.Reply, Data: []byte("+ACK")})
		sent = sent || asked
		return err
	})
	if err == nil {
		return nil
	}
	return unknown(fmt.Errorf("sent %v: %w", sent, err))
}

// Return implements mq.Link.
func (l *link) Return(ctx context.Context, d *mq.Delivery, after time.Duration) error {
	m, err := l.take(d)
	if err != nil {
		return fmt.Errorf("jetstream: return on %s: %w", l.queue, err)
	}
	nak := []byte("-NAK")
	if after > 0 {
		nak = fmt.Appendf(nil, `-NAK {"delay": %d}`, after.Nanoseconds())
	}
	if err = l.nc.Publish(m.Reply, nak); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestWait)
		defer cancel()
		err = l.nc.FlushWithContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("jetstream: return on %s: %w", l.queue, unknown(err))
	}
	return nil
}

// Park implements mq.Link: put into the parked queue, then acknowledge. The
// id of the parked copy makes a second try one message.
func (l *link) Park(ctx context.Context, d *mq.Delivery, reason string) error {
	l.mu.Lock()
	m, ok := l.held[d]
	l.mu.Unlock()
	supplier, of := strings.CutPrefix(l.queue, prefixIn)
	var err error
	switch {
	case !ok:
		_, err = l.take(d)
	case !of:
		err = fmt.Errorf("%w: no park queue", mq.ErrUnsupported)
	default:
		err = l.park(ctx, m, d, Parked(supplier), reason)
	}
	if err != nil {
		return fmt.Errorf("jetstream: park from %s: %w", l.queue, err)
	}
	return nil
}

// maxReason keeps a parked copy within MessageRoom of its original.
const maxReason = 1 << 10

func (l *link) park(ctx context.Context, m *nats.Msg, d *mq.Delivery, queue, reason string) error {
	moved := &nats.Msg{Subject: queue, Data: m.Data, Header: nats.Header{}}
	for k, v := range m.Header {
		moved.Header[k] = v
	}
	moved.Header.Set(headerParkedID, m.Header.Get(js.MsgIDHeader))
	moved.Header.Set(headerParkReason, printable(reason[:min(len(reason), maxReason)]))
	moved.Header.Set(js.MsgIDHeader, fmt.Sprintf("parked-%s-%v", l.epoch, d.Handle))
	if err := l.publish(ctx, moved); err != nil {
		return err
	}
	if _, err := l.take(d); err != nil {
		return err
	}
	return l.confirm(ctx, m)
}
