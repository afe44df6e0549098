// Command mutants breaks the product, one rule of docs/rules.md at a time, and demands that the test that bears the rule's name finds it.
// Nothing is written into the tree: the broken file is laid over its place for one run of go test.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	rule := flag.String("rule", "", "the mutants of one rule alone")
	list := flag.Bool("list", false, "say which there are, and which rules that are kept have none")
	root := flag.String("root", ".", "the root of the repository")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root, *rule, *list); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, rule string, list bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range mutants() {
		if rule != "" && m.rule != rule {
			continue
		}
		if list {
			fmt.Printf("%-12s %-34s %s %s\n", m.rule, m.file, m.pkg, m.run)
			continue
		}
		began := time.Now()
		verdict, err := m.try(ctx, root)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Printf("%-12s %-34s %-8s %5.1f s\n", m.rule, m.file, verdict, time.Since(began).Seconds())
		if err != nil {
			failed = append(failed, fmt.Errorf("%s in %s: %w", m.rule, m.file, err))
		}
	}
	if list {
		return without(root)
	}
	return errors.Join(failed...)
}

// errSurvived: the test passes although the rule is broken.
var errSurvived = errors.New("the rule is broken, and its test passes")

// try breaks one place and runs the test. What it says is killed, survived, stale or broken.
func (m mutant) try(ctx context.Context, root string) (verdict string, err error) {
	text, err := m.broken(root)
	if err != nil {
		return "stale", err
	}
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	broken, overlay := filepath.Join(dir, "broken"), filepath.Join(dir, "overlay.json")
	places, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.file): broken}})
	if err == nil {
		err = errors.Join(os.WriteFile(broken, []byte(text), 0o600), os.WriteFile(overlay, places, 0o600))
	}
	if err != nil {
		return "", err
	}
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=5m", "-overlay="+overlay, "-run="+m.run, m.pkg)
	test.Dir = root
	out, failure := test.CombinedOutput()
	return judge(string(out), failure)
}

// broken is the file with its one place changed.
func (m mutant) broken(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%q stands there %d times, and must once", m.old, n)
	}
	return strings.Replace(string(text), m.old, m.new, 1), nil
}

// judge tells by what go test says whether a test found it. A build that fails shows nothing, and no more does a test that is not there.
func judge(out string, failure error) (string, error) {
	tail := out[max(0, len(out)-2000):]
	switch {
	case strings.Contains(out, "no tests to run"):
		return "no test", errors.New("there is no such test")
	case failure == nil:
		return "survived", errSurvived
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") || !strings.Contains(out, "--- FAIL: "):
		return "broken", fmt.Errorf("no test ran to its end:\n%s", tail)
	}
	return "killed", nil
}

// without names the rules that docs/rules.md says are kept and that no mutant breaks.
func without(root string) error {
	text, err := os.ReadFile(filepath.Join(root, "docs/rules.md"))
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, m := range mutants() {
		has[m.rule] = true
	}
	var none []string
	for _, row := range regexp.MustCompile(`(?m)^\| <a id="([^"]+)"></a>.*\| kept \|`).FindAllStringSubmatch(string(text), -1) {
		if !has[row[1]] {
			none = append(none, row[1])
		}
	}
	fmt.Printf("kept, without a mutant: %s\n", strings.Join(none, " "))
	return nil
}
