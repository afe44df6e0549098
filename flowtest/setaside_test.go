package flowtest_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
	"nks/internal/app"
	"nks/schema"
)

// interrupt has the database break off the reading of a payment with a condition of its own.
func (w *world) interrupt(e2e, condition string) {
	w.t.Helper()
	_, err := w.database.Open(w.t, pgtest.Superuser).ExecContext(w.t.Context(), fmt.Sprintf(`CREATE FUNCTION interrupt() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'interrupted' USING ERRCODE = '%s'; END $$;
		CREATE TRIGGER interrupt BEFORE INSERT ON payment FOR EACH ROW WHEN (new.e2e = '%s') EXECUTE FUNCTION interrupt()`, condition, e2e))
	if err != nil {
		w.t.Fatal(err)
	}
}

// interrupted tries to read so often, some minutes apart, and wants every try broken off.
func (w *world) interrupted(times int) {
	w.t.Helper()
	for range times {
		if _, err := w.Receive.NextToRead(w.t.Context()); !errors.Is(err, gateway.ErrTransient) {
			w.t.Fatalf("read: %v", err)
		}
		w.later(5 * time.Minute)
	}
}

// readAgain has everything that was set aside tried again.
func (w *world) readAgain() {
	w.t.Helper()
	all, err := w.Desk.SetAside(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range all {
		w.decided(act.KindReadAgain, d.ID)
	}
}

// TestSetAside_Interrupted: what fails temporarily again and again is not temporary, unless nothing else goes on. // M8
func TestSetAside_Interrupted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		condition string
		others    bool // go on
		aside     bool
	}{
		"a deadlock":                  {"40P01", false, true},
		"cancelled":                   {"57014", false, true},
		"no room":                     {"53100", false, false},
		"no room, and others have it": {"53100", true, true},
		"a shutdown":                  {"57P01", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.interrupt("A", c.condition)
			w.send(bundle("G-1", complete("A", 100)))
			w.interrupted(3)
			w.want("not often yet", w.exceptions(), "")
			if c.others {
				w.send(bundle("G-2", complete("B", 100)))
				if worked, err := w.Receive.NextToRead(t.Context()); !worked || err != nil {
					t.Errorf("what fails goes behind the others: %t, %v", worked, err)
				}
			}
			w.interrupted(1)
			want := map[bool]string{true: "1 delivery cannot be read", false: "0 "}[c.aside]
			w.want("set aside", w.row(`SELECT count(*) FROM delivery WHERE set_aside_at IS NOT NULL`)+" "+w.exceptions(), want)
			if !c.aside {
				w.interrupted(10)
				w.want("set aside", w.exceptions(), "")
			}
		})
	}
}

// TestSetAside_NotAtOnce: many interruptions within some minutes may still pass by themselves. // M8
func TestSetAside_NotAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.interrupt("A", "40001")
	w.send(bundle("G-1", complete("A", 100)))
	for range 20 {
		w.interrupted(1)
		w.later(-5 * time.Minute)
	}
	w.want("exceptions", w.exceptions(), "")
}

// TestSetAside_DatabaseAway: a database that is away uses up no delivery's chances. // M8
func TestSetAside_DatabaseAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	for range 2 * limits().Patience.Interruptions {
		db := w.database.Open(t, schema.Flow)
		away := w.steps(func(o *app.StepOptions) { o.DB = db })
		opens := away.Receive.OpenBundle
		away.Receive.OpenBundle = func(r io.Reader, rules gateway.BundleRules) (gateway.Bundle, error) {
			b, err := opens(r, rules)
			return b, errors.Join(err, db.Close(), gateway.ErrTransient)
		}
		if _, err := away.Receive.NextToRead(t.Context()); !errors.Is(err, gateway.ErrTransient) {
			t.Errorf("read: %v", err)
		}
		w.later(time.Hour)
	}
	w.want("tries", w.row(`SELECT failures, interruptions, set_aside_at FROM delivery`), "0 0 <nil>")
	w.read()
	w.check()
	w.wantAnswers("1 ACPT; 2 ACPT")
}

// TestSetAside_UntilDecided: what was set aside stays so over every start, with its exception, until two persons have it
// tried again. // M16
func TestSetAside_UntilDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(bundle("G-1", complete("A", 100)))
	w.tamper(`UPDATE document_piece SET n = 1`)
	for range limits().Patience.Failures {
		if _, err := w.Receive.NextToRead(t.Context()); err == nil {
			t.Error("a document with a missing piece was read")
		}
	}
	w.tamper(`UPDATE document_piece SET n = 0`)
	again := w.steps()
	if err := again.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if worked, err := again.Receive.NextToRead(t.Context()); worked || err != nil {
		t.Errorf("after a start: %t, %v", worked, err)
	}
	w.want("exceptions", w.exceptions(), "delivery cannot be read")
	id := w.number(`SELECT id FROM delivery`)
	if _, err := w.Desk.Approve(t.Context(), w.decides(act.KindReadAgain, "A. Hansen", id).ID, "a. hansen", ""); !errors.Is(err, gateway.ErrPersons) {
		t.Errorf("one person: %v", err)
	}
	if _, err := w.decide(act.KindReadAgain, "A. Hansen", id+1); err == nil {
		t.Error("another delivery is read again")
	}
	w.want("still", w.row(`SELECT count(*) FROM delivery WHERE set_aside_at IS NOT NULL`)+" "+w.exceptions(), "1 delivery cannot be read")
	w.readAgain()
	w.want("decided", w.row(`SELECT d.kind, s.person FROM exception e JOIN decision d ON d.id = e.decision JOIN decision_step s ON s.decision_id = d.id WHERE s.step = 'approved'`), "read-again Bob")
	if _, err := w.decide(act.KindReadAgain, "A. Hansen", id); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("decided twice: %v", err)
	}
	w.read()
	w.check()
	w.wantAnswers("1 ACPT; 2 ACPT")
}
