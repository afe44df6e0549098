package edifact_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
)

func TestReaderTellsOfTheEnvelope(t *testing.T) {
	t.Parallel()
	input := "UNA:+.?*'UNB+UNOC:4+A+B+20050811:0600+7'UNG+INVOIC+A+B+20050811:0600+1+UN+D:96A'" +
		"UNH+1+AUTACK:4:1:UN::D01B:SECAUT'UNS+D'UNT+3+1'UNE+1+1'UNZ+1+7'"
	var reported []string
	r := edifact.NewReader(strings.NewReader(input), edifact.ReaderOptions{Envelope: func(s *edifact.Segment) {
		reported = append(reported, input[s.Offset:s.End])
	}})
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	want := strings.SplitAfter(input, "'")
	want = slices.DeleteFunc(want, func(s string) bool { return s == "" || s[:3] == "UNA" || s[:3] == "UNS" })
	if !slices.Equal(reported, want) {
		t.Errorf("told of %q, want %q", reported, want)
	}
	if m := r.Message(); m.CodeList != "D01B" || m.Function != "SECAUT" {
		t.Errorf("message is %+v", m)
	}
}

func TestWriterWritesTheFunctionOfAMessage(t *testing.T) {
	t.Parallel()
	h := edifact.UNH{Ref: "1", Type: "AUTACK", Version: "4", Release: "1", Agency: "UN", Function: "SECAUT"}
	for version, ok := range map[int]bool{3: false, 4: true} {
		var out bytes.Buffer
		w := edifact.NewWriter(&out, edifact.WriterOptions{})
		date := "050811"
		if version == 4 {
			date = "20050811"
		}
		w.Begin(edifact.UNB{Version: version, Sender: edifact.Party{ID: "A"}, Recipient: edifact.Party{ID: "B"}, Date: date, Time: "0600", ControlRef: "7"})
		w.Message(h)
		w.EndMessage()
		if err := w.End(); (err == nil) != ok {
			t.Errorf("version %d: %v", version, err)
		} else if ok && !strings.Contains(out.String(), "UNH+1+AUTACK:4:1:UN:::SECAUT'") {
			t.Errorf("wrote %q", out.String())
		}
	}
}
