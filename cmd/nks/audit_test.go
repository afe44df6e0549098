package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/audit"
	"nks/gateway/postgres/server"
	"nks/internal/programtest"
	"nks/schema"
)

// auditSite is a gateway that runs, with a log, and its owner, who may write every table.
type auditSite struct {
	*site
	t     *testing.T
	owner *sqlx.DB
}

// newAuditSite has a log of nine entries, signed when there were three, six and nine.
func newAuditSite(t *testing.T) *auditSite {
	t.Helper()
	s := &auditSite{site: newSite(t), t: t}
	s.begun()
	s.enter(3)
	s.enter(3)
	s.enter(3)
	return s
}

// begun starts the gateway, which is stopped when the test ends.
func (s *auditSite) begun() {
	s.t.Helper()
	p := s.run(s.t)
	s.t.Cleanup(func() { s.stop(s.t, p) })
	s.open()
}

// open connects to the database of the gateway that runs.
func (s *auditSite) open() {
	s.t.Helper()
	private, err := server.Open(s.t.Context(), server.Config{DataDir: filepath.Join(s.dir, "pg")})
	must(s.t, err)
	s.owner, err = sqlx.Open("pgx", private.DSN(server.Database, server.Superuser, "search_path=nks"))
	must(s.t, err)
	s.t.Cleanup(func() { must(s.t, s.owner.Close()) })
}

// enter adds entries as the flow does, in one transaction, and waits until they are sequenced.
func (s *auditSite) enter(n int) {
	s.t.Helper()
	s.commit(n)
	s.awaitSequenced()
}

func (s *auditSite) commit(n int) {
	s.t.Helper()
	tx, err := s.owner.Beginx()
	must(s.t, err)
	_, err = tx.Exec(`SET LOCAL ROLE ` + schema.Flow)
	must(s.t, err)
	for i := range n {
		_, err := audit.Commit(s.t.Context(), tx, audit.Decision, map[string]int{"number": i})
		must(s.t, err)
	}
	must(s.t, tx.Commit())
}

func (s *auditSite) awaitSequenced() {
	s.t.Helper()
	if !programtest.Eventually(time.Minute, func() bool {
		var waiting int
		err := s.owner.Get(&waiting, `SELECT count(*) FROM audit_entry WHERE place IS NULL`)
		return err == nil && waiting == 0
	}) {
		s.t.Fatal("nobody sequences the log")
	}
}

// verify runs the command, which must end with a code, and gives what it printed.
func (s *auditSite) verify(code int, flags ...string) string {
	s.t.Helper()
	p := nks(s.t, append([]string{"audit", "verify", "--config", s.config}, flags...)...)
	p.Want(s.t, code)
	return p.Out.String()
}

// do is what the owner does.
func (s *auditSite) do(statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if _, err := s.owner.Exec(statement); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
}

// at is the entry at a place.
func (s *auditSite) at(place int) (id int64) {
	s.t.Helper()
	must(s.t, s.owner.Get(&id, `SELECT id FROM audit_entry WHERE place = $1`, place))
	return id
}

// Ways to change the log. What is behind goes on one place further, or back.
const (
	changeContent    = `UPDATE audit_content SET content = '{"number":7}' WHERE entry_id = (SELECT id FROM audit_entry WHERE place = 4)`
	changeCommitment = `UPDATE audit_entry e SET commitment = sha256(convert_to('nks audit commitment 1' || E'\n' || encode(c.salt, 'hex') || E'\n' ||
		c.kind || E'\n' || c.content, 'UTF8')) FROM audit_content c WHERE c.entry_id = e.id AND place = 4`
	removeContent = `DELETE FROM audit_content WHERE entry_id = (SELECT id FROM audit_entry WHERE place = 4)`
	removeEntry   = `DELETE FROM audit_entry WHERE place = 4`
	closeUp       = `UPDATE audit_entry SET place = place + 1000 WHERE place > 4; UPDATE audit_entry SET place = place - 1001 WHERE place > 1000`
	makeRoom      = `UPDATE audit_entry SET place = place + 1000 WHERE place >= 4; UPDATE audit_entry SET place = place - 999 WHERE place >= 1000`
	insertEntry   = `INSERT INTO audit_entry (commitment, place) VALUES (sha256('forged'), 4)`
	swap          = `UPDATE audit_entry SET place = 1000 WHERE place = 4; UPDATE audit_entry SET place = 4 WHERE place = 7;
		UPDATE audit_entry SET place = 7 WHERE place = 1000`
)

// rehash makes the hashes anew from the entries, as whoever owns the tables can; each tree that was signed is given to sign.
func (s *auditSite) rehash(sign func(*audit.Growth)) {
	s.t.Helper()
	var rows []struct {
		ID         int64     `db:"id"`
		RecordedAt time.Time `db:"recorded_at"`
		Commitment []byte    `db:"commitment"`
	}
	must(s.t, s.owner.Select(&rows, `SELECT id, recorded_at, commitment FROM audit_entry WHERE place IS NOT NULL ORDER BY place`))
	s.do(`DELETE FROM audit_hash`)
	g := audit.NewGrowth()
	for i, row := range rows {
		commitment, err := audit.HashOf(row.Commitment)
		must(s.t, err)
		index := g.Index()
		made, err := g.Add(audit.Entry{ID: row.ID, Recorded: row.RecordedAt, Commitment: commitment}.Hash())
		must(s.t, err)
		for k, h := range made {
			_, err := s.owner.Exec(`INSERT INTO audit_hash VALUES ($1, $2)`, index+int64(k), h[:])
			must(s.t, err)
		}
		if sign != nil && (i%3 == 2 || i == len(rows)-1) {
			sign(g)
		}
	}
}

// signedWith is rehash for whoever has a key, too: every checkpoint of the database is made anew.
func (s *auditSite) signedWith(key string) {
	s.t.Helper()
	signer, err := audit.LoadKey(key)
	must(s.t, err)
	s.do(`DELETE FROM audit_checkpoint`)
	s.rehash(func(g *audit.Growth) {
		tree, err := g.Tree()
		must(s.t, err)
		note, err := audit.Checkpoint{Tree: tree, At: time.Now()}.Sign(signer)
		must(s.t, err)
		_, err = s.owner.Exec(`INSERT INTO audit_checkpoint VALUES ($1, $2)`, tree.N, note)
		must(s.t, err)
	})
}

// TestAudit_Verify: whatever is done to the log by somebody who may write every table is found and named; to erase what an
// entry tells is no finding.
func TestAudit_Verify(t *testing.T) {
	t.Parallel()
	s := newAuditSite(t)
	key := filepath.Join(s.dir, "audit", "key")
	anotherKey := filepath.Join(s.dir, "another")
	must(t, audit.MakeKey(anotherKey))
	if out := s.verify(0); !strings.Contains(out, "9 entries in the tree, 0 of all erased, 0 wait for their place\n3 signed checkpoints in the database, 3 outside") {
		t.Errorf("a log that nobody touched: %s", out)
	}
	tables := []string{"audit_entry", "audit_content", "audit_hash", "audit_checkpoint"}
	for _, table := range tables {
		s.do(fmt.Sprintf(`CREATE TABLE kept_%s AS TABLE %s`, table, table))
	}
	rewritten := "entries rewritten with their hashes: places 3 to 5: an entry there was changed, removed, inserted or re-ordered: the database's checkpoint of 6 entries is signed"
	for _, c := range []struct {
		name   string
		tamper func()
		want   []string
	}{
		{"change", func() { s.do(changeContent) }, []string{fmt.Sprintf("content changed: place 4, entry %d", s.at(4))}},
		{"change with its commitment", func() { s.do(changeContent, changeCommitment) }, []string{fmt.Sprintf("entry changed: place 4, entry %d", s.at(4))}},
		{"remove", func() { s.do(removeContent, removeEntry) }, []string{"entry removed: place 4\n"}},
		{"remove and close up", func() { s.do(removeContent, removeEntry, closeUp) }, []string{"entry removed: place 4\n"}},
		{"insert", func() { s.do(makeRoom, insertEntry) }, []string{"entry inserted: place 4, entry ", "entries that no checkpoint has signed: place 9"}},
		{"re-order", func() { s.do(swap) }, []string{"entry re-ordered: place 4", "found at place 7"}},
		{"place taken away", func() { s.do(`UPDATE audit_entry SET place = NULL WHERE place = 4`) }, []string{"entry removed: place 4\n", "1 wait"}},
		{"hash", func() { s.do(`UPDATE audit_hash SET hash = sha256('forged') WHERE index = 2`) }, []string{"stored hash changed: places 0 to 1: index 2"}},
		{"change and hash anew", func() { s.do(changeContent, changeCommitment); s.rehash(nil) }, []string{rewritten}},
		{"remove and hash anew", func() { s.do(removeContent, removeEntry, closeUp); s.rehash(nil) },
			[]string{rewritten, "entries removed from the signed tree", "the tree has 8 entries: 1 were removed"}},
		{"insert and hash anew", func() { s.do(makeRoom, insertEntry); s.rehash(nil) }, []string{rewritten, "entries that no checkpoint has signed: place 9"}},
		{"re-order and hash anew", func() { s.do(swap); s.rehash(nil) }, []string{rewritten}},
		{"checkpoint", func() { s.do(`UPDATE audit_checkpoint SET note = replace(note, E'\n6\n', E'\n5\n') WHERE size = 6`) },
			[]string{"checkpoint not signed by this log: the database's checkpoint of 6 entries"}},
		{"checkpoint removed", func() { s.do(`DELETE FROM audit_checkpoint WHERE size = 6`) }, []string{"checkpoint removed from the database: that of 6 entries"}},
		{"all anew with another key", func() { s.do(changeContent, changeCommitment); s.signedWith(anotherKey) },
			[]string{"checkpoint not signed by this log: the database's checkpoint of 9 entries", "places 3 to 5"}},
		{"all anew with the key", func() { s.do(changeContent, changeCommitment); s.signedWith(key) },
			[]string{"entries rewritten with their hashes: places 3 to 5", "the checkpoint of 6 entries in " + filepath.Join(s.dir, "audit", "checkpoints") + " is signed"}},
		{"set back", func() {
			s.do(`DELETE FROM audit_content WHERE entry_id IN (SELECT id FROM audit_entry WHERE place >= 6)`, `DELETE FROM audit_entry WHERE place >= 6`,
				`DELETE FROM audit_checkpoint WHERE size > 6`)
			s.rehash(nil)
		}, []string{"entries removed from the signed tree: places 6 to 8", "set back to an earlier time"}},
	} {
		c.tamper()
		out := s.verify(1)
		for _, want := range append(c.want, "the log is NOT what was signed") {
			if !strings.Contains(out, want) {
				t.Errorf("%s: printed %s, which does not say %q", c.name, out, want)
			}
		}
		s.do(`TRUNCATE audit_entry, audit_content, audit_hash, audit_checkpoint`)
		for _, table := range tables {
			s.do(fmt.Sprintf(`INSERT INTO %s OVERRIDING SYSTEM VALUE TABLE kept_%s`, table, table))
		}
	}
	s.do(removeContent)
	if out := s.verify(0); !strings.Contains(out, "9 entries in the tree, 1 of all erased") {
		t.Errorf("an entry whose content was erased: %s", out)
	}
}

// TestAudit_KeptElsewhere: a checkpoint that was kept elsewhere finds what is done by somebody who has the key and the file, too.
func TestAudit_KeptElsewhere(t *testing.T) {
	t.Parallel()
	s := newAuditSite(t)
	p := nks(t, "audit", "checkpoint", "--config", s.config)
	p.Want(t, 0)
	kept := filepath.Join(s.dir, "kept")
	must(t, os.WriteFile(kept, []byte(p.Out.String()), 0o644))
	if out := s.verify(0, "--checkpoint", kept); !strings.Contains(out, "3 signed checkpoints in the database, 4 outside") {
		t.Errorf("printed %s", out)
	}

	show := nks(t, "audit", "show", "--config", s.config, "4")
	show.Want(t, 0)
	for _, want := range []string{"place 4, entry ", `decision: {"number":1}`, "proven by the checkpoint of 9 entries"} {
		if !strings.Contains(show.Out.String(), want) {
			t.Errorf("show printed %s, which does not say %q", show.Out.String(), want)
		}
	}
	nks(t, "audit", "show", "--config", s.config, "9").Want(t, 1)

	s.do(changeContent)
	changed := nks(t, "audit", "show", "--config", s.config, "4")
	changed.Want(t, 1)
	if !strings.Contains(changed.Out.String(), "this is NOT what was entered") {
		t.Errorf("show printed %s", changed.Out.String())
	}
	s.do(changeCommitment)
	s.signedWith(filepath.Join(s.dir, "audit", "key"))
	must(t, os.Remove(filepath.Join(s.dir, "audit", "checkpoints")))
	if out := s.verify(0); !strings.Contains(out, "0 outside") {
		t.Errorf("printed %s", out)
	}
	if out := s.verify(1, "--checkpoint", kept); !strings.Contains(out, "the checkpoint of 9 entries in "+kept+" is signed, and of another tree") {
		t.Errorf("printed %s", out)
	}
}

// TestAudit_Killed: wherever the sequencer dies, the next start goes on with a tree that verifies, and the file outside
// catches up.
func TestAudit_Killed(t *testing.T) {
	t.Parallel()
	for _, failpoint := range []string{"in-sequence-before-commit", "after-sequence-before-checkpoint-file"} {
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			s := &auditSite{site: newSite(t), t: t}
			once := filepath.Join(s.dir, "once")
			p := program.Begin(t, []string{"NKS_TEST_FAILPOINT=" + failpoint, "NKS_TEST_FAILPOINT_ONCE=" + once},
				"run", "--config", s.config, "--clock", programtest.CountryStart)
			s.awaitUp(t, p)
			s.open()
			s.commit(5)
			if !programtest.Eventually(time.Minute, p.Ended) || !programtest.Exists(t, once) {
				t.Fatal("not killed")
			}
			s.begun()
			s.enter(2)
			if out := s.verify(0); !strings.Contains(out, "7 entries in the tree") {
				t.Errorf("printed %s", out)
			}
		})
	}
}
