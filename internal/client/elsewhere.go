package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nks/gateway/door"
	"nks/mq"
	"nks/mq/amqp"
)

// Broker is a data supplier's queues at a broker elsewhere, over AMQP 1.0.
type Broker struct {
	URLs []string // amqps://host:5671, tried in turn
	Peer string   // which kind of broker: rabbitmq, strict
	User string   // empty: the data supplier's name, where there is a password; else the certificate says who we are, and without one nobody does
	// In and Out are the queues; empty: nks.in. and nks.out., and the data supplier's name.
	In, Out string
}

// elsewhere puts documents into a queue of a broker elsewhere. There nobody can look at an answer and leave it: where they are to be kept
// in a folder they are taken, and else left.
type elsewhere struct {
	config Config
	put    mq.Link
	out    mq.Link // nil: answers are left
	into   saver
	ids    map[string]bool // of what is ours
	others map[string]bool // answers to what is not
}

const (
	// biggest is RabbitMQ's own bound of a message.
	biggest = 128 << 20
	// lookTime is how long one look for an answer waits.
	lookTime = 50 * time.Millisecond
)

func dialElsewhere(ctx context.Context, c Config) (*elsewhere, error) {
	login, err := c.brokerLogin()
	if err != nil {
		return nil, err
	}
	e := &elsewhere{config: c, into: saver(c.Into), ids: map[string]bool{c.As: true}, others: map[string]bool{}}
	if e.put, err = amqp.Dial(ctx, login); err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w", strings.Join(c.Broker.URLs, ", "), err)
	}
	if c.Into == "" {
		return e, nil
	}
	login.Queue = cmp.Or(c.Broker.Out, "nks.out."+c.Login)
	if err = e.into.folder(); err == nil {
		e.out, err = amqp.Dial(ctx, login)
	}
	if err != nil {
		e.close()
		return nil, fmt.Errorf("take answers from %s: %w", login.Queue, err)
	}
	return e, nil
}

// brokerLogin reads the files that say who we are at the broker, and whom we believe there.
func (c Config) brokerLogin() (amqp.Login, error) {
	in := amqp.Login{Peer: amqp.Peer(c.Broker.Peer), URLs: c.Broker.URLs, TLS: &tls.Config{MinVersion: tls.VersionTLS12}, MaxBytes: biggest, PutOnly: true}
	if c.Password != "" {
		password, err := os.ReadFile(c.Password)
		if err != nil {
			return in, err
		}
		in.User, in.Password = cmp.Or(c.Broker.User, c.Login), string(bytes.TrimSpace(password))
	}
	if c.CA != "" {
		authorities, err := certificatesOf(c.CA)
		if err != nil {
			return in, err
		}
		in.TLS.RootCAs = x509.NewCertPool()
		for _, a := range authorities {
			in.TLS.RootCAs.AddCert(a)
		}
	}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.CertificateKey)
		if err != nil {
			return in, fmt.Errorf("%s with %s: %w", filepath.Base(c.Certificate), filepath.Base(c.CertificateKey), err)
		}
		in.TLS.Certificates = []tls.Certificate{pair}
	}
	return in, nil
}

// upload implements post; as is the message id. That the broker has accepted the message is all that is known then: it keeps it for the gateway.
func (e *elsewhere) upload(ctx context.Context, as string, document []byte) error {
	ctx, cancel := context.WithTimeout(ctx, talkTime)
	defer cancel()
	e.ids[as] = true
	to := cmp.Or(e.config.Broker.In, "nks.in."+e.config.Login)
	err := e.put.Send(ctx, mq.Address{Queue: to}, &mq.Message{ID: []byte(as), Format: "application/xml", Body: document, Persistent: true})
	switch {
	case errors.Is(err, mq.ErrTooBig):
		return fmt.Errorf("%s: %d bytes are too big for a message; send it by the mailbox: --via sftp (%w)", as, len(document), err)
	case errors.Is(err, mq.ErrUnknown):
		return fmt.Errorf("put %s, outcome unknown; the same again is safe: %w", as, err)
	case err != nil:
		return fmt.Errorf("put %s: %w", as, err)
	}
	return nil
}

// list implements post: what has come is taken, each answer acknowledged once it is on the disk.
func (e *elsewhere) list(ctx context.Context) ([]string, error) {
	if e.out == nil {
		return nil, nil
	}
	for {
		took, err := e.take(ctx)
		if err != nil {
			return nil, fmt.Errorf("take an answer: %w", err)
		}
		if !took {
			return e.into.names(e.others)
		}
	}
}

func (e *elsewhere) take(ctx context.Context) (bool, error) {
	look, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	d, err := e.out.Receive(look)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	name := string(d.ID)
	if err := e.into.Take(ctx, door.Arrival{Name: name, Content: bytes.NewReader(d.Body)}); err != nil {
		return false, err
	}
	if !e.ids[string(d.CorrelID)] {
		e.others[name+".xml"] = true
	}
	return true, e.out.Ack(ctx, d)
}

// read implements post.
func (e *elsewhere) read(_ context.Context, name string) ([]byte, error) { return e.into.read(name) }

func (e *elsewhere) close() {
	for _, link := range []mq.Link{e.put, e.out} {
		if link != nil {
			_ = link.Close(context.Background()) // nothing is held, and what was taken is acknowledged
		}
	}
}
