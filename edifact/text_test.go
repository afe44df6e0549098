package edifact_test

import (
	"bytes"
	"testing"

	"nks/edifact"
)

// FuzzAppendText holds AppendText against Values and Text.
func FuzzAppendText(f *testing.F) {
	for _, body := range []string{
		"MOA+9:1,5:DKK", "NAD+BE+++J\xf8rgen B\xe6k", "FTX+A?'B??+\xc5?:x:y", "A+\x1b-B\xa1", "ABC:1:2+3*4:5*6+", "X+\u00c6\u20ac:\xff", "FTX+0123456\x1b",
	} {
		for set := edifact.UNOA; set <= edifact.UNOY; set++ {
			f.Add(byte(set), false, []byte(body))
			f.Add(byte(set), true, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, set byte, lenient bool, body []byte) {
		o := edifact.ReaderOptions{Repertoire: edifact.Repertoire(set%byte(edifact.UNOY) + 1), Faults: func(*edifact.ParseError) {}}
		if lenient {
			o.Lenient = edifact.Everything
		}
		in := append([]byte("UNB+UNOC:4+A+B+20050811:0605+1'UNH+1+X'"), body...)
		r := edifact.NewReader(bytes.NewReader(append(in, "'UNT+3+1'UNZ+1+1'"...)), o)
		text, ends := []byte("before"), []edifact.TextEnd(nil)
		for s, err := range r.Segments() {
			if err != nil {
				return
			}
			first := len(ends)
			text, ends = s.AppendText(text, ends)
			k := first
			for sep := ends[k].Separator(); sep == edifact.ComponentSeparator || sep == edifact.RepetitionSeparator; sep = ends[k].Separator() {
				k++ // explicit nesting
			}
			for v := range s.Values() {
				before := ends[k]
				k++
				if got := string(text[before.At()+1 : ends[k].At()]); got != s.Decode(v.Bytes) {
					t.Fatalf("%s, %d %d %d is %q, want %q", s.Tag, v.Element, v.Repetition, v.Component, got, s.Decode(v.Bytes))
				}
				want := edifact.ElementSeparator
				switch {
				case v.Component > 0:
					want = edifact.ComponentSeparator
				case v.Repetition > 0:
					want = edifact.RepetitionSeparator
				}
				if before.Separator() != want {
					t.Fatalf("%s, %d %d %d stands behind %d, want %d", s.Tag, v.Element, v.Repetition, v.Component, before.Separator(), want)
				}
			}
			if k != len(ends)-1 || ends[k].Separator() != edifact.SegmentEnd || ends[k].At()+1 != len(text) {
				t.Fatalf("%d ends for %d values", len(ends)-first, k-first)
			}
		}
	})
}
