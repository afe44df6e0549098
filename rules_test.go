package nks_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one Go file of this module.
type source struct {
	path, dir string
	file      *ast.File
	fset      *token.FileSet
	lines     int
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

func (s source) imports() []string {
	paths := make([]string, 0, len(s.file.Imports))
	for _, spec := range s.file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// goFiles parses the module once for all rules.
var parsed = sync.OnceValues(parseAll)

func goFiles(t *testing.T) []source {
	t.Helper()
	files, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func parseAll() ([]source, error) {
	var files []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return ownDir(path)
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, source{path: filepath.ToSlash(path), dir: filepath.ToSlash(filepath.Dir(path)), file: file,
			fset: fset, lines: fset.File(file.Pos()).LineCount()})
		return nil
	})
	if err == nil && len(files) < 10 {
		err = fmt.Errorf("only %d Go files found: the rules would hold for nothing", len(files))
	}
	return files, err
}

// ownDir leaves out hidden and built things, and modules of their own.
func ownDir(path string) error {
	name := filepath.Base(path)
	if path == "." {
		return nil
	}
	if strings.HasPrefix(name, ".") || slices.Contains([]string{"bin", "node_modules", "data"}, path) {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// money are the packages through which amounts pass.
var money = []string{"gateway", "edifact", "register", "reconciliation", "bankday", "sim/bank", "sim/witness"}

func handlesMoney(dir string) bool {
	return slices.ContainsFunc(money, func(m string) bool { return within(dir, m) })
}

func TestAmountsAreNeverFloats(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		if !handlesMoney(s.dir) || s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if slices.Contains([]string{"float32", "float64", "ParseFloat", "FormatFloat"}, n.Name) {
					t.Errorf("%s: %s in a package that handles money", s.at(n), n.Name)
				}
			case *ast.BasicLit:
				// 1e6 is a whole number, and an int where it is used as one.
				if n.Kind == token.FLOAT && strings.Contains(n.Value, ".") {
					t.Errorf("%s: floating point number in a package that handles money", s.at(n))
				}
			}
			return true
		})
	}
}

// forbidden are calls that the house does without, each with what to do instead.
var forbidden = map[string]string{
	"ssh.InsecureIgnoreHostKey": "host keys are pinned, always",
	"os.Exit":                   "return an error; only main ends the program",
	"http.DefaultClient":        "a client has a timeout",
	"http.Get":                  "a client has a timeout",
	"log.Fatal":                 "return an error",
	"log.Printf":                "logs are zerolog's",
	"log.Println":               "logs are zerolog's",
}

// forbiddenInTests makes tests slow or lucky.
var forbiddenInTests = map[string]string{
	"time.Sleep": "wait for the thing itself",
}

func TestForbiddenCalls(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := pkg.Name + "." + sel.Sel.Name
			why := forbidden[name]
			if name == "os.Exit" && (s.file.Name.Name == "main" || s.isTest()) {
				why = ""
			}
			if s.isTest() && forbiddenInTests[name] != "" {
				why = forbiddenInTests[name]
			}
			if why != "" {
				t.Errorf("%s: %s: %s", s.at(n), name, why)
			}
			return true
		})
		if slices.Contains(s.imports(), "math/rand") {
			t.Errorf("%s imports math/rand: math/rand/v2 with a seed can be repeated", s.path)
		}
	}
}

// privateWords are identifiers of a dialect that nobody else speaks, each with the word of the field.
var privateWords = map[string]string{
	"said":      "status: what a bank says of an order; or name what it is",
	"told":      "reported, answered",
	"stranger":  "unpayable recipient, or simulated party",
	"strangers": "unpayable recipients, or simulated parties",
	"gap":       "failpoint",
	"gaps":      "failpoints",
	"Gap":       "Failpoint",
	"life":      "holder status",
	"passes":    "isTransient",
	"touch":     "updateOne",
	"BankWord":  "BankStatus",
	"stateSQL":  "state_of: the state of a payment is derived by it and gateway.StateOf, and nowhere else",
}

func TestIdentifiersAreTheFieldsWords(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && privateWords[id.Name] != "" {
				t.Errorf("%s: %s: say %s", s.at(id), id.Name, privateWords[id.Name])
			}
			return true
		})
	}
}

var tells = regexp.MustCompile(`\b(tells|tell|says) whether\b`)

// TestCommentsReport: a comment says what a thing does in the words that Go's own comments use.
func TestCommentsReport(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		for _, group := range s.file.Comments {
			if m := tells.FindString(rawText(group)); m != "" && s.path != "rules_test.go" {
				t.Errorf("%s: %q: say \"reports whether\"", s.at(group), m)
			}
		}
	}
}

// businessTime are packages whose only time is the one they are given.
var businessTime = []string{"gateway/nksxml", "gateway/bankfile", "gateway/answers", "edifact", "bankday", "reconciliation"}

func TestTimeIsPassedIn(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		listed := s.dir == "gateway" || slices.ContainsFunc(businessTime, func(p string) bool { return within(s.dir, p) })
		if !listed || s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Now" {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s: time.Now where time is passed in", s.at(n))
				}
			}
			return true
		})
	}
}

// stateful may keep something in the package: what they say themselves why.
var stateful = []string{"gateway/postgres/pgtest", "."}

func TestNoInitAndNoPackageState(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		for _, decl := range s.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Name.Name == "init" && decl.Recv == nil {
					t.Errorf("%s: func init", s.at(decl))
				}
			case *ast.GenDecl:
				if decl.Tok == token.VAR && !slices.Contains(stateful, s.dir) {
					for _, spec := range decl.Specs {
						checkState(t, s, decl, spec.(*ast.ValueSpec))
					}
				}
			}
		}
	}
}

// checkState refuses package variables that can only be there to change: without a value, or of sync's types. A
// table or an error that is set once and read is as good as a constant.
func checkState(t *testing.T, s source, decl *ast.GenDecl, spec *ast.ValueSpec) {
	t.Helper()
	for _, doc := range []*ast.CommentGroup{decl.Doc, spec.Doc} {
		if doc != nil && strings.Contains(rawText(doc), "//go:embed") {
			return
		}
	}
	if len(spec.Values) == 0 {
		t.Errorf("%s: package variable without a value", s.at(spec))
	}
	ast.Inspect(spec, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && (pkg.Name == "atomic" || pkg.Name == "sync" && sel.Sel.Name != "OnceValue" && sel.Sel.Name != "OnceValues") {
				t.Errorf("%s: package state", s.at(spec))
			}
		}
		return true
	})
}

// rawText keeps directives, which CommentGroup.Text drops.
func rawText(group *ast.CommentGroup) string {
	var b strings.Builder
	for _, c := range group.List {
		b.WriteString(c.Text + "\n")
	}
	return b.String()
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func TestNothingIsLeftForLater(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		for _, group := range s.file.Comments {
			if s.path != "rules_test.go" && unfinished.MatchString(rawText(group)) {
				t.Errorf("%s: %s", s.at(group), unfinished.FindString(rawText(group)))
			}
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	t.Parallel()
	const most = 600
	for _, s := range goFiles(t) {
		if s.lines > most && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines, more than %d: it says more than one thing", s.path, s.lines, most)
		}
	}
}

func TestNoPackageIsCalledUtil(t *testing.T) {
	t.Parallel()
	for _, s := range goFiles(t) {
		if slices.Contains([]string{"util", "utils", "common", "helpers", "misc"}, s.file.Name.Name) {
			t.Errorf("%s: package %s says nothing", s.path, s.file.Name.Name)
		}
	}
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("schema/migrations")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d migrations, %v", len(entries), err)
	}
	for i, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil || m[1] != fmt.Sprintf("%04d", i+1) {
			t.Errorf("schema/migrations/%s stands where %04d_name.sql is due", e.Name(), i+1)
			continue
		}
		text, err := os.ReadFile("schema/migrations/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "-- +goose Up") || strings.Contains(string(text), "-- +goose Down") {
			t.Errorf("schema/migrations/%s: one way, up", e.Name())
		}
	}
}

// derivedState is a payment's state as the outcome of a case.
var derivedState = regexp.MustCompile(`(?i)\b(?:THEN|ELSE)\s+'(?:unread|waiting|frozen|unknown|with_bank|executed|cheque|returned|missing)'`)

// TestStatesAreDerivedOnce: in SQL by the function state_of, and by nothing else.
func TestStatesAreDerivedOnce(t *testing.T) {
	t.Parallel()
	homes := []string{"schema/migrations/0003_flow.sql", "schema/migrations/0020_choice.sql"} // where it is made, and made anew
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return ownDir(path)
		}
		if ext := filepath.Ext(path); ext != ".sql" && ext != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if derivedState.Match(text) {
			found[filepath.ToSlash(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, home := range homes {
		if !found[home] {
			t.Errorf("%s derives no state: the rule would hold for nothing", home)
		}
		delete(found, home)
	}
	for path := range found {
		t.Errorf("%s derives the state of a payment: ask state_of", path)
	}
}

var sampleIdentifier = regexp.MustCompile(`<(?:\w+:)?(EndToEndId|GrpId|InstrId|PmtInfId|MessageId|PrtryId|Id)>([^<]{8,})</`)

// TestNoIdentifierOfASampleStandsInTheCode: a program that knows its samples proves nothing by them. NKS' own address
// is in samples too, and no secret.
func TestNoIdentifierOfASampleStandsInTheCode(t *testing.T) {
	t.Parallel()
	known := sampleIdentifiers(t)
	delete(known, "5798000016446")
	for _, s := range goFiles(t) {
		if s.isTest() || within(s.dir, "sim/country") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if value, err := strconv.Unquote(lit.Value); err == nil && known[value] != "" {
					t.Errorf("%s: %q is from %s", s.at(n), value, known[value])
				}
			}
			return true
		})
	}
}

// sampleIdentifiers maps identifiers to the official sample they stand in.
func sampleIdentifiers(t *testing.T) map[string]string {
	t.Helper()
	const dir = "../shared/samples/nks"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no official samples beside the repository")
	}
	known := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".xml") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range sampleIdentifier.FindAllSubmatch(text, -1) {
			known[strings.TrimSpace(string(m[2]))] = path
		}
		return nil
	})
	if err != nil || len(known) == 0 {
		t.Fatalf("%d identifiers found, %v", len(known), err)
	}
	return known
}
