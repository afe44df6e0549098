package flowtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"nks/gateway"
	"nks/gateway/console"
	"nks/register"
)

// TestDecision_Texts: the pages have words for every reason and verdict of the register, in English its own.
func TestDecision_Texts(t *testing.T) {
	t.Parallel()
	english := map[string]string{}
	for _, text := range console.Texts() {
		english[text.Key] = text.English
	}
	same := func(key, want string) {
		if got := english[key]; !strings.EqualFold(got, want) {
			t.Errorf("%s: %q, the register says %q", key, got, want)
		}
	}
	reasons, verdicts := 0, 0
	for r := register.UnknownHolder; r.String() != "unknown"; r++ {
		same(fmt.Sprintf("noaccount.%d", r), r.String())
		reasons++
	}
	for v := register.Taken; v.String() != "unknown"; v++ {
		same(fmt.Sprintf("because.%d", v), v.String())
		verdicts++
	}
	if reasons < 6 || verdicts < 16 {
		t.Errorf("%d reasons and %d verdicts: the rule would hold for little", reasons, verdicts)
	}
}

// decided is a world in which payments of two authorities have been released, and one waits.
func decided(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(o *options) {
		o.country.more("specific_accounts.csv", specificAccount(bob, "70450001888882", "78", "YD78", "yes"), specificAccount(ann, "70450001777771", "77", "YDLOCK", "no"))
	})
	w.paid(bundle("G-1", cpr("specific", bob, 100), ofBenefit("YD77", cpr("own", bob, 100)), ofBenefit("YDLOCK", cpr("not locked", ann, 100)),
		incomplete("unit", "SE", branch, 100), complete("named", 100)), neighbours("G-1", ofBenefit("YD78", cpr("of the neighbour", bob, 100)), cpr("emigrated", exile, 100)))
	return w
}

// TestPages_Decision shows why each account was taken, and the others not. // B14 // B23.2
func TestPages_Decision(t *testing.T) {
	t.Parallel()
	w := decided(t)
	// What the register learns later does not change what is said of the past.
	load(t, w.db, country{"accounts.csv": {accountColumns, own("CPR", bob, "70450001666662")}}, w.time().Add(time.Minute))
	w.at("2005-08-11 06:10")
	w.receive(bundle("G-2", cpr("waits", bob, 100)))
	p := w.pages()
	page := func(e2e, authority string) string { return p.get("/payment/"+w.payment(e2e), authority, http.StatusOK) }

	specific := page("specific", "77")
	p.says("a specific account", specific, "Hvorfor denne konto", "Kontoen er fundet i registret: Ydelsesspecifik konto (registrets version ",
		"Registret pr. 11.08.2005 06.00.00", "7045000199xxxx Ydelsesspecifik konto, YD1", "Valgt", "7045000100xxxx NemKonto", "En specifik konto kommer først")
	p.hides("a specific account", specific, "7045000188", "7045000166", bobAccount, "ikke alt blev optegnet")

	p.says("a NemKonto", page("own", "77"), "Modtagerens NemKonto", "Den er til en anden myndighed eller ydelse", "7045000100xxxx NemKonto altid videre")
	p.says("a locked benefit", page("not locked", "77"), "Betalingen er returneret uden konto. Ydelsen betales kun til en låst specifik konto, og ingen er i kraft.",
		"7045000177xxxx", "og den er ikke låst")
	p.says("a unit", page("unit", "77"), "CVR-nummerets NemKonto", "7045000100xxxx NemKonto, CVR-nummerets", "Valgt")
	p.hides("a payment that names its account", page("named", "77"), "Hvorfor denne konto")
	p.says("a neighbour", page("emigrated", "78"), "Modtageren er udrejst", "7045000100xxxx", "udrejstes NemKonti")

	waits := page("waits", "77")
	p.says("a waiting payment", waits, "Ikke frigivet endnu; hvis det skete nu, blev kontoen fundet i registret: Ydelsesspecifik konto", "7045000166xxxx", "En specifik konto kommer først")
	p.hides("a waiting payment", waits, "70450001666662", bobSpecific)
}

// TestPages_DecisionWithoutAnAccount shows why a payment is held, paid by cheque, or was returned for its agreement.
func TestPages_DecisionWithoutAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cheque, ended := bundle("G-2", cpr("cheque", poor, 100)), bundle("G-3", cpr("ended", ann, 100))
	cheque.Debits[0].Agreement, cheque.Debits[0].Account = "AFT-2", "53010000123456"
	ended.Debits[0].Agreement, ended.Debits[0].Account = "AFT-B", "40010000765432"
	ended.From = []string{"LEVB"}
	w.receive(bundle("G-1", cpr("two accounts", bob, 200), cpr("twice", abroad, 500)), cheque, ended)
	w.exec(`INSERT INTO account_version (holder_id, holder_kind, account_kind, account, authority, benefit_type, valid_from, valid_to, recorded_from, counter)
		SELECT holder_id, holder_kind, account_kind, '70450001555552', authority, benefit_type, '2005-08-01', '2005-09-01', '2005-08-01', 1
		FROM account_version WHERE account = '` + bobSpecific + `'`)
	w.exec(`INSERT INTO holder_version (id, kind, status, ended_on, valid_from, valid_to, recorded_from, counter)
		VALUES (` + abroad[1:] + `, 1, 4, '2005-08-01', '2005-08-01', '2005-09-01', '2005-08-01', 1)`)
	load(t, w.db, country{"agreements.csv": {agreementColumns, "AFT-B,77,,LEVB,BEC,40010000765431,return,06:00,,"}}, w.time())
	w.at(receiveBy)
	w.release()
	p := w.pages()
	page := func(e2e string) string { return p.get("/payment/"+w.payment(e2e), "77", http.StatusOK) }
	const held = "Betalingen holdes tilbage og kan ikke frigives nu."
	p.says("two accounts", page("two accounts"), held+" To konti er i kraft til samme formål.", "7045000155xxxx", "7045000199xxxx", "En anden konto er i kraft til samme formål")
	p.says("a holder twice", page("twice"), held+" Registret har modtageren to gange.")
	p.says("a cheque", page("cheque"), "Ingen konto blev fundet, og betalingen blev en bankcheck. Ingen konto er i kraft.", "Ingen konto kom i betragtning")
	p.says("an agreement that has ended", page("ended"), "Betalingen er returneret på grund af aftalen, uanset registret.", "7045000100xxxx", "Valgt")
	for _, e2e := range []string{"two accounts", "twice", "cheque", "ended"} {
		p.hides(e2e, page(e2e), "ikke alt blev optegnet")
	}
	w.exec(`DELETE FROM account_version WHERE account = '70450001555552'`)
	w.exec(`DELETE FROM holder_version WHERE id = ` + abroad[1:] + ` AND status = 4`)
	w.release()
}

// TestPages_DecisionNotOnRecord: where the register's history does not lead to what was done, the page says so. // B22.4
func TestPages_DecisionNotOnRecord(t *testing.T) {
	t.Parallel()
	w := decided(t)
	const unrecorded = 1_000 // loads later
	w.exec(`UPDATE account_version SET counter = $1 WHERE account = $2`, unrecorded, bobSpecific)
	w.exec(`UPDATE holder_version SET counter = $1 WHERE id = $2`, unrecorded, 23456788)
	defer w.exec(`UPDATE account_version SET counter = 1 WHERE account = $1`, bobSpecific) // the ledger would find it
	p := w.pages()
	p.says("an account not on record", p.get("/payment/"+w.payment("specific"), "77", http.StatusOK), "Ydelsesspecifik konto", "ikke alt blev optegnet dengang")
	p.says("a holder not on record", p.get("/payment/"+w.payment("unit"), "77", http.StatusOK), "Registret har intet om modtageren fra det tidspunkt", "ikke alt blev optegnet dengang")
}

// TestPages_DecisionWhileALoadIsUnderWay: a load takes its instant when it begins. One that commits after a release that
// was asked about a later instant was not known to it, and is not taken to have been. // B22.4
func TestPages_DecisionWhileALoadIsUnderWay(t *testing.T) {
	t.Parallel()
	w := decided(t)
	load(t, w.db, country{"specific_accounts.csv": {accountColumns + ",authority,benefit_type,locked", specificAccount(bob, "70450001666662", "77", "YD1", "no")}}, w.time().Add(-time.Minute))
	p := w.pages()
	specific := p.get("/payment/"+w.payment("specific"), "77", http.StatusOK)
	p.says("a load that came later", specific, "Ydelsesspecifik konto", "7045000199xxxx", "Valgt")
	p.hides("a load that came later", specific, "7045000166", "ikke alt blev optegnet")
}

// TestPage_DecisionIsOfOnesOwn: the database gives an authority what decides its own payments, with accounts hidden, and
// neither another's payments nor another's specific accounts. // B19.1
func TestPage_DecisionIsOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := decided(t)
	decision := func(v viewer, e2e string) (text string) {
		t.Helper()
		err := w.as(v, func(tx *sqlx.Tx) error {
			return tx.GetContext(t.Context(), &text, `SELECT coalesce((SELECT page_decision($1, now()))::text, '')`, w.payment(e2e))
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	mine := decision(of("77"), "specific")
	for _, wanted := range []string{"7045000100xxxx", "7045000199xxxx"} {
		if !strings.Contains(mine, wanted) {
			t.Errorf("the decision lacks %s: %s", wanted, mine)
		}
	}
	for _, unwanted := range []string{bobAccount, bobSpecific, "7045000188", "YD78", "Bentsen", "Bygaden"} {
		if strings.Contains(mine, unwanted) {
			t.Errorf("the decision shows %s: %s", unwanted, mine)
		}
	}
	for _, v := range []viewer{of("78"), operations, {}, {"operations", "77"}} {
		if got := decision(v, "specific"); got != "" {
			t.Errorf("%+v sees %s", v, got)
		}
	}
	if theirs := decision(of("78"), "of the neighbour"); !strings.Contains(theirs, "7045000188xxxx") || strings.Contains(theirs, "7045000199") {
		t.Errorf("the neighbour sees %s", theirs)
	}
	if named := decision(of("77"), "named"); named != "" {
		t.Errorf("a payment that names its account: %s", named)
	}
	for _, query := range []string{`SELECT page_holder(201700002, 1::smallint, '77', now(), 1)`, `SELECT count(*) FROM account_version`, `SELECT count(*) FROM holder_version`} {
		err := w.as(of("77"), func(tx *sqlx.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err })
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestRegister_RecordsAndLastDay: what is shown of a holder. // B18.3 // B19.1
func TestRegister_RecordsAndLastDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q, ctx := w.db.DB, t.Context()
	h, known, err := register.As(ctx, q, gateway.CPR, 201700002, w.time(), w.time())
	if err != nil || !known || len(h.Accounts) != 2 || h.Recorded.IsZero() {
		t.Fatalf("%+v, %t, %v", h, known, err)
	}
	records, err := register.Records(ctx, q, []int64{h.Accounts[0].ID, h.Accounts[1].ID})
	if err != nil || len(records) != 2 {
		t.Fatalf("%v, %v", records, err)
	}
	for _, v := range h.Accounts {
		want := bobAccount
		if v.Authority != "" {
			want = bobSpecific
		}
		if got := records[v.ID]; got.Account != want[:10]+"xxxx" || !got.Recorded.Equal(h.Recorded) {
			t.Errorf("%s: %+v", v.Purpose(), got)
		}
	}
	policy, err := register.PolicyAs(ctx, q, w.time(), w.time())
	if err != nil {
		t.Fatal(err)
	}
	gone, _, err := register.As(ctx, q, gateway.CPR, 401700004, w.time(), w.time())
	if err != nil {
		t.Fatal(err)
	}
	if last, ok := policy.LastDay(gateway.CPR, &gone.Facts); !ok || last.String() != "2005-08-10" {
		t.Errorf("dead since %s: usable to %s, %t", gone.Ended, last, ok)
	}
	if last, ok := policy.LastDay(gateway.CPR, &h.Facts); !ok || !last.IsZero() {
		t.Errorf("alive: usable to %s, %t", last, ok)
	}
	if _, ok := policy.LastDay(gateway.CPR, &register.Facts{Status: gateway.Dead}); ok {
		t.Error("dead on a day that nobody knows: usable")
	}
}
