package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/console"
)

// usedKey finds the keys of texts that templates and code name.
var usedKey = regexp.MustCompile(`(?:\bt|tf|say\(l,|hop\(|stop\(|part\(|Key:|Missing:|Missing =) "([a-z0-9_]+(?:\.[A-Za-z0-9_]+)*)"[^.]`)

// TestTexts: every text is there in both languages, says something else in each or is a name, and is spoken for.
func TestTexts(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, text := range console.Texts() {
		if known[text.Key] {
			t.Errorf("%s stands twice", text.Key)
		}
		known[text.Key] = true
		if strings.TrimSpace(text.Danish) == "" || strings.TrimSpace(text.English) == "" {
			t.Errorf("%s lacks a language", text.Key)
		}
		if strings.Count(text.Danish, "%") != strings.Count(text.English, "%") {
			t.Errorf("%s takes something else in each language", text.Key)
		}
	}
	used := 0
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range usedKey.FindAllStringSubmatch(string(text), -1) {
				used++
				if !known[m[1]] {
					t.Errorf("%s says %q, which is no text", f, m[1])
				}
			}
		}
	}
	if used < 150 {
		t.Errorf("only %d keys found: the rule would hold for nothing", used)
	}
}

// TestTexts_OfExceptions: every kind of exception has a text, and no text is of a kind that there is no more.
func TestTexts_OfExceptions(t *testing.T) {
	t.Parallel()
	const prefix = "exception."
	spoken := map[string]bool{}
	for _, text := range console.Texts() {
		if strings.HasPrefix(text.Key, prefix) {
			spoken[text.Key] = true
		}
	}
	for _, kind := range gateway.ExceptionKinds() {
		key := prefix + strings.ReplaceAll(string(kind), " ", "_")
		if !spoken[key] {
			t.Errorf("%q has no text %s", kind, key)
		}
		delete(spoken, key)
	}
	for key := range spoken {
		t.Errorf("%s is the text of no kind", key)
	}
}

func TestKroner(t *testing.T) {
	t.Parallel()
	for ore, want := range map[int64]string{0: "0,00", 5: "0,05", 99: "0,99", 100: "1,00", 123456789: "1.234.567,89", 100000: "1.000,00", 99999: "999,99",
		-5: "-0,05", -123456: "-1.234,56", 9223372036854775807: "92.233.720.368.547.758,07", -9223372036854775808: "-92.233.720.368.547.758,08"} {
		if got := console.Kroner(ore); got != want {
			t.Errorf("%d: %s, want %s", ore, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", 1234567: "1.234.567", -1000: "-1.000"} {
		if got := console.Number(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestNewWantsItsCollaborators(t *testing.T) {
	t.Parallel()
	if _, err := console.New(console.Config{}); err == nil {
		t.Error("pages without a database")
	}
}
