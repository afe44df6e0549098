package flowtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// TestVoid_TwoAccounts: what is to be ordered anew and meets two accounts waits, as void, and holds up no other; it goes when the
// register is mended.
func TestVoid_TwoAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", cpr("A", ann, 100), cpr("B", abroad, 200), complete("C", 300)))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	w.void("BEC", 1)
	twice := `INSERT INTO holder_version (id, kind, status, ended_on, valid_from, valid_to, recorded_from, counter)
		VALUES (` + abroad[1:] + `, 1, 2, '2004-01-01', '2005-08-01', '2005-09-01', '2005-08-01', 1)`
	w.exec(twice)
	w.release()
	w.want("ledger", w.ledger(), "frozen 2 = 400, void 1 = 200")
	w.want("exceptions", w.row(`SELECT kind, detail FROM exception WHERE closed_at IS NULL`), "interchange cannot be written 1 payments of the interchange, "+
		"which is void, wait: the register has two accounts in force for one purpose, or their holder twice")
	w.release() // still
	w.receive(bundle("G-2", complete("D", 400)))
	w.at("2005-08-12 06:00")
	w.release()
	w.want("ledger", w.ledger(), "frozen 3 = 800, void 1 = 200")
	w.exec(`DELETE FROM holder_version WHERE id = ` + abroad[1:] + ` AND valid_from = '2005-08-01'`)
	w.release()
	w.want("ledger", w.ledger(), "frozen 4 = 1000")
	w.want("exceptions", w.exceptions(), "")
	w.want("numbers", w.numbers(), "BEC 1 1 void 3 600; BEC 1 2 rendered 2 400; BEC 2 1 rendered 1 400; BEC 3 1 rendered 1 200")
}

// TestVoid_NextMonth: what is ordered anew in another month is found there, by the bank's word, the ledger and the page, which
// tells why its account was taken then.
func TestVoid_NextMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2005-08-31 04:30")
	d := bundle("G-1", cpr("A", ann, 100), cpr("B", bob, 200))
	d.Debits[0].On = "2005-09-01"
	w.receive(d)
	w.at("2005-08-31 06:00")
	w.release()
	w.newAnswers()
	w.void("BEC", 1)
	p := w.pages()
	page := func(e2e string) string { return p.get("/payment/"+w.payment(e2e), "77", http.StatusOK) }
	p.says("void", page("A"), "Ordre annulleret", "Filen er annulleret, før den blev sendt")
	w.at("2005-09-01 06:00")
	load(t, w.db, country{"accounts.csv": {accountColumns, own("CPR", ann, "70450001777771")},
		"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country", "CPR," + bob + ",,dead,2005-01-01,Bob Bentsen,,,,"}}, w.time())
	w.at("2005-09-01 06:10")
	w.release()
	w.holds()
	w.want("orders", w.row(`SELECT to_char(o.month, 'MM'), o.attempt, o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE p.e2e = 'A' ORDER BY 2`),
		"08 1 "+annAccount+"; 09 2 70450001777771")
	w.wantAnswers("7 B:RJCT")
	a := page("A")
	p.says("ordered anew", a, "Lagt i fil til pengeinstituttet 01.09.2005 06.10.00", "Registret pr. 01.09.2005 06.10.00", "7045000177xxxx NemKonto")
	p.hides("ordered anew", a, "ikke alt blev optegnet")
	b := page("B")
	p.says("returned", b, "MODTAGER ER DØD ELLER OPHØRT", "Registret pr. 01.09.2005 06.10.00")
	p.hides("returned", b, "ikke alt blev optegnet", "Ikke gjort rede for")
	sent := w.dispatch()
	w.says("BEC", contrl("BEC", 1, "7"), bansta("", named(1, references(sent)[0], "2", "Nej")))
	w.want("ledger", w.ledger(), "returned 2 = 300")
	w.wantAnswers("9 A:0001(Nej)")
	p.says("refused by the bank", page("A"), "Nej")
}

// TestObligation_Due: what is owed is ordered on its day and not before; the flow may end it, and change nothing else of it.
func TestObligation_Due(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.void("BEC", 1)
	for _, statement := range []string{`UPDATE obligation SET debit_account = ''`, `UPDATE obligation SET attempt = 3`, `DELETE FROM obligation`} {
		if _, err := w.db.Exec(statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if _, err := w.database.Open(t, pgtest.Superuser).Exec(`UPDATE nks.obligation SET due_on = '2005-08-12'`); err != nil {
		t.Fatal(err)
	}
	w.release()
	w.want("before its day", w.ledger(), "void 1 = 100")
	due, err := w.Release.NextDue(t.Context(), w.time())
	if err != nil || due.In(w.Base.Location).Format(time.DateTime) != "2005-08-12 00:00:00" {
		t.Errorf("due at %s, %v", due, err)
	}
	w.at("2005-08-12 00:00")
	w.release()
	w.want("on its day", w.ledger(), "frozen 1 = 100")
	if due, err := w.Release.NextDue(t.Context(), w.time()); err != nil || !due.IsZero() {
		t.Errorf("due at %s, %v", due, err)
	}
}

// TestSettleDispute_OfASecondAttempt: what was ordered anew and contradicted, by payment and by line in one file, is settled as any other.
func TestSettleDispute_OfASecondAttempt(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{false, true} {
		for _, void := range []bool{false, true} {
			t.Run(fmt.Sprintf("answered %t, void before %t", answered, void), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, banks(t))
				w.receive(ofBEC(bundle("G-1", complete("A", 100), complete("B", 200), complete("C", 300))))
				w.at(receiveBy)
				w.release()
				w.newAnswers()
				if void {
					w.void("BEC", 1)
					w.release()
				}
				w.dispatch()
				w.says("BEC", contrl("BEC", 1, "7"))
				w.says("BEC", bansta("BEC-00000000000001-0001", line(1, "4", "")))
				if answered {
					w.newAnswers()
				}
				w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej")), bansta("BEC-00000000000001-0001", line(1, "2", "Nej"))) // one file
				w.want("disputed", w.ledger(), "disputed 3 = 600")
				w.decided(act.KindSettleExecuted, w.number(`SELECT max(id) FROM interchange WHERE kind = 'PAYMUL'`))
				w.want("settled", w.ledger(), "executed 3 = 600")
			})
		}
	}
}
