package bank

import (
	"bytes"
	"io"
	"time"
)

// spoilt writes an answer that nobody can read: its end is missing, or a terminator in its middle, so that two segments
// run together and the count in UNT is wrong.
func spoilt(write func(io.Writer) error, how string) func(io.Writer) error {
	return func(w io.Writer) error {
		var whole bytes.Buffer
		if err := write(&whole); err != nil {
			return err
		}
		text := whole.Bytes()
		if how == spoiltEnd {
			_, err := w.Write(text[:len(text)*3/5])
			return err
		}
		_, err := w.Write(withoutTerminator(text))
		return err
	}
}

// withoutTerminator takes away one in the middle that ends a segment; one behind a release character is text.
func withoutTerminator(text []byte) []byte {
	for i := len(text) / 2; i < len(text); i++ {
		if text[i] == '\'' && text[i-1] != '?' {
			return append(text[:i:i], text[i+1:]...)
		}
	}
	return text[:len(text)/2]
}

// reuse gives an answer the UNB 0020 of an earlier one and returns the time of preparation to write. Where that is the
// earlier one's, too, nothing but the other bytes tells the two apart.
func (d *desk) reuse(a *answerState, m *madeLine) time.Time {
	before := d.state.latest
	if before == nil {
		return m.At
	}
	m.Control = before.Control
	m.Name = "BANSTA-" + m.Control + "_" + a.ID + ".edi" // behind the other in a listing: whoever takes files by name meets it second
	if a.How == spoiltBoth {
		return before.At
	}
	return m.At
}
