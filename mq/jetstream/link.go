package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	js "github.com/nats-io/nats.go/jetstream"

	"nks/mq"
)

// Login is what a link needs to connect.
type Login struct {
	URL      string // nats://host:port
	User     string
	Password string
	KeyFile  string // seed of the user NKey, instead of User and Password
	Queue    string // received from; empty: the link only sends

	AckWait time.Duration // 0 = 30 s

	// Clustered says that the server is one of a cluster: a question that nobody answers is asked again, where that does no harm.
	Clustered bool

	// InProcess connects to a server in this program instead of to URL.
	InProcess nats.InProcessConnProvider
}

const (
	connectWait = 5 * time.Second
	// requestWait bounds every question to the server whose caller set no
	// deadline: a queue that does not answer is unknown, not awaited for ever.
	requestWait = 30 * time.Second
	// sendWait is that of a put into a cluster: when the leader has died the next one knows of it only what was confirmed.
	sendWait    = 10 * time.Second
	maxInFlight = 64
)

// link implements mq.Link.
type link struct {
	queue    string
	ackWait  time.Duration
	again    time.Duration // after which a question that may be asked twice is; 0: it is not
	nc       *nats.Conn
	sub      *nats.Subscription // reply box of the pulls; nil until the first Receive
	stream   string
	epoch    string // stream creation time, the first half of keys of our own
	closed   atomic.Bool
	pulled   bool // a pull is with the server
	pulledAt time.Time
	// unheardSince is when the first of the last pulls reached nobody; zero: the last one reached somebody.
	unheardSince time.Time

	ctx  context.Context // ends, with its cause, when the connection does
	end  context.CancelCauseFunc
	beat sync.WaitGroup

	mu     sync.Mutex
	held   map[*mq.Delivery]*nats.Msg
	denied chan error // permission errors, which the server does not tie to a request
}

// Dial opens a link. It wraps mq.ErrAuth when the login is refused and
// mq.ErrTemporary when the server is not there; it tries once.
func Dial(ctx context.Context, in Login) (mq.Link, error) {
	l := &link{queue: in.Queue, ackWait: in.AckWait, held: make(map[*mq.Delivery]*nats.Msg), denied: make(chan error, 1)}
	if l.ackWait == 0 {
		l.ackWait = defaultAckWait
	}
	if in.Clustered {
		l.again = askLeader
	}
	l.ctx, l.end = context.WithCancelCause(context.Background())
	opts := []nats.Option{
		nats.NoReconnect(), nats.Timeout(connectTimeout(ctx)), nats.PingInterval(20 * time.Second),
		nats.ClosedHandler(func(*nats.Conn) { l.end(mq.ErrTemporary) }),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { l.end(mq.ErrTemporary) }),
		nats.ErrorHandler(l.failed),
	}
	switch {
	case in.KeyFile != "":
		key, err := nats.NkeyOptionFromSeed(in.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("jetstream: key file: %w: %w", mq.ErrAuth, err)
		}
		opts = append(opts, key)
	case in.User != "":
		opts = append(opts, nats.UserInfo(in.User, in.Password))
	}
	if strings.HasPrefix(in.User, gatewayUser) {
		opts = append(opts, nats.CustomInboxPrefix(ownInbox))
	}
	if in.InProcess != nil {
		opts = append(opts, nats.InProcessServer(in.InProcess))
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("jetstream: connect: %w", err)
	}
	var err error
	if l.nc, err = nats.Connect(in.URL, opts...); err != nil {
		l.end(mq.ErrTemporary)
		if errors.Is(err, nats.ErrAuthorization) {
			return nil, fmt.Errorf("jetstream: connect: %w: %w", mq.ErrAuth, err)
		}
		return nil, fmt.Errorf("jetstream: connect: %w: %w", mq.ErrTemporary, err)
	}
	l.beat.Go(l.keepHeld)
	return l, nil
}

func connectTimeout(ctx context.Context) time.Duration {
	if t, ok := ctx.Deadline(); ok {
		return max(min(connectWait, time.Until(t)), time.Millisecond)
	}
	return connectWait
}

// failed hears what the server says out of turn. A permission that lacks is
// told only here, while the request waits in vain.
func (l *link) failed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return
	}
	select {
	case l.denied <- fmt.Errorf("%w: %w", mq.ErrAuth, err):
	default:
	}
}

// Caps implements mq.Link.
func (l *link) Caps() mq.Caps {
	return mq.Caps{MaxInFlight: maxInFlight, MaxBytes: l.nc.MaxPayload() - headerRoom, Count: mq.CountExact, Durable: mq.DurableFsync,
		Delay: true, Priority: true, PutTime: true}
}

// headerRoom is what is kept for the headers, which count as the body does.
const headerRoom = MessageRoom + 4<<10

// keepHeld tells the server that held deliveries are still being worked on,
// so that slow work is not delivered a second time beside itself.
func (l *link) keepHeld() {
	tick := time.NewTicker(max(l.ackWait/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
		}
		l.mu.Lock()
		for _, m := range l.held {
			// A lost one shows in the connection itself.
			_ = l.nc.Publish(m.Reply, []byte("+WPI"))
		}
		l.mu.Unlock()
	}
}

// bound ends with ctx, after requestWait, with the connection, or with a
// refusal; its cause says which. Done must be called.
func (l *link) bound(ctx context.Context) (_ context.Context, done func()) {
	select {
	case earlier := <-l.denied:
		_ = earlier // of a request that has ended
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	ctx, abort := context.WithCancelCause(ctx)
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case err := <-l.denied:
			abort(err)
		case <-l.ctx.Done():
			abort(l.cause())
		case <-over:
		}
	})
	return ctx, func() {
		close(over)
		watch.Wait()
		abort(nil)
		cancel()
	}
}

// request asks the server and waits for its answer, for the end of ctx or of
// the connection, or for a refusal. sent reports whether the question may have
// reached the server.
func (l *link) request(ctx context.Context, m *nats.Msg) (answer *nats.Msg, sent bool, err error) {
	if err := l.alive(ctx); err != nil {
		return nil, false, err
	}
	ctx, done := l.bound(ctx)
	defer done()
	answer, err = l.nc.RequestMsgWithContext(ctx, m)
	if err != nil && context.Cause(ctx) != nil {
		return nil, true, context.Cause(ctx)
	}
	return answer, true, err
}

// repeat asks what may be asked twice. In a cluster nobody answers while a leader is chosen: there it is asked again, until ctx ends.
func (l *link) repeat(ctx context.Context, ask func(context.Context) error) error {
	if l.again == 0 {
		return ask(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	for {
		soon, cancel := context.WithTimeout(ctx, l.again)
		err := ask(soon)
		unanswered := soon.Err() != nil || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, js.ErrJetStreamNotEnabled)
		if err != nil && unanswered && ctx.Err() == nil && l.ctx.Err() == nil {
			<-soon.Done() // whoever refused at once needs the time, too
			cancel()
			continue
		}
		cancel()
		return err
	}
}

// lost names an error of a request whose effect matters.
func lost(sent bool, err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return mq.ErrNoQueue
	case errors.Is(err, mq.ErrAuth), errors.Is(err, mq.ErrClosed) && !sent, errors.Is(err, mq.ErrTemporary) && !sent:
		return err
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %w", mq.ErrTooBig, err)
	case !sent && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return err
	}
	return unknown(err)
}

// unknown hides our own sentinels: an error that is ErrUnknown is not also one
// that says what happened.
func unknown(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", mq.ErrUnknown, err)
	}
	return fmt.Errorf("%w: %v", mq.ErrUnknown, err)
}

// alive returns why nothing can be asked of the server any more, or ctx's
// error. The library tells the end of a connection to a goroutine of its own,
// later than to a Receive that it ends: without a look at the connection itself
// the next Send would count as sent, its outcome as unknown.
func (l *link) alive(ctx context.Context) error {
	if !l.nc.IsConnected() {
		l.end(mq.ErrTemporary)
	}
	if l.ctx.Err() != nil {
		return l.cause()
	}
	return ctx.Err()
}

// away names an error of the connection under a Receive: its owner's Close may
// have come between two steps.
func (l *link) away(err error) error {
	if l.closed.Load() {
		return mq.ErrClosed
	}
	return fmt.Errorf("%w: %w", mq.ErrTemporary, err)
}

// cause tells why the link has ended.
func (l *link) cause() error {
	if l.closed.Load() {
		return mq.ErrClosed
	}
	return context.Cause(l.ctx)
}

// Close implements mq.Link. What is held goes back at once instead of after
// AckWait.
func (l *link) Close(ctx context.Context) error {
	l.closed.Store(true)
	if l.ctx.Err() != nil {
		l.nc.Close()
		l.beat.Wait()
		return nil
	}
	l.end(mq.ErrClosed)
	l.beat.Wait()
	l.mu.Lock()
	for d, m := range l.held {
		_ = l.nc.Publish(m.Reply, []byte("-NAK"))
		delete(l.held, d)
	}
	sub := l.sub
	l.mu.Unlock()
	if sub != nil {
		l.giveBack(sub)
	}
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	// Whatever did not go through comes back after AckWait all the same.
	_ = l.nc.FlushWithContext(ctx)
	l.nc.Close()
	return nil
}

// giveBack returns what arrived for a Receive that had ended.
func (l *link) giveBack(sub *nats.Subscription) {
	for {
		m, err := sub.NextMsg(time.Millisecond)
		if err != nil {
			return
		}
		if m.Header.Get("Status") == "" && m.Reply != "" {
			_ = l.nc.Publish(m.Reply, []byte("-NAK"))
		}
	}
}
