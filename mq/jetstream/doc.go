// Package jetstream is the queue that nks brings along: a NATS server with
// JetStream inside the program, and the driver of mq.Link over it, which works
// as well against a NATS server elsewhere.
//
// # Queues
//
// Every data supplier has an account of its own in the server, so that no
// supplier can see another's subjects, streams or reply boxes. In it are three
// work queues, each a stream on disk, synced before a put is confirmed:
//
//	nks.in.<supplier>      NKS_IN      the supplier puts, nks takes
//	nks.out.<supplier>     NKS_OUT     nks puts, the supplier takes
//	nks.parked.<supplier>  NKS_PARKED  what nks could not take, for a person
//
// The login <supplier> may publish to its in subject and read NKS_OUT with any
// NATS client; it can create its own consumer, but neither change nor delete a
// stream. A publish proves something only when its JetStream confirmation has
// been waited for.
//
// Clients come in through a gate, in which TLS ends. What a client asks the server to send, as the answer to a request or to a
// consumer, goes to reply boxes alone: the server itself would send it to any subject of the account, a queue's among them.
//
// # Sameness
//
// The broker forgets message ids on purpose after a tenth of a second, the
// shortest it knows: it confirms a second message with a known id without
// storing it, even one with another content. Whoever receives keeps the keys:
// the Nats-Msg-Id, else the stream's creation time and the sequence number.
//
// # Cluster
//
// Three servers may be one broker (Config.Cluster). Every queue is then on the disks of all three, and a put or an acknowledgement is
// confirmed when two of them have it. One may be away; with two away nothing is confirmed, and clients are not let in. A supplier's queues are
// made when all three know the supplier: a member that does not would have them thrown away.
package jetstream

import "errors"

// ErrSupplier is a supplier's name that cannot be part of a subject, or one
// that is given twice or not known.
var ErrSupplier = errors.New("supplier not usable as queue")

// Streams of every supplier's account.
const (
	streamIn     = "NKS_IN"
	streamOut    = "NKS_OUT"
	streamParked = "NKS_PARKED"
)

const (
	prefixIn     = "nks.in."
	prefixOut    = "nks.out."
	prefixParked = "nks.parked."
)

// Headers beside NATS' own Nats-Msg-Id. HeaderCorrelation holds the id of the
// message that an answer answers.
const (
	HeaderCorrelation = "Nks-Correlation-Id"
	HeaderReplyTo     = "Nks-Reply-To"
	HeaderFormat      = "Content-Type"
	HeaderPriority    = "Nks-Priority"
	headerProp        = "Nks-Prop-"
	headerParkedID    = "Nks-Parked-Id"
	headerParkReason  = "Nks-Park-Reason"
)

// In is the queue into which a supplier puts.
func In(supplier string) string { return prefixIn + supplier }

// Out is the queue from which a supplier takes.
func Out(supplier string) string { return prefixOut + supplier }

// Parked is the queue of what could not be taken from In.
func Parked(supplier string) string { return prefixParked + supplier }
