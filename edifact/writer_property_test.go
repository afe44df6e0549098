package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
)

// segmentText is a segment as elements, repetitions and components, the tag
// being one too.
type segmentText struct {
	tag      string
	elements [][][]string
}

// trimmed is s without what a Writer leaves out: empty things at the end.
func (s segmentText) trimmed() segmentText {
	t := segmentText{tag: s.tag}
	for _, e := range s.elements {
		var reps [][]string
		for _, c := range e {
			for len(c) > 1 && c[len(c)-1] == "" {
				c = c[:len(c)-1]
			}
			reps = append(reps, c)
		}
		for len(reps) > 1 && len(reps[len(reps)-1]) == 1 && reps[len(reps)-1][0] == "" {
			reps = reps[:len(reps)-1]
		}
		t.elements = append(t.elements, reps)
	}
	for n := len(t.elements); n > 0 && len(t.elements[n-1]) == 1 && len(t.elements[n-1][0]) == 1 && t.elements[n-1][0][0] == ""; n-- {
		t.elements = t.elements[:n-1]
	}
	return t
}

func (s segmentText) write(w *edifact.Writer) {
	w.Segment(s.tag)
	for _, reps := range s.elements {
		for k, components := range reps {
			for j, value := range components {
				switch {
				case j > 0:
					w.Comp(value)
				case k > 0:
					w.Rep(value)
				default:
					w.Elem(value)
				}
			}
		}
	}
}

// read is a segment that was read.
func read(s *edifact.Segment) segmentText {
	t := segmentText{tag: s.Tag}
	for v := range s.Values() {
		if v.Element == len(t.elements) {
			t.elements = append(t.elements, nil)
		}
		e := &t.elements[v.Element]
		if v.Repetition == len(*e) {
			*e = append(*e, nil)
		}
		(*e)[v.Repetition] = append((*e)[v.Repetition], s.Decode(v.Bytes))
	}
	return t
}

// within draws a value of the repertoire.
func within(r edifact.Repertoire) *rapid.Generator[string] {
	return rapid.Map(texts(), func(s string) string {
		return strings.Map(func(c rune) rune {
			if !r.Has(c) {
				return -1
			}
			return c
		}, s)
	})
}

func segmentTexts(r edifact.Repertoire, version int) *rapid.Generator[segmentText] {
	return rapid.Custom(func(t *rapid.T) segmentText {
		s := segmentText{tag: rapid.SampledFrom([]string{"BGM", "FTX", "NAD", "UNS", "Z01", "USH"}).Draw(t, "tag")}
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			var reps [][]string
			for range rapid.IntRange(1, 1+version/4*2).Draw(t, "repetitions") {
				reps = append(reps, rapid.SliceOfN(rapid.OneOf(rapid.Just(""), within(r)), 1, 4).Draw(t, "components"))
			}
			s.elements = append(s.elements, reps)
		}
		return s
	})
}

var (
	dotted = edifact.Delimiters{Component: '.', Element: '/', Decimal: ',', Release: '\\', End: ';', Repetition: '$'}
	hatted = edifact.Delimiters{Component: '|', Element: '*', Decimal: '.', Release: '!', End: '~', Repetition: '^'}
	wraps  = map[edifact.Wrap]edifact.Leniency{edifact.WrapNone: 0, edifact.WrapSegments: edifact.LineBreaks, edifact.Wrap80: edifact.WrappedLines}
)

// TestWriterIsReadBack writes any segments in any repertoire, version and wrap,
// grouped or not, and reads them with a strict reader.
func TestWriterIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.IntRange(2, 4).Draw(t, "version")
		set := rapid.SampledFrom(repertoires[:map[int]int{2: 2, 3: 6, 4: 15}[version]]).Draw(t, "repertoire")
		wrap := rapid.SampledFrom([]edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80}).Draw(t, "wrap")
		o := edifact.WriterOptions{
			Delimiters: rapid.SampledFrom([]edifact.Delimiters{{}, hatted, dotted, edifact.DefaultDelimiters}).Draw(t, "delimiters"),
			UNA:        rapid.Bool().Draw(t, "una"), Wrap: wrap, Repertoire: set,
		}
		u, g := unb(), ung("G")
		if u.Version = version; version == 4 {
			u.Date, g.Date = unb4().Date, unb4().Date
		}
		grouped := rapid.Bool().Draw(t, "grouped")
		messages := rapid.SliceOfN(rapid.SliceOfN(segmentTexts(set, version), 0, 4), 1, 3).Draw(t, "messages")

		var out bytes.Buffer
		w := edifact.NewWriter(&out, o)
		w.Begin(u)
		if grouped {
			w.Group(g)
		}
		for i, segments := range messages {
			w.Message(unh(fmt.Sprint(i)))
			for _, s := range segments {
				s.write(w)
			}
			w.EndMessage()
		}
		if grouped {
			w.EndGroup()
		}
		if err := w.End(); err != nil {
			t.Fatal(err)
		}
		compareRead(t, out.Bytes(), messages, wraps[wrap])
		again, err := copied(t, out.Bytes(), wraps[wrap], o)
		if err != nil || !bytes.Equal(again, out.Bytes()) {
			t.Fatalf("%q is copied as %q, %v", out.Bytes(), again, err)
		}
	})
}

func compareRead(t fataler, data []byte, messages [][]segmentText, lenient edifact.Leniency) {
	r := edifact.NewReader(bytes.NewReader(data), edifact.ReaderOptions{Lenient: lenient})
	message, segment := -1, 0
	for s, err := range r.Segments() {
		switch {
		case err != nil:
			t.Fatalf("reader refuses %q: %v", data, err)
		case s.Tag == "UNH":
			message, segment = message+1, 0
		case s.Position > 0 && s.Tag != "UNT":
			want := messages[message][segment].trimmed()
			if got := read(s); got.tag != want.tag || !slices.EqualFunc(got.elements, want.elements, func(a, b [][]string) bool {
				return slices.EqualFunc(a, b, slices.Equal[[]string])
			}) {
				t.Fatalf("%q is read as %q, want %q", data, got, want)
			}
			segment++
		}
	}
	if message != len(messages)-1 {
		t.Fatalf("%q has %d messages, want %d", data, message+1, len(messages))
	}
}

// copied reads data and writes it with other options.
func copied(t fataler, data []byte, lenient edifact.Leniency, o edifact.WriterOptions) ([]byte, error) {
	var out bytes.Buffer
	w := edifact.NewWriter(&out, o)
	r := edifact.NewReader(bytes.NewReader(data), edifact.ReaderOptions{Lenient: lenient})
	for s, err := range r.Segments() {
		if err != nil {
			t.Fatalf("reader refuses %q: %v", data, err)
		}
		switch s.Tag {
		case "UNB":
			w.Begin(*r.Interchange())
		case "UNG":
			w.Group(*r.Group())
		case "UNH":
			w.Message(*r.Message())
		case "UNT":
			w.EndMessage()
		case "UNE":
			w.EndGroup()
		case "UNZ":
			_ = w.End()
		default:
			w.Copy(s)
		}
	}
	return out.Bytes(), w.Err()
}

func TestWriterCopies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, version string
		give          string
		o             edifact.WriterOptions
		want          string // empty for an error
	}{
		{"as it is", "UNOC:3", "FTX+a:b:\xF8?'", edifact.WriterOptions{}, "FTX+a:b:\xF8?'"},
		{"nested tag", "UNOC:3", "LIN:1:2+x", edifact.WriterOptions{}, "LIN:1:2+x"},
		{"what nobody needs", "UNOC:3", "FTX+a:::+:::+", edifact.WriterOptions{}, "FTX+a"},
		{"repetitions", "UNOC:4", "FTX+a:b*c*:d*+e", edifact.WriterOptions{}, "FTX+a:b*c*:d+e"},
		{"another repertoire", "UNOC:3", "FTX+\xF8", edifact.WriterOptions{Repertoire: edifact.UNOD, Transliterated: func(edifact.Place, edifact.Replacement) {}}, "FTX+oe"},
		{"UTF-8 as Latin 1", "UNOC:3", "FTX+Ø", edifact.WriterOptions{}, "FTX+\xD8"},
		{"a byte that is no character", "UNOC:3", "FTX+a:\x81", edifact.WriterOptions{}, ""},
	} {
		date := map[bool]string{true: "20050811", false: "050811"}[strings.HasSuffix(test.version, "4")]
		set := test.version[:4]
		input := "UNB+" + test.version + "+A+B+" + date + ":0600+7'UNH+1+PAYMUL:D:96A:UN'" + test.give + "'UNT+3+1'UNZ+1+7'"
		got, err := copied(t, []byte(input), edifact.WrongRepertoire, test.o)
		if test.o.Repertoire != 0 {
			set = test.o.Repertoire.String()
		}
		want := strings.Replace(strings.Replace(input, test.give, test.want, 1), test.version[:4], set, 1)
		if (err != nil) != (test.want == "") || err == nil && string(got) != want {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, want)
		}
	}
}

// TestWriterInAnyOrder calls everything in any order: what comes out without an
// error is taken by a strict reader.
func TestWriterInAnyOrder(t *testing.T) {
	t.Parallel()
	calls := []string{"B", "E", "G", "g", "M", "N", "O", "m", "m", "P", "S", "S", "T", "V", "R", "C", "4", "u"}
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{})
		for _, call := range rapid.SliceOf(rapid.SampledFrom(calls)).Draw(t, "calls") {
			before := w.Err()
			if steps[call](w); before != nil && w.Err() != before {
				t.Fatalf("error changes from %v to %v", before, w.Err())
			}
		}
		if w.End() == nil {
			readStrictly(t, out.String(), 0)
		}
	})
}

// FuzzWriterValues writes any text with any service characters.
func FuzzWriterValues(f *testing.F) {
	f.Add("a?b", "c'd", []byte(":+,?*'"), byte(3), false)
	f.Add("日本", "ア", []byte("|;.\\$~"), byte(14), true)
	f.Add("Ø", "\x1B", []byte("\x1F\x1D.\x00\x00\x1C"), byte(2), true)
	f.Fuzz(func(t *testing.T, a, b string, marks []byte, set byte, four bool) {
		if len(marks) < 6 {
			return
		}
		u := unb()
		if four {
			u = unb4()
		}
		d := edifact.Delimiters{Component: marks[0], Element: marks[1], Decimal: marks[2], Release: marks[3], Repetition: marks[4], End: marks[5]}
		s := segmentText{"FTX", [][][]string{{{a, b}}, {{b}}, {{"", a}}}}
		got, err := written(u, edifact.WriterOptions{Delimiters: d, Repertoire: edifact.Repertoire(set % 17)}, s.write)
		var refused *edifact.WriteError
		switch {
		case err == nil:
			compareRead(t, []byte(got), [][]segmentText{{s}}, 0)
		case !errors.As(err, &refused):
			t.Fatalf("error is %v", err)
		}
	})
}

func TestWriterAllocatesNothingInSteadyState(t *testing.T) {
	w := edifact.NewWriter(io.Discard, edifact.WriterOptions{})
	w.Begin(unb())
	w.Message(unh("1"))
	if n := testing.AllocsPerRun(10000, func() { order(w, 12) }); n != 0 {
		t.Errorf("a payment order allocates %v times", n)
	}
	if w.EndMessage(); w.End() != nil {
		t.Fatal(w.Err())
	}
}

// order writes the segments of one payment order, such as most of a day's
// bytes are.
func order(w *edifact.Writer, n int) {
	w.Segment("SEQ").Elem("").ElemInt(n)
	w.Segment("MOA").Elem("9").CompAmount(int64(n)*100+25, 2).Comp("DKK")
	w.Segment("RFF").Elem("CR").Comp("00000001FAKTURA 2005-0815/00012345")
	w.Segment("PAI").Elem("").Comp("").Comp("IBB").Comp("").Comp("").Comp("UKA")
	w.Segment("FII").Elem("BF").Elem("0009876543").Elem("").Comp("").Comp("").Comp("5432").Comp("80").Comp("130")
	w.Segment("NAD").Elem("BE").Elem("").Elem("").Elem("Jørgen Bæk").Elem("Åboulevarden 12").Elem("Ølby").Elem("").Elem("4600").Elem("DK")
	w.Segment("PRC").Elem("11")
	w.Segment("FTX").Elem("PMD").Elem("").Elem("").Elem("Boligstøtte for august 2005").Comp("Journal 4711")
}

func payments(out io.Writer, orders int) error {
	w := edifact.NewWriter(out, edifact.WriterOptions{UNA: true})
	w.Begin(unb())
	w.Message(unh("1"))
	w.Segment("BGM").Elem("452").Elem("1-1").Elem("9")
	w.Segment("DTM").Elem("137").Comp("20050811").Comp("102")
	for n := 1; n <= orders; n++ {
		if n%9999 == 1 {
			w.Segment("LIN").ElemInt(n/9999 + 1)
			w.Segment("MOA").Elem("9").CompAmount(1, 2).Comp("DKK")
			w.Segment("FII").Elem("OR").Elem("1234567890")
		}
		order(w, n)
	}
	w.EndMessage()
	return w.End()
}

func BenchmarkWriter(b *testing.B) {
	var size bytes.Buffer
	if err := payments(&size, 20000); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := payments(io.Discard, 20000); err != nil {
			b.Fatal(err)
		}
	}
}
