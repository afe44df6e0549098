package nks_test

import (
	"path"
	"strings"
	"testing"
)

// leaves import nothing of ours but what lies below themselves.
var leaves = []string{"edifact", "mq", "sftp", "conf", "schema", "bankday", "health", "gateway/nksxml"}

// TestDependenciesPointOneWay keeps docs/architecture.md, "The house".
func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		for _, imported := range f.imports() {
			if why := refused(f.dir, imported, f.isTest()); why != "" {
				t.Errorf("%s imports %s: %s", f.path, imported, why)
			}
		}
	}
}

// refused says what speaks against package dir importing another; "" when nothing does.
func refused(dir, imported string, fromTest bool) string {
	if imported == "C" && !within(dir, "mq/ibmmq") {
		return "cgo stays in mq/ibmmq"
	}
	ours, isOurs := strings.CutPrefix(imported, "nks/")
	if dir == "gateway" && !fromTest && (isOurs || !standard(imported)) {
		return "the domain stands on the standard library alone"
	}
	if !isOurs {
		return ""
	}
	if forTests(ours) && !forTests(dir) && !fromTest {
		return "a package for tests is imported by tests alone"
	}
	if within(ours, "cmd") {
		return "nothing imports the program"
	}
	if fromTest && forTests(ours) || family(dir) == family(ours) {
		return ""
	}
	return refusedBetween(dir, ours)
}

// refusedBetween judges two packages of ours from different families.
func refusedBetween(dir, ours string) string {
	switch {
	case dir == "." || within(dir, "cmd") || within(dir, "flowtest"):
		return ""
	case within(dir, "sim"):
		if within(ours, "edifact") {
			return ""
		}
		return "strangers know nothing of ours but edifact"
	case isLeaf(dir):
		return "a leaf imports nothing of ours"
	case ours == "gateway" || isLeaf(ours):
		return ""
	default:
		return "register, reconciliation and gateway/* import gateway and leaves, never a sibling"
	}
}

// family is the part of the house within which packages may use each other.
func family(dir string) string {
	parts := strings.Split(dir, "/")
	if parts[0] == "gateway" && len(parts) > 1 {
		return "gateway/" + parts[1]
	}
	return parts[0]
}

func isLeaf(dir string) bool {
	for _, leaf := range leaves {
		if within(dir, leaf) {
			return true
		}
	}
	return false
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// forTests tells packages such as sftp/sftptest.
func forTests(dir string) bool {
	return strings.HasSuffix(dir, "test") && path.Dir(dir) != "."
}

// standard tells packages of the standard library: their first element is no domain.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// TestTheRuleItself holds refused against both kinds.
func TestTheRuleItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dir, imported string
		test, ok      bool
	}{
		{"gateway", "time", false, true},
		{"gateway", "nks/edifact", false, false},
		{"gateway", "github.com/rs/zerolog", false, false},
		{"gateway/bankfile", "nks/gateway", false, true},
		{"gateway/bankfile", "nks/edifact", false, true},
		{"gateway/bankfile", "nks/gateway/nksxml", false, true},
		{"gateway/bankfile", "nks/gateway/postgres", false, false},
		{"gateway/postgres", "nks/gateway/postgres/server", false, true},
		{"gateway/nksxml", "nks/gateway", false, false},
		{"register", "nks/gateway", false, true},
		{"register", "nks/reconciliation", false, false},
		{"register", "nks/gateway/postgres/pgtest", false, false},
		{"register", "nks/gateway/postgres/pgtest", true, true},
		{"sftp/sftptest", "nks/sftp", false, true},
		{"edifact", "nks/gateway", true, false},
		{"sim/bank", "nks/edifact", false, true},
		{"sim/bank", "nks/edifact/directory/d96a", false, true},
		{"edifact/contrl", "nks/edifact", false, true},
		{"sim/bank", "nks/sftp", false, false},
		{"sim/bank", "nks/sim/country", false, true},
		{"register", "nks/sim/country", false, false},
		{"cmd/nks", "nks/sim/bank", false, true},
		{"flowtest", "nks/register", true, true},
		{"sftp", "C", false, false},
	} {
		if why := refused(c.dir, c.imported, c.test); (why == "") != c.ok {
			t.Errorf("%s imports %s (test %t): %q", c.dir, c.imported, c.test, why)
		}
	}
}
