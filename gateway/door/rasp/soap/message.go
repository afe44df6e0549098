package soap

// Message is one message of the endpoint. A field that is empty does not stand in it.
type Message struct {
	Action    string
	ID        string // a:MessageID
	RelatesTo string
	To        string
	ReplyTo   string
	// Document is the sender's own name of the business document.
	Document string
	Parties  Parties

	Sequence     *Sequence
	Acknowledged *Acknowledged
	// AckRequested is the sequence whose acknowledgement is asked for.
	AckRequested string

	Content Content
}

// Parties are who sends and who is meant, as the message says: claims, by which nobody is let in.
type Parties struct{ Sender, SenderType, Receiver, ReceiverType string }

// Swapped are the parties of a reply.
func (p Parties) Swapped() Parties {
	return Parties{Sender: p.Receiver, SenderType: p.ReceiverType, Receiver: p.Sender, ReceiverType: p.SenderType}
}

// Sequence is a message's place in a sequence. // WS-RM 2005-02 §3.1
type Sequence struct {
	ID     string
	Number int64 // from 1
	Last   bool
}

// Range is what of a sequence has come, both ends included.
type Range struct{ Lower, Upper int64 }

// Acknowledged is what of a sequence has come. // WS-RM 2005-02 §3.2
type Acknowledged struct {
	ID     string
	Ranges []Range
}

// Holds reports whether a number has come.
func (a *Acknowledged) Holds(number int64) bool {
	if a == nil {
		return false
	}
	for _, r := range a.Ranges {
		if r.Lower <= number && number <= r.Upper {
			return true
		}
	}
	return false
}

// Highest is the highest number that has come; 0: none has.
func (a *Acknowledged) Highest() int64 {
	var highest int64
	for _, r := range a.Ranges {
		highest = max(highest, r.Upper)
	}
	return highest
}

// Content is what stands in the body: one of these, or nothing.
type Content struct {
	// Document is a business document: one element, complete by itself, in exclusive canonical form.
	Document []byte
	Create   *Create
	Created  *Created
	// Terminate is the sequence that ends.
	Terminate string
	Fault     *Fault
}

// Create asks for a sequence. // WS-RM 2005-02 §3.4
type Create struct {
	AcksTo string
	Offer  string // a sequence for the replies; empty: none is offered
}

// Created gives it.
type Created struct {
	ID     string
	AcksTo string // of the offered sequence, which is accepted; empty: none was offered
}
