package edifact

import (
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// WriterOptions are how a [Writer] writes.
type WriterOptions struct {
	// Delimiters are the service characters; zero means DefaultDelimiters. A
	// Repetition of zero becomes '*' in syntax version 4, and no other version
	// has one.
	Delimiters Delimiters
	// UNA asks for the service string advice. It is written anyway where a reader
	// could not know the service characters without it.
	UNA        bool
	Wrap       Wrap
	Repertoire Repertoire // zero: that of the UNB given to Begin, or else UNOC (UNOB in versions 1 and 2)
	// Transliterated makes the Writer replace characters that the repertoire
	// lacks, as [Transliterate] does, and is told each replacement with the place
	// of the value. Without it, and for control characters and the values of
	// header segments always, such a character is an error.
	Transliterated func(Place, Replacement)
}

// Writer writes interchanges that a strict [Reader] takes: it escapes, counts,
// keeps the order of the envelope, and refuses what no reader should see.
// Values are given as Go strings. Empty components, repetitions and elements at
// the end of a composite, element or segment are left out. The same calls give
// the same bytes.
//
//	w.Segment("DTM").Elem("137").Comp("20050811").Comp("102")
//
// The first error is kept, makes all later calls do nothing, and is returned
// by End and Err; what was written by then is no whole interchange. Not for
// concurrent use.
type Writer struct {
	out   io.Writer
	o     WriterOptions
	marks Delimiters
	set   Repertoire
	chars *charset // of set
	// limits are those of a Reader that was not given others.
	limits Limits
	class  [256]uint8
	buf    []byte
	wrap   []byte
	xbuf   []byte
	err    error

	tag      string
	open     bool // a segment awaits its terminator
	service  bool // it is one of the envelope
	room     int  // data elements that may have values; 0 where that must be looked at
	from     int  // where it begins in buf
	element  int  // data elements of the open segment so far
	rep      int  // repetitions of the present data element after its first
	comp     int  // components of the present repetition after its first
	values   int  // components of the present data element in all repetitions
	elements int  // element separators owed
	reps     int  // repetition separators owed
	comps    int  // component separators owed

	length int64 // bytes given out so far
	column int   // of the last of them, with Wrap80

	state    state
	unb      UNB
	group    UNG
	message  string // its reference
	grouped  bool
	position int // segments of the message
	members  int // messages and packages since UNB, or since UNG
	groups   int
	loose    int // messages and packages outside of groups
	refs     map[string]struct{}
}

// Classes of bytes of a value.
const (
	valuePlain uint8 = iota
	valueService
	valueOther // beyond ASCII, or outside the repertoire
)

const flushSize = 64 << 10

// NewWriter returns a Writer to out.
func NewWriter(out io.Writer, o WriterOptions) *Writer {
	return &Writer{out: out, o: o, limits: Limits{}.withDefaults(), buf: make([]byte, 0, flushSize+8<<10)}
}

// Delimiters returns the service characters of the present interchange; they
// are known when Begin was called.
func (w *Writer) Delimiters() Delimiters { return w.marks }

// Err returns the first error: a [*WriteError], or one of the output.
func (w *Writer) Err() error { return w.err }

// Segment ends the segment before and begins one of the present message.
func (w *Writer) Segment(tag string) *Writer {
	if w.err != nil {
		return w
	}
	w.closeSegment()
	switch {
	case w.err != nil:
	case len(tag) != 3 || !isTagByte(tag[0]) || !isTagByte(tag[1]) || !isTagByte(tag[2]):
		w.tag = ""
		w.refuse(RuleTag, "tag is not three capital letters or digits")
	case w.state != inMessage:
		w.tag = tag
		w.refuse(RuleOutside, "segment outside of a message")
	case tag[:2] == "UN" && tag != "UNS":
		w.tag = tag
		w.refuse(RuleOutside, "segments of the envelope are not written as others are")
	default:
		w.position++
		w.begin(tag)
	}
	return w
}

// Copy writes a segment of a message as it was read, in this Writer's
// repertoire and with its service characters. Values are not lost on the way: a
// byte that is no character of the repertoire read is an error.
func (w *Writer) Copy(s *Segment) *Writer {
	w.Segment(s.Tag)
	from, to := s.bounds(0)
	for k := from + 1; k < to; k++ {
		w.Comp(w.read(s, s.value(k)))
	}
	for v := range s.Values() {
		switch text := w.read(s, v.Bytes); {
		case v.Component > 0:
			w.Comp(text)
		case v.Repetition > 0:
			w.Rep(text)
		default:
			w.Elem(text)
		}
	}
	return w
}

func (w *Writer) read(s *Segment, value []byte) string {
	text, err := s.text.strict(value)
	if err != nil && w.err == nil {
		w.refuseFor(err)
	}
	return text
}

func (w *Writer) begin(tag string) {
	w.tag, w.open, w.from, w.room = tag, true, len(w.buf), w.limits.Elements
	w.element, w.rep, w.comp, w.values = 0, 0, 0, 1
	w.elements, w.reps, w.comps = 0, 0, 0
	w.buf = append(w.buf, tag...)
}

// Elem adds the next data element, or begins the next composite with its first
// component.
func (w *Writer) Elem(value string) *Writer {
	w.nextElement()
	if value != "" {
		w.value(value)
	}
	return w
}

// ElemInt adds a data element with a number.
func (w *Writer) ElemInt(n int) *Writer {
	w.nextElement()
	w.number(int64(n))
	return w
}

// Rep begins the next repetition of the data element, with its first component
// where it is a composite. Only syntax version 4 has repetitions.
func (w *Writer) Rep(value string) *Writer {
	w.rep++
	w.reps++
	w.count()
	w.comp, w.comps = 0, 0
	if w.err == nil && (w.marks.Repetition == 0 || w.element == 0) {
		w.refuse(RuleRepetitions, "data elements do not repeat here")
	}
	if value != "" {
		w.value(value)
	}
	return w
}

// Comp adds the next component of the composite. Before the first Elem it is
// one of the tag: explicit nesting, which version 4 does not have.
func (w *Writer) Comp(value string) *Writer {
	w.nextComponent()
	if value != "" {
		w.value(value)
	}
	return w
}

// CompInt adds a component with a number.
func (w *Writer) CompInt(n int) *Writer {
	w.nextComponent()
	w.number(int64(n))
	return w
}

// CompAmount adds a component with an amount given in minor units of which
// 10^decimals make one: 12345 with 2 decimals is "123,45".
func (w *Writer) CompAmount(minor int64, decimals int) *Writer {
	w.nextComponent()
	if w.allowed() {
		w.buf = appendAmount(w.owed(w.buf), minor, decimals, w.marks.Decimal)
	}
	return w
}

func appendAmount(b []byte, minor int64, decimals int, mark byte) []byte {
	var digits [24]byte
	u := uint64(minor)
	if minor < 0 {
		b = append(b, '-')
		u = -u
	}
	d := strconv.AppendUint(digits[:0], u, 10)
	if decimals <= 0 {
		return append(b, d...)
	}
	if len(d) <= decimals {
		b = append(b, '0', mark)
		for range decimals - len(d) {
			b = append(b, '0')
		}
		return append(b, d...)
	}
	whole := len(d) - decimals
	b = append(b, d[:whole]...)
	b = append(b, mark)
	return append(b, d[whole:]...)
}

func (w *Writer) nextElement() {
	w.element++
	w.elements++
	w.values = 1
	w.rep, w.reps, w.comp, w.comps = 0, 0, 0, 0
}

func (w *Writer) nextComponent() {
	w.comp++
	w.comps++
	w.count()
}

// count counts a component of the present data element.
func (w *Writer) count() {
	if w.values++; w.values > w.limits.Components {
		w.room = 0
	}
}

// number is safe to write as it is: no service character is a digit or "-".
func (w *Writer) number(n int64) {
	if w.allowed() {
		w.buf = strconv.AppendInt(w.owed(w.buf), n, 10)
	}
}

// owed appends the separators that were held back until a value follows.
func (w *Writer) owed(b []byte) []byte {
	elements, reps, comps := w.elements, w.reps, w.comps
	w.elements, w.reps, w.comps = 0, 0, 0
	for ; elements > 0; elements-- {
		b = append(b, w.marks.Element)
	}
	for ; reps > 0; reps-- {
		b = append(b, w.marks.Repetition)
	}
	for ; comps > 0; comps-- {
		b = append(b, w.marks.Component)
	}
	return b
}

// allowed reports whether there is place for a value, and refuses it if not.
func (w *Writer) allowed() bool {
	return uint(w.element-1) < uint(w.room) || w.allowedAfterAll()
}

// allowedAfterAll refuses a value, unless the tag takes it.
func (w *Writer) allowedAfterAll() bool {
	switch {
	case w.err != nil:
	case !w.open:
		w.refuse(RuleOutside, "value outside of a segment")
	case w.element > w.limits.Elements:
		w.refuse(RuleLimit, "more data elements than a reader takes")
	case w.values > w.limits.Components:
		w.refuse(RuleLimit, "more components than a reader takes")
	case w.unb.Version == 4:
		w.refuse(RuleNesting, "syntax version 4 has no explicit nesting in the tag")
	}
	return w.err == nil
}

// value copies the plain bytes while it looks at them: most values are short.
func (w *Writer) value(s string) {
	if !w.allowed() {
		return
	}
	b := slices.Grow(w.owed(w.buf), len(s))
	to := b[len(b) : len(b)+len(s)]
	class := &w.class
	i := 0
	for i < len(s) && i < len(to) && class[s[i]] == valuePlain {
		to[i] = s[i]
		i++
	}
	w.buf = b[:len(b)+i]
	if i < len(s) {
		w.rest(s, i)
	}
}

// rest writes a value from byte i on, which is no plain one.
func (w *Writer) rest(s string, i int) {
	if w.set == UNOX {
		w.escaped(s, i)
		return
	}
	b := w.buf
	start := len(b) - i
	for i < len(s) {
		c, size := s[i], 1
		switch w.class[c] {
		case valuePlain:
			b = append(b, c)
		case valueService:
			if w.marks.Release == 0 {
				w.refuse(RuleSeparators, noRelease)
				return
			}
			b = append(b, w.marks.Release, c)
		default:
			if b, size = w.character(b, s[i:]); size == 0 {
				w.other(s, start)
				return
			}
		}
		i += size
	}
	w.buf = b
}

// character appends the first character of s, which is none of ASCII's plain
// ones, and returns its bytes in s, or 0.
func (w *Writer) character(b []byte, s string) ([]byte, int) {
	c, size := utf8.DecodeRuneInString(s)
	switch {
	case c < utf8.RuneSelf || c == utf8.RuneError && size == 1:
		return b, 0
	case w.chars.part != nil:
		as, ok := w.chars.encode(c)
		if !ok {
			return b, 0
		}
		return append(b, as), size
	case !w.set.Has(c):
		return b, 0
	default:
		return append(b, s[:size]...), size
	}
}

// escaped writes a value under UNOX, where bytes of characters and of escape
// sequences can look like service characters. The first i bytes are written.
func (w *Writer) escaped(s string, i int) {
	var err error
	if w.xbuf, err = w.set.Append(w.xbuf[:0], s[i:]); err != nil {
		w.other(s, len(w.buf)-i)
		return
	}
	for _, c := range w.xbuf {
		if c < utf8.RuneSelf && w.class[c] == valueService {
			if w.marks.Release == 0 {
				w.refuse(RuleSeparators, noRelease)
				return
			}
			w.buf = append(w.buf, w.marks.Release)
		}
		w.buf = append(w.buf, c)
	}
}

const noRelease = "value holds a service character and there is no release character"

// other writes a value that has characters outside of the repertoire, and that
// begins at byte start of buf.
func (w *Writer) other(s string, start int) {
	w.buf = w.buf[:start]
	if w.o.Transliterated != nil && !w.service {
		if text, replaced := Transliterate(w.set, s); replaced != nil {
			place := w.place()
			for _, r := range replaced {
				w.o.Transliterated(place, r)
			}
			w.value(text)
			return
		}
	}
	_, err := w.set.Append(nil, s)
	w.refuseFor(err)
}
