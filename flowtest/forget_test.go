package flowtest_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/gateway/postgres"
	restores "nks/gateway/postgres/restore"
	"nks/journal"
)

// keepsMonth is a gateway whose journal keeps 30 days.
func keepsMonth(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, keeps)
	w.options.JournalKeep = 30 * 24 * time.Hour
	w.Restore.Keep = w.options.JournalKeep
	return w
}

// forgets has the journal forget what is old, and demands how many days its first directory has then.
func (w *world) forgets(days int) {
	w.t.Helper()
	if _, err := w.Restore.Forget(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(w.options.Journals[0], "a", "*.journal"))
	if err != nil || len(files) != days {
		w.t.Fatalf("%d days in the journal, want %d: %v", len(files), days, err)
	}
}

// TestRestore_JournalForgets: a database that knows what is gone takes in the rest; one that ends before that is quiet, and goes on
// without a journal only.
func TestRestore_JournalForgets(t *testing.T) {
	t.Parallel()
	w := keepsMonth(t)
	w.receive(bundle("G1", complete("E1", 10_000)))
	w.forgets(1)
	older := w.backup()
	w.at("2005-08-20 12:00")
	w.receive(bundle("G2", complete("E2", 20_000)))
	w.at("2005-08-21 12:00")
	w.forgets(2)
	younger := w.backup()
	w.at("2005-09-25 12:00")
	w.receive(bundle("G3", complete("E3", 30_000)))
	w.forgets(1)
	w.restored(w.backup())
	w.want("quiet without a restore", w.Base.Quiet.Why(), "")

	w.restored(younger)
	w.want("quiet after the floor", w.Base.Quiet.Why(), "1 of kind delivery are in the journal and not in the database: nks recover")
	if done, err := w.Restore.Take(t.Context(), "A. Hansen"); err != nil || done.Took != 1 || len(done.Left) > 0 {
		t.Errorf("taken in: %+v, %v", done, err)
	}
	w.want("quiet when it is taken in", w.Base.Quiet.Why(), "")

	w.restored(older)
	const short = "the journal of a reaches back to 2005-08-20T10:00:00Z, and the database ends before that"
	if why := w.Base.Quiet.Why(); !strings.HasPrefix(why, short) {
		t.Errorf("quiet: %q", why)
	}
	if _, err := w.Restore.Take(t.Context(), "A. Hansen"); !errors.Is(err, restores.ErrGap) || !strings.Contains(err.Error(), short) {
		t.Errorf("taken in all the same: %v", err)
	}
	w.forgets(1)
	if _, err := w.Restore.GoOnWithout(t.Context(), "A. Hansen", 100); err != nil {
		t.Fatal(err)
	}
	w.want("quiet when persons go on without", w.Base.Quiet.Why(), "")
	w.restored(w.backup())
	w.want("quiet at the next start", w.Base.Quiet.Why(), "")
}

// TestRestore_JournalKeepsUnderASetBack: a database that was set back under the process has not the last mark: nothing is forgotten.
func TestRestore_JournalKeepsUnderASetBack(t *testing.T) {
	t.Parallel()
	w := keepsMonth(t)
	w.receive(bundle("G1", complete("E1", 10_000)))
	older := w.row(`SELECT known_to FROM journal_node`)
	w.at("2005-08-20 12:00")
	w.forgets(1)
	w.want("mark", w.row(`SELECT known_to > $1::timestamptz FROM journal_node`, older), "true")
	if _, err := w.db.ExecContext(t.Context(), `UPDATE journal_node SET known_to = $1::timestamptz`, older); err != nil {
		t.Fatal(err)
	}
	w.at("2005-09-25 12:00")
	lost := journal.Record{Kind: postgres.JournalDelivery, Key: "lost", At: w.time(), Facts: json.RawMessage(`{"id": 9000000000000000000, "sha256": "\\x00"}`)}
	if err := w.options.Journal.Append(lost, 0, nil); err != nil {
		t.Fatal(err)
	}
	w.forgets(2)
	if why := w.Base.Quiet.Why(); !strings.HasPrefix(why, "1 of kind delivery") {
		t.Errorf("quiet: %q", why)
	}
}
