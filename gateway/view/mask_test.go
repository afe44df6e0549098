package view_test

import (
	"testing"

	"nks/gateway/view"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"til 0102031234, tak": "til 010203-xxxx, tak",
		"010203-1234":         "010203-xxxx",
		"<Id>3112991234</Id>": "<Id>311299-xxxx</Id>",
		"4201031234":          "4201031234", // no such day
		"0113031234":          "0113031234", // no such month
		"00000102031234":      "00000102031234",
		"":                    "",
	} {
		if got := view.Mask(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
