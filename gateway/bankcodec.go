package gateway

import (
	"io"
	"time"
)

// BankCodec writes orders as one bank wants them and reads what it answers.
type BankCodec interface {
	// Begin begins an interchange of orders. What is written depends on nothing but what it is given.
	Begin(w io.Writer, i Interchange) (OrderWriter, error)
	// Signature is how interchanges to the bank are signed; an error when they must be, and cannot.
	Signature() (Signature, error)
	// Read reads a file that came from the bank at a time, and tells the sink of everything in it. An error that is an *UnreadableError is
	// the file's; the envelope is then what could be read. With an *UnprovenError nothing that the sink was told, and nothing of
	// the envelope, may be believed.
	Read(r io.Reader, came time.Time, sink BankSink) (BankEnvelope, error)
	// Answer renders the CONTRL for an interchange of the bank: accepting it, or rejecting it because of err.
	Answer(e BankEnvelope, err error, controlRef string, prepared time.Time) ([]byte, error)
	// Recall renders an interchange that asks for orders back. What is written depends on nothing but what it is given.
	Recall(Recall) ([]byte, error)
}

// OrderWriter writes an interchange in order. It checks its own counts and sums against what it is told.
type OrderWriter interface {
	Message(no int, ref string) error
	Line(Line) error
	Order(*Order) error
	End(Totals) error
	// Changes is which names and texts were written otherwise than they came, after End.
	Changes() []TextChange
}

// BankEnvelope is what a bank's interchange says of itself. Sender, reference and time of preparation together name it: a
// bank may begin its references anew.
type BankEnvelope struct {
	Sender      string // UNB 0004
	ControlRef  string // UNB 0020
	Prepared    string // UNB 0017 and 0019 as they stand there, joined by a colon
	WantsContrl bool   // UNB 0031, and there is something in it that may be answered
	SignedBy    []byte // fingerprint of the key that proves who wrote it, as in Signature; nil: the profile asks for no proof
	Handle      any    // what the codec needs to answer it
}

// BankSink hears what stands in a bank's file.
type BankSink interface {
	Contrl(Contrl) error
	Status(BankStatus) error
	// Posting is told of each posting of an advice, and of each entry of a statement before that.
	Posting(BankPosting) error
	Statement(BankStatement) error
	// Unknown is told of each message that the codec does not know, by its type.
	Unknown(messageType string) error
}

// TextChange is a name or text that does not go to the bank as it came: the bank's characters or places do not hold it. Seq
// is 0 for what belongs to the line.
type TextChange struct {
	Message, Line, Seq int
	Field              string
	What               string // transliterated, shortened, dropped
}
