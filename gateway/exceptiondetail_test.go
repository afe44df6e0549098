package gateway_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nks/gateway"
)

// TestDetailTexts: every detail of exceptions is there in both languages, with the same arguments. // P3
func TestDetailTexts(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("exceptiondetail.go")
	if err != nil {
		t.Fatal(err)
	}
	argument := regexp.MustCompile(`%\[\d\]s`)
	known := map[string]bool{}
	for _, text := range gateway.DetailTexts() {
		if known[string(text.Code)] {
			t.Errorf("%s stands twice", text.Code)
		}
		known[string(text.Code)] = true
		danish, english := argument.FindAllString(text.Danish, -1), argument.FindAllString(text.English, -1)
		slices.Sort(danish)
		slices.Sort(english)
		if text.Danish == "" || text.English == "" || text.Danish == text.English || !slices.Equal(danish, english) {
			t.Errorf("%s: %q and %q", text.Code, text.Danish, text.English)
		}
		if got := text.Code.With("one", 2, "three"); strings.Contains(got.Danish(), "%!(B") || strings.Contains(got.English(), "%!(B") {
			t.Errorf("%s: %q", text.Code, got.English())
		}
		if len(english) == 0 && gateway.DetailOf(text.English).Code != text.Code {
			t.Errorf("%s is not known by its English text", text.Code)
		}
	}
	declared := regexp.MustCompile(`DetailCode = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(known) || len(declared) < 20 {
		t.Errorf("%d details are declared, %d have texts", len(declared), len(known))
	}
	for _, m := range declared {
		if !known[m[1]] {
			t.Errorf("%s has no text", m[1])
		}
	}
	if got := gateway.DetailOf("something new"); got.Code != gateway.DetailTechnical || got.English() != "something new" {
		t.Errorf("unknown words: %+v", got)
	}
}
