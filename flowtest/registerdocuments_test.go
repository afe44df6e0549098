package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/registerxml"
	"nks/internal/app"
)

// reporting is a world where LEVB reports for Egen Bank and Ny Bank, and LEVA's system may change accounts for 77.
func reporting(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, func(o *options) {
		o.country["bank_directory.csv"] = []string{"registration_number,bank,joined,bank_centre,merged_into", "7045,Egen Bank,yes,BEC,", "7046,Egen Bank,yes,BEC,",
			"5301,Anden Bank,yes,BEC,", "8888,Ny Bank,no,BEC,"}
		o.country["payout_systems.csv"] = []string{"payout_system,supplier,name", "SAG,LEVA,Sag", "LON,LEVA,Løn", "NABO,LEVB,Nabo"}
		o.country["payout_connections.csv"] = []string{"payout_system,authority,state,rights,responsible", "SAG,77,live,payments accounts,Rosen", "LON,78,live,payments,Rosen", "NABO,78,connected,accounts,Rosen"}
	})
	w.Steps = w.steps(func(o *app.StepOptions) {
		o.Connections = gateway.ConnectionsRecorded
		o.BankReports = map[string][]string{"LEVB": {"Egen Bank", "Ny Bank"}}
	})
	w.fillImage()
	return w
}

// document is one about the register.
func document(t testing.TB, h registerxml.Head, items ...registerxml.Item) []byte {
	t.Helper()
	var b bytes.Buffer
	d, err := registerxml.NewWriter(&b, h)
	for n, i := range items {
		if i.Ref == "" {
			i.Ref = fmt.Sprint("r", n+1)
		}
		if err == nil {
			err = d.Item(i)
		}
	}
	if err == nil {
		err = d.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func bankReport(id, bank string) registerxml.Head {
	return registerxml.Head{Root: registerxml.BankReport, MessageID: id, Sender: "LEVB", Bank: bank}
}

func caseworker(id string) registerxml.Head {
	return registerxml.Head{Root: registerxml.CaseworkerRequest, MessageID: id, Sender: "LEVA", Authority: "77"}
}

// telling is an item about a citizen, by a caseworker who has seen nothing.
func telling(action registerxml.Action, holder string) registerxml.Item {
	return registerxml.Item{Action: action, Holder: gateway.Holder{Kind: gateway.CPR, ID: holder}, By: "sagsbehandler 0042", Why: "asked at the counter", Source: "form 7"}
}

func with(i registerxml.Item, number string) registerxml.Item {
	i.Account.Account = gateway.Account{Kind: gateway.DomesticBBAN, Number: number}
	return i
}

// sends puts a document through the door, and tells its answer: how it stands, and what became of each item.
func (w *world) sends(supplier, key string, body []byte) (registerxml.Answer, []registerxml.Outcome) {
	w.t.Helper()
	if err := w.message(supplier, key, body); err != nil {
		w.t.Fatal(err)
	}
	w.read()
	id := w.number(`SELECT a.document_id FROM answer a JOIN delivery d ON d.id = a.delivery_id WHERE d.transport_key = $1 AND a.kind = 30`, key)
	r := registerxml.NewAnswerReader(strings.NewReader(w.raw(id)))
	head, err := r.Head()
	if err != nil {
		w.t.Fatal(err)
	}
	var all []registerxml.Outcome
	for {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, o)
	}
	w.fillImage()
	return head, all
}

// whatBecame tells outcomes as "ref state rule accounts".
func whatBecame(all []registerxml.Outcome) string {
	lines := make([]string, len(all))
	for n, o := range all {
		lines[n] = strings.TrimSpace(o.Ref + " " + o.State + " " + o.Rule)
		for _, h := range o.Holds {
			lines[n] += " [" + strings.TrimSpace(h.Authority+" "+h.BenefitType+" "+h.Account.Number) + "]"
		}
	}
	return strings.Join(lines, "; ")
}

func (w *world) nemKonto(holder string) string {
	w.t.Helper()
	h, err := w.Accounts.Held(w.t.Context(), w.db, gateway.Holder{Kind: gateway.CPR, ID: holder}, "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	if h == nil {
		return "none"
	}
	return h.Account.Number
}

// TestBankReport: a bank registers, changes and ends its customers' NemKonti in that bank, at once, and nothing else: another bank's
// account, a bank that has not joined, an account abroad are refused one by one, and specific accounts stay. // B26.1b // B26.2 // B39.1 // B25.1
func TestBankReport(t *testing.T) {
	t.Parallel()
	w := reporting(t)
	foreign := telling(registerxml.Register, ann)
	foreign.Account.Account = gateway.Account{Kind: gateway.ForeignAccount, Number: "CH123", BIC: "AAAACHZZXXX"}
	head, all := w.sends("LEVB", "id:a", document(t, bankReport("R-1", "Egen Bank"),
		with(telling(registerxml.Register, bob), "70450000000001"), with(telling(registerxml.Register, poor), "70460000000002"),
		with(telling(registerxml.Register, ann), "53010000000003"), foreign, with(telling(registerxml.Register, "0101010101"), "70450000000004"),
		with(telling(registerxml.Delete, exile), "70450000000005")))
	w.want("outcomes", whatBecame(all), "r1 in_force [70450000000001]; r2 in_force [70460000000002]; r3 refused B39.1; r4 refused B26.2; r5 refused G-ident; r6 refused B26.1b")
	w.want("answer", head.Status+" "+head.About+" "+head.To, "PART R-1 LEVB")
	w.want("register", w.nemKonto(bob)+" "+w.nemKonto(poor)+" "+w.nemKonto(ann), "70450000000001 70460000000002 "+annAccount)
	w.want("specific accounts", w.row(`SELECT account, locked FROM account_version WHERE authority IS NOT NULL AND recorded_to IS NULL`), bobSpecific+" false")
	w.want("applications", w.row(`SELECT DISTINCT source FROM account_application a JOIN delivery d ON d.id = a.delivery_id AND a.source = 'delivery ' || d.id || ' item 1'`),
		fmt.Sprintf("delivery %s item 1", w.row(`SELECT id FROM delivery`)))
	_, all = w.sends("LEVB", "id:b", document(t, bankReport("R-2", "Ny Bank"), with(telling(registerxml.Register, ann), "88880000000001"), with(telling(registerxml.Register, ann), "70450000000001")))
	w.want("not joined, and the bank's other", whatBecame(all), "r1 refused B39.1; r2 refused B39.1")

	closed := with(telling(registerxml.Closed, bob), "70450000000001")
	closed.To = gateway.Date{Year: 2005, Month: 9, Day: 1}
	today := with(telling(registerxml.Closed, poor), "70460000000002")
	today.To = gateway.Date{Year: 2005, Month: 8, Day: 11}
	other := with(telling(registerxml.Closed, ann), "70450000000001")
	other.To = today.To
	_, all = w.sends("LEVB", "id:c", document(t, bankReport("R-3", "Egen Bank"), closed, today, other))
	w.want("closed", whatBecame(all), "r1 in_force [70450000000001]; r2 in_force; r3 refused B26.1b")
	w.want("today", w.nemKonto(poor), "none")
	if end := time.Date(2005, 9, 1, 0, 0, 0, 0, w.Base.Location); !all[0].Holds[0].To.Equal(end) {
		t.Errorf("it ends at %s", all[0].Holds[0].To)
	}
	w.at("2005-09-01 00:00")
	w.want("at the day", w.nemKonto(bob), "none")
}

// TestCaseworkerInterface: an authority's system registers a NemKonto that waits for the holder, while payments go to the old one; it
// keeps its own specific accounts, in full, and sees of a NemKonto all but the last four digits. // B18.2 // B26.1d // B29.2 // B13.2 // B19.1 // B19.2 // B27.1
func TestCaseworkerInterface(t *testing.T) {
	t.Parallel()
	w := reporting(t)
	seen, err := w.Accounts.Held(t.Context(), w.db, gateway.Holder{Kind: gateway.CPR, ID: ann}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	register := with(telling(registerxml.Register, ann), "70450000000001")
	register.Expects = seen.Version
	stale := register
	stale.Expects--
	unproved := register
	unproved.Source, unproved.Holder.ID = "", exile
	specific := with(telling(registerxml.Register, ann), "53010000000009")
	specific.Authority, specific.BenefitType, specific.Locked = "77", "YD77", true
	foreign := specific
	foreign.Authority, foreign.BenefitType, foreign.Locked = "78", "YD78", false
	_, all := w.sends("LEVA", "id:a", document(t, caseworker("C-1"), register, stale, unproved, specific, foreign, telling(registerxml.Query, ann), telling(registerxml.Query, bob), telling(registerxml.Query, "0101010101")))
	masked := annAccount[:10] + "xxxx"
	w.want("outcomes", whatBecame(all), "r1 waits_activation ["+masked+"]; r2 refused stale ["+masked+"]; r3 refused B26.1d ["+exileAccount[:10]+"xxxx]; "+
		"r4 in_force [77 YD77 53010000000009]; r5 refused B27.1; r6 answered ["+masked+"] [77 YD77 53010000000009]; r7 answered ["+bobAccount[:10]+"xxxx] [77 YD1 "+bobSpecific+"]; r8 refused G-ident")
	if v := all[5].Holds[0].Version; v != seen.Version {
		t.Errorf("version %d to send back: %d is in force", v, seen.Version)
	}
	w.want("queries", w.row(`SELECT item, authority, asked_by, why FROM register_query ORDER BY item`),
		"6 77 sagsbehandler 0042 asked at the counter; 7 77 sagsbehandler 0042 asked at the counter; 8 77 sagsbehandler 0042 asked at the counter")
	w.want("NemKonto", w.nemKonto(ann), annAccount)

	// The payment is of another benefit than the specific account.
	w.paid(bundle("G-1", cpr("A-1", ann, 100)))
	w.want("paid to", w.row(`SELECT p.e2e, o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id`), "A-1 "+annAccount)
}

// TestCaseworkerInterface_LockedByAnother: once its authority has locked a specific account, another authority's change is refused, and
// the read-back tells that authority nothing of it; unlocking, limiting, promoting and deleting are its own. // B27.1 // B27.2 // B19.2
func TestCaseworkerInterface_LockedByAnother(t *testing.T) {
	t.Parallel()
	w := reporting(t)
	specific := func(i registerxml.Item, expects int64) registerxml.Item {
		i.Authority, i.BenefitType, i.Expects = "77", "YD1", expects
		return i
	}
	neighbour := registerxml.Head{Root: registerxml.CaseworkerRequest, MessageID: "N-1", Sender: "LEVB", Authority: "78"}
	change := specific(with(telling(registerxml.Register, bob), "53010000000009"), 0)
	_, all := w.sends("LEVA", "id:a", document(t, caseworker("C-1"), telling(registerxml.Query, bob)))
	seen := all[0].Holds[1].Version
	_, all = w.sends("LEVB", "id:b", document(t, neighbour, change))
	w.want("not locked", whatBecame(all), "r1 refused B27.1")
	_, all = w.sends("LEVA", "id:c", document(t, caseworker("C-2"), specific(telling(registerxml.Lock, bob), seen)))
	w.want("locked", whatBecame(all), "r1 in_force [77 YD1 "+bobSpecific+"]")
	locked := all[0].Holds[0]
	if !locked.Locked || locked.Version == seen {
		t.Errorf("read back %+v", locked)
	}
	neighbour.MessageID = "N-2"
	_, all = w.sends("LEVB", "id:d", document(t, neighbour, change, telling(registerxml.Query, bob)))
	w.want("another authority", whatBecame(all), "r1 refused B27.2; r2 answered ["+bobAccount[:10]+"xxxx]")

	limit := specific(telling(registerxml.Limit, bob), 0)
	limit.To = gateway.Date{Year: 2005, Month: 12, Day: 1}
	_, all = w.sends("LEVA", "id:e", document(t, caseworker("C-3"), specific(telling(registerxml.Promote, bob), locked.Version), specific(telling(registerxml.Unlock, bob), locked.Version)))
	w.want("promoted while locked, and unlocked", whatBecame(all), "r1 refused B27.2 ["+bobAccount[:10]+"xxxx]; r2 in_force [77 YD1 "+bobSpecific+"]")
	limit.Expects = all[1].Version
	_, all = w.sends("LEVA", "id:f", document(t, caseworker("C-4"), limit))
	w.want("limited", whatBecame(all), "r1 in_force [77 YD1 "+bobSpecific+"]")
	_, all = w.sends("LEVA", "id:g", document(t, caseworker("C-5"), specific(telling(registerxml.Promote, bob), all[0].Version), specific(telling(registerxml.Delete, bob), all[0].Version)))
	w.want("promoted, and deleted", whatBecame(all), "r1 waits_activation ["+bobAccount[:10]+"xxxx]; r2 in_force")
}

// TestRegisterDocumentsAreKnown: a document that comes again, under whatever name, is told what became of it; another with its number, of
// another sender, for another authority or of bad form is refused as a whole, and does nothing.
func TestRegisterDocumentsAreKnown(t *testing.T) {
	t.Parallel()
	w := reporting(t)
	lock := telling(registerxml.Lock, bob)
	lock.Authority, lock.BenefitType, lock.Expects = "77", "YD1", 0
	first := document(t, caseworker("C-1"), lock, telling(registerxml.Query, ann))
	head, all := w.sends("LEVA", "id:a", first)
	w.want("first", head.Status+" "+whatBecame(all), "PART r1 refused stale [77 YD1 "+bobSpecific+"]; r2 answered ["+annAccount[:10]+"xxxx]")
	again, same := w.sends("LEVA", "id:b", first)
	if !again.Repeats || again.ID == head.ID {
		t.Errorf("the answer to it again: %+v", again)
	}
	w.want("again", again.Status+" "+whatBecame(same), head.Status+" "+whatBecame(all))
	w.want("applications", w.row(`SELECT count(*) FROM account_application`), "1")

	other := caseworker("C-2")
	other.Authority = "78"
	wrong := caseworker("C-3")
	wrong.Sender = "LEVB"
	query := telling(registerxml.Query, ann)
	for name, c := range map[string]struct {
		supplier string
		body     []byte
		want     string
	}{
		"number":     {"LEVA", document(t, caseworker("C-1"), query), "number"},
		"authority":  {"LEVA", document(t, other, query), "connection"},
		"sender":     {"LEVA", document(t, wrong, query), "sender"},
		"other bank": {"LEVB", document(t, bankReport("R-1", "Anden Bank"), with(telling(registerxml.Register, bob), "53010000000001")), "connection"},
		"form":       {"LEVA", bytes.Replace(document(t, caseworker("C-4"), with(telling(registerxml.Register, ann), "70450000000001")), []byte("<By>"), []byte("<Who/><By>"), 1), "form"},
	} {
		head, all := w.sends(c.supplier, "id:"+name, c.body)
		if head.Refused == nil || head.Refused.Rule != c.want || head.Status != gateway.StatusRejected || len(all) != 0 || c.want == "form" && head.Refused.Line != 15 {
			t.Errorf("%s: %+v %+v", name, head, head.Refused)
		}
	}
	w.want("applications", w.row(`SELECT count(*) FROM account_application`), "1")
	w.want("numbers", w.row(`SELECT message_id FROM register_document`), "C-1")
}

// TestBankReport_Bulk: thousands of reports are one change of the register, and quick. // B26.1b
func TestBankReport_Bulk(t *testing.T) {
	t.Parallel()
	w := reporting(t)
	const n = 6000
	rows := country{"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country"}}
	items := make([]registerxml.Item, n)
	for i := range items {
		id := fmt.Sprintf("050580%04d", i)
		rows["holders.csv"] = append(rows["holders.csv"], "CPR,"+id+",,alive,,P,,,,")
		items[i] = with(telling(registerxml.Register, id), fmt.Sprintf("7045%010d", i+1))
	}
	load(t, w.db, rows, w.time())
	begun := time.Now()
	head, all := w.sends("LEVB", "id:a", document(t, bankReport("R-1", "Egen Bank"), items...))
	t.Logf("%d items in %s", n, time.Since(begun).Round(time.Millisecond))
	w.want("answer", fmt.Sprint(head.Status, " ", len(all), " ", whatBecame(all[n-1:])), "ACPT 6000 r6000 in_force [70450000006000]")
	w.want("changes", w.row(`SELECT count(DISTINCT counter), count(*) FROM account_version WHERE application IS NOT NULL AND recorded_to IS NULL`), "1 6000")
}
