package bank_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"nks/sim/bank"
)

// FuzzInspect: whatever comes, it is read without a panic, and what is journalled of it can be read back.
func FuzzInspect(f *testing.F) {
	good := twoMessages("1").text()
	f.Add(good)
	f.Add(strings.ReplaceAll(good, "'", "'\n"))
	f.Add(strings.Replace(good, "LIN+1'", "SEQ++1'", 1))
	f.Add(strings.Replace(good, "SEQ++1'", "CNT+LIN:1'SEQ++1'", 1))
	f.Add(strings.Replace(good, "1A-00001", "?+\xe5\xff\"\\", 1))
	f.Add("UNB+UNOC:3+5798000016446:14+5790001000013:14+050811:0430+5'UNH+1+CONTRL:D:3:UN'UCI+1+2+3+7'UNT+3+1'UNZ+1+5'")
	f.Fuzz(func(t *testing.T, text string) {
		p := quiet()
		p.RejectPerMille, p.LateRejectPerMille = 300, 200
		orders, journal, err := bank.InspectText(text, p)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range bytes.Lines(journal) {
			var v struct {
				K   string `json:"k"`
				Ref string `json:"ref"`
			}
			if err := json.Unmarshal(line, &v); err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			if v.K == "order" {
				lines++
			}
		}
		if lines != orders {
			t.Errorf("%d orders, %d lines", orders, lines)
		}
	})
}
