// Package lint finds everything in EDIFACT files that departs from ISO 9735 or
// from the directory, and says where it stands: line and column for people,
// message, segment and data element for CONTRL.
package lint

import (
	"bufio"
	"errors"
	"io"
	"math"

	"nks/edifact"
	"nks/edifact/directory"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning" // a departure that is allowed
	Note    Severity = "note"    // something that could not be judged
)

// Finding is one departure and where it stands.
type Finding struct {
	*edifact.ParseError
	Severity     Severity
	Line, Column int // from 1; the column counts bytes. LF, CR LF and CR end a line
}

// Options are how a file is judged.
type Options struct {
	// Directories are what messages are compared with; none is built in. Of a
	// message of another directory only the syntax is judged, and a note says so
	// once for each type.
	Directories []*directory.Directory
	// Codes are agreed beside those of the directories.
	Codes edifact.Codes
	// Allowed are the departures that are warnings. All others are errors, also
	// those that can be read over.
	Allowed edifact.Leniency
	// Repertoire is taken instead of that which UNB names.
	Repertoire edifact.Repertoire
	// Limits are those of the reader; the input may be of any length unless they
	// say otherwise.
	Limits edifact.Limits
	// Every tells every line break and all padding. Else the first is told and the
	// others are counted.
	Every bool
}

// Usual are the departures that hardly any file is without, and by which
// nothing is lost.
const Usual = edifact.LineBreaks | edifact.Padding

// Summary is what a file held.
type Summary struct {
	Interchanges, Groups, Messages, Segments int
	Errors, Warnings, Notes                  int
	Unreported                               int // line breaks and padding like those told
}

// File judges one input and tells every finding in the order of their places.
// The error is not about the content: the input cannot be read, or tell returned
// it, which ends the work. Memory does not depend on the size of the input.
func File(in io.Reader, o Options, tell func(Finding) error) (Summary, error) {
	head := bufio.NewReaderSize(in, Peeked)
	first, err := head.Peek(Peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return Summary{}, err
	}
	if o.Limits.Total == 0 {
		o.Limits.Total = math.MaxInt64
	}
	l := &linter{o: o, tell: tell, lines: newLines(head, o.Limits.Segment), reported: map[any]bool{}}
	if why := Foreign(first); why != "" {
		l.find(&edifact.ParseError{Rule: RuleForeign, Code: edifact.CodeMissing, Text: "not EDIFACT: " + why})
		err = l.flush()
	} else {
		err = l.read()
	}
	return l.sum, err
}
