package lint_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/lint"
)

// FuzzPlaces judges anything: every finding stands where a plain count of lines
// finds its offset, in the order of places, and however the input comes.
func FuzzPlaces(f *testing.F) {
	f.Add([]byte(good), true)
	f.Add([]byte(strings.NewReplacer("'L", "'\rL", "'D", "'\r\nD", "'", "'\n", "UNT+8", "UNT+9").Replace(good)), false)
	f.Add([]byte("\xEF\xBB\xBF"+good[:50]+"\r"+good[50:]+"\x1A"), true)
	f.Add([]byte(strings.Replace(good, "BGM+23", "BGM+\x80++++a?b\n\n+é", 1)), true)
	f.Fuzz(func(t *testing.T, input []byte, every bool) {
		o := options()
		o.Every, o.Allowed = every, edifact.Leniency(len(input))
		want := places(t, bytes.NewReader(input), input, o)
		if got := places(t, iotest.OneByteReader(bytes.NewReader(input)), input, o); !slices.Equal(got, want) {
			t.Errorf("byte by byte %q\nat once %q", got, want)
		}
	})
}

func places(t *testing.T, in io.Reader, input []byte, o lint.Options) []string {
	t.Helper()
	var all []string
	sum, err := lint.File(in, o, func(f lint.Finding) error {
		all = append(all, f.String())
		if f.Offset < 0 || f.Offset > int64(len(input)) || f.Severity == "" {
			t.Fatalf("finding %+v in %d bytes", f, len(input))
		}
		if line, column := count(input[:f.Offset], input[f.Offset:]); line != f.Line || column != f.Column {
			t.Fatalf("%s: byte %d stands at %d:%d of %q", f, f.Offset, line, column, input)
		}
		return nil
	})
	if err != nil || len(all) != sum.Errors+sum.Warnings+sum.Notes {
		t.Fatalf("%v, %d told of %+v", err, len(all), sum)
	}
	return all
}

// count finds line and column behind what comes before.
func count(before, behind []byte) (line, column int) {
	line, column = 1, 1
	for i, c := range before {
		next := byte(0)
		switch {
		case i+1 < len(before):
			next = before[i+1]
		case len(behind) > 0:
			next = behind[0]
		}
		if column++; c == '\n' || c == '\r' && next != '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}
