package edifact_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
)

// rewrite writes what a reader reads, segment by segment, in Latin 1.
func rewrite(t interface{ Fatal(...any) }, in []byte, limits edifact.Limits, o edifact.Options) ([]string, []byte) {
	r := edifact.NewReader(bytes.NewReader(in), limits)
	var out bytes.Buffer
	w := edifact.NewWriter(&out, o)
	var dumps []string
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil
		}
		w.Segment(s.Tag)
		for i := range s.Len() {
			for j := range max(1, s.Components(i)) {
				text, err := edifact.UNOC.Decode(s.Component(i, j))
				if err != nil {
					return nil, nil
				}
				if j == 0 {
					w.Elem(text)
				} else {
					w.Comp(text)
				}
			}
		}
		dumps = append(dumps, trimmed(dump(s)))
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return dumps, bytes.TrimSuffix(bytes.TrimSuffix(out.Bytes(), []byte("\r\n")), []byte("UNZ+0'"))
}

// trimmed takes empty elements and components at the end off a dump.
func trimmed(d string) string {
	for {
		next := strings.ReplaceAll(d, "|]", "]")
		next = strings.TrimSuffix(next, "[]")
		if next == d {
			return d
		}
		d = next
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"UNA:+,? 'UNB+UNOC:3+A'BGM+452+a?'b'UNZ+0+1'", "UNA|*.!#~UNB*UNOC|3~", "UNB\x1dUNOB\x1c", "FTX+a\r\n:b'", "LIN:1:2+7'"} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(2))
	}
	f.Fuzz(func(t *testing.T, in []byte, breaks uint8) {
		limits := edifact.Limits{Segment: 500, Elements: 20, Components: 20, Breaks: edifact.Breaks(breaks % 3)}
		r := edifact.NewReader(bytes.NewReader(in), limits)
		last := int64(-1)
		for {
			s, err := r.Next()
			var place *edifact.Error
			if errors.As(err, &place) {
				if place.Offset < 0 || place.Offset > int64(len(in)) || place.Text == "" {
					t.Fatalf("error %+v for %d bytes", place, len(in))
				}
				break
			}
			if err != nil {
				break
			}
			if s.Offset <= last || !bytes.HasPrefix(in[s.Offset:], []byte(s.Tag[:1])) {
				t.Fatalf("segment %s at %d after %d", s.Tag, s.Offset, last)
			}
			last = s.Offset
		}
		_, _ = walk(edifact.NewInterchange(bytes.NewReader(in), limits))
		_, _ = check(bytes.NewReader(in))
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("UNB+UNOC:3+A'FTX+a?'b:?+c:?:d::+e++'"))
	f.Add([]byte("BGM'\nFTX++:x?'"))
	f.Fuzz(func(t *testing.T, in []byte) {
		want, out := rewrite(t, in, edifact.Limits{}, edifact.Options{})
		if want == nil || bytes.Contains(in, []byte("UNA")) || bytes.Contains(out, []byte("UNB'")) {
			return // without its data elements a header does not say how to read on
		}
		got, again := rewrite(t, out, edifact.Limits{Breaks: edifact.BreaksNone}, edifact.Options{})
		if strings.Join(got, "\n") != strings.Join(want, "\n") || !bytes.Equal(out, again) {
			t.Fatalf("read %q, wrote %q, read %q", want, out, got)
		}
	})
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	sets := map[edifact.Charset]*rapid.Generator[string]{
		edifact.UNOA: rapid.StringMatching(`[A-Z0-9 .,()/=!"%&*;<>'+:?-]{0,40}`),
		edifact.UNOC: rapid.StringMatching(`[ -~\x{A0}-\x{FF}]{0,40}`),
		edifact.UNOW: rapid.StringMatching(`[ -~\x{A0}-\x{FFF}€]{0,40}`),
	}
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SampledFrom([]edifact.Charset{edifact.UNOA, edifact.UNOC, edifact.UNOW}).Draw(t, "set")
		d := rapid.SampledFrom([]edifact.Delimiters{{}, {Component: '|', Element: '*', Decimal: '.', Release: '!', Reserved: ' ', End: '~'}}).Draw(t, "delimiters")
		o := edifact.Options{Charset: set, Delimiters: d, UNA: true, Wrap: rapid.SampledFrom([]edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80}).Draw(t, "wrap")}
		segments := rapid.SliceOf(rapid.SliceOfN(rapid.SliceOfN(sets[set], 1, 4), 0, 6)).Draw(t, "segments")

		var out bytes.Buffer
		w := edifact.NewWriter(&out, o)
		w.Begin(edifact.UNB{Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "050811", Time: "0600", ControlRef: "1"})
		w.Message(edifact.MessageHeader{Ref: "1", Type: "X", Version: "D", Release: "96A", Agency: "UN"})
		for _, elements := range segments {
			w.Segment("FTX")
			for _, components := range elements {
				w.Elem(components[0])
				for _, c := range components[1:] {
					w.Comp(c)
				}
			}
		}
		w.EndMessage()
		if err := w.End(); err != nil {
			t.Fatal(err)
		}

		breaks := edifact.BreaksBetween
		if o.Wrap == edifact.Wrap80 {
			breaks = edifact.BreaksAnywhere
		}
		x := edifact.NewInterchange(&out, edifact.Limits{Breaks: breaks})
		if _, err := x.Begin(); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Message(); err != nil {
			t.Fatal(err)
		}
		for n, elements := range segments {
			s, err := x.Segment()
			if err != nil {
				t.Fatalf("segment %d: %v", n, err)
			}
			for i, components := range elements {
				for j, want := range components {
					if got, err := x.Text(&s, i, j); err != nil || got != want {
						t.Fatalf("segment %d element %d component %d is %q, %v; want %q", n, i, j, got, err, want)
					}
				}
			}
		}
		if _, err := x.Segment(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if _, err := x.Message(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

// samples lists the files of a folder of samples beside the repository.
func samples(t *testing.T, folder string) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found, _ := filepath.Glob(filepath.Join(dir, "shared/samples/edifact", folder, "*")); len(found) > 0 {
			return found
		}
	}
	t.Skip("no samples beside the repository")
	return nil
}

func TestForeignInterchangesAreReadOrRefusedWithAPlace(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"general", "payments"} {
		read := 0
		for _, name := range samples(t, folder) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, breaks := range []edifact.Breaks{edifact.BreaksBetween, edifact.BreaksNone, edifact.BreaksAnywhere} {
				limits := edifact.Limits{Breaks: breaks}
				segments, err := readAll(bytes.NewReader(data), limits)
				var place *edifact.Error
				switch {
				case err == nil && len(segments) > 0:
					read++
				case !errors.As(err, &place):
					t.Errorf("%s: %d segments, error %v", filepath.Base(name), len(segments), err)
				case place.Offset > int64(len(data)):
					t.Errorf("%s: error beyond the end: %v", filepath.Base(name), place)
				}
				x := edifact.NewInterchange(bytes.NewReader(data), limits)
				x.Lenient(func(*edifact.Error) {})
				if _, err := walk(x); err != nil && !errors.As(err, &place) {
					t.Errorf("%s: error without a place: %v", filepath.Base(name), err)
				}
			}
		}
		t.Logf("%s: %d readings without a fault", folder, read)
		if read == 0 {
			t.Errorf("nothing of %s is read", folder)
		}
	}
}

func TestForeignPaymentOrdersMeetTheStructure(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, name := range samples(t, "payments") {
		if base := filepath.Base(name); !strings.HasPrefix(base, "paymul_hsbc") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		faults, err := check(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		for _, e := range faults {
			// These write a decimal point though they state no UNA.
			if e.Code != edifact.CodeBadDecimal {
				t.Errorf("%s: %v", filepath.Base(name), e)
			}
		}
		checked++
	}
	if checked == 0 {
		t.Error("no payment order was checked")
	}
}
