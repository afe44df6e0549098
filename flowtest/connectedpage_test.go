package flowtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/view"
	"nks/schema"
)

// connectedUpTo brings authorities by a payout system of LEVA up to its test, with a report that has failed on record.
func (w *world) connectedUpTo(system, authorities string) {
	w.t.Helper()
	load(w.t, w.db, country{"payout_systems.csv": {"payout_system,supplier,name", system + ",LEVA,Lønsystemet"}}, w.time())
	w.fillImage()
	decide := func(kind string, content map[string]string) {
		content["system"] = system
		if _, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: kind, By: "Ann", Why: "a test", Content: content}); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, s := range []gateway.ConnectionState{gateway.ConnectionRequested, gateway.ConnectionAgreed, gateway.ConnectionTesting} {
		decide(act.KindConnection, map[string]string{"authorities": authorities, "state": string(s), "responsible": "Rosen", "rights": "payments lookups"})
	}
	decide(act.KindConformance, map[string]string{"report": tested(w.t, "LEVA", 14, 1, 2)})
}

// TestConnection_Pages: the list says how far each is and what it lacks, and a connection's own page has its days, reports and decisions. // B33.1-6
func TestConnection_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pages()
	p.says("nothing", p.get("/connections", "", http.StatusOK), "Tilslutninger", "Ingen tilslutning er registreret")
	w.connectedUpTo("LON", "77 78")
	list := p.get("/connections", "", http.StatusOK)
	p.says("the list", list, "Mangler noget for at komme i drift: 2 af 2", "77, LON Lønsystemet LEVA I test 11.08.2005 04.30",
		"en bestået tilslutningstest; den sidste er det ikke, to personers afgørelse om drift", "Ikke bestået: 14 af 17 prøver bestået")
	if !strings.Contains(list, `href="/connection/LON/77"`) || !strings.Contains(p.get("/", "", http.StatusOK), `href="/connections"`) {
		t.Error("the pages do not lead to each other")
	}
	passed := tested(t, "LEVA", 15, 0, 2)
	if err := w.connect(act.KindConformance, "", "", "report="+passed); err != nil {
		t.Fatal(err)
	}
	if err := w.connect(act.KindConnection, "78", "live", "effective=2005-08-15"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindConnection, By: "Ann", Why: "they want to begin", Content: map[string]string{"system": "LON", "authorities": "77", "state": "live"}}); err != nil {
		t.Fatal(err)
	}
	list = p.get("/connections", "", http.StatusOK)
	p.says("the list", list, "Mangler noget for at komme i drift: 2 af 2", "78, LON Lønsystemet LEVA I test 11.08.2005 04.30.00 I drift fra 15.08.2005 00.00.00",
		"to personers afgørelse om drift Bestået: 15 af 17 prøver")
	one := p.get("/connection/LON/77", "", http.StatusOK)
	p.says("a connection", one, "Myndighed 77 med LON", "Det mangler, før bundter modtages i produktion to personers afgørelse om drift", "Rosen lookups, payments",
		"Hent rapporten fra afgørelse 5", "Hent rapporten fra afgørelse 4", "Bestået", "Ikke muligt her", "Ann they want to begin underskrevet af Ann 11.08.2005 04.30.00 ; venter på endnu en person", "underskrevet af Ann 11.08.2005 04.30.00 ; udført")
	p.hides("a connection", one, "en rapport fra tilslutningstesten")
	english := p.ask(http.MethodGet, "/connection/LON/78", "", nil, func(r *http.Request) { r.Header.Set("Cookie", "nks_language=en") })
	body, err := io.ReadAll(english.Body)
	if err != nil {
		t.Fatal(err)
	}
	p.says("in English", string(body), "Authority 78 by LON", "Live (still to come)", "approved by Bob")
	w.at("2005-08-15 00:00")
	p.says("when the day has come", p.get("/connection/LON/78", "", http.StatusOK), "Intet mangler: bundter modtages i produktion.")
	p.says("the list then", p.get("/connections", "", http.StatusOK), "Mangler noget for at komme i drift: 1 af 2", "intet")
	w.connectionReport(p, passed)
	w.connectionsOfOthers(p)
}

// connectionReport takes the report of decision 5 as a file.
func (w *world) connectionReport(p *pages, want string) {
	w.t.Helper()
	r := p.ask(http.MethodGet, "/connections/report/5", "", nil)
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != want || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Content-Disposition") != `attachment; filename="connection-test-5.json"` {
		w.t.Errorf("the report: %v, %v\n%s", err, r.Header, got)
	}
	for _, none := range []string{"1", "99", "x", "0"} { // of another kind, of nobody, no number
		p.get("/connections/report/"+none, "", http.StatusNotFound)
	}
}

// connectionsOfOthers are not shown to authorities, and what is not there to nobody.
func (w *world) connectionsOfOthers(p *pages) {
	w.t.Helper()
	refused := p.get("/connections", "77", http.StatusOK)
	p.says("an authority", refused, "Kun driften ser tilslutningerne.")
	p.hides("an authority", refused, "LON")
	p.get("/connection/LON/77", "77", http.StatusNotFound)
	p.get("/connections/report/5", "77", http.StatusNotFound)
	for _, none := range []string{"/connection/LON/79", "/connection/NY/77", "/connection/LON"} {
		p.get(none, "", http.StatusNotFound)
	}
	// The database keeps it, too.
	for _, table := range []string{"payout_system_version", "payout_connection_version", "register_change_origin"} {
		if n := w.sees(of("77"), `SELECT FROM `+table); n != 0 || w.sees(operations, `SELECT FROM `+table) == 0 {
			w.t.Errorf("an authority sees %d rows of %s", n, table)
		}
	}
	reader := view.New(w.database.Open(w.t, schema.Page), zerolog.New(w.log))
	if list, err := reader.Connections(w.t.Context(), view.Viewer{Authority: "77"}, w.time()); err != nil || len(list) > 0 {
		w.t.Errorf("an authority reads %s, %v", fmt.Sprint(list), err)
	}
}
