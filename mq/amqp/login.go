package amqp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/go-amqp"

	"nks/mq"
)

// Peer is which kind of broker is spoken to.
type Peer string

// The kinds. Strict stands for IBM MQ's AMQP channel: a plain queue name with the capability "queue", one session for each connection,
// one message in hand, and no outcome but accepted: a message is given back by closing the receiver.
const (
	RabbitMQ Peer = "rabbitmq"
	Strict   Peer = "strict"
)

// Login is what a link needs to connect.
type Login struct {
	Peer Peer
	// URLs are amqp://host:port or amqps://host:port, tried in turn; RabbitMQ's virtual host may follow as path.
	URLs []string
	// User and Password are SASL PLAIN. Without a user the client's certificate is SASL EXTERNAL, and without that nobody is told who
	// we are.
	User, Password string
	TLS            *tls.Config // for amqps; ServerName is filled in

	Queue  string // received from; empty: the link only sends
	Parked string // where Park puts; empty: Park is not supported

	// PutOnly is for a login that may not take from the queues that it puts into: what RabbitMQ drops since there is no such queue is sent then.
	PutOnly bool

	MaxBytes int64 // largest body sent; 0 = 32 MiB

	// Dial connects; nil: over TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	connectWait = 10 * time.Second
	// requestWait bounds every question to the broker whose caller set no deadline: one that does not answer is unknown, not awaited
	// for ever.
	requestWait = 30 * time.Second
	// silence is after how long without a word, which brokers send when they have nothing to say, a connection counts as lost.
	silence = 30 * time.Second
	// closeWait bounds a goodbye to a broker that does not read.
	closeWait = 2 * time.Second

	defaultMaxBytes = 32 << 20
	// maxReceived is RabbitMQ's own largest message: what is larger than ours is taken, and refused by the intake.
	maxReceived = 128<<20 + 64<<10

	// rabbitPrefix stands before a queue's name in RabbitMQ's addresses of queues that are there already.
	rabbitPrefix = "/amq/queue/"
	// capability tells IBM MQ that an address is a queue and not a topic.
	capability = "queue"

	rabbitInFlight, strictInFlight = 64, 1
)

// Dial opens a link to the first broker that answers. It wraps mq.ErrAuth when the login is refused, mq.ErrNoQueue when there is no
// such queue, and mq.ErrTemporary when no broker is there; it tries each once.
func Dial(ctx context.Context, in Login) (mq.Link, error) {
	if in.MaxBytes == 0 {
		in.MaxBytes = defaultMaxBytes
	}
	if in.Dial == nil {
		in.Dial = (&net.Dialer{KeepAlive: silence}).DialContext
	}
	err := fmt.Errorf("%w: no address of a broker", mq.ErrTemporary)
	for _, address := range in.URLs {
		var l *link
		if l, err = dialOne(ctx, in, address); err == nil {
			return l, nil
		}
		if ctx.Err() != nil || !errors.Is(err, mq.ErrTemporary) {
			break
		}
	}
	return nil, fmt.Errorf("amqp: connect: %w", err)
}

func dialOne(ctx context.Context, in Login, address string) (*link, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil {
		return nil, fmt.Errorf("%w: no address of a broker such as amqps://host:5671", mq.ErrUnsupported)
	}
	bound, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	raw, err := in.connect(bound, at)
	if err != nil {
		return nil, refused(ctx, err)
	}
	wire := raw
	if at.Scheme == "amqps" {
		if wire, err = in.secure(bound, raw, at.Hostname()); err != nil {
			_ = raw.Close()
			return nil, refused(ctx, err)
		}
	}
	conn, err := amqp.NewConn(bound, wire, in.options(at))
	if err != nil {
		_ = raw.Close()
		return nil, refused(ctx, err)
	}
	l := newLink(in, raw, conn)
	if err := l.begin(bound); err != nil {
		return nil, errors.Join(err, l.Close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (in Login) connect(ctx context.Context, at *url.URL) (net.Conn, error) {
	port := at.Port()
	switch {
	case port == "" && at.Scheme == "amqps":
		port = "5671"
	case port == "":
		port = "5672"
	}
	return in.Dial(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
}

func (in Login) secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if in.TLS != nil {
		config = in.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	conn := tls.Client(raw, config)
	return conn, conn.HandshakeContext(ctx)
}

func (in Login) options(at *url.URL) *amqp.ConnOptions {
	o := &amqp.ConnOptions{ContainerID: "nks." + rand.Text(), IdleTimeout: silence, WriteTimeout: requestWait, HostName: at.Hostname()}
	if virtual := strings.TrimPrefix(at.Path, "/"); virtual != "" && in.Peer == RabbitMQ {
		o.HostName = "vhost:" + virtual
	}
	switch {
	case in.User != "":
		o.SASLType = amqp.SASLTypePlain(in.User, in.Password)
	case in.TLS != nil && (len(in.TLS.Certificates) > 0 || in.TLS.GetClientCertificate != nil):
		o.SASLType = amqp.SASLTypeExternal("")
	default:
		o.SASLType = amqp.SASLTypeAnonymous()
	}
	return o
}

// refused names an error of connecting.
func refused(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e, is := errors.AsType[*net.OpError](err); is && e.Op == "remote error" { // an alert of TLS, such as that a certificate lacks
		return fmt.Errorf("%w: %w", mq.ErrAuth, err)
	}
	if _, isCertificate := errors.AsType[*tls.CertificateVerificationError](err); isCertificate {
		return fmt.Errorf("%w: %w", mq.ErrAuth, err)
	}
	// The library has no error of its own for a login that fails.
	if strings.HasPrefix(err.Error(), "SASL") || strings.Contains(err.Error(), "auth mechanism") {
		return fmt.Errorf("%w: %w", mq.ErrAuth, err)
	}
	if e, is := errors.AsType[*amqp.Error](err); is {
		switch e.Condition {
		case amqp.ErrCondUnauthorizedAccess, amqp.ErrCondNotAllowed, amqp.ErrCondNotFound: // the last: the virtual host
			return fmt.Errorf("%w: %w", mq.ErrAuth, err)
		}
	}
	return fmt.Errorf("%w: %w", mq.ErrTemporary, err)
}
