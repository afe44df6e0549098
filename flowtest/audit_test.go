package flowtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"nks/audit"
	"nks/gateway/postgres"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/postgres/sequence"
	"nks/internal/app"
	"nks/schema"
)

// keeping is a log's key and file in a directory of the test.
func keeping(t testing.TB) sequence.Keeping {
	t.Helper()
	dir := t.TempDir()
	return sequence.Keeping{Key: filepath.Join(dir, "key"), File: audit.File{Path: filepath.Join(dir, "checkpoints")}}
}

// sequenced places everything that waits.
func (w *world) sequenced() {
	w.t.Helper()
	for worked := true; worked; {
		var err error
		if worked, err = w.Sequence.Next(context.Background()); err != nil { // also while the test ends
			w.t.Fatal(err)
		}
	}
}

// verified holds the log against everything that speaks for it.
func (w *world) verified() *audit.Report {
	w.t.Helper()
	r, err := sequence.Log{DB: w.db, Keeping: w.Sequence.Keeping}.Verify(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// logIsSigned demands that the log takes what the test has entered, and verifies.
func (w *world) logIsSigned() {
	w.t.Helper()
	w.sequenced()
	r := w.verified()
	for _, f := range r.Findings {
		w.t.Error(f)
	}
	if r.Waiting > 0 || r.Checkpoints > 0 && r.Outside == 0 {
		w.t.Errorf("%d entries wait, %d checkpoints in the database and %d outside", r.Waiting, r.Checkpoints, r.Outside)
	}
}

// TestAudit_FrozenSumsAndLooks: what a bank must have got stands in the log with its hash, and so does every look at a
// payment, by a page or a command.
func TestAudit_FrozenSumsAndLooks(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	id := w.number(`SELECT id FROM payment WHERE e2e = 'A'`)
	p := w.pages()
	p.get(fmt.Sprintf("/payment/%d", id), "77", http.StatusOK)
	p.get(fmt.Sprintf("/payment/%d", id), "78", http.StatusNotFound)
	p.post("/search", "77", url.Values{"q": {"A"}})
	p.post("/search", "78", url.Values{"q": {"0101700001"}})
	p.get(fmt.Sprintf("/payment/%d", id), "", http.StatusForbidden)
	w.sequenced()
	w.want("looks", w.row(`SELECT e.place, c.kind, c.content FROM audit_entry e JOIN audit_content c ON c.entry_id = e.id
		WHERE c.kind <> 'frozen sums' ORDER BY e.place`), fmt.Sprintf(`2 look at a payment {"by":"page","authority":"77","payment":%d}; `+
		`3 search for payments {"by":"page","authority":"77","sought":"A","payments":[%d]}; `, id, id)+
		`4 search for payments {"by":"page","authority":"78","sought":"010170-xxxx","payments":[]}`)
	w.want("sums", w.row(`SELECT e.place, c.content::json ->> 'payments', c.content::json ->> 'ore', c.content::json ->> 'sha256' = encode(d.sha256, 'hex')
		FROM audit_entry e JOIN audit_content c ON c.entry_id = e.id
		JOIN interchange i ON i.control_ref = (c.content::json ->> 'control_ref')::bigint AND i.bank = c.content::json ->> 'bank'
		JOIN document d ON d.id = i.document_id WHERE c.kind = 'frozen sums' ORDER BY e.place`), "0 2 350 true; 1 1 900 true")

	// What cannot be entered is not shown.
	if _, err := w.database.Open(t, pgtest.Superuser).Exec(`REVOKE EXECUTE ON FUNCTION audit_commit FROM nks_page`); err != nil {
		t.Fatal(err)
	}
	p.get(fmt.Sprintf("/payment/%d", id), "77", http.StatusInternalServerError)
}

// TestAudit_OnlyAdded: the flow may add to the log and change nothing of it, and pages may not even read it.
func TestAudit_OnlyAdded(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	w.sequenced()
	for role, statements := range map[string][]string{
		schema.Flow: {`UPDATE audit_entry SET place = NULL`, `DELETE FROM audit_entry`, `INSERT INTO audit_entry (commitment) VALUES (sha256(''))`,
			`UPDATE audit_content SET kind = 'x'`, `DELETE FROM audit_content`, `UPDATE audit_hash SET index = 7`, `DELETE FROM audit_hash`,
			`UPDATE audit_checkpoint SET note = ''`, `DELETE FROM audit_checkpoint`, `TRUNCATE audit_checkpoint`},
		schema.Page: {`SELECT 1 FROM audit_entry`, `SELECT 1 FROM audit_content`, `SELECT 1 FROM audit_hash`, `SELECT 1 FROM audit_checkpoint`,
			`SELECT audit_place(ARRAY[1::bigint], 9)`},
	} {
		db := w.database.Open(t, role)
		for _, statement := range statements {
			if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %s: %v, must be refused", role, statement, err)
			}
		}
	}
	w.want("placed again", w.row(`SELECT audit_place(ARRAY(SELECT id FROM audit_entry), 100)`), "0")
}

// TestAudit_TwoSequencers: however many there are, entries get one order, and each of the nodes' files has it.
func TestAudit_TwoSequencers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.steps(func(o *app.StepOptions) { o.Keeping.File.Path += "-2" })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				err := w.Base.Transact(t.Context(), "enter", func(x *postgres.Session) error { return w.Base.Audit(t.Context(), x, audit.Decision, "something") })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	entered := make(chan struct{})
	var sequencing sync.WaitGroup
	for _, s := range []*sequence.Store{w.Sequence, w.Sequence, other.Sequence, other.Sequence} {
		sequencing.Go(func() {
			for {
				worked, err := s.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case <-entered:
					if !worked {
						return
					}
				default:
				}
			}
		})
	}
	wg.Wait()
	close(entered)
	sequencing.Wait()
	w.sequenced()
	w.want("order", w.row(`SELECT count(*), min(place), max(place), (SELECT count(*) FROM audit_hash) FROM audit_entry`), "100 0 99 197")
	r, err := sequence.Log{DB: w.db, Keeping: other.Sequence.Keeping}.Verify(t.Context())
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("the other node: %v, %v", r, err)
	}
}

// TestAudit_Lag: what nobody sequences is somebody's business, and ends when it is sequenced.
func TestAudit_Lag(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	owner := w.database.Open(t, pgtest.Superuser)
	if _, err := owner.Exec(`UPDATE audit_entry SET recorded_at = recorded_at - interval '6 min'`); err != nil {
		t.Fatal(err)
	}
	if got := w.sample(); !strings.Contains(got, "audit_waiting{}=2 audit_oldest_seconds{}=36") {
		t.Errorf("sampled %s", got)
	}
	key := w.Sequence.Keeping.Key
	w.Sequence.Keeping.Key += "-lost"
	if _, err := w.Sequence.Next(t.Context()); err == nil {
		t.Error("signed without a key")
	}
	w.want("raised", w.exceptions(), "log lags")
	w.Sequence.Keeping.Key = key
	w.sequenced()
	w.want("closed", w.exceptions(), "")
}

// TestAudit_KeyIsChanged: a new key signs on, where the old one is known to have been changed; otherwise none is made.
func TestAudit_KeyIsChanged(t *testing.T) {
	t.Parallel()
	w := twoAuthorities(t)
	w.sequenced()
	k := &w.Sequence.Keeping
	old := k.Key
	k.Key += "-new"
	if err := w.Sequence.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(k.Key); err == nil {
		t.Error("a key is made that nobody has named")
	}
	k.Former = []string{audit.PublicPath(old)}
	if err := w.Sequence.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := w.Base.Transact(t.Context(), "enter", func(x *postgres.Session) error { return w.Base.Audit(t.Context(), x, audit.Restore, "something") })
	if err != nil {
		t.Fatal(err)
	}
	w.logIsSigned()
	if r := w.verified(); r.Checkpoints != 2 || r.Entries != 3 {
		t.Errorf("%+v", r)
	}
}

// TestAudit_Forked: nothing is signed on top of a log that is not what was signed, in the database or outside.
func TestAudit_Forked(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{
		"set back":  `DELETE FROM audit_checkpoint; DELETE FROM audit_hash; UPDATE audit_entry SET place = NULL`,
		"rewritten": `UPDATE audit_hash SET hash = sha256('')`,
		"forged":    `UPDATE audit_checkpoint SET note = replace(note, '2005', '2006')`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := twoAuthorities(t)
			w.sequenced()
			owner := w.database.Open(t, pgtest.Superuser)
			before := w.rows(`SELECT index, hash::text FROM audit_hash`)
			notes := w.rows(`SELECT note FROM audit_checkpoint`)
			if _, err := owner.Exec(tamper); err != nil {
				t.Fatal(err)
			}
			if worked, err := w.Sequence.Next(t.Context()); worked || err == nil {
				t.Errorf("worked %t, %v", worked, err)
			}
			w.want("raised", w.exceptions(), "log contradicts a checkpoint")
			restore(t, owner, before, notes)
		})
	}
}

// restore puts back what a test has tampered with, since every log must verify at the end.
func restore(t *testing.T, owner *sqlx.DB, hashes, notes []string) {
	t.Helper()
	must := func(query string, args ...any) {
		t.Helper()
		if _, err := owner.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	must(`DELETE FROM audit_hash; DELETE FROM audit_checkpoint; UPDATE audit_entry SET place = id - 1`)
	for _, h := range hashes {
		index, hash, _ := strings.Cut(h, " ")
		must(`INSERT INTO audit_hash VALUES ($1::text::bigint, $2::text::bytea)`, index, hash)
	}
	for _, n := range notes {
		must(`INSERT INTO audit_checkpoint VALUES ((SELECT count(*) FROM audit_entry), $1)`, n)
	}
}
