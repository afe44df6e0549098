package door

import (
	"context"
	"time"
)

// Sequence is a reliable sequence of a party's messages. // WS-RM 2005-02
type Sequence struct {
	ID      string // ours
	Offered string // the sequence of the replies, whose numbers are those of what they reply to; empty: there is none
	Ended   bool
	Last    int64 // number of its last message; 0: not known yet
	Came    []Came
}

// Came is a range of the numbers that have come, both ends included.
type Came struct {
	Lower int64 `db:"lower"`
	Upper int64 `db:"upper"`
}

// SequenceMessage is a message of a sequence that has come, and how it was replied to.
type SequenceMessage struct {
	Number    int64
	MessageID string
	SHA256    [32]byte // of its business document
	Last      bool
	// Fault and Reason are what it was replied to with; empty: it was taken.
	Fault, Reason string
}

// Sequences is where a door keeps the sequences of its parties, so that they outlive the process. Times are the machine's.
type Sequences interface {
	// Open gives a party the sequence that a message asks for; for the same message the same. gateway.ErrRefused: the party has as
	// many as it may.
	Open(ctx context.Context, party, messageID, offered string, at time.Time) (Sequence, error)
	// Find gives one of the party's; gateway.ErrNotFound: it has none of that id, or it was forgotten.
	Find(ctx context.Context, party, id string, at time.Time) (Sequence, error)
	// Message is what came under a number; gateway.ErrNotFound: nothing.
	Message(ctx context.Context, id string, number int64) (SequenceMessage, error)
	// Claim gives a message its number before it is taken: nothing has come under it yet. gateway.ErrConflict: another has it.
	Claim(ctx context.Context, id string, m SequenceMessage) error
	// Keep records a message that is settled. gateway.ErrConflict: another has its number.
	Keep(ctx context.Context, id string, m SequenceMessage) error
	// End marks one that its party has ended: it takes nothing more.
	End(ctx context.Context, id string, at time.Time) error
	// Forget forgets those that were last used before an instant.
	Forget(ctx context.Context, before time.Time) error
}

// Sending is where a door is in the sequence that it sends to a party.
type Sending struct {
	Sequence string // theirs; empty: none is open
	Number   int64  // of the last message
	Answer   int64  // which answer that was; 0: none
}

// Sendings is where a door keeps that, so that an answer comes again under its number after a crash.
type Sendings interface {
	// Own runs do while nobody else sends to the party; false: somebody does.
	Own(ctx context.Context, party string, do func(context.Context) error) (bool, error)
	Sending(ctx context.Context, party string) (Sending, error)
	// SetSending records where the door is now. gateway.ErrLostOwnership: it was not at from, because somebody else has come to send to the
	// party, who may have used the number that comes next.
	SetSending(ctx context.Context, party string, from, to Sending) error
}
