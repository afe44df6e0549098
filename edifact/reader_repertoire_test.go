package edifact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
)

// TestReaderForgivesRepertoires reads values that are not what UNB says.
func TestReaderForgivesRepertoires(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, set, value string
		strict           bool // a strict reader takes it, too
		want             string
		reported         []string
	}{
		{"Latin 1", "UNOC:3", "B\xF8rge", true, "Børge", nil},
		{"UTF-8 that Latin 1 could be", "UNOC:3", "Børge", true, "Børge", []string{"2.1 UTF-8"}},
		{"UTF-8 that it could not be", "UNOC:3", "Ære ?+ Øl", false, "Ære + Øl", []string{"2.1 UTF-8"}},
		{"two values", "UNOC:3", "?+ø:\x80", false, "+ø", []string{"2.1 UTF-8", "2.2 windows-1252"}},
		{"code page 1252 in level A", "UNOA:3", "B\xD8RGE", false, "BØRGE", []string{"2.1 windows-1252"}},
		{"code page 1252 as UTF-8", "UNOW:4", "B\xF8rge", false, "Børge", []string{"2.1 windows-1252"}},
		{"nothing known", "UNOC:3", "B\x81rge", false, "B\uFFFDrge", []string{"2.1 no character"}},
		{"small letters in level A", "UNOA:3", "Ab", false, "Ab", []string{"2.1 no character"}},
		{"Cyrillic that UTF-8 could be", "UNOE:3", "\xC2\xB0", true, "ТА", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			date := "050811"
			if strings.HasSuffix(test.set, "4") {
				date = "20050811"
			}
			input := "UNB+" + test.set + "+A+B+" + date + ":0600+7'UNH+1+PAYMUL:D:96A:UN'FTX+" + test.value + "'UNT+3+1'UNZ+1+7'"
			if got := reads(strings.NewReader(input), edifact.ReaderOptions{}, false).err == ""; got != test.strict {
				t.Errorf("a strict reader takes it: %t", got)
			}
			var reported []string
			var text string
			r := edifact.NewReader(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.WrongRepertoire, Forgiven: func(e *edifact.ParseError) {
				reported = append(reported, fmt.Sprintf("%d.%d %s", e.Element, e.Component, kindOf(e.Text)))
			}})
			for s, err := range r.Segments() {
				if err != nil {
					t.Fatal(err)
				}
				if s.Tag == "FTX" {
					text = s.Text(0, 0)
				}
			}
			if text != test.want || !slices.Equal(reported, test.reported) {
				t.Errorf("read %q, told %q", text, reported)
			}
		})
	}
}

func kindOf(text string) string {
	for _, kind := range []string{"UTF-8 and", "windows-1252", "no character"} {
		if strings.Contains(text, kind) {
			return strings.TrimSuffix(kind, " and")
		}
	}
	return text
}
