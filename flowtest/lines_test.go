package flowtest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// reports has a node tell of lines.
func (w *world) reports(node string, lines ...gateway.Link) {
	w.t.Helper()
	for i := range lines {
		lines[i].Owner, lines[i].Since, lines[i].Limit = node, w.now, 600
		if lines[i].Kind != gateway.LinkBank {
			lines[i].Node = node
		}
		if lines[i].State == gateway.LinkUp {
			now := w.now
			lines[i].Good = &now
		}
		if lines[i].State == gateway.LinkDown {
			lines[i].Why, lines[i].Error = gateway.TroubleRefused, "connection refused"
		}
	}
	if err := w.Lines.Tell(w.t.Context(), node, lines); err != nil {
		w.t.Fatal(err)
	}
}

// judged is what persons are told of lines after a node has looked: open exceptions.
func (w *world) judged() string {
	w.t.Helper()
	all, err := w.Lines.All(w.t.Context())
	if err == nil {
		err = w.Lines.Judge(w.t.Context(), all)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return w.row(`SELECT coalesce(string_agg(subject || ':' || severity, '; ' ORDER BY subject), '') FROM exception WHERE kind = 'line down' AND closed_at IS NULL`)
}

func bankLine(id string, state gateway.LinkState) gateway.Link {
	return gateway.Link{Kind: gateway.LinkBank, Name: id, State: state}
}

func doorLine(name string, state gateway.LinkState) gateway.Link {
	return gateway.Link{Kind: gateway.LinkDoor, Name: name, State: state}
}

// TestLines_DownForTooLong: told once, as severely as the time of day asks for, again more severely where it becomes so, and ended when the
// line is up. What a person has closed is not told again while the same lasts.
func TestLines_DownForTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2005-08-11 12:00")
	w.reports("n1", bankLine("BEC", gateway.LinkUp))
	w.at("2005-08-11 12:01")
	w.reports("n1", bankLine("BEC", gateway.LinkDown))
	w.want("within its limit", w.judged(), "")
	for _, at := range []string{"12:06", "12:10"} { // it fails again and again
		w.at("2005-08-11 " + at)
		w.reports("n1", bankLine("BEC", gateway.LinkDown))
	}
	w.want("at its limit", w.judged(), "")
	w.at("2005-08-11 12:11")
	w.reports("n2", bankLine("BEC", gateway.LinkDown)) // another node has become its owner
	w.want("over it, long before the send-by", w.judged(), "bank BEC:2")
	w.want("and again", w.judged(), "bank BEC:2")
	w.at("2005-08-11 20:31")
	w.reports("n2", bankLine("BEC", gateway.LinkDown))
	w.want("before the send-by", w.judged(), "bank BEC:3")
	w.want("rows", w.row(`SELECT count(*) FROM exception WHERE kind = 'line down'`), "2")
	w.want("what it says", w.row(`SELECT array_to_string(detail_args, '|') FROM exception WHERE kind = 'line down' AND closed_at IS NULL`),
		"2005-08-11 12:00|10m0s|2005-08-11 12:00|connection refused")
	w.reports("n2", bankLine("BEC", gateway.LinkUp))
	w.want("up again", w.judged(), "")
	w.want("ended by", w.row(`SELECT string_agg(DISTINCT closed_by, ',') FROM exception WHERE kind = 'line down'`), "nks")

	w.reports("n2", bankLine("BEC", gateway.LinkDown))
	w.at("2005-08-11 20:42")
	w.reports("n2", bankLine("BEC", gateway.LinkDown))
	w.want("down again", w.judged(), "bank BEC:3")
	w.approves(w.decides(act.KindClose, "A. Hansen", w.number(`SELECT id FROM exception WHERE kind = 'line down' AND closed_at IS NULL`)).ID, "B. Jensen")
	w.at("2005-08-11 20:44")
	w.reports("n2", bankLine("BEC", gateway.LinkDown))
	w.want("a person has closed it", w.judged(), "")
}

// TestLines_ADeadNode: what a node cannot tell any more is found by another, and is never up; its doors are forgotten after a day.
func TestLines_ADeadNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reports("n1", bankLine("BEC", gateway.LinkUp), doorLine(gateway.DoorMailbox, gateway.LinkUp), doorLine(gateway.DoorQueues, gateway.LinkUp),
		gateway.Link{Kind: gateway.LinkQueue, Name: "LEVA", State: gateway.LinkUp})
	w.reports("n2", doorLine(gateway.DoorMailbox, gateway.LinkUp), doorLine(gateway.DoorQueues, gateway.LinkClosed))
	p := w.pages()
	p.says("all is well", p.get("/lines", "", http.StatusOK), "Alt, hvad der skal være forbundet, er det", "Postkassen (SFTP) n1 Forbundet", "Kø-indgangen (MQ) n2 Lukket", "Køer for LEVA n1 Forbundet")
	w.at("2005-08-11 04:42")
	w.reports("n2", doorLine(gateway.DoorMailbox, gateway.LinkUp))
	w.want("its node is dead", w.judged(), "bank BEC:3; door mailbox at n1:2; door mq at n1:3")
	p.says("the page", p.get("/lines", "", http.StatusOK), "Ikke forbundet: 4", "Afbrudt længere end tilladt: 4", "Datacentral BEC : Vides ikke siden 11.08.2005 04.30.00 . Maskinen fortæller ikke længere noget")
	html := w.pages().get("/", "", http.StatusOK)
	p.says("the overview", html, "Kræver opmærksomhed", "Afbrudt længere end tilladt: 4", "Der er ikke forbindelse")
	if !strings.Contains(html, `href="/lines"`) {
		t.Error("the overview does not lead to the lines")
	}
	for what, html := range map[string]string{"lines": p.get("/lines", "77", http.StatusOK), "overview": w.pages().get("/", "77", http.StatusOK)} {
		p.hides(what+" of an authority", html, "Datacentral BEC", "n1", "Afbrudt længere")
	}
	p.says("lines of an authority", p.get("/lines", "77", http.StatusOK), "Kun driften ser forbindelserne")

	w.reports("n2", bankLine("BEC", gateway.LinkUp)) // who owns its line now
	w.want("another owner", w.judged(), "door mailbox at n1:2; door mq at n1:3")
	w.want("up since", w.row(`SELECT to_char(since AT TIME ZONE 'Europe/Copenhagen', 'HH24:MI') FROM line WHERE kind = 'bank'`), "04:42")
	w.at("2005-08-12 04:31")
	w.reports("n2", doorLine(gateway.DoorMailbox, gateway.LinkUp), bankLine("BEC", gateway.LinkUp))
	w.want("a day later", w.judged(), "")
	w.want("lines", w.row(`SELECT string_agg(kind || ' ' || name || ' ' || node, ', ' ORDER BY kind, name, node) FROM line`), "bank BEC , door mailbox n2")
}

// TestLines_Expected: a bank's line of which nobody has told is not known, and is told of when that lasts; one that was closed is wanted anew.
func TestLines_Expected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expect := func() {
		t.Helper()
		if err := w.Lines.Expect(t.Context(), "SDC", "n1", 10*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	const state = `SELECT state, trouble FROM line`
	expect()
	w.want("expected", w.row(state), "unknown untold")
	w.want("just now", w.judged(), "")
	w.at("2005-08-11 04:41")
	w.want("never told of", w.judged(), "bank SDC:3")
	w.want("what it says", w.row(`SELECT detail_code FROM exception WHERE kind = 'line down'`), "line_never_good")
	w.reports("n1", bankLine("SDC", gateway.LinkUp))
	expect()
	w.want("expected again", w.row(`SELECT state FROM line`), "up")
	w.reports("n1", bankLine("SDC", gateway.LinkClosed))
	w.at("2005-08-11 09:41")
	w.want("closed", w.judged(), "")
	expect()
	w.want("wanted anew", w.row(`SELECT state, to_char(since AT TIME ZONE 'Europe/Copenhagen', 'HH24:MI') FROM line`), "unknown 09:41")
}

// TestLines_Queues: what waits in a supplier's queues is told by the node that has them, and seen wherever the database is. What nobody tells
// is not known, and never nothing.
func TestLines_Queues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.message("LEVA", "id:a", []byte("no XML")); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.at("2005-08-11 04:35")
	w.park("id:a", []byte("another"), "same key, other content")
	here, err := w.Lines.Waiting(t.Context())
	if err != nil || here["LEVA"][gateway.PlaceToPut].Messages != 1 || here["LEVA"][gateway.PlaceParked].Messages != 1 {
		t.Fatalf("%+v, %v", here, err)
	}
	oldest := w.now.Add(-3 * time.Minute)
	broker := gateway.Held{gateway.PlaceIn: {}, gateway.PlaceOut: {Messages: 7, Oldest: &oldest}, gateway.PlaceParked: {Messages: 2, Oldest: &oldest}}
	w.reports("n1", gateway.Link{Kind: gateway.LinkQueue, Name: "LEVA", State: gateway.LinkUp, Held: broker.With(here["LEVA"])},
		gateway.Link{Kind: gateway.LinkQueue, Name: "ELSEWHERE", State: gateway.LinkUp, Held: here["LEVA"]},
		gateway.Link{Kind: gateway.LinkQueue, Name: "ANOTHERS", State: gateway.LinkClosed, Why: gateway.TroubleElsewhere})
	p := w.pages()
	page := func() string { return p.get("/lines", "", http.StatusOK) }
	p.says("the page", page(), "Hvad der venter i køerne",
		"LEVA n1 0 1, den ældste siden 11.08.2005 04.30.00 7, den ældste siden 11.08.2005 04.32.00 3, den ældste siden 11.08.2005 04.32.00",
		"ELSEWHERE n1 Vides ikke 1, den ældste siden 11.08.2005 04.30.00 Vides ikke 1, den ældste siden 11.08.2005 04.35.00")
	p.hides("where it is closed", strings.Split(page(), `id="queues"`)[1], "ANOTHERS")
	english := p.ask(http.MethodGet, "/lines", "", nil, func(r *http.Request) { r.Header.Set("Cookie", "nks_language=en") })
	text, err := io.ReadAll(english.Body)
	if err != nil {
		t.Fatal(err)
	}
	p.says("in English", string(text), "What waits in the queues", "Not taken in yet", "Put aside for a person", "the oldest since")
	p.hides("an authority's", p.get("/lines", "77", http.StatusOK), "LEVA", "Hvad der venter")
	w.at("2005-08-11 04:37")
	p.says("its node is dead", page(), "LEVA n1 Vides ikke Vides ikke Vides ikke Vides ikke")
}
