package flowtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
	restores "nks/gateway/postgres/restore"
	"nks/journal"
	"nks/schema"
)

// keptJournal is a journal in two directories.
func keptJournal(t testing.TB) (*journal.Journal, []string) {
	t.Helper()
	dirs := []string{t.TempDir(), t.TempDir()}
	j, err := journal.Open(journal.Options{Node: "a", Directories: dirs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j, dirs
}

func keeps(o *options) { o.journal = true }

// backup is the database as it is now.
func (w *world) backup() *pgtest.Database {
	w.t.Helper()
	w.db.SetMaxIdleConns(0)
	w.viewersLeave()
	return w.database.Copy(w.t)
}

// viewersLeave ends the connections of those who have looked.
func (w *world) viewersLeave() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.viewers == nil {
		return
	}
	if err := w.viewers.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.viewers = nil
}

// restored goes on with an earlier database, as a process that starts.
func (w *world) restored(from *pgtest.Database) {
	w.t.Helper()
	w.viewersLeave()
	w.database, w.db = from, from.Open(w.t, schema.Flow)
	w.t.Cleanup(w.viewersLeave)
	w.t.Cleanup(w.end) // before the database goes
	if w.options.DB = w.db; w.options.Journal != nil {
		j, err := journal.Open(w.options.Journal.Options)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { _ = j.Close() })
		w.options.Journal = j
	}
	w.Steps = w.steps()
	w.fillImage()
	if err := w.Prepare(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// TestRestore_BeforeARelease: M2. The same numbers and names would go out again, with other payments.
func TestRestore_BeforeARelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	w.receive(bundle("G1", complete("E1", 10_000)))
	before := w.backup()
	w.receive(bundle("G2", complete("E2", 20_000)))
	w.at(receiveBy)
	w.release()
	if sent := w.dispatch(); len(sent) != 1 {
		t.Fatalf("sent %d interchanges", len(sent))
	}
	if why := w.Base.Quiet.Why(); why != "" {
		t.Fatalf("quiet without a restore: %s", why)
	}
	newest := w.options.Journal.Newest()
	w.restored(before)
	why := w.Base.Quiet.Why()
	for _, part := range []string{"1 of kind sending", "1 of kind delivery"} {
		if !strings.Contains(why, part) {
			t.Errorf("quiet: %q does not say %q", why, part)
		}
	}
	if got := w.row(`SELECT kind, closed_at FROM exception WHERE kind = $1`, gateway.DatabaseSetBack); !strings.Contains(got, "set back") {
		t.Errorf("exception: %q", got)
	}
	if err := w.put("LEVA", "new.xml", []byte("<x/>")); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("a delivery is taken: %v", err)
	}
	w.release()
	if sent := w.dispatchQuietly(); sent != "" {
		t.Errorf("sent %s", sent)
	}
	conn, err := w.db.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(dc any) error { return restores.Known(t.Context(), pgxConn(dc), newest) })
	if !errors.Is(err, restores.ErrSetBack) {
		t.Errorf("a new connection is shown: %v", err)
	}
}

// TestRestore_NothingLost: a process that starts anew on the same database is not quiet; one whose journal is gone is.
func TestRestore_NothingLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	w.paid(bundle("G1", complete("E1", 10_000)))
	w.restored(w.backup())
	if why := w.Base.Quiet.Why(); why != "" {
		t.Errorf("quiet: %s", why)
	}
	dirs := w.options.Journals
	if err := os.RemoveAll(filepath.Join(dirs[0], "a")); err != nil {
		t.Fatal(err)
	}
	w.restored(w.backup())
	if why := w.Base.Quiet.Why(); why != "" {
		t.Errorf("quiet with one of two directories: %s", why)
	}
	for _, dir := range dirs {
		if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
	}
	w.restored(w.backup())
	if why := w.Base.Quiet.Why(); !strings.Contains(why, "the journal of a is not there") {
		t.Errorf("quiet: %q", why)
	}
	lost := act.Intent{Kind: act.KindJournalLost, Content: map[string]string{"node": "a"}, By: "A. Hansen", Why: "its disk died"}
	asked, err := w.Desk.Decide(t.Context(), lost)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk.Approve(t.Context(), asked.ID, "B. Jensen", ""); err != nil {
		t.Fatal(err)
	}
	w.restored(w.backup())
	if why := w.Base.Quiet.Why(); why != "" {
		t.Errorf("quiet after two persons know that the journal is gone: %s", why)
	}
	w.want("exceptions", w.row(`SELECT kind, closed_by FROM exception ORDER BY id`), "database was set back nks")
}

// TestRestore_LaterMoment: brought to a later moment the database knows everything, and the quiet ends by itself.
func TestRestore_LaterMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	w.receive(bundle("G1", complete("E1", 10_000)))
	before := w.backup()
	w.at(receiveBy)
	w.release()
	w.dispatch()
	after := w.backup()
	w.restored(before)
	if why := w.Base.Quiet.Why(); !strings.Contains(why, "1 of kind sending") {
		t.Errorf("quiet: %q", why)
	}
	var payment int64
	if err := w.db.GetContext(t.Context(), &payment, `SELECT min(id) FROM payment`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.decide(act.KindHold, "A. Hansen", payment); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("something is decided: %v", err)
	}
	w.restored(after)
	if why := w.Base.Quiet.Why(); why != "" {
		t.Errorf("quiet: %s", why)
	}
}

// TestRestore_NothingLeaves: what the journal does not take does not become visible, and goes when it takes it.
func TestRestore_NothingLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	w.receive(bundle("G1", complete("E1", 10_000)))
	w.at(receiveBy)
	w.release()
	own := filepath.Join(w.options.Journals[1], "a")
	if err := os.Rename(own, own+"-away"); err != nil {
		t.Fatal(err)
	}
	if sent := w.dispatchQuietly(); sent != "" {
		t.Errorf("sent %s", sent)
	}
	if err := w.put("LEVA", "new.xml", bundle("G2", complete("E2", 1)).XML()); !errors.Is(err, gateway.ErrTransient) {
		t.Errorf("a delivery is acknowledged: %v", err)
	}
	if err := os.Rename(own+"-away", own); err != nil {
		t.Fatal(err)
	}
	if err := w.put("LEVA", "new.xml", bundle("G2", complete("E2", 1)).XML()); err != nil {
		t.Errorf("a delivery that comes again: %v", err)
	}
	w.want("deliveries", w.row(`SELECT count(*) FROM delivery`), "2")
	all, err := journal.Read("a", w.options.Journals[1])
	if err != nil {
		t.Fatal(err)
	}
	has := func(kind journal.Kind) bool {
		return slices.ContainsFunc(all, func(r journal.Record) bool { return r.Kind == kind })
	}
	if has("sending") || !has("delivery") {
		t.Errorf("the journal has a sending: %t, a delivery: %t", has("sending"), has("delivery"))
	}
}

// dispatchQuietly tries to send, and gives the banks to which something went all the same.
func (w *world) dispatchQuietly() (sent string) {
	w.t.Helper()
	for _, b := range w.banks {
		lease, err := w.Bank.Lease(w.t.Context(), b.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		var files []string
		d := &gateway.Dispatcher{Bank: b.ID, Fence: lease.Fence, Link: &mailbox{sent: &files}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
		worked, err := d.SendNext(w.t.Context())
		if worked && !errors.Is(err, gateway.ErrTransient) {
			sent += b.ID + " "
		}
		lease.Release()
	}
	return sent
}

func pgxConn(dc any) *pgx.Conn { return dc.(*stdlib.Conn).Conn() }
