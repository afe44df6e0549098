package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
)

// scraps are what inputs are made of here: all that a reader treats in a way of
// its own, and what may stand around it.
var scraps = []string{
	"UNA:+,? '", "UNA:+.?*'", "UNA:+,?'", "UNA|*.! ~", "UNA", "UNB+UNOC:3+A:14+B:14+050811:0600+7'", "UNB+UNOC:4+A+B+20050811:0600+7'",
	"UNB+UNOW:4+A+B+20050811:0600+7'", "UNB*UNOA|1*A*B*050811|0600*7~", "UNZ+1+7'", "UNZ+2+8'", "UNG+PAYMUL+A+B+050811:0600+G+UN+D:96A'",
	"UNE+1+G'", "UNH+1+PAYMUL:D:96A:UN'", "UNH+2+BANSTA:D:96A:UN'", "UNT+2+1'", "UNT+3+2'", "UNO+1+ZZZ:1+XX+3'", "UNP+3+1'", "UNS+D'",
	"FTX+AAI+++a:b?'c", "FTX", "LIN:1:2+5'", "DTM+137:20050811:102'", "'", "??'", "?", "+", ":", "*", "\r\n", "\n", "  ", "\t", "\x00", "\x1A",
	"\xEF\xBB\xBF", "Ł", "\x80", "\x1B", "abc", strings.Repeat("x", 90), "~",
}

// TestReaderReadsAnyPiecesAlike puts scraps together in any way and reads them
// in pieces of any size.
func TestReaderReadsAnyPiecesAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		input := strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 25).Draw(t, "input"), "")
		o := edifact.ReaderOptions{
			Lenient: edifact.Leniency(rapid.Uint16().Draw(t, "lenient")) & edifact.Everything,
			Limits:  edifact.Limits{Segment: rapid.SampledFrom([]int{0, 50}).Draw(t, "longest")},
		}
		on := rapid.Bool().Draw(t, "on")
		size := rapid.IntRange(1, 40).Draw(t, "size")
		want := reads(strings.NewReader(input), o, on)
		if got := reads(&pieces{input, size}, o, on); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q in pieces of %d:\n%q\nwant\n%q", input, size, got, want)
		}
		if !on && len(want.faults) > 0 {
			t.Fatalf("faults %q were told to nobody", want.faults)
		}
	})
}

// TestReaderForgivesNoMoreThanItTells reads strictly what a lenient reader read
// without a word. Of encodings a lenient reader knows more than a strict one.
func TestReaderForgivesNoMoreThanItTells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		input := strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 25).Draw(t, "input"), "")
		lenient := reads(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.Everything &^ edifact.WrongRepertoire}, false)
		strict := reads(strings.NewReader(input), edifact.ReaderOptions{}, false)
		if len(lenient.forgiven) == 0 && fmt.Sprint(lenient) != fmt.Sprint(strict) {
			t.Fatalf("%q read leniently\n%q, strictly\n%q", input, lenient, strict)
		}
		if len(lenient.forgiven) > 0 && strict.err != lenient.forgiven[0] {
			t.Fatalf("%q: forgave %q first, a strict reading ended with %q", input, lenient.forgiven[0], strict.err)
		}
	})
}

// FuzzReader reads anything in any way: the reading ends, places lie inside the
// input, segments follow each other, and pieces make no difference.
func FuzzReader(f *testing.F) {
	f.Add([]byte("UNA:+,? '"+open+"FTX+a?'b:c'"+end), uint16(0), true, byte(3))
	f.Add([]byte("\xEF\xBB\xBF"+wrap(open+"FTX+a?'b:c'"+end, 20)), uint16(math.MaxUint16), true, byte(1))
	f.Add([]byte("UNB+UNOC:4+A+B+20050811:0600+7'UNO+1+ZZZ:1+XX+3'abcUNP+3+1'UNZ+1+7'"), uint16(0), false, byte(9))
	f.Fuzz(func(t *testing.T, input []byte, lenient uint16, on bool, size byte) {
		o := edifact.ReaderOptions{Lenient: edifact.Leniency(lenient) & edifact.Everything, Limits: edifact.Limits{Segment: 200}}
		want := readWithin(t, input, o, on)
		if got := reads(&pieces{string(input), int(size) + 1}, o, on); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q in pieces of %d:\n%q\nwant\n%q", input, int(size)+1, got, want)
		}
	})
}

// readWithin reads input and looks at every place on the way.
func readWithin(t *testing.T, input []byte, o edifact.ReaderOptions, on bool) reading {
	t.Helper()
	length := int64(len(input))
	inside := func(e *edifact.ParseError) {
		if e.Offset < 0 || e.Offset > length || e.Element < 0 || e.Component < 0 || e.Rule == "" || e.Code == 0 {
			t.Fatalf("fault %+v in %d bytes", e, length)
		}
	}
	strict := o
	strict.Forgiven = inside
	if on {
		strict.Faults = inside
	}
	r := edifact.NewReader(bytes.NewReader(input), strict)
	behind := int64(0)
	for n := 0; ; n++ {
		s, err := r.Next()
		if fault, ok := errors.AsType[*edifact.ParseError](err); ok {
			inside(fault)
		}
		if err != nil {
			if _, again := r.Next(); !errors.Is(again, err) && !errors.Is(again, io.EOF) {
				t.Fatalf("after %v came %v", err, again)
			}
			break
		}
		if n > len(input) || s.Offset < behind || s.End <= s.Offset || s.End > length {
			t.Fatalf("segment %d at %d to %d, the one before ended at %d of %d", n, s.Offset, s.End, behind, length)
		}
		behind = s.End
		for v := range s.Values() {
			if at := s.OffsetOf(v.Element, v.Component); at < s.Offset || at > s.End {
				t.Fatalf("value %d:%d at %d of %d to %d", v.Element, v.Component, at, s.Offset, s.End)
			}
		}
	}
	return reads(bytes.NewReader(input), o, on)
}
