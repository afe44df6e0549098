package bankfile

import (
	"strconv"
	"strings"

	"nks/edifact"
	"nks/gateway"
)

// bansta reads a banking status message. D.96A hangs references on the LIN, so
// one names a payment only where its LIN has one SEQ; a word is therefore held
// back until it is known whether another SEQ follows.
type bansta struct {
	file     *reading
	message  string // SG1: our message id
	line     int
	inLine   bool
	refs     []string // RFF+CR of the LIN
	statuses int      // SEQ of the LIN
	held     *held
}

// held is a status whose meaning the code gis stands for.
type held struct {
	gateway.BankStatus
	gis string // GIS 7365
}

func (f *reading) bansta() error {
	b := &bansta{file: f}
	if err := f.segments(b.segment); err != nil {
		return err
	}
	return b.release(false)
}

func (b *bansta) segment(s *edifact.Segment) error {
	switch s.Tag {
	case "RFF":
		b.reference(s)
	case "LIN":
		if err := b.release(false); err != nil {
			return err
		}
		b.inLine, b.line, b.refs, b.statuses = true, numberOf(s.Element(0)), nil, 0
	case "SEQ":
		if err := b.release(true); err != nil {
			return err
		}
		b.statuses++
		b.held = &held{BankStatus: gateway.BankStatus{MessageRef: b.message, Line: b.line, Seq: numberOf(s.Component(1, 0))}}
		if len(s.Component(1, 0)) > 0 && b.held.Seq == 0 {
			b.held.Seq = -1
		}
	case "GIS":
		b.held.gis = s.Text(0, 0)
	case "FTX":
		b.reason(s)
	}
	return nil
}

func (b *bansta) reference(s *edifact.Segment) {
	switch qualifier := string(s.Component(0, 0)); {
	case !b.inLine && qualifier == "ACW":
		b.message = s.Text(0, 1)
	case b.inLine && qualifier == "CR":
		b.refs = append(b.refs, s.Text(0, 1))
	}
}

// reason takes the bank's code, if there is one, and its text, from C108.
func (b *bansta) reason(s *edifact.Segment) {
	var parts []string
	for j := range s.Components(3) {
		part := strings.TrimSpace(s.Text(3, j))
		switch {
		case j == 0 && isReason(part):
			b.held.Code = part
		case part != "":
			parts = append(parts, part)
		}
	}
	b.held.Text = strings.Join(parts, " ")
}

// isReason knows the reason codes of the Danish banks: K and four digits.
func isReason(s string) bool {
	return len(s) == 5 && s[0] == 'K' && gateway.AllDigits(s[1:])
}

// release gives the status that was held back; another says that one more SEQ of
// its LIN follows.
func (b *bansta) release(another bool) error {
	w := b.held
	if w == nil {
		return nil
	}
	b.held = nil
	alone := b.statuses == 1 && !another
	switch {
	case alone && len(b.refs) == 1:
		w.Reference = b.refs[0]
	case alone && len(b.refs) > 1:
		return b.file.tellUnknown("BANSTA with several references to one payment")
	case !alone && w.Seq == 0:
		return b.file.tellUnknown("BANSTA with several SEQ in a LIN and one without a number")
	}
	if w.Seq < 0 {
		return b.file.tellUnknown("BANSTA with a SEQ that is no number")
	}
	meaning, known := b.file.codec.meanings[w.gis]
	if !known {
		return b.file.tellUnknown("BANSTA with GIS code " + w.gis)
	}
	w.Meaning = meaning
	return b.file.sink.Status(w.BankStatus)
}

// numberOf reads a number; 0 stands for none.
func numberOf(b []byte) int {
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 0 {
		return 0
	}
	return n
}
