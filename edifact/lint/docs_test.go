package lint_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"nks/edifact"
	"nks/edifact/lint"
)

// TestDocumentNamesEverything holds the tables of docs/edifact.md against the
// rules and leniencies that there are.
func TestDocumentNamesEverything(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/edifact.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../rule.go")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(edifact.Everything.String(), ",")
	for _, m := range regexp.MustCompile(`Rule = "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		names = append(names, string(m[1]))
	}
	if len(names) < 40 {
		t.Fatalf("only %d rules and leniencies found", len(names))
	}
	for _, name := range append(names, lint.RuleForeign) {
		if !regexp.MustCompile("(?m)^\\|.*`" + name + "`.*\\|").Match(page) {
			t.Errorf("the page does not name %s", name)
		}
	}
}
