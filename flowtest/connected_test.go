package flowtest_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// judges has a world take bundles by a rule about connections, as production does.
func (w *world) judges(rule gateway.ConnectionRule) {
	w.t.Helper()
	w.options.Connections = rule
	w.Steps = w.steps()
	w.fillImage()
}

// hands is what becomes of a bundle of supplier LEVA for authority 77, by its answers and by a dry run before.
func (w *world) hands(group string) string {
	w.t.Helper()
	d := bundle(group, complete(group, 100))
	for i := range d.Debits {
		d.Debits[i].On = "2005-08-19"
	}
	tried := w.try(d.XML(), "LEVA")
	verdict := tried.Receipt
	for _, e := range tried.errors {
		verdict += " " + string(e.Code)
	}
	w.receive(d)
	return verdict + ": " + w.newAnswers()
}

// connectsOn moves the connection of 77 by LON on, from a day.
func (w *world) connectsOn(day string, states ...gateway.ConnectionState) {
	w.t.Helper()
	for _, s := range states {
		if err := w.connect(act.KindConnection, "77", string(s), "effective="+day, "responsible=Rosen", "rights=payments"); err != nil {
			w.t.Fatal(err)
		}
	}
}

const (
	taken   = "ACPT: 1 ACPT; 2 ACPT"
	refused = "RJCT 910: 1 RJCT 910"
)

// TestConnection_Counts: a connection on record that is not live refuses bundles, from request to end and from day to day; what was taken stays. // B33.1 // B33.1-6
func TestConnection_Counts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, connects)
	w.judges(gateway.ConnectionsRecorded)
	w.want("without a record", w.hands("G-1"), taken)
	w.connectsOn("", gateway.ConnectionRequested)
	w.want("requested", w.hands("G-2"), refused)
	w.connectsOn("", gateway.ConnectionAgreed)
	w.want("agreed", w.hands("G-3"), refused)
	w.connectsOn("", gateway.ConnectionTesting)
	w.want("testing", w.hands("G-4"), refused)
	if err := w.connect(act.KindConformance, "", "", "report="+tested(t, "LEVA", 15, 0, 2)); err != nil {
		t.Fatal(err)
	}
	// It goes live on a day, and not before.
	for day, says := range map[string]string{"2005-08-10": "lies in the past", "15/8": "want YYYY-MM-DD"} {
		if err := w.connect(act.KindConnection, "77", "live", "effective="+day); !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), says) {
			t.Errorf("live from %s: %v", day, err)
		}
	}
	w.connectsOn("2005-08-15", gateway.ConnectionLive)
	w.want("the day before it goes live", w.hands("G-5"), refused)
	w.at("2005-08-14 23:59")
	w.want("the minute before it goes live", w.hands("G-6"), refused)
	w.at("2005-08-15 00:00")
	w.want("live", w.hands("G-7"), taken)
	w.want("the ids of what was refused stay free", w.hands("G-2"), taken)
	w.connectsOn("", gateway.ConnectionConnected)
	w.want("fully connected", w.hands("G-8"), taken)
	// It ends while groups wait.
	w.connectsOn("2005-08-17", gateway.ConnectionEnded)
	w.want("the end is still to come", w.hands("G-9"), taken)
	w.at("2005-08-17 00:00")
	w.want("ended", w.hands("G-10"), refused)
	waiting := "waiting 5 = 500"
	w.want("what was taken", w.ledger(), waiting)
	w.at("2005-08-18 06:00")
	w.release()
	w.want("after the release", w.ledger(), strings.Replace(waiting, "waiting", "frozen", 1))
	w.judges(gateway.ConnectionsIgnored)
	w.want("a test environment", w.hands("G-11"), taken)
}

// TestConnection_OfOneSystem: a bundle names no system, and one of its supplier's that is live is enough; another supplier's is none.
func TestConnection_OfOneSystem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country = maps.Clone(o.country)
		o.country["payout_systems.csv"] = []string{"payout_system,supplier,name", "LON,LEVA,Løn", "NY,LEVA,Ny løn", "B,LEVB,Anden"}
		o.country["payout_connections.csv"] = []string{"payout_system,authority,state,rights,responsible",
			"LON,77,live,payments,Rosen", "NY,77,testing,payments,Rosen", "B,77,testing,payments,Rosen"}
	})
	of := func(supplier, authority, agreement, account string) func(string) string {
		return func(group string) string {
			d := bundle(group, complete(group, 100))
			d.From, d.Authority, d.Debits[0].Agreement, d.Debits[0].Account = []string{supplier}, authority, agreement, account
			w.receive(d)
			return strings.ReplaceAll(w.newAnswers(), supplier+":", "")
		}
	}
	ours, theirs, neighbours := of("LEVA", "77", "AFT-1", debit1), of("LEVB", "77", "AFT-B", "40010000765432"), of("LEVB", "78", "AFT-78", "20010000111111")
	w.judges(gateway.ConnectionsRecorded)
	w.want("one of two is live", ours("G-1"), "1 ACPT; 2 ACPT")
	w.want("live by another supplier's", theirs("G-2"), "1 RJCT 910")
	w.want("without a record", neighbours("G-3"), "1 ACPT; 2 ACPT")
	w.judges(gateway.ConnectionsRequired)
	w.want("live, where all must be", ours("G-4"), "1 ACPT; 2 ACPT")
	w.want("without a record, where all must be live", neighbours("G-5"), "1 RJCT 910")
}

// TestConnection_LoadedForADay: what is loaded for a later day is on record, and not live yet.
func TestConnection_LoadedForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, connects)
	w.judges(gateway.ConnectionsRecorded)
	later := country{"payout_connections.csv": {"payout_system,authority,state,rights,responsible", "LON,77,live,payments,Rosen"}}
	if err := loadFrom(t, w.db, later, w.time(), "2005-08-15"); err != nil {
		t.Fatal(err)
	}
	w.want("before the day", w.hands("G-1"), refused)
	w.at("2005-08-15 00:00")
	w.want("on the day", w.hands("G-2"), taken)
}

// TestConnection_FollowsItsDay: a state follows the one that is so on its day, not the one of today.
func TestConnection_FollowsItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, connects)
	w.judges(gateway.ConnectionsRecorded)
	w.connectsOn("", gateway.ConnectionRequested, gateway.ConnectionAgreed, gateway.ConnectionTesting)
	if err := w.connect(act.KindWaiveTest, "77", ""); err != nil {
		t.Fatal(err)
	}
	w.connectsOn("2005-08-15", gateway.ConnectionLive)
	w.connectsOn("2005-08-16", gateway.ConnectionConnected)
	w.at("2005-08-16 00:00")
	w.connectsOn("2005-08-17", gateway.ConnectionTesting)
	for _, next := range []gateway.ConnectionState{gateway.ConnectionConnected, gateway.ConnectionTesting} {
		err := w.connect(act.KindConnection, "77", string(next), "effective=2005-08-18", "responsible=Rosen", "rights=payments")
		if !errors.Is(err, gateway.ErrIntent) || !strings.Contains(err.Error(), "is testing, from 2005-08-18, and cannot be "+string(next)) {
			t.Errorf("%s the day after it goes back to testing: %v", next, err)
		}
	}
	w.at("2005-08-17 00:00")
	w.want("in test again", w.hands("G-1"), refused)
}

// TestConnection_SetBack: in a database that was set back a bundle is judged between the same decisions as before.
func TestConnection_SetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, connects, keeps)
	w.judges(gateway.ConnectionsRecorded)
	w.connectsOn("", gateway.ConnectionRequested, gateway.ConnectionAgreed, gateway.ConnectionTesting)
	backup := w.backup()
	w.want("testing", w.hands("G-1"), refused)
	if err := w.connect(act.KindWaiveTest, "77", ""); err != nil {
		t.Fatal(err)
	}
	w.connectsOn("", gateway.ConnectionLive)
	w.want("live", w.hands("G-2"), taken)
	w.connectsOn("", gateway.ConnectionEnded)
	w.want("ended", w.hands("G-3"), refused)
	bundles := w.rows(`SELECT group_ref, state FROM delivery ORDER BY id`)
	w.later(time.Hour)
	w.restored(backup)
	if done, err := w.Restore.Take(t.Context(), "A. Hansen"); err != nil || len(done.Left) > 0 {
		t.Fatalf("%+v: %v", done, err)
	}
	w.want("bundles", strings.Join(w.rows(`SELECT group_ref, state FROM delivery ORDER BY id`), "; "), strings.Join(bundles, "; "))
	w.want("ledger", w.ledger(), "waiting 1 = 100")
}
