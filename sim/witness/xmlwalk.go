package witness

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errEnough ends a walk early.
var errEnough = errors.New("enough")

// element is an element that has just ended.
type element struct {
	path []string // local names from the root to the element itself
	attr []xml.Attr
	text string // trimmed; of elements without children
}

func (e *element) name() string { return e.path[len(e.path)-1] }

// under reports whether the element's own name is preceded by those names.
func (e *element) under(names ...string) bool {
	at := len(e.path) - 1 - len(names)
	if at < 0 {
		return false
	}
	for i, n := range names {
		if e.path[at+i] != n {
			return false
		}
	}
	return true
}

func (e *element) attribute(name string) string {
	for _, a := range e.attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// walk calls visit at the end of every element.
func walk(r io.Reader, visit func(*element) error) error {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = charset
	var e element
	var attrs [][]xml.Attr
	var text []byte
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			e.path = append(e.path, t.Name.Local)
			attrs = append(attrs, t.Attr)
			text = text[:0]
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			last := len(e.path) - 1
			e.attr, e.text = attrs[last], strings.Trim(string(text), " \t\r\n")
			if err := visit(&e); err != nil {
				if errors.Is(err, errEnough) {
					return nil
				}
				return err
			}
			e.path, attrs, text = e.path[:last], attrs[:last], text[:0]
		}
	}
}

func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8":
		return in, nil
	case "iso-8859-1", "latin1":
		return &latin1Reader{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q", label)
}

// latin1Reader turns ISO 8859-1 into UTF-8.
type latin1Reader struct {
	in   io.Reader
	buf  [4096]byte
	left []byte
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		n, err := l.in.Read(l.buf[:])
		if n == 0 {
			return 0, err
		}
		l.left = []byte(latin1(l.buf[:n]))
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
