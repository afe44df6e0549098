package nks_test

import (
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	writes   = regexp.MustCompile(`(?i)\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY|MERGE INTO|TRUNCATE)\s+(?:nks\.)?([a-z_]+)`)
	creates  = regexp.MustCompile(`CREATE TABLE (?:nks\.)?([a-z_]+)`)
	tableRow = regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|.*\\| ([^|]+) \\|$")
	quoted   = regexp.MustCompile("`([^`]+)`")
)

// TestTablesAreWrittenByTheirStages holds docs/tables.md against the statements of the code: every table stands there, with
// exactly the packages that write it. The migrations' own functions are told as schema.
func TestTablesAreWrittenByTheirStages(t *testing.T) {
	t.Parallel()
	known := declaredTables(t)
	written := map[string][]string{}
	note := func(dir, text string) {
		for _, m := range writes.FindAllStringSubmatch(text, -1) {
			if known[m[1]] && !slices.Contains(written[m[1]], dir) {
				written[m[1]] = append(written[m[1]], dir)
			}
		}
	}
	for _, s := range goFiles(t) {
		if !s.isTest() && !within(s.dir, "sim") && !within(s.dir, "cmd") && !within(s.dir, "internal/growth") && !forTests(s.dir) {
			literals(s.file, func(text string) {
				note(s.dir, text)
				// A statement that is put together names its table so.
				if table, ok := strings.CutPrefix(text, "nks."); ok {
					note(s.dir, "INSERT INTO "+table)
				}
			})
			copyTables(s.file, func(table string) { note(s.dir, "COPY "+table) })
		}
	}
	sqlFiles(t, func(dir, text string) {
		if !within(dir, "internal/growth") {
			note(dir, text)
		}
	})
	listed := listedWriters(t)
	for _, table := range slices.Sorted(maps.Keys(known)) {
		slices.Sort(written[table])
		if got, want := strings.Join(listed[table], ", "), strings.Join(written[table], ", "); got != want {
			t.Errorf("docs/tables.md: %s is written by %q, and the list says %q", table, want, got)
		}
	}
	for table := range listed {
		if !known[table] {
			t.Errorf("docs/tables.md lists %s, which no migration makes", table)
		}
	}
}

// declaredTables is every table that the migrations make.
func declaredTables(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("schema/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	known := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range creates.FindAllStringSubmatch(string(text), -1) {
			known[m[1]] = true
		}
	}
	return known
}

// literals gives every string literal of a file.
func literals(file *ast.File, found func(string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				found(text)
			}
		}
		return true
	})
}

// copyTables gives the names of the tables for COPY that a file declares.
func copyTables(file *ast.File, found func(string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if sel, ok := c.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Table" {
			return true
		}
		for _, e := range c.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Name" {
					literals(&ast.File{Name: ast.NewIdent("x"), Decls: []ast.Decl{&ast.GenDecl{Tok: token.VAR,
						Specs: []ast.Spec{&ast.ValueSpec{Names: []*ast.Ident{ast.NewIdent("x")}, Values: []ast.Expr{kv.Value}}}}}}, found)
				}
			}
		}
		return true
	})
}

// sqlFiles gives the statements beside the code; their folder belongs to the package above it.
func sqlFiles(t *testing.T, found func(dir, text string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if within(filepath.ToSlash(path), "schema") {
				return filepath.SkipDir
			}
			return ownDir(path)
		}
		if !strings.HasSuffix(path, ".sql") {
			return nil
		}
		text, err := os.ReadFile(path)
		dir := strings.TrimSuffix(filepath.ToSlash(filepath.Dir(path)), "/sql")
		found(dir, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listedWriters reads docs/tables.md: the packages that write each table, without their common beginning.
func listedWriters(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("docs/tables.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	for _, m := range tableRow.FindAllStringSubmatch(string(text), -1) {
		var packages []string
		for _, p := range quoted.FindAllStringSubmatch(m[2], -1) {
			packages = append(packages, p[1])
		}
		slices.Sort(packages)
		for _, table := range quoted.FindAllStringSubmatch(m[1], -1) {
			listed[table[1]] = packages
		}
	}
	return listed
}
