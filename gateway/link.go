package gateway

import "time"

// LinkKind is what a line leads to.
type LinkKind string

// The kinds of lines.
const (
	LinkBank  LinkKind = "bank"  // a booking centre: one connection, whichever node owns it
	LinkDoor  LinkKind = "door"  // where data suppliers come in, at each node
	LinkQueue LinkKind = "queue" // a data supplier's queues, at each node that serves them
	// LinkEndpoint is a data supplier's own endpoint, at each node that sends answers to it.
	LinkEndpoint LinkKind = "endpoint"
	// LinkPrint is the print provider, at the node that hands letters over.
	LinkPrint LinkKind = "print"
)

// LinkState is whether a line can be used.
type LinkState string

// The states of a line.
const (
	LinkUp      LinkState = "up"
	LinkDown    LinkState = "down"
	LinkClosed  LinkState = "closed"  // nobody wants it: by configuration, or since its node was stopped in order
	LinkUnknown LinkState = "unknown" // nobody has told of it, or not for too long
)

// Bad reports whether nothing goes over a line, as far as is known, that somebody wants.
func (s LinkState) Bad() bool { return s == LinkDown || s == LinkUnknown }

// LinkTrouble is why a line is not up, in a word that pages have a text for.
type LinkTrouble string

// What keeps a line from being up.
const (
	TroubleNone          LinkTrouble = ""
	TroubleRefused       LinkTrouble = "refused"       // nobody listens at the address
	TroubleTimeout       LinkTrouble = "timeout"       // no answer in time
	TroubleAddress       LinkTrouble = "address"       // the address has no machine
	TroubleHostKey       LinkTrouble = "host_key"      // another server than the pinned one
	TroubleLogin         LinkTrouble = "login"         // our login is refused
	TroubleKey           LinkTrouble = "key"           // our own key cannot be read
	TroubleMailbox       LinkTrouble = "mailbox"       // connected, and the mailbox cannot be listed
	TroubleLost          LinkTrouble = "lost"          // it was connected, and broke
	TroubleConfiguration LinkTrouble = "configuration" // closed by configuration
	TroubleStopped       LinkTrouble = "stopped"       // its node was stopped in order
	TroubleEnded         LinkTrouble = "ended"         // the bank is not served any more
	TroubleElsewhere     LinkTrouble = "elsewhere"     // another node owns it
	TroubleUntold        LinkTrouble = "untold"        // nobody has told of it yet
	TroubleSilent        LinkTrouble = "silent"        // its node tells nothing any more
	TroubleOther         LinkTrouble = "other"
)

// LinkTroubles is every trouble that a line can have.
func LinkTroubles() []LinkTrouble {
	return []LinkTrouble{TroubleRefused, TroubleTimeout, TroubleAddress, TroubleHostKey, TroubleLogin, TroubleKey, TroubleMailbox, TroubleLost,
		TroubleConfiguration, TroubleStopped, TroubleEnded, TroubleElsewhere, TroubleUntold, TroubleSilent, TroubleOther}
}

const (
	// LineBeat is how often a node tells of its lines when nothing changes.
	LineBeat = 15 * time.Second
	// LineStale is after how long without a word nobody knows how a line is.
	LineStale = time.Minute
	// lineGone is after how long the lines of a node that tells nothing are those of no node any more.
	lineGone = 24 * time.Hour
)

// Link is a line: what was last told of it. Times are business times.
type Link struct {
	Kind  LinkKind    `db:"kind"`
	Name  string      `db:"name"`  // of the bank, door or data supplier
	Node  string      `db:"node"`  // whose it is; "" for a bank's, which is of no node
	Owner string      `db:"owner"` // the node that told of it
	State LinkState   `db:"state"`
	Since time.Time   `db:"since"` // of a bad state: since the line was good
	Good  *time.Time  `db:"good_at"`
	Told  time.Time   `db:"told_at"`
	Why   LinkTrouble `db:"trouble"`
	Error string      `db:"error"` // a program's own words, in English
	// Limit is for how long it may be bad, in seconds.
	Limit int64 `db:"limit_seconds"`
	// Held is what waits in a data supplier's queues; nil of all other lines.
	Held Held `db:"held"`
}

// LinkStanding is how a line is at an instant.
type LinkStanding struct {
	State LinkState
	Since time.Time
	Why   LinkTrouble
	// Late: it is bad for longer than its limit.
	Late bool
}

// At is how a line is at an instant, by what was last told of it: what nobody tells of any more is not up. Nor is what is told from further on than
// now: who asks has a clock that is behind, and would take a node that is dead for one that tells.
func (l Link) At(now time.Time) LinkStanding {
	s := LinkStanding{State: l.State, Since: l.Since, Why: l.Why}
	if s.State != LinkClosed && now.Sub(l.Told).Abs() > LineStale {
		s.State, s.Why = LinkUnknown, TroubleSilent
		if !l.State.Bad() {
			s.Since = l.Told
		}
	}
	s.Late = s.State.Bad() && now.Sub(s.Since) > time.Duration(l.Limit)*time.Second
	return s
}

// Gone reports whether a line was of a node that nobody has heard of for a day.
func (l Link) Gone(now time.Time) bool { return l.Node != "" && now.Sub(l.Told) > lineGone }

// Subject is the line as an exception names it.
func (l Link) Subject() string {
	subject := string(l.Kind) + " " + l.Name
	if l.Node != "" {
		subject += " at " + l.Node
	}
	return subject
}

// untilSendBy is how long before a bank's send-by its line is needed at once.
const untilSendBy = 12 * time.Hour

// BankLineSeverity is how soon somebody must look at a bank's line that is down too long: at once where files wait for it, or its next
// send-by is near.
func BankLineSeverity(now, sendBy time.Time, filesWait bool) Severity {
	if filesWait || sendBy.Sub(now) <= untilSendBy {
		return Urgent
	}
	return Warning
}

// Severity is how soon somebody must look at a door or queue that is down too long, among all lines: at once where nobody can come in by it at
// any node. Zero: nobody need look at it, since it is a queue whose door is bad.
func (l Link) Severity(all []Link, now time.Time) Severity {
	for _, o := range all {
		switch {
		case l.Kind == LinkQueue && o.Kind == LinkDoor && o.Node == l.Node && o.Name == DoorQueues && o.At(now).State != LinkUp:
			return 0
		case o.Kind == l.Kind && o.Name == l.Name && o.Node != l.Node && o.At(now).State == LinkUp:
			return Warning
		}
	}
	if l.Kind == LinkQueue || l.Kind == LinkEndpoint || l.Kind == LinkPrint {
		return Warning
	}
	return Urgent
}

// The doors, as lines and health name them.
const (
	DoorMailbox = "mailbox"
	DoorQueues  = "mq"
	DoorSigned  = "rasp"
	// DoorInterface is that of other programs.
	DoorInterface = "api"
)
