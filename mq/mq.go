// Package mq says what the flow needs of a message queue, and nothing about
// any particular one. A driver (mq/jetstream) implements Link; the suite in
// mq/mqtest holds every driver against what is written here.
//
// # What a link promises
//
// A queue delivers at least once. Nothing here makes it exactly once: the
// receiver writes the message and its TransportKey to its database, commits,
// and only then acknowledges. A message that comes again meets the key.
//
// A delivery is held from Receive until it is settled by Ack, Return or Park,
// or until the link is closed or lost; then the queue delivers it again. No
// method settles a delivery that the caller did not name, and Close settles
// none.
//
// A nil from Send means that the queue has stored the message as its Caps say
// (Durable). An error that is ErrUnknown means that nobody knows: the message
// may be in the queue or not, a delivery may be settled or not. The caller
// closes the link, opens another and lets the keys decide.
package mq

import (
	"context"
	"errors"
	"time"
)

// A Link is one connection to one queue: one unit of work. It receives from
// the queue it was opened for and sends to any queue its login allows.
//
// A link is not safe for concurrent use, save that Close may be called while
// another method blocks; that method then ends with ErrClosed or ErrUnknown.
// Scale by opening more links. A link that returned ErrTemporary or ErrUnknown
// is closed and replaced by the caller, after a pause of the caller's choice.
type Link interface {
	// Caps tells what this driver can do. It never changes and needs no
	// connection.
	Caps() Caps

	// Receive blocks until a message is there. When ctx ends it returns
	// ctx's error within a second; a message on its way is then kept for
	// the next Receive or goes back to the queue. ErrInFlight: the caller
	// holds Caps.MaxInFlight deliveries and must settle one first.
	Receive(ctx context.Context) (*Delivery, error)

	// Ack removes the message from the queue; nil means that the removal
	// outlives the queue's restart. ErrUnknown: it may come again.
	// ErrSettled: this link does not hold the delivery.
	Ack(ctx context.Context, d *Delivery) error

	// Return gives the message back, to be delivered again not before after
	// has passed where Caps.Delay, else at once.
	Return(ctx context.Context, d *Delivery, after time.Duration) error

	// Park takes the message out of the queue and puts it, with the reason
	// as property PropReason, where a person finds it. Where the caps do not
	// say AtomicPark an interrupted Park may leave it in both places.
	Park(ctx context.Context, d *Delivery, reason string) error

	// Send puts a message into a queue and waits until it is stored. It
	// wraps ErrNoQueue, ErrTooBig, ErrFull, ErrAuth or ErrUnsupported when
	// the message was certainly not stored, ErrUnknown when it may have been.
	Send(ctx context.Context, to Address, m *Message) error

	// Close ends the connection and acknowledges nothing. What was held is
	// delivered again. Closing twice is no error.
	Close(ctx context.Context) error
}

// Caps is what a driver can do, so that its callers and the conformance suite
// rely on no more.
type Caps struct {
	MaxInFlight int       // deliveries held at once by one link; at least 1
	MaxBytes    int64     // largest body that any queue takes
	Count       CountKind // what Delivery.Attempts is worth
	Durable     Durability
	Delay       bool // Return keeps the message back for the time asked
	AtomicPark  bool // Park is in one place at any instant
	Priority    bool // Message.Priority arrives
	Expiry      bool // Message.Expiry is kept by the queue; else Send refuses it
	PutTime     bool // Message.Put is told by the queue; else it is zero
}

// CountKind is what the count of deliveries is worth.
type CountKind int

// The kinds of count: CountNone means Attempts is -1.
const (
	CountNone CountKind = iota
	CountAtLeast
	CountExact
)

// Durability is what a stored message outlives.
type Durability int

// DurableLazy messages may be lost with the queue's process or machine,
// DurableReplicated ones outlive any one machine, DurableFsync ones were on
// the disk before Send returned.
const (
	DurableLazy Durability = iota
	DurableReplicated
	DurableFsync
)

// PropReason is the property under which Park keeps its reason.
const PropReason = "nks-park-reason"

// Address names a queue; Manager is empty where a driver knows only one.
type Address struct {
	Manager, Queue string
}

// Message is what travels. The body is never changed on its way, not even its
// character set.
type Message struct {
	ID         []byte // the sender's, empty = none; not unique among senders
	CorrelID   []byte // the ID of the message that this one answers
	ReplyTo    Address
	Format     string // media type or the queue's own word, as sent
	Body       []byte
	Persistent bool
	Priority   uint8         // 0 to 9
	Expiry     time.Duration // 0 = never, as it must be for payments
	Put        time.Time     // when the queue took it, by the queue's clock; zero on Send, and where not Caps.PutTime
	PutUser    string        // the login that put it as far as the queue vouches for it, else empty
	Props      map[string]string
}

// Delivery is a message held by a link.
type Delivery struct {
	Message

	// Attempts counts the deliveries of this message with this one, from 1;
	// -1 where the queue does not count.
	Attempts int
	// Redelivered says that the message was delivered before.
	Redelivered bool
	// TransportKey is the same for every delivery of a message, and for a
	// message that its sender put again with the same ID.
	TransportKey string
	// Handle is the driver's own.
	Handle any
}

// Errors, by what the caller does. Drivers wrap them with the operation and
// the queue.
var (
	// ErrClosed: the link was closed by its owner. Stop.
	ErrClosed = errors.New("link closed")
	// ErrUnknown: the outcome is unknown. Open a new link; the keys decide.
	ErrUnknown = errors.New("outcome unknown")
	// ErrTemporary: not done, the queue is away. Open a new link later.
	ErrTemporary = errors.New("queue not reachable")
	// ErrAuth: the login is refused, or may not do this. Tell a person.
	ErrAuth = errors.New("not allowed")
	// ErrTooBig: the message is larger than the queue takes. Send it by
	// another door.
	ErrTooBig = errors.New("message too big")
	// ErrFull: the queue takes no more for now. Send it later.
	ErrFull = errors.New("queue full")
	// ErrNoQueue: there is no such queue. Tell a person.
	ErrNoQueue = errors.New("no such queue")
	// ErrUnsupported: the message asks for what this queue cannot do.
	ErrUnsupported = errors.New("not supported by this queue")
	// ErrInFlight: too many deliveries held. Settle one.
	ErrInFlight = errors.New("too many unsettled deliveries")
	// ErrSettled: the delivery is not held by this link. It was settled, or
	// belongs to another.
	ErrSettled = errors.New("delivery not held")
)
