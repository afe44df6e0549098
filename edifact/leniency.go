package edifact

import "strings"

// Leniency is a set of departures from ISO 9735 that are found in real files
// and that a reader may be told to forgive. Nothing is forgiven unless it is
// asked for, and every use is told, with its place.
type Leniency uint16

const (
	// LineBreaks between segments, and blanks and tabs behind them that indent
	// the next.
	LineBreaks Leniency = 1 << iota
	// WrappedLines are line breaks anywhere, even inside a tag or a value: files
	// wrapped at a column. They are dropped.
	WrappedLines
	// Padding is blanks, NUL or Ctrl-Z before, between and after interchanges, and
	// blanks and tabs between segments.
	Padding
	// Preamble is anything before the first UNA or UNB, such as lines of a
	// transport, and a byte order mark before any.
	Preamble
	// ShortUNA is a service string advice of eight bytes, without the reserved
	// one.
	ShortUNA
	// MissingTerminator of the last segment of the input.
	MissingTerminator
	// StrayRelease is a release character before a character that needs none.
	StrayRelease
	// WrongCounts in UNT, UNE or UNZ.
	WrongCounts
	// WrongReferences in UNT, UNE or UNZ.
	WrongReferences
	// WrongRepertoire is bytes that the repertoire of UNB does not have, such as
	// Windows-1252 or UTF-8 under UNOC, and a repertoire that ISO 9735 does not
	// have, such as IATB, which is taken for UNOC. Values are decoded as what they
	// most likely are.
	WrongRepertoire
	// EmptyMandatory is a mandatory data element without a value. It concerns
	// the [Validator] and the header segments.
	EmptyMandatory
	// HeaderValues is values in UNB, UNG and UNH, and their repetition in trailers,
	// that are too long or too short, of other characters or no code: a date of six
	// digits in version 4, one of eight before, 0 for no acknowledgement.
	HeaderValues
	// MissingInterchange is messages without UNB and UNZ around them. They are read
	// as of syntax version 3 and UNOC.
	MissingInterchange
	// LaterRepertoire is one that came with a later syntax version, such as UNOC
	// under version 2. Danish banks send that.
	LaterRepertoire

	endOfLeniencies
)

// Everything is all that can be forgiven.
const Everything = endOfLeniencies - 1

// leniencyNames are the names in the order of the bits.
var leniencyNames = [...]string{
	"line-breaks", "wrapped-lines", "padding", "preamble", "short-una", "missing-terminator", "stray-release",
	"wrong-counts", "wrong-references", "wrong-repertoire", "empty-mandatory",
	"header-values", "missing-interchange", "later-repertoire",
}

// String returns the names of the set, with commas between.
func (l Leniency) String() string {
	var names []string
	for i, name := range leniencyNames {
		if l&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// ParseLeniency returns the set with the names that String gives, or false.
// "all" is [Everything].
func ParseLeniency(names string) (Leniency, bool) {
	var l Leniency
	if names == "" {
		return 0, true
	}
next:
	for name := range strings.SplitSeq(names, ",") {
		if name == "all" {
			l |= Everything
			continue
		}
		for i, known := range leniencyNames {
			if name == known {
				l |= 1 << i
				continue next
			}
		}
		return 0, false
	}
	return l, true
}
