package unece

import (
	"regexp"
	"strconv"
	"strings"

	"nks/edifact/directory"
)

// segmentRow and groupRow are the lines of a segment table; what is left at
// their end draws the boxes around groups, in box characters or + and |.
var (
	segmentRow = regexp.MustCompile(`^\d{4,5}[*+#|X ]{1,5}([A-Z]{3}) +(.*?) +([MC]) {3}(\d+)([─┐┘┴│+|-]*| +[│|]+)$`)
	groupRow   = regexp.MustCompile(`^\d{4,5}[*+#|X ]{1,5} *[─-]+ Segment [Gg]roup (\d+) *[─-]+ ([MCmc]) {3}(\d+)([─┐│+|-]+)$`)
	// nameOnly is the first line of a row whose name is too long, wrapped the
	// rest of it.
	nameOnly = regexp.MustCompile(`^\d{4,5}[*+#|X ]{1,5}[A-Z]{3} +\S`)
	wrapped  = regexp.MustCompile(`^ {10,}\S.* [MC] {3}\d+`)
	// between is a line that shows but the sides of open groups, or the name of
	// a section.
	between = regexp.MustCompile(`^([ │|]*| +(HEADER|DETAIL|SUMMARY) SECTION[ │|]*)$`)
	label   = regexp.MustCompile(`^ +(Message Type|Version|Release|Contr\. Agency) *: *(\S+)$`)
)

// message reads a message of the message directory: the labels on its first
// page, and its segment table.
func (b *builder) message(f *file) error {
	m := &directory.Message{}
	if err := b.titlePage(f, m); err != nil {
		return err
	}
	start := -1
	for i, line := range f.lines {
		if strings.HasPrefix(line, "Pos ") && strings.HasSuffix(line, "S   R") {
			if start >= 0 {
				return f.fail(i, "a second segment table")
			}
			start = i + 1
		}
	}
	if start < 0 {
		return f.fail(0, "no segment table")
	}
	t := table{b: b, file: f, open: [][]directory.Node{nil}}
	if err := t.read(start); err != nil {
		return err
	}
	m.Nodes = t.open[0]
	if b.dir.Messages[m.Type] != nil {
		return f.fail(0, "message %s stands twice", m.Type)
	}
	b.dir.Messages[m.Type] = m
	return nil
}

// titlePage takes the name, the third paragraph of a file, and the labels. All
// messages are of one release.
func (b *builder) titlePage(f *file, m *directory.Message) error {
	labels := map[string]string{}
	var paragraphs []string
	for i, line := range f.lines {
		if v := label.FindStringSubmatch(line); v != nil && labels[v[1]] == "" {
			labels[v[1]] = v[2]
		}
		switch text := strings.TrimSpace(line); {
		case text == "":
		case i > 0 && f.lines[i-1] != "" && len(paragraphs) > 0:
			paragraphs[len(paragraphs)-1] += " " + text
		default:
			paragraphs = append(paragraphs, text)
		}
	}
	if len(paragraphs) < 3 || paragraphs[0] != "UN/EDIFACT" {
		return f.fail(0, "no title")
	}
	m.Name, m.Type = paragraphs[2], labels["Message Type"]
	d := b.dir
	if d.Version == "" {
		d.Version, d.Release, d.Agency = labels["Version"], labels["Release"], labels["Contr. Agency"]
	}
	if m.Type == "" || d.Version == "" || d.Release == "" || d.Agency == "" {
		return f.fail(0, "message type, version, release or agency is missing")
	}
	if d.Version != labels["Version"] || d.Release != labels["Release"] || d.Agency != labels["Contr. Agency"] {
		return f.fail(0, "of another release than %s.%s", d.Version, d.Release)
	}
	return nil
}

// table builds the nodes of a message out of its rows.
type table struct {
	b      *builder
	file   *file
	open   [][]directory.Node // nodes of the message and of the open groups
	groups []directory.Node   // the open groups
	last   int                // number of the last group
}

// read takes rows from line at on until UNT.
func (t *table) read(at int) error {
	for ; at < len(t.file.lines); at++ {
		line := t.file.lines[at]
		if nameOnly.MatchString(line) && !segmentRow.MatchString(line) && at+1 < len(t.file.lines) && wrapped.MatchString(t.file.lines[at+1]) {
			at++
			line = strings.TrimRight(line, " │|") + " " + strings.TrimSpace(t.file.lines[at])
		}
		if m := groupRow.FindStringSubmatch(line); m != nil {
			if err := t.group(at, m); err != nil {
				return err
			}
			continue
		}
		if m := segmentRow.FindStringSubmatch(line); m != nil {
			if err := t.segment(at, m); err != nil {
				return err
			}
			if m[1] == "UNT" {
				return t.end(at)
			}
			continue
		}
		if !between.MatchString(line) {
			return t.file.fail(at, "not understood: %q", line)
		}
		if n := strings.Count(line, "│") + strings.Count(line, "|"); line != "" && n != len(t.groups) {
			return t.file.fail(at, "%d groups are open, not %d", len(t.groups), n)
		}
	}
	return t.file.fail(len(t.file.lines)-1, "the table does not end with UNT")
}

// group opens a group. Its box stands inside of those that are open.
func (t *table) group(at int, m []string) error {
	number, err := strconv.Atoi(m[1])
	if err != nil || number != t.last+1 {
		return t.file.fail(at, "group %s after group %d", m[1], t.last)
	}
	t.last = number
	limit, err := strconv.Atoi(m[3])
	if err != nil || limit == 0 {
		return t.file.fail(at, "occurrences of group %d", number)
	}
	box := strings.TrimLeft(m[4], "─-")
	if outer := len([]rune(box)) - 1; outer != len(t.groups) || strings.Trim(box, "┐+") != strings.Repeat("│", outer) && strings.Trim(box, "┐+") != strings.Repeat("|", outer) {
		return t.file.fail(at, "group %d begins in %d groups, and its box is %q", number, len(t.groups), box)
	}
	t.groups = append(t.groups, directory.Node{Group: number, Mandatory: m[2] == "M" || m[2] == "m", Max: limit})
	t.open = append(t.open, nil)
	return nil
}

// segment adds a segment, and closes the groups whose box ends at its line.
func (t *table) segment(at int, m []string) error {
	limit, err := strconv.Atoi(m[4])
	if err != nil || limit == 0 {
		return t.file.fail(at, "occurrences of %s", m[1])
	}
	s := t.b.dir.Segments[m[1]]
	switch {
	case s == nil && strings.HasPrefix(m[1], "U"):
		s = &directory.Segment{Tag: m[1]}
	case s == nil:
		return t.file.fail(at, "segment %s is not in the segment directory", m[1])
	case !strings.EqualFold(squeeze(s.Name), squeeze(m[2])):
		t.b.note(t.file, at, "%s is called %q, not %q", m[1], s.Name, m[2])
	}
	top := len(t.open) - 1
	t.open[top] = append(t.open[top], directory.Node{Segment: s, Mandatory: m[3] == "M", Max: limit})

	box := strings.TrimLeft(m[5], " ─-")
	if n := len([]rune(box)); n != len(t.groups) {
		return t.file.fail(at, "%d groups are open, and the boxes are %q", len(t.groups), box)
	}
	sides := strings.TrimLeft(box, "┴┘+")
	if strings.Trim(sides, "│|") != "" {
		return t.file.fail(at, "boxes %q", box)
	}
	for range len(t.groups) - len([]rune(sides)) {
		t.close()
	}
	return nil
}

func (t *table) close() {
	top := len(t.groups) - 1
	g := t.groups[top]
	g.Nodes = t.open[top+1]
	t.groups, t.open = t.groups[:top], t.open[:top+1]
	t.open[top] = append(t.open[top], g)
}

func (t *table) end(at int) error {
	if len(t.groups) > 0 {
		return t.file.fail(at, "%d groups are open at UNT", len(t.groups))
	}
	return nil
}
