package gateway

// SplitLimits bound interchanges and messages.
type SplitLimits struct {
	InterchangeOrders int
	InterchangeBytes  int // estimated
	MessageOrders     int
	// Messages of an interchange that a signature can sign, and what it takes for each, at most; 0: there is no signature.
	Messages, MessageBytes int
}

// Signed is the limits of interchanges that are signed so.
func (l SplitLimits) Signed(by Signature) SplitLimits {
	l.Messages, l.MessageBytes = by.MostMessages, by.MessageBytes
	return l
}

// envelopeShare of an interchange's bytes is kept for what stands around the orders, and for the one that crosses the
// limit.
const envelopeShare = 32

// Splitter decides where interchanges and messages end as orders come, and counts what stands in the present ones.
type Splitter struct {
	limits                             SplitLimits
	orders, bytes, inMessage, messages int
}

// NewSplitter begins the first interchange.
func NewSplitter(l SplitLimits) *Splitter { return &Splitter{limits: l} }

// Fits reports whether an order of an estimated size still goes into the present interchange; the first always does.
func (s *Splitter) Fits(size int) bool {
	if s.inMessage == 0 {
		size += s.limits.MessageBytes
		if s.limits.Messages > 0 && s.messages >= s.limits.Messages {
			return false
		}
	}
	return s.orders == 0 || s.orders < s.limits.InterchangeOrders &&
		s.bytes+size <= s.limits.InterchangeBytes-s.limits.InterchangeBytes/envelopeShare
}

// Add counts an order, and reports whether the present message is full with it.
func (s *Splitter) Add(size int) (messageFull bool) {
	if s.inMessage == 0 {
		s.messages++
		size += s.limits.MessageBytes
	}
	s.orders, s.bytes, s.inMessage = s.orders+1, s.bytes+size, s.inMessage+1
	return s.inMessage == s.limits.MessageOrders
}

// EndMessage begins the next message of the present interchange.
func (s *Splitter) EndMessage() { s.inMessage = 0 }

// EndInterchange begins the next interchange.
func (s *Splitter) EndInterchange() { s.orders, s.bytes, s.inMessage, s.messages = 0, 0, 0, 0 }
