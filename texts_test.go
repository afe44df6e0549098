package nks_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	rulesPage      = "docs/rules.md"
	invariantsPage = "docs/invariants.md"
)

// ruleID is how a rule of docs/rules.md is named: B with a paragraph of the order, G and C with a word.
var ruleID = regexp.MustCompile(`^(?:B\d+(?:\.\d+[a-d]?)?(?:-(?:\d+|[a-z]+))?|[GC]-[a-z]+)$`)

// citedRules are the rules that stand, and nothing else before them, behind a comment mark: "why. // B9.1 // B9.2",
// "-- G-ident: why".
func citedRules(comment, mark string) []string {
	var ids []string
	for _, part := range strings.Split(comment, mark)[1:] {
		for word := range strings.FieldsSeq(part) {
			id := strings.TrimRight(word, ".,:;")
			if !ruleID.MatchString(id) {
				break
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// ruleInTestName finds a rule in TestLookup_B19_1_Hides: its dot is an underscore.
var ruleInTestName = regexp.MustCompile(`_(B\d+(?:_\d+[a-d]?)?)(?:_|$)`)

// citations maps each rule that code cites to the files that do.
func citations(t *testing.T) map[string][]string {
	t.Helper()
	cited := map[string][]string{}
	cite := func(path string, ids ...string) {
		for _, id := range ids {
			cited[id] = append(cited[id], path)
		}
	}
	for _, s := range goFiles(t) {
		if s.path == "texts_test.go" { // its examples are of no rule
			continue
		}
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				cite(s.path, citedRules(c.Text, "//")...)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit: // the table of codes holds its rules as text
				if n.Kind == token.STRING {
					cite(s.path, citedRules(text(n), "//")...)
				}
			case *ast.FuncDecl:
				if m := ruleInTestName.FindStringSubmatch(n.Name.Name); m != nil && s.isTest() {
					cite(s.path, strings.ReplaceAll(m[1], "_", "."))
				}
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Run" && s.isTest() && len(n.Args) == 2 {
					if name, ok := n.Args[0].(*ast.BasicLit); ok {
						cite(s.path, citedRules("//"+text(name), "//")...)
					}
				}
			}
			return true
		})
	}
	for _, file := range ownFiles(t, ".sql") {
		for line := range strings.Lines(read(t, file)) {
			cite(file, citedRules(line, "--")...)
		}
	}
	return cited
}

// text is what a string literal holds; "" when it is none.
func text(lit *ast.BasicLit) string {
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return value
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ownFiles lists this module's files with an ending.
func ownFiles(t *testing.T, ending string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return ownDir(file)
		case strings.HasSuffix(file, ending):
			files = append(files, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files end in %s, %v", len(files), ending, err)
	}
	return files
}

// rule is a row of docs/rules.md.
type rule struct{ id, today string }

// ruleRow is a row; an anchor of the rule's own name lets other pages point at it.
var ruleRow = regexp.MustCompile(`(?m)^\| <a id="([^"]+)"></a>(\S+) \|.*\| (\S[^|]*) \|[^|]*\|$`)

func rules(t *testing.T) map[string]rule {
	t.Helper()
	page := read(t, rulesPage)
	found := map[string]rule{}
	for _, m := range ruleRow.FindAllStringSubmatch(page, -1) {
		r := rule{id: m[2], today: m[3]}
		if m[1] != r.id || !ruleID.MatchString(r.id) {
			t.Errorf("%s: row %s has the anchor %s, or no rule's name", rulesPage, r.id, m[1])
		}
		if _, twice := found[r.id]; twice {
			t.Errorf("%s: %s stands twice", rulesPage, r.id)
		}
		found[r.id] = r
	}
	if anchors := strings.Count(page, "<a id="); anchors != len(found) || len(found) < 50 {
		t.Errorf("%s: %d rows read, %d anchors", rulesPage, len(found), anchors)
	}
	return found
}

// TestRulesInTheCodeAreExplained: whoever meets a rule's name in a comment or a test finds it in docs/rules.md.
func TestRulesInTheCodeAreExplained(t *testing.T) {
	t.Parallel()
	known, cited := rules(t), citations(t)
	if len(cited) < 20 {
		t.Errorf("only %d rules are cited: they are no longer found", len(cited))
	}
	for id, files := range cited {
		if _, ok := known[id]; !ok {
			t.Errorf("%s, cited by %s, is not in %s", id, files[0], rulesPage)
		}
	}
}

// TestRulesAreKeptWhereAPageSaysSo: what is called kept names itself in a test; what a test names is more than "not yet".
func TestRulesAreKeptWhereAPageSaysSo(t *testing.T) {
	t.Parallel()
	cited := citations(t)
	for id, r := range rules(t) {
		tested := slices.ContainsFunc(cited[id], func(file string) bool { return strings.HasSuffix(file, "_test.go") })
		switch {
		case !slices.Contains([]string{"kept", "partly", "not yet"}, r.today):
			t.Errorf("%s: %s is %q: must be one of kept, partly, not yet", rulesPage, id, r.today)
		case r.today == "kept" && !tested:
			t.Errorf("%s calls %s kept, and no test names it", rulesPage, id)
		case r.today == "not yet" && tested:
			t.Errorf("%s says \"not yet\" of %s, which %s names", rulesPage, id, cited[id])
		}
	}
}

var testName = regexp.MustCompile("`(Test[A-Z]\\w*)`")

// TestNamedTestsExist: the tests that the pages name as proof.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	for _, s := range goFiles(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && s.isTest() {
				exists[f.Name.Name] = true
			}
		}
	}
	for _, page := range pages(t) {
		for _, m := range testName.FindAllStringSubmatch(read(t, page), -1) {
			if !exists[m[1]] {
				t.Errorf("%s names %s, which is no test", page, m[1])
			}
		}
	}
}

// checked are the invariants of the ledger, as "I1: what is broken".
func checked(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, s := range goFiles(t) {
		if !within(s.dir, "reconciliation") || s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			list, ok := n.(*ast.CompositeLit)
			if !ok || !isListOf(list.Type, "invariant") {
				return true
			}
			for _, row := range list.Elts {
				var texts []string
				ast.Inspect(row, func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok {
						texts = append(texts, text(lit))
					}
					return true
				})
				if len(texts) < 2 {
					t.Fatalf("%s: an invariant without rule and text", s.at(row))
				}
				found[texts[0]+": "+texts[1]] = true
			}
			return false
		})
	}
	if len(found) < 10 {
		t.Errorf("only %d invariants found in reconciliation: they are no longer read", len(found))
	}
	return found
}

func isListOf(expr ast.Expr, name string) bool {
	list, ok := expr.(*ast.ArrayType)
	if !ok {
		return false
	}
	elem, ok := list.Elt.(*ast.Ident)
	return ok && elem.Name == name
}

var (
	invariantHeading = regexp.MustCompile(`^## (I\d+)\b`)
	invariantRow     = regexp.MustCompile("^\\| `([^`]+)` \\|")
)

// TestInvariantsAreExplained: docs/invariants.md has what the ledger checks, and nothing that it does not.
func TestInvariantsAreExplained(t *testing.T) {
	t.Parallel()
	explained, under := map[string]bool{}, ""
	for line := range strings.Lines(read(t, invariantsPage)) {
		if m := invariantHeading.FindStringSubmatch(line); m != nil {
			under = m[1]
		} else if m := invariantRow.FindStringSubmatch(line); m != nil {
			explained[under+": "+m[1]] = true
		}
	}
	inCode := checked(t)
	for _, name := range slices.Sorted(maps.Keys(inCode)) {
		if !explained[name] {
			t.Errorf("%s has no row for %q", invariantsPage, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(explained)) {
		if !inCode[name] {
			t.Errorf("%s has %q, which reconciliation does not check", invariantsPage, name)
		}
	}
}

// pages are the texts for people.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, file := range ownFiles(t, ".md") {
		if dir := path.Dir(file); dir == "." || within(dir, "docs") {
			found = append(found, file)
		}
	}
	return found
}

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```")
	code     = regexp.MustCompile("`[^`\n]*`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	external = regexp.MustCompile(`^[a-z]+:`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	anchor   = regexp.MustCompile(`<a id="([^"]+)">`)
	noSlug   = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// slug is the anchor that a heading gets.
func slug(title string) string {
	return strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

// anchors are the places of a page that a link can point at.
func anchors(page string) map[string]bool {
	page = fenced.ReplaceAllString(page, "")
	places := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		name := slug(m[1])
		for n := 1; places[name]; n++ {
			name = slug(m[1]) + "-" + strconv.Itoa(n)
		}
		places[name] = true
	}
	for _, m := range anchor.FindAllStringSubmatch(page, -1) {
		places[m[1]] = true
	}
	return places
}

// links are the relative links of a page.
func links(page string) []string {
	var found []string
	for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(fenced.ReplaceAllString(page, ""), ""), -1) {
		if !external.MatchString(m[1]) {
			found = append(found, m[1])
		}
	}
	return found
}

// TestLinksLead: each relative link leads to a file of this repository, and to a place in it.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	n := 0
	for _, page := range pages(t) {
		content := read(t, page)
		for _, target := range links(content) {
			n++
			file, place, _ := strings.Cut(target, "#")
			to := content
			if file != "" {
				file = path.Join(path.Dir(page), file)
				info, err := os.Stat(file)
				if err != nil || strings.HasPrefix(file, "..") {
					t.Errorf("%s links to %s, which is not there", page, target)
					continue
				}
				if to = ""; !info.IsDir() {
					to = read(t, file)
				}
			}
			if place != "" && !anchors(to)[place] {
				t.Errorf("%s links to %s: no such place", page, target)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links found: they are no longer read", n)
	}
}

// TestPagesAreFound: README names every page, and the records of decisions are numbered without gaps and listed.
func TestPagesAreFound(t *testing.T) {
	t.Parallel()
	named, listed := links(read(t, "README.md")), links(read(t, "docs/adr/README.md"))
	records := 0
	for _, page := range pages(t) {
		switch dir := path.Dir(page); {
		case dir == "docs/adr" && path.Base(page) != "README.md":
			records++
			if name := path.Base(page); !strings.HasPrefix(name, fmt.Sprintf("%04d-", records)) || !slices.Contains(listed, name) {
				t.Errorf("%s: must have number %d and a row in docs/adr/README.md", page, records)
			}
		case page != "README.md" && !slices.Contains(named, page):
			t.Errorf("README.md does not name %s", page)
		}
	}
	if records == 0 {
		t.Error("no records of decisions found")
	}
}

// TestTheTextsRulesThemselves holds the small readers above against what they must and must not find.
func TestTheTextsRulesThemselves(t *testing.T) {
	t.Parallel()
	for comment, want := range map[string]string{
		"// account takes it over. // B9.1":           "B9.1",
		"// the choice counts. // B9.1 // B35-36":     "B9.1 B35-36",
		"// G-agreement G-deadline G-los B33.1":       "G-agreement G-deadline G-los B33.1",
		"// B33.1: an agreement makes the pair.":      "B33.1",
		"// B26.1a, B1-salary.":                       "B26.1a B1-salary",
		"// as B9.1 says":                             "",
		"// ISO 9735 § 7, RFC 4180, https://B9.1.org": "",
		"// BUS, C1, C-, G-1":                         "",
	} {
		if got := strings.Join(citedRules(comment, "//"), " "); got != want {
			t.Errorf("%q cites %q, want %q", comment, got, want)
		}
	}
	if m := ruleInTestName.FindStringSubmatch("TestLookup_B19_1_Hides"); m == nil || m[1] != "B19_1" {
		t.Errorf("rule in a test's name: %q", m)
	}
	for title, want := range map[string]string{"suppliers.csv": "supplierscsv", "`nks run`: what, when": "nks-run-what-when"} {
		if got := slug(title); got != want {
			t.Errorf("slug of %q is %q, want %q", title, got, want)
		}
	}
	page := "# A\n## A\n```\n# no [x](no.md)\n```\n`[x](no.md)` [y](b.md#c) [z](https://x) <a id=\"B9.1\"></a>"
	if got := strings.Join(slices.Sorted(maps.Keys(anchors(page))), " "); got != "B9.1 a a-1" {
		t.Errorf("anchors %q", got)
	}
	if got := strings.Join(links(page), " "); got != "b.md#c" {
		t.Errorf("links %q", got)
	}
}
