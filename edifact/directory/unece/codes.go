package unece

import "strings"

// codes reads a file of the code list into the elements.
func (b *builder) codes(f *file) error {
	list, err := entries(f)
	if err != nil {
		return err
	}
	cols := columns{deleted: strings.Contains(strings.Join(f.lines[:list[0].head], "\n"), "for a deletion")}
	for _, e := range list {
		el := b.dir.Elements[e.code]
		if el == nil {
			b.note(f, e.head, "element %s is not in the element directory: left out", e.code)
			continue
		}
		if !strings.EqualFold(squeeze(e.name), squeeze(el.Name)) {
			b.note(f, e.head, "element %s is called %q, not %q", e.code, el.Name, e.name)
		}
		at, err := e.preface(el.Format())
		if err != nil {
			return err
		}
		if at == len(e.body) {
			continue // a list that is kept elsewhere, such as ISO 3166
		}
		if el.Codes != nil {
			return f.fail(e.head, "element %s has two lists", e.code)
		}
		if el.Codes, err = b.list(&e, at, &cols); err != nil {
			return err
		}
	}
	return nil
}

// columns tells the parts of a code's lines: marks, code and name, with the
// description below, further to the right. They are the same within a file.
type columns struct {
	code    int  // as that of the element in its heading
	name    int  // 0 until the first code is seen
	deleted bool // the mark - stands at codes that this release has no more
}

// list reads the codes of an element from body line at on.
func (b *builder) list(e *entry, at int, cols *columns) (map[string]string, error) {
	codes := map[string]string{}
	cols.code = strings.Index(e.file.lines[e.head], e.code)
	last, described := "", false
	for ; at < len(e.body); at++ {
		line := cols.unmarked(e.file.lines[e.body[at]])
		if cols.name == 0 {
			rest := strings.TrimLeft(line[min(cols.code, len(line)):], " ")
			_, name, _ := strings.Cut(rest, " ")
			cols.name = len(line) - len(strings.TrimLeft(name, " "))
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case indent > cols.name, strings.HasPrefix(line[indent:], "Note:"):
			described = true
			continue
		case indent == cols.name && !described && last != "":
			codes[last] += " " + line[indent:]
			continue
		case indent == cols.name:
			return nil, e.file.fail(e.body[at], "neither a code nor its description")
		}
		code, name, ok := cols.split(line)
		if !ok {
			return nil, e.file.fail(e.body[at], "not a code: %q", line)
		}
		if _, twice := codes[code]; twice {
			return nil, e.file.fail(e.body[at], "code %s of element %s stands twice", code, e.code)
		}
		last, described = code, false
		codes[code] = name
		if cols.deleted && strings.Contains(e.file.lines[e.body[at]][:cols.code], "-") {
			b.note(e.file, e.body[at], "code %s of element %s is deleted: left out", code, e.code)
			defer delete(codes, code)
		}
	}
	return codes, nil
}

// unmarked puts spaces for the change marks, which stand left of the codes.
func (c *columns) unmarked(line string) string {
	if len(line) <= c.code || strings.Trim(line[:c.code], "*+#|X -") != "" {
		return line
	}
	return strings.Repeat(" ", c.code) + line[c.code:]
}

// split cuts a code's line.
func (c *columns) split(line string) (code, name string, ok bool) {
	if c.code >= c.name || len(line) <= c.name || line[c.name-1] != ' ' || strings.TrimSpace(line[:c.code]) != "" {
		return "", "", false
	}
	code, name = strings.TrimSpace(line[c.code:c.name]), strings.TrimSpace(line[c.name:])
	return code, name, code != "" && !strings.Contains(code, " ")
}

// preface reads the texts above the codes of an element and tells where these
// begin.
func (e *entry) preface(format string) (at int, err error) {
	for at < len(e.body) {
		m := paragraph.FindStringSubmatch(e.file.lines[e.body[at]])
		if m == nil {
			break
		}
		if m[1] == "Repr" && m[2] != format {
			return 0, e.file.fail(e.body[at], "element %s is %s, not %q", e.code, format, m[2])
		}
		for at++; at < len(e.body) && e.body[at] == e.body[at-1]+1; at++ {
		}
	}
	return at, nil
}
