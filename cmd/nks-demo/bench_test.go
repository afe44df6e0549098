package main_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nks/internal/programtest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// benchLine is what stands in bench/results.jsonl.
type benchLine struct {
	Name    string             `json:"name"`
	Version string             `json:"version"`
	Sizes   map[string]int     `json:"sizes"`
	Values  map[string]float64 `json:"values"`
	Machine struct {
		Cores int `json:"cores"`
	} `json:"machine"`
}

// TestBenchAccountsForItsBundle runs the bench in a very small world, twice: the second run finds the first one's
// world. The bench itself fails when a payment is not where it belongs.
func TestBenchAccountsForItsBundle(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	payments := programtest.Size(500, 2000)
	out := filepath.Join(dir, "results.jsonl")
	args := []string{"bench", "--payments", strconv.Itoa(payments), "--holders", "5000", "--history", strconv.Itoa(2 * payments), "--rounds", "1", "--data", filepath.Join(dir, "world"),
		"--out", out, "--idle", "2s"}
	first := nksDemo(t, append(args, "--statements")...)
	first.Want(t, 0)
	counts := regexp.MustCompile(`\d+ rejected, \d+ returned, \d+ orders in \d+ files`)
	outcome := counts.FindString(first.Out.String())
	if !strings.Contains(first.Out.String(), "limits\n") || !strings.Contains(first.Out.String(), "wanted at most 13.0") {
		t.Errorf("does not hold its values against the limits: %s", first.Out.String())
	}
	if outcome == "" || !strings.Contains(first.Out.String(), fmt.Sprintf("COPY: %d rows", payments)) || !strings.Contains(first.Out.String(), " ×  ") {
		t.Fatalf("printed %s", first.Out.String())
	}
	again := nksDemo(t, append(args, "--codecs=false", "--idle", "0")...)
	again.Want(t, 0)
	if !strings.Contains(again.Err.String(), "using the world") || strings.Contains(again.Err.String(), "history") {
		t.Errorf("the second run made a world again: %s", again.Err.String())
	}
	if got := counts.FindString(again.Out.String()); got != outcome {
		t.Errorf("the second run came to %q, the first to %q", got, outcome)
	}
	if programtest.Exists(t, filepath.Join(dir, "world", "pg")) {
		t.Error("the database of the last round is still there without --keep")
	}
	benchResults(t, out, payments)
}

// benchResults judges the shape of what two runs have written.
func benchResults(t *testing.T, path string, payments int) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	var names []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l benchLine
		must(t, json.Unmarshal(lines.Bytes(), &l))
		names = append(names, l.Name)
		if (l.Sizes["payments"] != payments) != (l.Name == "edifact" || l.Name == "idle") || l.Machine.Cores < 1 || l.Version == "" {
			t.Errorf("%s does not say of what it is: %s", l.Name, lines.Text())
		}
		if v := l.Values; l.Name == "idle" && (v["together_percent"]+v["simulators_percent"] <= 0 || v["together_percent"] < v["nks_percent"] || v["seconds"] != 2) {
			t.Errorf("idle: %v", v)
		}
		if l.Name != "flow" {
			continue
		}
		v := l.Values
		if v["rejected"]+v["returned"]+v["orders"] != float64(payments) || v["rejected"] == 0 || v["orders"] == 0 {
			t.Errorf("the counts do not add up: %v", v)
		}
		for _, name := range []string{"payments_per_s", "copy_rows_per_s", "ratio", "cpu_us_per_payment", "cpu_times_copy", "nks_mb", "postgres_mb", "wal_mb",
			"step_read_busy_s", "step_check_busy_s", "step_release_busy_s", "step_check_postgres_cpu_s", "step_release_postgres_cpu_s"} {
			if v[name] <= 0 {
				t.Errorf("%s is %v", name, v[name])
			}
		}
		benchProcessors(t, v)
	}
	if got := strings.Join(names, " "); got != "load flow image lookup idle codecs edifact match flow image lookup" {
		t.Errorf("measured %s", got)
	}
}

// TestBenchRefusesTheWorldOfOtherTables: a world is used again only with the tables that have made it; a quick one is made again.
func TestBenchRefusesTheWorldOfOtherTables(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	world := filepath.Join(dir, "bench.json")
	other := func() {
		must(t, os.WriteFile(world, []byte(`{"form": 2, "tables": "of another version", "payments": 20, "holders": 20, "history": 20}`), 0o644))
	}
	other()
	r := nksDemo(t, "bench", "--payments", "20", "--holders", "20", "--history", "20", "--data", dir)
	r.Want(t, 2)
	if text := strings.TrimSpace(r.Err.String()); !strings.Contains(text, "--fresh") || strings.Contains(text, "\n") {
		t.Errorf("said %q", text)
	}
	other()
	r = nksDemo(t, "bench", "--quick", "--payments", "400", "--holders", "400", "--history", "400", "--rounds", "1", "--idle", "0", "--codecs=false", "--data", dir)
	r.Want(t, 0)
	if !strings.Contains(r.Err.String(), "making it again") {
		t.Errorf("said %s", r.Err.String())
	}
}

// TestBenchKeys: the bench itself fails where a form of the key lets a duplicate pass, or takes another text of the same
// hash for one.
func TestBenchKeys(t *testing.T) {
	t.Parallel()
	dir := program.Place(t)
	out := filepath.Join(dir, "results.jsonl")
	nksDemo(t, "bench", "--keys", "5000,2000", "--payments", "1000", "--rounds", "1", "--data", filepath.Join(dir, "world"), "--out", out).Want(t, 0)
	text, err := os.ReadFile(out)
	must(t, err)
	var sizes []int
	for line := range strings.Lines(string(text)) {
		var l benchLine
		must(t, json.Unmarshal([]byte(line), &l))
		sizes = append(sizes, l.Sizes["keys"])
		if v := l.Values; l.Name != "keys" || v["text_index_mb"] <= 0 || v["hash_wal_bytes"] <= 0 || v["one_hash_wall_us"] <= 0 {
			t.Errorf("measured %s", line)
		}
	}
	if !slices.Equal(sizes, []int{5000, 2000}) {
		t.Errorf("measured with %v keys", sizes)
	}
	if programtest.Exists(t, filepath.Join(dir, "world", "pg")) {
		t.Error("the keys are still there")
	}
	nksDemo(t, "bench", "--keys", "many", "--data", dir).Want(t, 2)
}

// benchProcessors: what the steps have used and the rest come to what was used.
func benchProcessors(t *testing.T, v map[string]float64) {
	t.Helper()
	for _, who := range []string{"nks", "postgres"} {
		sum := 0.0
		for name, seconds := range v {
			if strings.HasPrefix(name, "step_") && strings.HasSuffix(name, "_"+who+"_cpu_s") {
				sum += seconds
			}
		}
		if all := v[who+"_cpu_s"]; sum < all-0.05 || sum > all+0.05 {
			t.Errorf("%s has used %.2f s, the steps and the rest %.2f s", who, all, sum)
		}
	}
}

// TestBenchReport holds the page and the chart that are made of results against goldens.
func TestBenchReport(t *testing.T) {
	t.Parallel()
	docs := program.Place(t)
	golden := filepath.Join(programtest.Repository(t, "cmd", "nks-demo"), "testdata", "bench")
	page, err := os.ReadFile(filepath.Join(golden, "benchmarks.md"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(docs, "benchmarks.md"), page, 0o644))
	args := []string{"bench", "--report", "--out", filepath.Join(golden, "results.jsonl"), "--docs", docs}
	nksDemo(t, args...).Want(t, 0)
	nksDemo(t, args...).Want(t, 0)
	for made, file := range map[string]string{"benchmarks.md": "benchmarks.md", "img/bench.svg": "bench.svg"} {
		got, err := os.ReadFile(filepath.Join(docs, made))
		must(t, err)
		if *update {
			must(t, os.WriteFile(filepath.Join(golden, file), got, 0o644))
		}
		want, err := os.ReadFile(filepath.Join(golden, file))
		must(t, err)
		if string(got) != string(want) {
			t.Errorf("%s is\n%s\nwant\n%s", made, got, want)
		}
	}
}
