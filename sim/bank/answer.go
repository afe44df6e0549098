package bank

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
)

// answering renders one planned answer. The bytes are a function of the profile, of what stands in the journal about
// the file, and of the number and instant under which the answer is made.
type answering struct {
	profile Profile
	journal string // path
	file    *receivedLine
	facts   section
	plan    planned
	control string
	at      time.Time // in the centre's zone
	asks    bool

	postings []*postingLine    // of DEBMUL and CREMUL
	stated   []statement       // of FINSTA
	stopped  map[mark]struct{} // orders given back before they were booked
}

func (a *answering) write(w io.Writer) error {
	n := newPen(w, a.profile)
	n.header(a.file.Recipient, a.file.Sender, a.at, a.control, a.asks, a.file.Agreement, a.file.Test)
	switch a.plan.Kind {
	case answerContrl:
		a.contrl(n)
		return n.finish()
	case answerDebits, answerCredits, answerStatements:
		if err := a.advise(&advice{pen: n, profile: a.profile, control: a.control, at: a.at}); err != nil {
			return err
		}
		return n.finish()
	}
	b := bansta{pen: n, profile: a.profile, control: a.control, at: a.at}
	if err := a.statements(&b); err != nil {
		return err
	}
	b.end()
	return n.finish()
}

// contrl writes the service message (ISO 9735 version 3, CONTRL D:3).
func (a *answering) contrl(n *pen) {
	r := a.file
	n.open("CONTRL", "D", "3", "UN")
	uci := []string{r.Control, composite(r.Sender.ID, r.Sender.Qualifier), composite(r.Recipient.ID, r.Recipient.Qualifier), a.plan.Action}
	switch {
	case a.plan.Code != 0:
		uci = append(uci, strconv.Itoa(a.plan.Code), "UNB")
	case a.plan.Action == "4" && r.Flaw != nil:
		uci = append(uci, flawElements(r.Flaw)...)
	}
	n.segment("UCI", uci...)
	if a.plan.Action == "7" {
		for _, m := range r.Messages {
			a.contrlMessage(n, m)
		}
	}
	n.close()
}

func (a *answering) contrlMessage(n *pen, m messageFacts) {
	kind := messageType(m.Type)
	switch f := m.Flaw; {
	case f == nil && a.profile.NamesMessages:
		n.segment("UCM", m.Ref, kind, "7")
	case f == nil:
	case f.Tag != "" || f.Segment == 0:
		n.segment("UCM", append([]string{m.Ref, kind, "4"}, flawElements(f)...)...)
	case f.Element <= 1:
		n.segment("UCM", m.Ref, kind, "4")
		n.segment("UCS", strconv.Itoa(f.Segment), strconv.Itoa(f.Code))
	default:
		n.segment("UCM", m.Ref, kind, "4")
		n.segment("UCS", strconv.Itoa(f.Segment))
		n.segment("UCD", strconv.Itoa(f.Code), placeOf(f))
	}
}

func messageType(joined string) string {
	b := []byte(joined)
	for i, c := range b {
		if c == ':' {
			b[i] = 0
		}
	}
	return string(b)
}

// flawElements are 0085, 0013 and S011.
func flawElements(f *flaw) []string {
	e := []string{strconv.Itoa(f.Code), f.Tag}
	if f.Tag != "" && f.Element > 0 {
		e = append(e, placeOf(f))
	}
	return e
}

func placeOf(f *flaw) string {
	if f.Component == 0 {
		return strconv.Itoa(f.Element)
	}
	return composite(strconv.Itoa(f.Element), strconv.Itoa(f.Component))
}

// statements tells a BANSTA everything that this answer says, in the order of the file.
func (a *answering) statements(b *bansta) error {
	if a.plan.Kind == AnswerStray {
		b.order("", lineLine{Line: 1}, orderLine{Ref: "00000000UKENDT" + a.control, Seq: 1}, a.profile.Codes.Rejected, a.profile.strayReason())
		return nil
	}
	switch a.plan.Kind {
	case answerRecall:
		a.recalls(b)
		return nil
	case answerStopped:
		a.rejectStopped(b)
		return nil
	}
	if a.plan.Kind == answerFault {
		return a.pass(&speaker{answering: a, to: b})
	}
	if a.plan.Kind == answerBooking && a.plan.Status == ExecutedLine {
		// A word on a whole LIN is about what was not rejected: the rejects must be known before.
		if err := a.pass(&speaker{answering: a, to: b, only: verdictLate}); err != nil {
			return err
		}
		return a.pass(&speaker{answering: a, to: b, only: "line"})
	}
	return a.pass(&speaker{answering: a, to: b})
}

// recalls answers about the orders that were asked for.
func (a *answering) recalls(b *bansta) {
	for _, r := range a.file.Recalls {
		code := a.profile.Codes.Rejected
		switch r.Does {
		case RecallSilent:
			continue
		case RecallStopped, RecallReturned:
			code = a.profile.Codes.Executed
		}
		b.recall(a.file.Messages[r.Message].ID, r, code, r.reason())
	}
}

// rejectStopped tells of the orders themselves that they are not carried out.
func (a *answering) rejectStopped(b *bansta) {
	for _, r := range a.file.Recalls {
		if r.Does == RecallStopped {
			b.order(r.Of, lineLine{Line: r.At}, orderLine{Ref: r.Ref, Seq: r.Seq}, a.profile.Codes.Rejected, r.reason())
		}
	}
}

func (a *answering) isStopped(ref string) bool {
	_, stopped := a.stopped[markOf(ref)]
	return stopped
}

func (a *answering) pass(spoken *speaker) error {
	return a.facts.lines(a.journal, func(text []byte) error {
		switch kindOf(text) {
		case kindLine:
			var l lineLine
			if err := json.Unmarshal(text, &l); err != nil {
				return fmt.Errorf("%w: %w", ErrJournal, err)
			}
			return spoken.startLine(l)
		case kindOrder:
			var o orderLine
			if err := json.Unmarshal(text, &o); err != nil {
				return fmt.Errorf("%w: %w", ErrJournal, err)
			}
			spoken.order(o)
		}
		return nil
	})
}

// speaker chooses what is said of each LIN and order.
type speaker struct {
	*answering
	only     string // of a booking in two passes: "late" or "line"
	to       *bansta
	line     lineLine
	skip     bool
	id       string
	reported bool // the LIN as a whole
}

func (s *speaker) startLine(l lineLine) error {
	if l.Message < 0 || l.Message >= len(s.file.Messages) {
		return fmt.Errorf("%w: line of message %d", ErrJournal, l.Message)
	}
	m := s.file.Messages[l.Message]
	s.line, s.id, s.reported = l, m.ID, false
	s.skip = m.Flaw != nil || s.plan.Date != "" && l.Date != s.plan.Date
	if !s.skip && s.plan.Kind == answerValidation && oneOf(s.plan.Status, ValidationLines+" "+ValidationBoth) {
		s.to.line(s.id, l, s.profile.Codes.Accepted)
	}
	return nil
}

func (s *speaker) order(o orderLine) {
	if s.skip || len(s.stopped) > 0 && s.isStopped(o.Ref) {
		return
	}
	switch {
	case s.plan.Kind == answerFault:
		s.faulty(o)
	case s.plan.Kind == answerValidation && o.Verdict == verdictReject,
		s.plan.Kind == answerBooking && o.Verdict == verdictLate && s.only != "line":
		s.to.order(s.id, s.line, o, s.profile.Codes.Rejected, s.profile.reason(o.Why))
	case s.plan.Kind == answerBooking && o.Verdict == "" && s.plan.Status == ExecutedSeq:
		s.to.order(s.id, s.line, o, s.profile.Codes.Executed, Reason{})
	case s.plan.Kind == answerBooking && o.Verdict == "" && s.only == "line" && !s.reported:
		s.reported = true
		s.to.line(s.id, s.line, s.profile.Codes.Executed)
	}
}

// faulty makes a fault's statement about one of its orders, or its correction.
func (s *speaker) faulty(o orderLine) {
	codes := s.profile.Codes
	reason := s.profile.reason(int(draw(s.profile.Faults.Seed, "reason", o.Ref) % uint64(len(s.profile.Reasons))))
	switch silent := o.Verdict == verdictSilent; {
	case o.Fault != s.plan.Fault:
	case s.plan.Status == stateTruth && o.Truth == Executed:
		s.to.order(s.id, s.line, o, codes.Executed, Reason{})
	case s.plan.Status == stateTruth:
		s.to.order(s.id, s.line, o, codes.Rejected, reason)
	case !silent:
	case s.plan.Status == stateExecuted:
		s.to.order(s.id, s.line, o, codes.Executed, Reason{})
	case s.plan.Status == stateRejected:
		s.to.order(s.id, s.line, o, codes.Rejected, reason)
	case s.plan.Status == stateUnknown:
		s.to.order(s.id, s.line, o, unknownCode, Reason{})
	case s.plan.Status == stateAmount:
		s.to.amount(s.id, s.line, o, codes.Executed, otherAmount(o.Oere))
	case s.plan.Status == stateMisnamed:
		s.misname(o, reason)
	}
}

func (s *speaker) misname(o orderLine, reason Reason) {
	named := o
	named.Ref = o.NamesRef
	switch o.Names {
	case namesTwo:
		s.to.misplaced(s.id, s.line, named, s.profile.Codes.Executed)
	case namesOther:
		s.to.order("", s.line, named, s.profile.Codes.Rejected, reason)
	default:
		s.to.order("", s.line, named, s.profile.Codes.Executed, Reason{})
	}
}

// unknownCode is a GIS 7365 that stands in no profile.
const unknownCode = "97"

// otherAmount is a hundredfold: a decimal mark that was overlooked.
func otherAmount(oere int64) int64 { return oere * 100 }

func (p Profile) reason(i int) Reason {
	if i < 0 || i >= len(p.Reasons) {
		return Reason{Code: "K0000"}
	}
	return p.Reasons[i]
}

func (p Profile) strayReason() Reason {
	if len(p.Reasons) == 0 {
		return Reason{Code: "K0000"}
	}
	return p.Reasons[0]
}
