package edifact_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
)

// dump writes a segment as tag and components, so that a test can name what it
// expects without separators playing a part.
func dump(s edifact.Segment) string {
	var b strings.Builder
	b.WriteString(s.Tag)
	for i := range s.Len() {
		b.WriteString("[")
		for j := range s.Components(i) {
			if j > 0 {
				b.WriteString("|")
			}
			b.Write(s.Component(i, j))
		}
		b.WriteString("]")
	}
	return b.String()
}

func readAll(in io.Reader, limits edifact.Limits) ([]string, error) {
	r := edifact.NewReader(in, limits)
	var out []string
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, dump(s))
	}
}

func TestReaderCutsSegments(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		limits   edifact.Limits
		want     string
	}{
		{"default characters", "UNB+UNOC:3+A'BGM+452+X'", edifact.Limits{}, "UNB[UNOC|3][A] BGM[452][X]"},
		{"empty elements stay", "BGM++:a::b+'", edifact.Limits{}, "BGM[][|a||b][]"},
		{"release", "FTX+a?'b?+c?:d??'", edifact.Limits{}, "FTX[a'b+c:d?]"},
		{"two releases before a terminator", "FTX+a??'BGM'", edifact.Limits{}, "FTX[a?] BGM"},
		{"release of a plain character", "FTX+a?b'", edifact.Limits{}, "FTX[ab]"},
		{"own characters", "UNA|*.!#~UNB*UNOC|3~FTX*a!*b+c~", edifact.Limits{}, "UNB[UNOC|3] FTX[a*b+c]"},
		{"no release character", "UNA:+,  'UNB+UNOC:3'FTX+a?'", edifact.Limits{}, "UNB[UNOC|3] FTX[a?]"},
		{"level B separators", "UNB\x1dUNOB\x1f1\x1cFTX\x1da+b\x1c", edifact.Limits{}, "UNB[UNOB|1] FTX[a+b]"},
		{"line breaks between", "UNA:+,? '\r\nUNB+A'\r\nBGM+1'\n\n", edifact.Limits{}, "UNB[A] BGM[1]"},
		{"line break inside is data", "FTX+a\r\nb'", edifact.Limits{}, "FTX[a\r\nb]"},
		{"line breaks anywhere", "UN\r\nB+A'B\r\nGM+45\r\n2'\r\n", edifact.Limits{Breaks: edifact.BreaksAnywhere}, "UNB[A] BGM[452]"},
		{"wrapped UNA", "UNA:+\r\n,? 'UNB+A'", edifact.Limits{Breaks: edifact.BreaksAnywhere}, "UNB[A]"},
		{"two interchanges, other characters", "UNA|*.!#~UNB*1~UNZ*1~\r\nUNB+2'UNZ+1'", edifact.Limits{}, "UNB[1] UNZ[1] UNB[2] UNZ[1]"},
		{"padding at the end", "UNB+1'UNZ+1'\r\n\x1a\x00  ", edifact.Limits{}, "UNB[1] UNZ[1]"},
		{"byte order mark", "\xEF\xBB\xBFUNA:+,? 'UNB+A'", edifact.Limits{}, "UNB[A]"},
		{"nesting in the tag", "LIN:1:2+7'", edifact.Limits{}, "LIN[7]"},
		{"nothing", "", edifact.Limits{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in)), iotest.DataErrReader(strings.NewReader(test.in))} {
				got, err := readAll(in, test.limits)
				if err != nil || strings.Join(got, " ") != test.want {
					t.Errorf("read %q: %q, %v; want %q", test.in, got, err, test.want)
				}
			}
		})
	}
}

func TestReaderErrorsNameThePlace(t *testing.T) {
	t.Parallel()
	small := edifact.Limits{Segment: 20, Elements: 3, Components: 2}
	for _, test := range []struct {
		name, in string
		limits   edifact.Limits
		want     edifact.Error
	}{
		{"unterminated", "UNB+A'UNH+7'BGM+1", edifact.Limits{}, edifact.Error{Offset: 12, Message: "7", Position: 2, Tag: "BGM", Code: edifact.CodeMissing}},
		{"release at the end", "BGM+1?", edifact.Limits{}, edifact.Error{Tag: "BGM", Code: edifact.CodeMissing}},
		{"cut UNA", "UNA:+,", edifact.Limits{}, edifact.Error{Tag: "UNA", Code: edifact.CodeMissing}},
		{"nothing after UNA", "UNA:+,? '", edifact.Limits{}, edifact.Error{Offset: 9, Code: edifact.CodeMissing}},
		{"UNA of eight bytes", "UNA:+,?'\r\nUNB+A'", edifact.Limits{}, edifact.Error{Tag: "UNA", Code: edifact.CodeBadServiceCharacter}},
		{"UNA with a repeated character", "UNA++,? 'UNB+A'", edifact.Limits{}, edifact.Error{Tag: "UNA", Code: edifact.CodeBadServiceCharacter}},
		{"unknown separator", "UNB*UNOC'", edifact.Limits{}, edifact.Error{Offset: 3, Tag: "UNB", Code: edifact.CodeBadSeparator}},
		{"tag in small letters", "UNB+A'UNH+1'bgm+1'", edifact.Limits{}, edifact.Error{Offset: 12, Message: "1", Position: 2, Element: 1, Code: edifact.CodeInvalidValue}},
		{"break between, strict", "UNB+A'\r\nBGM'", edifact.Limits{Breaks: edifact.BreaksNone}, edifact.Error{Offset: 6, Element: 1, Code: edifact.CodeInvalidValue}},
		{"offset behind wrapped lines", "UNB+A'\r\nBG\nM+1'abc'", edifact.Limits{Breaks: edifact.BreaksAnywhere}, edifact.Error{Offset: 15, Element: 1, Code: edifact.CodeInvalidValue}},
		{"long segment", "UNB+A'FTX+12345678901234567890'", small, edifact.Error{Offset: 6, Tag: "FTX", Code: edifact.CodeTooLong}},
		{"long segment without end", "FTX+" + strings.Repeat("x", 100), small, edifact.Error{Tag: "FTX", Code: edifact.CodeTooLong}},
		{"many elements", "FTX+1+2+3+4'", small, edifact.Error{Offset: 9, Tag: "FTX", Element: 5, Code: edifact.CodeTooManyConstituents}},
		{"many components", "FTX+1:2:3'", small, edifact.Error{Offset: 7, Tag: "FTX", Element: 2, Component: 3, Code: edifact.CodeTooManyConstituents}},
		{"long input", strings.Repeat("BGM'", 30), edifact.Limits{Total: 100}, edifact.Error{Code: edifact.CodeTooLong}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readAll(strings.NewReader(test.in), test.limits)
			var got *edifact.Error
			if !errors.As(err, &got) {
				t.Fatalf("error is %v", err)
			}
			if got.Text == "" {
				t.Error("error without text")
			}
			got.Text = ""
			if *got != test.want {
				t.Errorf("error is %+v, want %+v", *got, test.want)
			}
		})
	}
}

func TestReaderKeepsErrorsOfTheInput(t *testing.T) {
	t.Parallel()
	broken := errors.New("line went dead")
	r := edifact.NewReader(io.MultiReader(strings.NewReader("UNB+UNOC:3+A'BG"), iotest.ErrReader(broken)), edifact.Limits{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, broken) {
			t.Fatalf("error is %v", err)
		}
	}
}

func TestReaderOffsetsAndPositions(t *testing.T) {
	t.Parallel()
	const plain = "UNA:+,? 'UNB+A'UNH+1'BGM+x?'y'UNT+3+1'UNH+2'BGM'UNT+3+2'UNZ+2'"
	for _, width := range []int{0, 1, 2, 3, 7, 80} {
		wrapped, at := wrap(plain, width)
		breaks := edifact.BreaksAnywhere
		if width == 0 {
			breaks = edifact.BreaksNone
		}
		r := edifact.NewReader(iotest.HalfReader(strings.NewReader(wrapped)), edifact.Limits{Breaks: breaks})
		var got []string
		for {
			s, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(s.Tag, s.Position))
			if want := at(strings.Index(plain, string(s.Raw()))); s.Tag != "BGM" && s.Tag != "UNT" && s.Offset != int64(want) {
				t.Errorf("width %d: %s at %d, want %d", width, s.Raw(), s.Offset, want)
			}
		}
		if want := "[UNB0 UNH1 BGM2 UNT3 UNH1 BGM2 UNT3 UNZ0]"; fmt.Sprint(got) != want {
			t.Errorf("width %d: %v", width, got)
		}
	}
}

// wrap breaks s after every width bytes and returns where its bytes went.
func wrap(s string, width int) (string, func(int) int) {
	if width == 0 {
		return s, func(i int) int { return i }
	}
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%width == 0 {
			b.WriteString("\r\n")
		}
		b.WriteByte(s[i])
	}
	return b.String(), func(i int) int { return i + 2*(i/width) }
}

func TestSegmentCloneOutlivesTheReader(t *testing.T) {
	t.Parallel()
	r := edifact.NewReader(strings.NewReader("BGM+one:1'BGM+two:2'"), edifact.Limits{})
	first, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	kept := first.Clone()
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if got := dump(kept); got != "BGM[one|1]" {
		t.Errorf("clone is %s", got)
	}
}

func TestSegmentOutOfRange(t *testing.T) {
	t.Parallel()
	r := edifact.NewReader(strings.NewReader("BGM+a'"), edifact.Limits{})
	s, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {-2, 0}, {99, 99}} {
		if v := s.Component(place[0], place[1]); v != nil {
			t.Errorf("component %v is %q", place, v)
		}
	}
}
