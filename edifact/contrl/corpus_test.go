package contrl_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/contrl"
	"nks/edifact/directory/d96a"
)

var update = flag.Bool("update", false, "write the golden files")

func schema() *edifact.Schema { return edifact.NewSchema(d96a.Directory()) }

// answers reads all answers to an input, and all its faults.
func answers(t *testing.T, in io.Reader, o contrl.Options) (all []contrl.Answer, faults []*edifact.ParseError) {
	t.Helper()
	r := edifact.ReaderOptions{Faults: func(e *edifact.ParseError) { faults = append(faults, e) }}
	for a, err := range contrl.Answers(in, schema(), r, o) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all, faults
}

// written is an answer as the interchange to send.
func written(t *testing.T, a contrl.Answer) string {
	t.Helper()
	text, err := write(a)
	if err != nil {
		t.Fatalf("write %+v: %v", a.Control, err)
	}
	return text
}

// readBack reads the first message of an interchange, a CONTRL, strictly.
func readBack(in string) (*contrl.Control, error) {
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{}), edifact.NewSchema())
	for s, err := range v.Segments() {
		if err != nil {
			return nil, err
		}
		if s.Tag == "UNH" {
			c, err := contrl.Read(v)
			if err != nil {
				return nil, err
			}
			for _, err := range v.Segments() {
				if err != nil {
					return nil, err
				}
			}
			return c, nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// TestCorpus holds the answers to malformed interchanges against the golden
// files: the faults with their rules, and the CONTRL, a segment a line.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.edi")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all, faults := answers(t, bytes.NewReader(in), contrl.Options{})
			var got strings.Builder
			for _, e := range faults {
				fmt.Fprintf(&got, "fault %s %d %s\n", e.Rule, e.Code, e.Tag)
			}
			for _, a := range all {
				got.WriteString(golden(t, a))
			}
			name := strings.TrimSuffix(file, ".edi") + ".golden"
			if *update {
				if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("answer is\n%swant\n%s", got.String(), want)
			}
			for _, cut := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				if again, _ := answers(t, cut(bytes.NewReader(in)), contrl.Options{}); !reflect.DeepEqual(again, all) {
					t.Errorf("in other pieces the answers are %+v", again)
				}
			}
		})
	}
}

// golden is an answer as a golden file has it, and checks what holds for each.
func golden(t *testing.T, a contrl.Answer) string {
	t.Helper()
	if (a.Control == nil) == (a.Err == nil) {
		t.Fatalf("control %v and error %v", a.Control, a.Err)
	}
	if a.Err != nil {
		return a.Err.Error() + "\n"
	}
	if a.Control.Accepted() != (a.Fault == nil) && !errors.Is(a.Err, contrl.ErrControl) {
		t.Errorf("accepted is %t, first fault is %v", a.Control.Accepted(), a.Fault)
	}
	text := written(t, a)
	if back, err := readBack(text); err != nil || !reflect.DeepEqual(back, a.Control) {
		t.Errorf("wrote %s\nread back %+v, %v\nwant %+v", text, back, err, a.Control)
	}
	return strings.ReplaceAll(text, "'", "'\n")
}

// TestCorpusIsComplete holds the corpus against the rules of package edifact.
func TestCorpusIsComplete(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../rule.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			rule, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			rules[rule] = true
		}
		return true
	})
	if len(rules) < 30 {
		t.Fatal(rules)
	}
	files, err := filepath.Glob("testdata/*.edi")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		in, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all, faults := answers(t, in, contrl.Options{})
		in.Close()
		for _, e := range faults {
			delete(rules, string(e.Rule))
		}
		for _, a := range all {
			if a.Fault != nil {
				delete(rules, string(a.Fault.Rule))
			}
		}
	}
	for rule := range rules {
		t.Errorf("no interchange breaks rule %q", rule)
	}
}
