// Package door is what every door of the gateway promises and needs: a document that has come is an Arrival, and an Intake
// takes it for good. The doors (door/mailbox, door/queue) stand between a protocol and the flow's tables; the suite
// door/doortest holds each against what is written here.
//
// # What a door promises
//
// It acknowledges to its client after Intake.Take has returned nil, never before. A repeat carries the same key. What
// Take refuses (gateway.ErrConflict, gateway.ErrRefused) it refuses in its protocol's own form; after any other error
// the client keeps the document and sends it again.
package door

import (
	"context"
	"errors"
	"io"
	"time"

	"nks/gateway"
)

// Kind is which door a document came by.
type Kind string

// The doors. The words are stored; they never change meaning.
const (
	Mailbox Kind = "sftp" // the SFTP mailbox, VANS
	Queue   Kind = "mq"   // a message queue
	Signed  Kind = "rasp" // the signed endpoint
)

// Arrival is a document at a door, while it comes or whole.
type Arrival struct {
	Door  Kind
	Party string // the data supplier that the door let in, by its own means and not by what the document says
	// Key is the transport key: the same for every try to bring the same document.
	Key string
	// Name is what the sender calls the document; empty where it says nothing.
	Name string
	// Sent is when the sender says that it sent, Queued when a queue took it by the queue's clock; zero where nobody
	// says. When the gateway takes it, the Intake stamps by the business clock.
	Sent, Queued time.Time
	// Waited is for how long by now the queue has had it, by a clock that is trusted: cut-offs count from there. Nil: from when
	// the gateway takes it.
	Waited func() time.Duration
	// Evidence is what the door knows of who brought it: the login's key, the user that the queue vouches for. It holds
	// no personal data. Empty: nothing beyond the login.
	Evidence string
	// Size is the length in bytes, Unsized where the door does not know before the end.
	Size int64
	// Content is read once, to its end. An error of it means that the document was broken off, and nothing is taken.
	Content io.Reader
}

// Unsized is the Size of an arrival whose length is known at its end.
const Unsized = -1

// Intake takes arrivals for good.
type Intake interface {
	// Take is nil when the bytes are committed as a delivery, now or by an earlier try with the same key. It wraps
	// gateway.ErrConflict for other bytes under a known key, which has raised an exception, and gateway.ErrRefused for what
	// is never taken, a document over the limit among it, which has raised one where its sender does not hear of it. After
	// gateway.ErrTransient, whatever else the error wraps, nothing was done or nobody knows: the same document may come again.
	Take(ctx context.Context, a Arrival) error
}

// Parking keeps for persons what a queue brought and Intake.Take has refused.
type Parking interface {
	// Park is nil when the bytes are committed, now or by an earlier try.
	Park(ctx context.Context, a Arrival, reason string) error
}

// StagedFile is a file that a door shows.
type StagedFile struct {
	Name     string    `db:"name"`
	Size     int64     `db:"size"`
	Modified time.Time `db:"modified"`
	Document int64     `db:"document_id"`
}

// MostListed bounds what one listing shows; the reader removes what it has and lists again.
const MostListed = 10_000

// ErrQuota: of this party so much waits for its rename that no more is staged. The same may come again when something of it was
// renamed or removed.
var ErrQuota = errors.New("too much is staged")

// Staging keeps complete uploads under a temporary name until a rename makes them deliveries.
type Staging interface {
	Intake
	// Stage keeps a complete document under the name a.Key, in the place of an earlier one. ErrQuota: there is no room.
	Stage(ctx context.Context, a Arrival) error
	// Publish makes a staged document the delivery to; repeated after a lost reply it is nil. gateway.ErrNotFound: it is
	// neither there nor was what became to. Other errors as Take's.
	Publish(ctx context.Context, party, from, to string) error
	// Restage gives a staged document another temporary name.
	Restage(ctx context.Context, party, from, to string) error
	// Staged lists a party's staged documents, at most MostListed.
	Staged(ctx context.Context, party string) ([]StagedFile, error)
	// StatStaged tells about a staged document, or a delivery of that name. gateway.ErrNotFound: neither.
	StatStaged(ctx context.Context, party, name string) (StagedFile, error)
	// Unstage forgets a staged document. gateway.ErrNotFound: there is none.
	Unstage(ctx context.Context, party, name string) error
}

// OpenedAnswer is an answer opened for reading at any offset.
type OpenedAnswer interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Collection is where answers lie until their supplier takes them away.
type Collection interface {
	// Ready lists the answers that lie ready, oldest first, at most MostListed.
	Ready(ctx context.Context, party string) ([]StagedFile, error)
	// StatReady tells about one of them; gateway.ErrNotFound: it is not there.
	StatReady(ctx context.Context, party, name string) (StagedFile, error)
	// OpenReady opens one of them.
	OpenReady(ctx context.Context, party, name string) (OpenedAnswer, error)
	// Collect records that the supplier has taken one away. gateway.ErrNotFound: it does not lie ready.
	Collect(ctx context.Context, party, name string) error
}

// Queueing is where answers wait for their supplier's queue.
type Queueing interface {
	// NextQueued is the oldest answer that waits; gateway.ErrNotFound: none.
	NextQueued(ctx context.Context, party string) (gateway.QueuedAnswer, error)
	// Queued records that the queue has it: from then on it is the queue's to keep.
	Queued(ctx context.Context, a gateway.QueuedAnswer) error
	// LayInMailbox gives an answer that no queue takes to the supplier's mailbox.
	LayInMailbox(ctx context.Context, a gateway.QueuedAnswer) error
}
