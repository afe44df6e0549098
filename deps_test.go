package nks_test

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// room is a part of the house: the packages below one folder, unless a longer entry names them. Packages of a room may
// import each other, unless alone says that they are neighbours and no more.
type room struct {
	path  string
	may   []string // rooms that it may import beside the domain and the leaves; a path stands for all below it
	tests []string // rooms that its tests may import, too
	alone bool     // its packages import each other's parent only
	why   string   // what it is, for who is refused
}

// leaves import nothing of ours but what lies below themselves.
var leaves = []string{"edifact", "mq", "sftp", "conf", "schema", "bankday", "health", "pgcopy", "pgscript", "audit", "journal", "paper", "gateway/nksxml", "gateway/door/rasp/xmldsig"}

// rooms is the house of docs/architecture.md, "The house", from the ground up: who stands further up may import who
// stands further down, and only where it says so.
var rooms = []room{
	{path: "gateway/intake", why: "a codec"},
	{path: "gateway/answers", why: "a codec"},
	{path: "gateway/registerxml", why: "a codec"},
	{path: "gateway/puxml", why: "a codec"},
	{path: "gateway/bankfile", why: "a codec"},
	{path: "gateway/banklink", why: "a leaf of the bank line"},
	{path: "gateway/door", tests: []string{"gateway/postgres"}, why: "the doors, and what they need of the tables"},
	{path: "gateway/door/doortest", may: []string{"gateway/door", "gateway/postgres"}, why: "the suite of the doors, upon real tables"},
	{path: "register", why: "who is paid through which account"},
	{path: "register/feed", may: []string{"register"}, why: "what the registers of persons and companies tell"},
	{path: "reconciliation", may: []string{"register"}, why: "accounts for the flow; changes nothing"},
	{path: "reconciliation/match", why: "what a posting is about: pure"},
	{path: "metrics", why: "numbers for the operators"},
	{path: "gateway/postgres", may: []string{"register", "reconciliation", "reconciliation/match", "gateway/door", "gateway/registerxml", "gateway/puxml"}, alone: true, why: "the base of the stages, and the stages"},
	{path: "gateway/postgres/server", why: "the private server"},
	{path: "gateway/postgres/pgtest", may: []string{"gateway/postgres/server"}, why: "databases for tests"},
	{path: "gateway/view", may: []string{"register", "reconciliation"}, why: "read models of pages and API"},
	{path: "gateway/act", may: []string{"gateway/postgres", "register"}, why: "what a person may do"},
	{path: "gateway/api", may: []string{"gateway/postgres"}, why: "the HTTP interface for other programs"},
	{path: "gateway/console", may: []string{"gateway/view", "gateway/act"}, why: "the pages"},
	{path: "internal/app", may: []string{"gateway", "register", "reconciliation", "metrics"}, why: "configuration into a running gateway"},
	{path: "internal/command", why: "the frame of a program with commands"},
	{path: "internal/client", may: []string{"gateway/door"}, why: "a data supplier's side of the doors"},
	{path: "internal/serving", may: []string{"gateway", "register", "internal/app", "internal/command"}, why: "the commands by which a gateway runs"},
	{path: "mq/ibmmq/cmd", may: []string{"gateway", "internal"}, why: "the program with the driver of IBM MQ"},
	{path: "internal/report", may: []string{"register", "reconciliation", "internal/client", "internal/command"}, why: "what programs print of money and of deliveries"},
	{path: "internal/bundle", why: "documents of payments, right and wrong"},
	{path: "internal/conformance", may: []string{"internal/bundle", "internal/client"}, why: "the connection test, played as a data supplier"},
	{path: "internal/starter", may: []string{"internal/bundle"}, why: "the files of a gateway to try"},
	{path: "internal/growth", may: []string{"gateway", "register", "reconciliation", "internal/app"}, why: "a history of many months, and what the gateway costs with it"},
	{path: "internal/programtest", may: []string{"gateway/postgres/pgtest", "sim"}, why: "programs under test, and countries for them"},
	{path: "cmd/nks", may: []string{"gateway", "register", "reconciliation", "metrics", "internal"}, why: "the commands of the gateway, without simulators"},
	{path: "sim", why: "simulated parties"},
	{path: "cmd/nks-demo", may: []string{"gateway", "register", "reconciliation", "metrics", "internal", "sim"}, why: "demonstration, simulators, benchmarks"},
}

// stageExceptions are the arrows between stages that are allowed all the same. At most three.
var stageExceptions = map[[2]string]string{
	{"gateway/postgres/dryrun", "gateway/postgres/receive"}: "a dry run reads a bundle as a delivery is read",
	{"gateway/postgres/dryrun", "gateway/postgres/check"}:   "and checks it as a delivery is checked",
}

// TestDependenciesPointOneWay keeps docs/architecture.md, "The house".
func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	if len(stageExceptions) > 3 {
		t.Errorf("%d arrows between stages: at most three", len(stageExceptions))
	}
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
	if dir == "." || within(dir, "flowtest") || fromTest && forTests(ours) {
		return ""
	}
	return refusedBetween(dir, ours, fromTest)
}

// refusedBetween judges two packages of ours.
func refusedBetween(dir, ours string, fromTest bool) string {
	if within(dir, "sim") {
		if within(ours, "sim") || within(ours, "edifact") {
			return ""
		}
		return "simulated parties know nothing of ours but edifact"
	}
	if leaf := leafOf(dir); leaf != "" {
		if within(ours, leaf) {
			return ""
		}
		return "a leaf imports nothing of ours"
	}
	if ours == "gateway" || leafOf(ours) != "" {
		return ""
	}
	from, to := roomOf(dir), roomOf(ours)
	switch {
	case fromTest && slices.ContainsFunc(from.tests, func(may string) bool { return within(ours, may) }):
		return ""
	case from.path == to.path && from.alone:
		return refusedInside(from, dir, ours)
	case from.path == to.path:
		return ""
	case from.path == "" || to.path == "":
		return "one of the two stands in no room of deps_test.go"
	case !slices.ContainsFunc(from.may, func(may string) bool { return within(ours, may) }):
		return from.path + " (" + from.why + ") may not import " + to.path + " (" + to.why + ")"
	}
	return ""
}

// refusedInside judges two packages of a room whose packages stand alone: each may use what the room's own folder has.
func refusedInside(in room, dir, ours string) string {
	if ours == in.path || ours == dir || forTests(dir) {
		return ""
	}
	if stageExceptions[[2]string{dir, ours}] != "" {
		return ""
	}
	return "a stage imports the base and no other stage"
}

// roomOf is the room of a package by its longest path; the zero room when it has none.
func roomOf(dir string) room {
	var found room
	for _, r := range rooms {
		if within(dir, r.path) && len(r.path) > len(found.path) {
			found = r
		}
	}
	return found
}

// leafOf is the leaf that a package belongs to, "" when to none. A leaf's own program stands on it and is none.
func leafOf(dir string) string {
	if within(dir, "mq/ibmmq/cmd") {
		return ""
	}
	for _, leaf := range leaves {
		if within(dir, leaf) {
			return leaf
		}
	}
	return ""
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// forTests reports whether a package serves tests, as sftp/sftptest does.
func forTests(dir string) bool {
	return strings.HasSuffix(dir, "test") && path.Dir(dir) != "."
}

// standard reports whether a package is of the standard library: its first element is no domain.
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
		{"gateway/bankfile", "nks/gateway/answers", false, false},
		{"gateway/postgres", "nks/gateway/postgres/server", false, false},
		{"gateway/postgres", "nks/gateway/postgres/receive", false, false},
		{"gateway/postgres/receive", "nks/gateway/postgres", false, true},
		{"gateway/postgres/receive", "nks/gateway/postgres/bank", false, false},
		{"gateway/postgres/release", "nks/register", false, true},
		{"gateway/postgres/release", "nks/gateway/console", false, false},
		{"gateway/postgres/receive", "nks/gateway/door", false, true},
		{"gateway/door/queue", "nks/gateway/door", false, true},
		{"gateway/door/queue", "nks/mq", false, true},
		{"gateway/door/queue", "nks/gateway/postgres", false, false},
		{"gateway/door/queue", "nks/gateway/postgres/receive", true, true},
		{"gateway/door/queue", "nks/gateway/door/doortest", true, true},
		{"gateway/door/doortest", "nks/gateway/postgres/receive", false, true},
		{"gateway/postgres/dryrun", "nks/gateway/postgres/check", false, true},
		{"gateway/postgres/bank", "nks/gateway/postgres/bank", true, true},
		{"gateway/console", "nks/gateway/view", false, true},
		{"gateway/console", "nks/gateway/postgres/bank", false, false},
		{"gateway/act", "nks/gateway/postgres/bank", false, true},
		{"audit", "nks/gateway", false, false},
		{"gateway/view", "nks/audit", false, true},
		{"gateway/postgres/sequence", "nks/audit", false, true},
		{"gateway/postgres/sequence", "nks/gateway/postgres/release", false, false},
		{"gateway/nksxml", "nks/gateway", false, false},
		{"gateway/door/rasp/xmldsig", "nks/gateway/door", false, false},
		{"register", "nks/gateway", false, true},
		{"register", "nks/reconciliation", false, false},
		{"reconciliation/match", "nks/gateway", false, true},
		{"reconciliation/match", "nks/register", false, false},
		{"gateway/postgres/bank", "nks/reconciliation/match", false, true},
		{"gateway/postgres/booking", "nks/reconciliation", false, true},
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
		{"internal/app", "nks/gateway/postgres/release", false, true},
		{"internal/app", "nks/sim/bank", false, false},
		{"internal/app", "nks/internal/command", false, false},
		{"internal/command", "nks/gateway/postgres", false, false},
		{"internal/client", "nks/mq/jetstream", false, true},
		{"internal/client", "nks/register", false, false},
		{"cmd/nks", "nks/internal/app", false, true},
		{"cmd/nks", "nks/sim/bank", false, false},
		{"cmd/nks", "nks/internal/programtest", true, true},
		{"cmd/nks-demo", "nks/sim/bank", false, true},
		{"flowtest", "nks/register", true, true},
		{"sftp", "C", false, false},
	} {
		if why := refused(c.dir, c.imported, c.test); (why == "") != c.ok {
			t.Errorf("%s imports %s (test %t): %q", c.dir, c.imported, c.test, why)
		}
	}
}
