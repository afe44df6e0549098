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
	notOurs  bool // the LIN has a number that none of ours has
	inLine   bool
	refs     []string // RFF+CR of the LIN
	statuses int      // SEQ of the LIN
	held     *held
}

// held is a status whose meaning the code gis stands for.
type held struct {
	gateway.BankStatus
	gis     string // GIS 7365
	notOurs bool   // LIN or SEQ has a number that none of ours has
	amiss   bool   // it names an amount that cannot be read
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
		var ours bool
		b.line, ours = ourNumber(s.Element(0))
		b.inLine, b.notOurs, b.refs, b.statuses = true, !ours, nil, 0
	case "SEQ":
		if err := b.release(true); err != nil {
			return err
		}
		b.statuses++
		seq, ours := ourNumber(s.Component(1, 0))
		b.held = &held{BankStatus: gateway.BankStatus{MessageRef: b.message, Line: b.line, Seq: seq}, notOurs: b.notOurs || !ours}
	case "GIS":
		b.held.gis = s.Text(0, 0)
	case "MOA":
		// Of a SEQ, the amount that was ordered. // D.96A DE 5025: 9
		if string(s.Component(0, 0)) == "9" && b.held != nil {
			b.held.Ore, b.held.amiss = oreOf(s.Text(0, 1))
		}
	case "FTX":
		b.reason(s)
	}
	return nil
}

// mostDigits bounds an amount.
const mostDigits = 15

// oreOf reads an amount with at most two decimals. amiss: it is none, or nothing.
func oreOf(text string) (ore int64, amiss bool) {
	whole, decimals, _ := strings.Cut(strings.ReplaceAll(text, ".", ","), ",")
	if len(decimals) > 2 || len(whole) > mostDigits || !gateway.AllDigits(whole+decimals) {
		return 0, true
	}
	ore, err := strconv.ParseInt(whole+(decimals + "00")[:2], 10, 64)
	return ore, err != nil || ore == 0
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
	b.held.Code, b.held.Text = reasonOf(s)
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
	if alone && len(b.refs) == 1 {
		w.Reference = b.refs[0]
	}
	w.Meaning = b.file.codec.meanings[w.gis]
	if why := b.unclear(w, alone); why != "" {
		w.Meaning, w.Code, w.Text = gateway.MeansUnclear, "", why
	}
	return b.file.sink.Status(w.BankStatus)
}

// unclear is why nobody can say what a status means or is about; "" when nothing speaks against it.
func (b *bansta) unclear(w *held, alone bool) string {
	switch {
	case alone && len(b.refs) > 1:
		return "several references to one payment"
	case !alone && w.Seq == 0 && !w.notOurs:
		return "several SEQ in a LIN and one without a number"
	case w.notOurs:
		return "LIN or SEQ is not numbered as ours are"
	case w.amiss:
		return "its amount cannot be read"
	case w.Meaning == "":
		return "GIS code " + w.gis + " is in no list of the bank's profile"
	}
	return ""
}

// ourNumber reads a number of ours, which is written in one way; 0 stands for none.
func ourNumber(b []byte) (n int, ours bool) {
	if len(b) == 0 {
		return 0, true
	}
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 1 || strconv.Itoa(n) != string(b) {
		return 0, false
	}
	return n, true
}
