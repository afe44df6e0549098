package main_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestBenchAccountsForItsBundle runs the bench in a very small world, twice: the second run finds the first one's
// world. The bench itself fails when a payment is not where it belongs.
func TestBenchAccountsForItsBundle(t *testing.T) {
	t.Parallel()
	dir := place(t)
	args := []string{"bench", "--payments", "2000", "--holders", "5000", "--history", "10000", "--rounds", "1", "--data", dir}
	first := nks(t, args...)
	first.want(t, 0)
	counts := regexp.MustCompile(`\d+ rejected, \d+ returned, \d+ orders in \d+ files`)
	outcome := counts.FindString(first.out.String())
	if outcome == "" || !strings.Contains(first.out.String(), "COPY: 2000 rows") || !strings.Contains(first.out.String(), "ratio") {
		t.Fatalf("printed %s", first.out.String())
	}
	again := nks(t, args...)
	again.want(t, 0)
	if !strings.Contains(again.err.String(), "using the world") || strings.Contains(again.err.String(), "history") {
		t.Errorf("the second run made a world again: %s", again.err.String())
	}
	if got := counts.FindString(again.out.String()); got != outcome {
		t.Errorf("the second run came to %q, the first to %q", got, outcome)
	}
	nks(t, "bench", "--history", "0").want(t, 2)
}
