package flowtest_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/retention"
)

// TestRetention_GoneFromTheFiles: before a month is dropped, the numbers in it stand in the database's files; afterwards, when what
// docs/operations.md says has been done, in none of them. // B16.3
func TestRetention_GoneFromTheFiles(t *testing.T) {
	t.Parallel()
	database := pgtest.Alone(t)
	w := newWorld(t, banks(t), func(o *options) { o.database = database })
	w.documented("before")
	const unknown = "0707700977" // in no register
	number := binary.LittleEndian.AppendUint64(nil, 707700977)
	sought := map[string][]byte{"EndToEndId": []byte("ERASED-E2E-1"), "EndToEndId of the rejected": []byte("ERASED-E2E-2"), "CPR number, stored": number,
		"GrpId": []byte("ERASED-GRPID"), "name of the document": []byte("ERASED-NAME"), "account": []byte("70459912345678")}
	d := ofBEC(bundle("ERASED-GRPID", intaketest.Complete("ERASED-E2E-1", "70459912345678", 1000), cpr("ERASED-E2E-2", unknown, 100)))
	if err := w.put("LEVA", "ERASED-NAME.xml", d.XML()); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	w.four("BEC") // releases it, too
	w.executes("BEC")
	w.collects()
	w.idles("2006-10-12 09:00")
	w.closesMonth(august)
	w.keeps(retention.Payments, 12)
	w.receive(ofBEC(bundle("later"))) // what must be found in any case: the scan is no blind one
	sought["kept"] = []byte("later-")
	w.tamper(`CHECKPOINT`)
	for what, in := range filesWith(t, database.Dir, sought) {
		if len(in) == 0 {
			t.Errorf("%s: in no file before the month is dropped", what)
		}
	}
	w.drops(august)
	w.documented("after")
	for what, in := range filesWith(t, database.Dir, sought) {
		if what == "kept" {
			if len(in) == 0 {
				t.Error("what is kept is in no file")
			}
		} else if len(in) > 0 {
			t.Errorf("%s: still in %v", what, in)
		}
	}
}

// documented does what docs/operations.md says is done before a month is dropped, or after it.
func (w *world) documented(when string) {
	w.t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```sql\n-- "+when+" a month is dropped\n")
	block, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		w.t.Fatalf("docs/operations.md does not say what is done %s a month is dropped", when)
	}
	for statement := range strings.SplitSeq(strings.TrimSuffix(block, ";\n"), ";\n") {
		w.tamper(statement)
	}
}

// filesWith are the files below a folder that hold each of some bytes.
func filesWith(t *testing.T, dir string, sought map[string][]byte) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for what := range sought {
		found[what] = nil
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		files++
		for what, b := range sought {
			if bytes.Contains(content, b) {
				found[what] = append(found[what], path[len(dir):])
			}
		}
		return nil
	})
	if err != nil || files < 500 {
		t.Fatalf("%d files: %v", files, err)
	}
	for _, in := range found {
		slices.Sort(in)
	}
	return found
}
