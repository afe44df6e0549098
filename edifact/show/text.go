package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text writes an input for people: a line for each segment, indented by the
// groups around it, and one for each value.
func Text(out io.Writer, in io.Reader, o Options) error {
	return Each(in, o, NewText(out, o.Width).Segment)
}

// TextWriter writes segments for people.
type TextWriter struct {
	out    io.Writer
	width  int
	groups []Group // that the last segment stood in
	b      strings.Builder
}

// NewText returns a writer of lines with so many columns, 100 for 0.
func NewText(out io.Writer, width int) *TextWriter {
	if width <= 0 {
		width = 100
	}
	return &TextWriter{out: out, width: max(width, 60)}
}

// Segment writes the next segment of an input.
func (t *TextWriter) Segment(s *Segment) error {
	t.b.Reset()
	depth := depthOf(s)
	if !s.misplaced {
		t.open(s, depth)
	}
	depth += len(t.groups)
	if s.Tag != endOfInput {
		t.head(s, depth)
	}
	for _, v := range s.Values {
		t.value(v, depth)
	}
	for _, fault := range s.Faults {
		t.wrapped(strings.Repeat(indent, depth)+"  ! ", fault)
	}
	_, err := io.WriteString(t.out, t.b.String())
	return err
}

const indent = "  "

// depthOf is how far a segment is indented before its groups are.
func depthOf(s *Segment) int {
	depth := 0
	if s.Group != "" || s.Tag == "UNG" || s.Tag == "UNE" {
		depth++
	}
	switch s.Tag {
	case "UNB", "UNZ", endOfInput:
		return 0
	case "UNG", "UNE":
		return 1
	case "UNH", "UNT", "UNO", "UNP":
		return depth + 1
	default:
		return depth + 2
	}
}

// open writes a line for each group that begins with the segment.
func (t *TextWriter) open(s *Segment, depth int) {
	same := 0
	for same < len(s.Groups) && same < len(t.groups) && s.Groups[same] == t.groups[same] {
		same++
	}
	for i := same; i < len(s.Groups); i++ {
		g := s.Groups[i]
		fmt.Fprintf(&t.b, "%sgroup %d, occurrence %d\n", strings.Repeat(indent, depth+i), g.Group, g.Occurrence)
	}
	t.groups = append(t.groups[:0], s.Groups...)
}

// head is the line of the segment itself.
func (t *TextWriter) head(s *Segment, depth int) {
	line := strings.Repeat(indent, depth) + s.Tag
	if s.Name != "" {
		line += "  " + s.Name
	}
	switch {
	case s.Tag != "UNH":
	case s.structure:
		line += ": " + s.Type + ", " + s.title
	default:
		line += ": " + s.Type + ", whose structure is not known here"
	}
	t.wrapped("", line)
}

// value is a line of place, data element, value and meaning.
func (t *TextWriter) value(v Value, depth int) {
	place := strconv.Itoa(v.Element) + ":" + strconv.Itoa(v.Component)
	if v.Repetition > 1 {
		place += "*" + strconv.Itoa(v.Repetition)
	}
	left := strings.Repeat(indent, depth) + "    "
	name := pad(place, 5) + " "
	if v.Code != "" {
		name += v.Code + " " + v.Name
	}
	column := max(min(t.width/2, 60)-len(left), 24)
	text := v.Value
	if v.Meaning != "" {
		text += "  = " + v.Meaning
	}
	if v.Code == "" {
		column = 6
	}
	t.wrapped(left+pad(cut(name, column-1), column), text)
}

// wrapped writes text behind what leads it, in as many lines as it needs, all
// beginning in the column of the first.
func (t *TextWriter) wrapped(lead, text string) {
	start := utf8.RuneCountInString(lead)
	room := max(t.width-start, 20)
	if lead == "" {
		start = 8
	}
	t.b.WriteString(lead)
	for {
		line, rest := split(text, room)
		t.b.WriteString(line)
		t.b.WriteByte('\n')
		if rest == "" {
			return
		}
		text = rest
		room = max(t.width-start, 20)
		t.b.WriteString(strings.Repeat(" ", start))
	}
}

// split cuts text after at most n characters, at a blank unless that would leave
// too little.
func split(text string, n int) (line, rest string) {
	if utf8.RuneCountInString(text) <= n {
		return text, ""
	}
	end := 0
	for range n {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	if blank := strings.LastIndexByte(text[:end], ' '); blank > end/3 {
		return text[:blank], text[blank+1:]
	}
	return text[:end], text[end:]
}

// pad fills s up with blanks to n characters.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0))
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
