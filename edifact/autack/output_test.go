package autack_test

import (
	"bytes"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/autack"
)

// TestOutput: what is hashed while it is written is what a reader hashes, wherever line breaks stand, and the AUTACK that signs it
// verifies.
func TestOutput(t *testing.T) {
	t.Parallel()
	key, public := loadKey(t, keyFile)
	for name, wrap := range map[string]edifact.Wrap{"none": edifact.WrapNone, "segments": edifact.WrapSegments, "80": edifact.Wrap80} {
		for _, length := range []int{1, 30, 33, 40, 41, 300, 70_000} { // also so that a line of 80 ends with a message
			var file bytes.Buffer
			out := autack.NewOutput(&file)
			w := edifact.NewWriter(out, edifact.WriterOptions{Wrap: wrap})
			u := edifact.UNB{Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: "260301", Time: "0600", ControlRef: "R"}
			w.Begin(u)
			for _, ref := range []string{"1", "2"} {
				h := edifact.UNH{Ref: ref, Type: "CONTRL", Version: "D", Release: "3", Agency: "UN"}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				out.Begin()
				w.Message(h)
				for rest := length; rest > 0; rest -= 30 {
					w.Segment("UCI").Elem(strings.Repeat("x", min(rest, 30)))
				}
				w.EndMessage()
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				out.End(autack.Reference{Interchange: "R", Sender: u.Sender, Recipient: u.Recipient,
					Message: autack.MessageID{Ref: ref, Type: h.Type, Version: h.Version, Release: h.Release, Agency: h.Agency}})
			}
			m, err := autack.Sign(out.Digests(), key, autack.SignOptions{Message: edifact.UNH{Ref: "3", Type: "AUTACK", Version: "4", Release: "1", Agency: "UN"}})
			if err == nil {
				err = m.Write(w, 3)
			}
			if err == nil {
				err = w.End()
			}
			if err != nil {
				t.Fatal(err)
			}
			r, h := autack.NewReader(&file, edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines}, autack.HashOptions{Levels: autack.LevelMessage})
			for _, err := range r.Segments() {
				if err != nil {
					t.Fatal(err)
				}
			}
			read := h.Digests().All()
			for i, d := range out.Digests() {
				if d.Reference != read[i].Reference || d.From != read[i].From || d.To != read[i].To || d.SHA256 != read[i].SHA256 {
					t.Errorf("%s, %d: written %v %d-%d %x, read %v %d-%d %x", name, length, d.Reference, d.From, d.To, d.SHA256[:4],
						read[i].Reference, read[i].From, read[i].To, read[i].SHA256[:4])
				}
			}
			if covered, err := autack.Verify(m, h.Digests(), autack.VerifyOptions{Keys: autack.OneKey(public)}); err != nil || len(covered) != 2 {
				t.Errorf("%s, %d: %d are covered: %v", name, length, len(covered), err)
			}
		}
	}
}
