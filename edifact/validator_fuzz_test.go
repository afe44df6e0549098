package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/directory/d01b"
	"nks/edifact/directory/d96a"
)

// everything is all that a validator says about an input, in its order.
func everything(t *testing.T, in io.Reader, schema *edifact.Schema, lenient edifact.Leniency) string {
	t.Helper()
	var b strings.Builder
	tell := func(e *edifact.ParseError) { fmt.Fprintln(&b, e, e.Forgiven) }
	v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{Lenient: lenient, Faults: tell, Forgiven: tell}), schema)
	for {
		s, err := v.Next()
		var fault *edifact.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return b.String()
		case errors.As(err, &fault):
			fmt.Fprintln(&b, "ended with", err)
			return b.String()
		case err != nil:
			t.Fatalf("ended with %v", err)
		}
		fmt.Fprintf(&b, "%s %d %d-%d %v", s.Tag, s.Position, s.Offset, s.End, v.Path())
		for value := range s.Values() {
			fmt.Fprintf(&b, " %d.%d.%d=%q", value.Element, value.Repetition, value.Component, s.Decode(value.Bytes))
			if got := s.Repeated(value.Element, value.Repetition, value.Component); !bytes.Equal(got, value.Bytes) {
				t.Fatalf("%s %d.%d.%d is %q, and %q", s.Tag, value.Element, value.Repetition, value.Component, value.Bytes, got)
			}
		}
		b.WriteByte('\n')
	}
}

// FuzzValidator: whatever comes, the reading ends, says the same whatever the
// chunks are, and never goes back.
func FuzzValidator(f *testing.F) {
	for _, in := range []string{
		inInterchange(paymul), inInterchange(paymul, paymul), status,
		"UNB+UNOW:4+A+B+20050811:0605+1'UNH+1+CONTRL:4:1:UN'UCI+1+A+B+7'UNT+3+1'UNZ+1+1'",
		"UNB+UNOC:3+A+B+050811:0605+1'UNG+PAYMUL+A+B+050811:0605+1+UN+D:96A'UNH+1+PAYMUL:D:96A:UN'UNT+2+1'UNE+1+1'UNZ+1+1'",
		"UNB+UNOB:4+A+B+20050811:0605+1'UNO+1+1:A+1+4'\x00'?+UNP+4+1'UNZ+1+1'",
		"UNA:+,?'\r\nUNB+UNOC:3+A+B+050811:0605+1'\r\nUNH+1+PAYM\r\nUL:D:96A:UN'BGM?'+?\r\n+1'",
	} {
		f.Add([]byte(in), uint16(0))
		f.Add([]byte(in), uint16(edifact.Everything))
	}
	schema := edifact.NewSchema(d96a.Directory(), d01b.Directory())
	f.Fuzz(func(t *testing.T, in []byte, lenient uint16) {
		l := edifact.Leniency(lenient) & edifact.Everything
		whole := everything(t, bytes.NewReader(in), schema, l)
		if pieces := everything(t, iotest.OneByteReader(bytes.NewReader(in)), schema, l); pieces != whole {
			t.Errorf("in one piece:\n%s\nbyte by byte:\n%s", whole, pieces)
		}
	})
}
