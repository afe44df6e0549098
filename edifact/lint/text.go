package lint

import (
	"strconv"
	"strings"
)

// String is the finding in one line, without the name of the file: line, column,
// tag, rule, severity and a sentence, and in brackets the place in the message
// and the code of 0085.
func (f Finding) String() string {
	tag := f.Tag
	if tag == "" {
		tag = "-"
	}
	var where []string
	number := func(name string, n int) {
		if n > 0 {
			where = append(where, name+" "+strconv.Itoa(n))
		}
	}
	if f.Message != "" {
		where = append(where, "message "+strconv.Quote(f.Message))
	}
	number("segment", f.Position)
	number("element", f.Element)
	number("component", f.Component)
	number("repetition", f.Repetition)
	number("code", int(f.Code))
	return strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column) + ": " + tag + ": " + string(f.Rule) + ": " + string(f.Severity) + ": " +
		f.Text + " (" + strings.Join(where, ", ") + ")"
}

// Error is String.
func (f Finding) Error() string { return f.String() }

// Fields are a finding for programs. Numbers that do not apply are 0, and texts
// empty.
type Fields struct {
	Line        int      `json:"line"`
	Column      int      `json:"column"`
	Offset      int64    `json:"offset"`
	Severity    Severity `json:"severity"`
	Tag         string   `json:"tag"`
	Rule        string   `json:"rule"`
	Code        int      `json:"code"`
	Text        string   `json:"text"`
	Interchange string   `json:"interchange"`
	Group       string   `json:"group"`
	Message     string   `json:"message"`
	Position    int      `json:"position"`
	Element     int      `json:"element"`
	Component   int      `json:"component"`
	Repetition  int      `json:"repetition"`
	Leniency    string   `json:"leniency"`
}

// Fields returns the finding as it is written for programs.
func (f Finding) Fields() Fields {
	return Fields{
		f.Line, f.Column, f.Offset, f.Severity, f.Tag, string(f.Rule), int(f.Code), f.Text,
		f.Interchange, f.Group, f.Message, f.Position, f.Element, f.Component, f.Repetition, f.Forgiven.String(),
	}
}

// String is the summary in a few words.
func (s Summary) String() string {
	what := counted(s.Interchanges, "interchange")
	if s.Groups > 0 {
		what += ", " + counted(s.Groups, "group")
	}
	what += ", " + counted(s.Messages, "message") + ", " + counted(s.Segments, "segment") + ": "
	if s.Errors+s.Warnings+s.Notes == 0 {
		return what + "nothing found"
	}
	what += counted(s.Errors, "error") + ", " + counted(s.Warnings, "warning")
	if s.Notes > 0 {
		what += ", " + counted(s.Notes, "note")
	}
	if s.Unreported > 0 {
		what += "; " + counted(s.Unreported, "more line break") + " or padding like those told"
	}
	return what
}

// Add adds the counts of another file.
func (s *Summary) Add(t Summary) {
	s.Interchanges, s.Groups, s.Messages, s.Segments = s.Interchanges+t.Interchanges, s.Groups+t.Groups, s.Messages+t.Messages, s.Segments+t.Segments
	s.Errors, s.Warnings, s.Notes, s.Unreported = s.Errors+t.Errors, s.Warnings+t.Warnings, s.Notes+t.Notes, s.Unreported+t.Unreported
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
