package edifact

import "slices"

// Delimiters are the service characters of an interchange (UNA, ISO 9735 §4).
type Delimiters struct {
	Component  byte // between the components of a composite
	Element    byte // between data elements
	Decimal    byte // decimal mark
	Release    byte // takes the meaning of a service character from the one that follows; 0: none in use
	Repetition byte // between the repetitions of a data element (version 4); 0: none in use
	End        byte // ends a segment
}

// DefaultDelimiters are those in force where no UNA says otherwise; the decimal
// mark is the comma that ISO 9735 prefers. Syntax version 4 adds '*' between
// repetitions.
var DefaultDelimiters = Delimiters{Component: ':', Element: '+', Decimal: ',', Release: '?', End: '\''}

// LevelBDelimiters are ISO 9735's own for repertoire UNOB in versions 1 to 3.
// Hardly anybody uses them.
var LevelBDelimiters = Delimiters{Component: 0x1F, Element: 0x1D, Decimal: ',', End: 0x1C}

const defaultRepetition = '*'

// una returns the nine bytes of the service string advice.
func (d Delimiters) una() [9]byte {
	blank := func(c byte) byte {
		if c == 0 {
			return ' '
		}
		return c
	}
	return [9]byte{'U', 'N', 'A', d.Component, d.Element, d.Decimal, blank(d.Release), blank(d.Repetition), d.End}
}

// parseUNA reads the service characters after "UNA".
func parseUNA(b []byte) Delimiters {
	d := Delimiters{Component: b[3], Element: b[4], Decimal: b[5], Release: b[6], Repetition: b[7], End: b[8]}
	if d.Release == ' ' {
		d.Release = 0
	}
	if d.Repetition == ' ' {
		d.Repetition = 0
	}
	return d
}

// usable reports whether segments can be cut with the set: no character can be
// taken for data or for another. A repetition separator equal to another is none:
// versions 1 to 3 leave that byte of UNA free. Of the decimal mark, which separates
// nothing, no more is asked than that it is another character.
func (d Delimiters) usable() bool {
	used := []byte{d.Component, d.Element, d.End}
	if d.Release != 0 {
		used = append(used, d.Release)
	}
	for i, c := range used {
		if isAlnum(c) || c == ' ' || c == '\r' || c == '\n' || c == 0 || c >= 0x80 {
			return false
		}
		if c == d.Decimal || slices.Contains(used[:i], c) {
			return false
		}
	}
	return true
}

// counts reports whether the decimal mark is one that ISO 9735 has.
func (d Delimiters) counts() bool { return d.Decimal == ',' || d.Decimal == '.' }

// repeats reports whether the repetition separator can be told from data and
// from the other service characters.
func (d Delimiters) repeats() bool {
	c := d.Repetition
	return c != 0 && c < 0x80 && !isAlnum(c) && c != ' ' && c != '-' && c != '\r' && c != '\n' &&
		c != d.Component && c != d.Element && c != d.Release && c != d.End
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isTagByte(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }
