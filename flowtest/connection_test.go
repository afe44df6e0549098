package flowtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// connects gives supplier LEVA a payout system.
func connects(o *options) {
	o.country = maps.Clone(o.country)
	o.country["payout_systems.csv"] = []string{"payout_system,supplier,name", "LON,LEVA,Lønsystemet"}
}

// tested is the report of a connection test with so many cases of each verdict.
func tested(t testing.TB, supplier string, passed, failed, notPossible int) string {
	t.Helper()
	r := gateway.ConformanceReport{Supplier: supplier, Gateway: "NKS", Begun: time.Unix(0, 0), Ended: time.Unix(60, 0)}
	for n, v := range map[gateway.Verdict]int{gateway.VerdictPassed: passed, gateway.VerdictFailed: failed, gateway.VerdictNotPossible: notPossible} {
		for i := range v {
			r.Cases = append(r.Cases, gateway.ConformanceCase{ID: fmt.Sprint(n, i), Official: true, Verdict: n})
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// connect asks for a decision about connections by LON, has as many persons stand for it as must, and gives the refusal.
func (w *world) connect(kind, authorities, state string, more ...string) error {
	w.t.Helper()
	content := map[string]string{"system": "LON", "authorities": authorities, "state": state}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		content[name] = value
	}
	d, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: kind, By: "Ann", Why: "a test", Content: content})
	if err == nil && d.Persons == 2 {
		w.approves(d.ID, "Bob")
	}
	return err
}

// TestConnection: the states follow each other, with days and persons, and nobody goes live untested. // B33.1-6 // B33.2
func TestConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, connects)
	refused := func(what string, err error, says string) {
		t.Helper()
		if !errors.Is(err, gateway.ErrIntent) && !errors.Is(err, gateway.ErrNotFound) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	done := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const way = act.KindConnection
	refused("live at once", w.connect(way, "77", "live", "responsible=Rosen"), "is not asked for, and cannot be live next")
	refused("nobody responsible", w.connect(way, "77", "requested", "rights=payments"), "responsible")
	refused("an authority that nobody knows", w.connect(way, "4711", "requested", "responsible=Rosen"), "4711")
	refused("twice the same", w.connect(way, "77 77", "requested", "responsible=Rosen"), "each once")
	// B33.2: one system serves several authorities, which its supplier connects together.
	done(w.connect(way, "77 78", "requested", "responsible=Rosen", "rights=payments"))
	refused("tested without an agreement", w.connect(way, "77", "testing"), "is requested, and cannot be testing next")
	w.at("2005-08-12 10:00")
	done(w.connect(way, "77 78", "agreed"))
	done(w.connect(way, "77 78", "testing", "responsible=Dahl"))
	refused("no report", w.connect(way, "77", "live"), "no report of a connection test is on record")
	refused("another's report", w.connect(act.KindConformance, "", "", "report="+tested(t, "LEVB", 20, 0, 0)), "is of data supplier LEVB")
	refused("no report at all", w.connect(act.KindConformance, "", "", "report={}"), "no supplier")
	done(w.connect(act.KindConformance, "", "", "report="+tested(t, "LEVA", 14, 1, 2)))
	refused("failed", w.connect(way, "77", "live"), "failed: 14 of 17 cases passed, 1 failed, 0 not answered, 2 not possible here")
	done(w.connect(act.KindConformance, "", "", "report="+tested(t, "LEVA", 3, 0, 14)))
	refused("next to nothing was played", w.connect(way, "77", "live"), "incomplete: 3 of 17 cases passed, 0 failed, 0 not answered, 14 not possible here")
	// 78 has a dispensation, and 77 has none.
	done(w.connect(act.KindWaiveTest, "78", ""))
	refused("the other's dispensation", w.connect(way, "77", "live"), "no dispensation")
	done(w.connect(way, "78", "live"))
	done(w.connect(act.KindConformance, "", "", "report="+tested(t, "LEVA", 15, 0, 2)))
	w.at("2005-08-15 10:00")
	done(w.connect(way, "77", "live"))
	done(w.connect(way, "77", "connected"))
	done(w.connect(way, "78", "ended"))

	record, err := w.Desk.Connection(t.Context(), "LON", "77")
	done(err)
	var states []string
	for _, c := range record.History {
		states = append(states, fmt.Sprintf("%s %s %s %s", c.Since.Format("01-02"), c.State, c.Responsible, strings.Join(c.Rights, " ")))
	}
	w.want("history", strings.Join(states, "; "), "08-11 requested Rosen payments; 08-12 agreed Rosen payments; 08-12 testing Dahl payments; 08-15 live Dahl payments; 08-15 connected Dahl payments")
	if n := len(record.Decided); n != 8 || !strings.HasSuffix(record.Decided[6].Steps[len(record.Decided[6].Steps)-1].Outcome[0].What, "is live, by the report of decision "+fmt.Sprint(record.Decided[5].ID)) {
		t.Errorf("%d decisions: %+v", n, record.Decided)
	}
	all, err := w.Desk.Connections(t.Context())
	done(err)
	if len(all) != 2 || all[0].State != gateway.ConnectionConnected || all[1].State != gateway.ConnectionEnded || all[0].Supplier != "LEVA" {
		t.Errorf("connections %+v", all)
	}
	if _, err := w.Desk.Connection(t.Context(), "LON", "79"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a connection that nobody asked for: %v", err)
	}
}
