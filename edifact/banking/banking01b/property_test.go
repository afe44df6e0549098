package banking01b_test

import (
	"bytes"
	"testing"

	"nks/edifact"
	"nks/edifact/banking/banking01b"
	"nks/edifact/banking/internal/drawntest"
	"nks/edifact/directory/d01b"
	"pgregory.net/rapid"
)

var anyCode = drawntest.AnyCode(d01b.Directory())

// TestWhatTheDirectoryAllows: random messages come out byte by byte.
func TestWhatTheDirectoryAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := drawntest.Interchange(t, d01b.Directory())
		v := edifact.NewValidator(edifact.NewReader(bytes.NewReader(text), edifact.ReaderOptions{}), anyCode)
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{UNA: true})
		typed := banking01b.NewWriter(w)
		begun := false
		for item, err := range banking01b.NewReader(v, banking01b.Options{}).Items() {
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if !begun {
				w.Begin(*v.Interchange())
				begun = true
			}
			if err := typed.Write(item); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
		if err := w.End(); err != nil || !bytes.Equal(out.Bytes(), text) {
			t.Fatalf("copy is\n%s\nof\n%s, error %v", out.Bytes(), text, err)
		}
	})
}
