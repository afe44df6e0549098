package edifact_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
)

// reading is what a reader made of an input.
type reading struct {
	segments []string // position, tag, offsets and values
	forgiven []string // rule and place of each use of a leniency
	faults   []string // of each fault told
	err      string   // what ended the reading, "" at the end of the input
}

// told is a fault in short: rule, offset, tag, position, element and component,
// code.
func reported(e *edifact.ParseError) string {
	return fmt.Sprintf("%s@%d %s %d:%d:%d =%d", e.Rule, e.Offset, e.Tag, e.Position, e.Element, e.Component, e.Code)
}

// values are the values of a segment with '|' between elements, '^' between
// repetitions and '/' between components.
func values(s *edifact.Segment) string {
	var b strings.Builder
	var before edifact.Value
	for v := range s.Values() {
		switch {
		case v.Component > 0:
			b.WriteByte('/')
		case v.Repetition > 0:
			b.WriteByte('^')
		case v.Element > before.Element:
			b.WriteByte('|')
		}
		b.Write(v.Bytes)
		before = v
	}
	return b.String()
}

// reads reads everything, and goes on behind faults if asked.
func reads(in io.Reader, o edifact.ReaderOptions, on bool) reading {
	var got reading
	o.Forgiven = func(e *edifact.ParseError) { got.forgiven = append(got.forgiven, reported(e)) }
	if on {
		o.Faults = func(e *edifact.ParseError) { got.faults = append(got.faults, reported(e)) }
	}
	for s, err := range edifact.NewReader(in, o).Segments() {
		if err != nil {
			got.err = err.Error()
			if fault, ok := errors.AsType[*edifact.ParseError](err); ok {
				got.err = reported(fault)
			}
			break
		}
		got.segments = append(got.segments, fmt.Sprintf("%d %s@%d-%d %s", s.Position, s.Tag, s.Offset, s.End, values(s)))
	}
	return got
}

// tags are the tags of the segments read, without places.
func (r reading) tags() string {
	var tags []string
	for _, s := range r.segments {
		_, tag, _ := strings.Cut(s, " ")
		tag, _, _ = strings.Cut(tag, "@")
		tags = append(tags, tag)
	}
	return strings.Join(tags, " ")
}

const (
	begin = "UNB+UNOC:3+A:14+B:14+050811:0600+7'"
	open  = begin + "UNH+1+PAYMUL:D:96A:UN'"
	end   = "UNT+3+1'UNZ+1+7'"
)

func TestReaderReadsAnInterchange(t *testing.T) {
	t.Parallel()
	got := reads(strings.NewReader("UNA:+,? '"+open+"FTX+a?+b::c?'d+?:??++x'"+end), edifact.ReaderOptions{}, false)
	want := []string{
		"0 UNB@9-44 UNOC/3|A/14|B/14|050811/0600|7",
		"1 UNH@44-66 1|PAYMUL/D/96A/UN",
		"2 FTX@66-89 a+b//c'd|:?||x",
		"3 UNT@89-97 3|1",
		"0 UNZ@97-105 1|7",
	}
	if got.err != "" || len(got.forgiven) > 0 || !slices.Equal(got.segments, want) {
		t.Errorf("%q\nwant %q\n%s %q", got.segments, want, got.err, got.forgiven)
	}
}

// TestReaderTakesTheInputInAnyPieces compares readings of inputs with all that
// looks behind or ahead of a byte, in pieces of every small size.
func TestReaderTakesTheInputInAnyPieces(t *testing.T) {
	t.Parallel()
	inputs := map[string]string{
		"plain":           "UNA:+,? '" + open + "FTX+a??'FTX+a???'b??'" + end,
		"breaks":          "UNA:+,? '\r\n" + strings.ReplaceAll(open+"FTX+a'"+end, "'", "'\r\n  "),
		"wrapped":         "\xEF\xBB\xBFUNA:+,? \r\n" + wrap(open+"FTX+a?\r\n'b+?"+strings.Repeat("??", 60)+"x'"+end, 11),
		"several":         open + "FTX+a'" + end + " \x1A\x00\r\n" + "UNA:*.! ~UNB*UNOB:1*A*B*050811:0600*7~UNZ*0*7~\x1A",
		"package":         strings.Replace(open, ":3", ":4", 1) + "FTX+a*b:c'UNT+3+1'UNO+2+ZZZ:1+XX+12'UN'P+??'UNZ UNP+12+2'UNZ+2+7'",
		"preamble":        strings.Repeat("x UNB lines\n", 100) + open + "FTX+é+\x80?\n?x'" + end,
		"cut off":         open + "FTX+a?",
		"released, EOF":   open + "FTX+a??",
		"nothing at all":  "",
		"nothing in UNA":  "UNA:+,",
		"one segment":     "UNB+UNOC",
		"many components": open + "FTX" + strings.Repeat("+a:b", 90) + "'" + end,
	}
	for name, input := range inputs {
		for _, o := range []edifact.ReaderOptions{{}, {Lenient: edifact.Everything}} {
			want := reads(strings.NewReader(input), o, true)
			for size := 1; size < 20; size++ {
				if got := reads(&pieces{input, size}, o, true); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s in pieces of %d, lenient %q:\n%q\nwant\n%q", name, size, o.Lenient, got, want)
					break
				}
			}
			if got := reads(iotest.DataErrReader(strings.NewReader(input)), o, true); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s with the end in the last piece: %q\nwant %q", name, got, want)
			}
		}
	}
}

// pieces gives out a string in pieces of one size.
type pieces struct {
	rest string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(p.size, len(b))], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func wrap(s string, column int) string {
	var b strings.Builder
	for len(s) > column {
		b.WriteString(s[:column] + "\r\n")
		s = s[column:]
	}
	return b.String() + s
}

func TestReaderHandsTheReadersErrorOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	r := edifact.NewReader(io.MultiReader(strings.NewReader(open), iotest.ErrReader(broken)), edifact.ReaderOptions{Lenient: edifact.Everything})
	var err error
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, again := r.Next(); !errors.Is(again, broken) {
		t.Errorf("the next call returned %v", again)
	}
}

func TestReleaseCharacter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, input string
		want        string // the segment, or the strict error
		lenient     string // the segment read leniently, when that differs
	}{
		{"releases a terminator", "FTX+a?'b'", "2 FTX@57-66 a'b", ""},
		{"releases itself before a terminator", "FTX+a??'", "2 FTX@57-65 a?", ""},
		{"three before a terminator", "FTX+a???'b'", "2 FTX@57-68 a?'b", ""},
		{"four before a terminator", "FTX+a????'", "2 FTX@57-67 a??", ""},
		{"before every service character", "FTX+?+?:?'??'", "2 FTX@57-70 +:'?", ""},
		{"in a tag's place", "FTX?+a'", "tag@57  2:1:0 =12", ""},
		{"before a letter", "FTX+a?bc'", "release@62 FTX 2:2:1 =22", "2 FTX@57-66 abc"},
		{"before the repetition separator of version 3", "FTX+a?*c'", "release@62 FTX 2:2:1 =22", "2 FTX@57-66 a*c"},
		{"before a break", "FTX+a?\n'b'", "line-break@63 FTX 2:2:1 =21", "2 FTX@57-67 a'b"},
		{"at the end of the input", "FTX+a?", "terminator@63 FTX 2:2:1 =13", "2 FTX@57-63 a?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			input := open + test.input + end
			if strings.HasSuffix(test.input, "?") {
				input = open + test.input
			}
			third := func(r reading) string {
				if len(r.segments) < 3 {
					return r.err
				}
				return r.segments[2]
			}
			if got := third(reads(strings.NewReader(input), edifact.ReaderOptions{}, false)); got != test.want {
				t.Errorf("strict: %q, want %q", got, test.want)
			}
			if test.lenient == "" {
				return
			}
			if got := third(reads(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.Everything}, true)); got != test.lenient {
				t.Errorf("lenient: %q, want %q", got, test.lenient)
			}
		})
	}
}
