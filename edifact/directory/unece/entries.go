package unece

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// entry is what stands between two rulers of the segment, composite and element
// directories and of the code list: a heading and its text.
type entry struct {
	file *file
	head int // index of the heading's first line
	code string
	name string
	body []int // lines after the heading that are not empty
}

var (
	ruler   = regexp.MustCompile(`^[─-]{60,}$`)
	heading = regexp.MustCompile(`^[*+#|X -]*?\b([A-Z]{3}|[CE]?\d{3,4})\s+(\S.*)$`)
	// usedIn is the mark for batch, interactive and common elements.
	usedIn = regexp.MustCompile(`\s+\[[BIC]\]$`)
)

// titled is the first line of a file that begins with a title and the legend of
// change marks.
var titled = regexp.MustCompile(`^ *(PART +\d|\d+\. +\S)`)

// entries cuts a file at its rulers. What stands above the first is title and
// legend; a second file of a code list has none and begins with an entry.
func entries(f *file) ([]entry, error) {
	var list []entry
	first := slices.IndexFunc(f.lines, func(line string) bool { return line != "" })
	open := first >= 0 && !titled.MatchString(f.lines[first])
	if open {
		list = append(list, entry{file: f, head: -1})
	}
	for i, line := range f.lines {
		switch {
		case ruler.MatchString(line):
			if len(list) == 1 && list[0].head < 0 {
				list = list[:0] // a file that begins with its ruler
			}
			list = append(list, entry{file: f, head: -1})
			open = true
		case !open || line == "":
		case list[len(list)-1].head < 0:
			e := &list[len(list)-1]
			m := heading.FindStringSubmatch(line)
			if m == nil {
				return nil, f.fail(i, "no heading: %q", line)
			}
			e.head, e.code, e.name = i, m[1], usedIn.ReplaceAllString(m[2], "")
		default:
			e := &list[len(list)-1]
			if len(e.body) == 0 && f.lines[i-1] != "" { // the name goes on
				e.name += " " + strings.TrimSpace(usedIn.ReplaceAllString(line, ""))
			} else {
				e.body = append(e.body, i)
			}
		}
	}
	if len(list) > 0 && list[len(list)-1].head < 0 {
		list = list[:len(list)-1] // a ruler that ends the file
	}
	if len(list) == 0 {
		return nil, f.fail(0, "no entries")
	}
	for _, e := range list {
		if e.head < 0 {
			return nil, f.fail(0, "an entry without a heading")
		}
	}
	return list, nil
}

var paragraph = regexp.MustCompile(`^[*+#|X -]*(Function|Desc|Note|Dependency notes?|Repr):\s*(.*)$`)

// paragraph reads the description, function, note or format that begins at body
// line at, if one does, and tells where it ends: before the next empty line, but
// a note has several such parts and ends before the next row of a table.
func (e *entry) paragraph(at int) (kind, text string, end int) {
	m := paragraph.FindStringSubmatch(e.file.lines[e.body[at]])
	if m == nil {
		return "", "", at
	}
	kind, text = m[1], m[2]
	if strings.HasPrefix(kind, "Dependency") {
		kind = "Note"
	}
	for end = at + 1; end < len(e.body); end++ {
		line := e.file.lines[e.body[end]]
		separate := e.body[end] != e.body[end-1]+1
		if separate && (kind != "Note" || row.MatchString(line) || paragraph.MatchString(line)) {
			break
		}
		text += " " + strings.TrimSpace(line)
	}
	return kind, text, end
}

// row is the first line of an element or composite that a segment or composite
// uses. Its position is missing for a component in a segment.
var row = regexp.MustCompile(`^(\d{3,4})?[*+#|X -]*\s([CE]\d{3}|\d{4})\s+(\S.*)$`)

// usage is status, repetitions and format at the end of a row.
var usage = regexp.MustCompile(`^(.*?)\s+([MC])(?:\s+(\d+))?(?:\s+((?:an|a|n)(?:\.\.)?\d+))?$`)

// use is one such element or composite.
type use struct {
	line      int // index
	top       bool
	code      string
	name      string
	mandatory bool
	max       int
	format    string // empty for a composite
}

// uses reads the table of a segment or composite from body line at on.
func (e *entry) uses(at int) (list []use, end int, err error) {
	for at < len(e.body) {
		line := e.file.lines[e.body[at]]
		m := row.FindStringSubmatch(line)
		if m == nil {
			break
		}
		u := use{line: e.body[at], top: m[1] != "", code: m[2], max: 1}
		text := m[3]
		at++
		// A long name goes on below; the usage stands on its first line in old
		// releases, on its last in later ones.
		for at < len(e.body) && e.body[at] == e.body[at-1]+1 {
			next := e.file.lines[e.body[at]]
			if row.MatchString(next) || paragraph.MatchString(next) {
				break
			}
			if v := usage.FindStringSubmatchIndex(text); v != nil {
				text = text[:v[3]] + " " + strings.TrimSpace(next) + text[v[3]:]
			} else {
				text += " " + strings.TrimSpace(next)
			}
			at++
		}
		v := usage.FindStringSubmatch(text)
		if v == nil {
			return nil, 0, e.file.fail(u.line, "no status in %q", text)
		}
		u.name, u.mandatory, u.format = v[1], v[2] == "M", v[4]
		if v[3] != "" {
			if u.max, err = strconv.Atoi(v[3]); err != nil || u.max == 0 {
				return nil, 0, e.file.fail(u.line, "repetitions of %s", u.code)
			}
		}
		list = append(list, u)
	}
	return list, at, nil
}
