package view

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nks/edifact"
)

// place is where an order stands in what was sent to a bank.
type place struct {
	ControlRef int64
	MessageRef string // BGM 1004
	Message    int
	Line       int
	Seq        int
	Reference  string // what the bank calls the order
}

// control is UNB 0020 as it is written.
func (p place) control() string { return fmt.Sprintf("%014d", p.ControlRef) }

// leftOut stands where segments are left out.
const leftOut = "…"

// shown gathers the segments that are shown, with a mark where others were left out.
type shown struct {
	b       strings.Builder
	mark    string
	skipped bool
}

func (s *shown) add(seg *edifact.Segment) {
	if s.skipped && s.b.Len() > 0 {
		s.b.WriteString(leftOut + "\n")
	}
	s.skipped = false
	if s.b.Len() < excerptMost {
		s.b.WriteString(readable(seg.Raw()) + s.mark + "\n")
	}
}

func (s *shown) skip() { s.skipped = true }

// segments calls each for every segment of an interchange.
func segments(r io.Reader, each func(*edifact.Segment, string) (stop bool)) error {
	in := edifact.NewReader(r, edifact.ReaderOptions{
		Limits: edifact.Limits{Total: readMost}, Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {},
	})
	for {
		seg, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if each(seg, string(in.Delimiters().End)) {
			return nil
		}
	}
}

func number(b []byte) int {
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return -1
	}
	return n
}

// findOrder shows the segments of one order in an interchange of ours: those around it, its own, none of another's.
func findOrder(r io.Reader, at place) (*Excerpt, error) {
	out := &shown{}
	message, line, seq, found := 0, 0, 0, false
	err := segments(r, func(s *edifact.Segment, end string) bool {
		out.mark = end
		switch s.Tag {
		case "UNB":
		case "UNH":
			message, line, seq = message+1, 0, 0
		case "LIN":
			line, seq = number(s.Element(0)), 0
		case "SEQ":
			seq = number(s.Component(1, 0))
		case "CNT", "UNT", "UNZ":
			line, seq = -1, 0
		}
		own := s.Tag == "UNB" || message == at.Message && (line == 0 || line == at.Line && (seq == 0 || seq == at.Seq))
		if !own {
			out.skip()
			return message > at.Message
		}
		found = found || seq == at.Seq && line == at.Line
		out.add(s)
		return false
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNotInIt
	}
	return &Excerpt{Text: out.b.String()}, nil
}

// findTexts shows what a bank's file says of one order: of its interchange, its message, its line, itself.
func findTexts(r io.Reader, at place) (*Excerpt, error) {
	f := &textFinder{at: at}
	err := segments(r, func(s *edifact.Segment, end string) bool {
		f.out.mark = end
		f.segment(s)
		return false
	})
	if err != nil {
		return nil, err
	}
	f.endMessage()
	if !f.found {
		return nil, errNotInIt
	}
	return &Excerpt{Text: f.out.b.String()}, nil
}

// textFinder holds a message back until it is known to be about ours, and a line until it is known to be.
type textFinder struct {
	at      place
	out     shown
	found   bool
	kind    string
	message []*edifact.Segment // its beginning
	lines   [][]*edifact.Segment
	about   bool
	inLine  bool
	another bool // in what a CONTRL says of another message
}

func (f *textFinder) segment(s *edifact.Segment) {
	switch s.Tag {
	case "UNB":
		f.out.add(s)
		return
	case "UNH":
		f.endMessage()
		f.kind = string(s.Component(1, 0))
	case "UNT", "UNZ":
		f.endMessage()
		f.out.skip()
		return
	}
	switch f.kind {
	case "CONTRL":
		f.control(s)
	case "BANSTA":
		f.status(s)
	default:
		f.out.skip()
	}
}

func (f *textFinder) control(s *edifact.Segment) {
	switch s.Tag {
	case "UCI":
		f.about = string(s.Element(0)) == f.at.control()
		f.another = false
	case "UCM":
		f.another = number(s.Element(0)) != f.at.Message
	}
	if f.another {
		return
	}
	f.message = append(f.message, s.Clone())
}

func (f *textFinder) status(s *edifact.Segment) {
	if s.Tag == "LIN" {
		f.inLine = true
		f.lines = append(f.lines, nil)
	}
	if !f.inLine {
		if s.Tag == "RFF" && string(s.Component(0, 0)) == "ACW" {
			f.about = string(s.Component(0, 1)) == f.at.MessageRef
		}
		f.message = append(f.message, s.Clone())
		return
	}
	last := len(f.lines) - 1
	f.lines[last] = append(f.lines[last], s.Clone())
	if s.Tag == "LIN" {
		f.settle(last - 1)
	}
}

// settle drops an earlier line that is not about ours, so that only those are kept.
func (f *textFinder) settle(i int) {
	if i >= 0 {
		f.lines[i] = f.ours(f.lines[i])
	}
}

// ours is what of a line speaks of our order or of its whole line.
func (f *textFinder) ours(line []*edifact.Segment) []*edifact.Segment {
	if len(line) == 0 {
		return nil
	}
	named, others := false, 0
	for i := range line {
		if s := line[i]; s.Tag == "RFF" && string(s.Component(0, 0)) == "CR" {
			if string(s.Component(0, 1)) == f.at.Reference {
				named = true
			} else {
				others++
			}
		}
	}
	place := f.about && line[0].Tag == "LIN" && number(line[0].Element(0)) == f.at.Line
	if others > 0 || !named && !place {
		return nil
	}
	var kept []*edifact.Segment
	own := true
	for _, s := range line {
		if s.Tag == "SEQ" {
			of := s.Component(1, 0)
			own = named || len(of) == 0 || number(of) == f.at.Seq
		}
		if own {
			kept = append(kept, s)
		}
	}
	if len(kept) > 0 && kept[len(kept)-1].Tag == "LIN" {
		return nil // all of it was about others
	}
	return kept
}

func (f *textFinder) endMessage() {
	if n := len(f.lines); n > 0 {
		f.settle(n - 1)
	}
	any := f.kind == "CONTRL" && f.about
	for _, l := range f.lines {
		any = any || len(l) > 0
	}
	if any {
		f.found = true
		for i := range f.message {
			f.out.add(f.message[i])
		}
		for _, l := range f.lines {
			for i := range l {
				f.out.add(l[i])
			}
			if len(l) == 0 {
				f.out.skip()
			}
		}
	} else if len(f.message) > 0 {
		f.out.skip()
	}
	f.kind, f.message, f.lines, f.about, f.inLine = "", nil, nil, false, false
}
