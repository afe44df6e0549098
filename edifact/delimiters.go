package edifact

// Delimiters are the service characters of an interchange (UNA, ISO 9735 §4).
type Delimiters struct {
	Component byte // between the components of a composite
	Element   byte // between data elements
	Decimal   byte // decimal mark
	Release   byte // escape; 0 means that none is in use
	Reserved  byte // repetition separator in version 4; blank before
	End       byte // ends a segment
}

// DefaultDelimiters are those in force when no UNA says otherwise; the decimal
// mark is the comma that ISO 9735 prefers.
var DefaultDelimiters = Delimiters{Component: ':', Element: '+', Decimal: ',', Release: '?', Reserved: ' ', End: '\''}

// levelBDelimiters are ISO 9735's own for character set level B.
var levelBDelimiters = Delimiters{Component: 0x1F, Element: 0x1D, Decimal: ',', Reserved: ' ', End: 0x1C}

// una returns the nine bytes of the service string advice.
func (d Delimiters) una() [9]byte {
	release := d.Release
	if release == 0 {
		release = ' '
	}
	return [9]byte{'U', 'N', 'A', d.Component, d.Element, d.Decimal, release, d.Reserved, d.End}
}

// parseUNA reads the service characters after "UNA". It refuses sets in which
// a character could be taken for data or for another of the set.
func parseUNA(b []byte) (Delimiters, Code) {
	d := Delimiters{Component: b[3], Element: b[4], Decimal: b[5], Release: b[6], Reserved: b[7], End: b[8]}
	if d.Release == ' ' {
		d.Release = 0
	}
	return d, d.check()
}

func (d Delimiters) check() Code {
	if d.Decimal != ',' && d.Decimal != '.' {
		return CodeBadServiceCharacter
	}
	used := []byte{d.Component, d.Element, d.End}
	if d.Release != 0 {
		used = append(used, d.Release)
	}
	for i, c := range used {
		if isAlnum(c) || c == ' ' || c == '\r' || c == '\n' || c == '-' || c >= 0x80 {
			return CodeBadServiceCharacter
		}
		for _, other := range used[:i] {
			if c == other {
				return CodeBadServiceCharacter
			}
		}
	}
	return 0
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func isTagByte(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }
