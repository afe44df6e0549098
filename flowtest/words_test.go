package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/pgtest"
)

// ofBenefit is a payment of another benefit type.
func ofBenefit(kind string, p intaketest.Payment) intaketest.Payment {
	p.BenefitType = kind
	return p
}

// neighbours is a bundle of authority 78, which pays to P numbers' own accounts and not to who has emigrated.
func neighbours(group string, payments ...intaketest.Payment) intaketest.Document {
	d := bundle(group, payments...)
	d.From, d.Authority, d.Debits[0].Agreement, d.Debits[0].Account = []string{"LEVB"}, "78", "AFT-78", "20010000111111"
	return d
}

// more adds rows to a file of the country.
func (c country) more(file string, rows ...string) { c[file] = append(c[file], rows...) }

// own is a row of accounts.csv.
func own(kind, id, account string) string { return kind + "," + id + "," + account + ",,,,,,,,,,,," }

// specificAccount is a row of specific_accounts.csv.
func specificAccount(id, account, authority, benefit, locked string) string {
	return own("CPR", id, account) + "," + authority + "," + benefit + "," + locked
}

// TestRelease_TheDeadAndCeased are paid to the last day of their period, and not after it. // B18.3
func TestRelease_TheDeadAndCeased(t *testing.T) {
	t.Parallel()
	const lately, lastDay = "0101700091", "0101700092"
	w := newWorld(t, func(o *options) {
		o.country.more("holders.csv", "CPR,"+lately+",,dead,2005-08-01,Lis Lige Død,,,,", "CPR,"+lastDay+",,dead,2005-02-12,Sidste Dag,Gyden 5,4600,Køge,DK",
			"CVR,23456788,,ceased,2005-06-30,Lukker ApS,,,,", "P,1003456799,23456788,alive,,Udsalget,,,,")
		o.country.more("accounts.csv", own("CPR", lately, "70450001000091"), own("CPR", lastDay, "70450001000092"), own("CVR", "23456788", "70450001000093"),
			own("CPR", dead, "70450001000094"), own("CVR", closed, "70450001000095"))
		o.country["periods.csv"] = []string{"kind,days", "CVR,42"} // to 11 August
	})
	paid := bundle("G-1", cpr("dead lately", lately, 100), cpr("on the last day", lastDay, 100), cpr("too long dead", dead, 100),
		intaketest.Incomplete("ceased lately", "CVR", "23456788", 1000), intaketest.Incomplete("its unit", "PNR", "1003456799", 1000),
		intaketest.Incomplete("too long ceased", "CVR", closed, 1000))
	w.receive(paid)
	w.wantAnswers("1 ACPT; 2 PART too long dead:9014 too long ceased:9014")
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "dead lately 1 2 70450001000091; on the last day 1 2 70450001000092; ceased lately 1 2 70450001000093; its unit 1 3 70450001000093")
	// Accepted on the last day, and due after it.
	w.receive(bundle("G-2", cpr("dead", lastDay, 100), intaketest.Incomplete("ceased", "CVR", "23456788", 1000), intaketest.Incomplete("unit", "PNR", "1003456799", 1000)))
	w.wantAnswers("1 ACPT; 2 ACPT")
	w.at("2005-08-12 06:00")
	w.release()
	w.wantAnswers("7 dead:RJCT ceased:RJCT unit:RJCT")
	w.want("why", w.row(`SELECT text FROM standing WHERE kind = 'not_payable' ORDER BY payment_id`), "MODTAGER ER DØD ELLER OPHØRT; MODTAGER ER DØD ELLER OPHØRT; "+
		"Ingen nemkonto/specifik konto. Myndigheden har valgt betalingen retur")
}

// TestRelease_TheEmigrated are paid to their NemKonto by the authority's word, and to its own specific account without. // B22.3
func TestRelease_TheEmigrated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country.more("specific_accounts.csv", specificAccount(exile, "70450001888883", "78", "YD78", "no"))
	})
	w.receive(bundle("G-1", cpr("with the word", exile, 100)), neighbours("G-1", cpr("without", exile, 100), ofBenefit("YD78", cpr("specific", exile, 100))))
	w.wantAnswers("1 ACPT; LEVB:1 ACPT; 2 ACPT; LEVB:2 ACPT")
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "with the word 1 2 "+exileAccount+"; specific 1 1 70450001888883")
	w.wantAnswers("LEVB:7 without:RJCT")
	w.want("why", w.row(`SELECT text FROM standing WHERE kind = 'not_payable'`), "Modtager er udrejst, og myndigheden har ikke aftalt at bruge udrejstes nemkonti")
	// The word counts from when it is said.
	load(t, w.db, country{"authorities.csv": {"authority,name,cvr,emigrated,p_numbers", "78,Nabokøbing Kommune,,yes,yes"}}, w.time())
	w.receive(neighbours("G-2", cpr("now with the word", exile, 100)))
	w.at("2005-08-12 06:00")
	w.release()
	w.want("orders", w.row(`SELECT count(*) FROM bank_order WHERE account = $1`, exileAccount), "2")
}

// TestRelease_PNumbers: a P number's own account counts only by the authority's word, else that of the CVR number. // B23.2
func TestRelease_PNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country.more("accounts.csv", own("P", plant, "70450001000081"), own("P", poorPlant, "70450001000082"))
	})
	both := []intaketest.Payment{intaketest.Incomplete("own", "PNR", plant, 1000), intaketest.Incomplete("of a poor company", "PNR", poorPlant, 1000)}
	w.receive(bundle("G-1", both...), neighbours("G-1", both...))
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "own 1 3 "+firmAccount+"; own 1 2 70450001000081; of a poor company 1 2 70450001000082")
	w.want("why", w.row(`SELECT text FROM standing WHERE kind = 'not_payable'`), "Ingen nemkonto/specifik konto. Myndigheden har valgt betalingen retur")
}

// TestRelease_LockedBenefits go to a locked specific account and nowhere else: not to the NemKonto, not to an account that
// anybody could change, not as a cheque. // B25.4 // B27.2
func TestRelease_LockedBenefits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country.more("specific_accounts.csv", specificAccount(bob, "70450001777772", "77", "YDLOCK", "yes"), specificAccount(ann, "70450001777771", "77", "YDLOCK", "no"))
	})
	d := bundle("G-1", ofBenefit("YDLOCK", cpr("locked", bob, 100)), ofBenefit("YDLOCK", cpr("not locked", ann, 100)), ofBenefit("YDLOCK", cpr("none", exile, 100)),
		ofBenefit("YDLOCK", cpr("an address", poor, 100)), cpr("another benefit", ann, 100))
	d.Debits[0].Agreement, d.Debits[0].Account = "AFT-2", "53010000123456" // cheques
	w.receive(d)
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "locked 1 1 70450001777772; another benefit 1 2 "+annAccount)
	w.want("why", strings.Join(w.rows(`SELECT text FROM standing WHERE kind = 'not_payable'`), "; "),
		strings.Repeat("Ingen låst specifik konto. Ydelsesarten udbetales ikke til nemkonto; ", 2)+"Ingen låst specifik konto. Ydelsesarten udbetales ikke til nemkonto")
}

// TestRelease_FailedBurnsNoReference: bank references have eight digits; a release that fails finds its own again.
func TestRelease_FailedBurnsNoReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)), bundle("G-2", complete("B", 100)))
	w.at(receiveBy)
	// The last statement of a release.
	super := w.database.Open(t, pgtest.Superuser)
	alter := func(statement string) {
		if _, err := super.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	alter(`ALTER TABLE nks.release_group ADD CONSTRAINT never CHECK (state <> 'released')`)
	for range 3 {
		if worked, err := w.Release.Next(t.Context()); worked || err == nil {
			t.Fatalf("released: %t, %v", worked, err)
		}
	}
	alter(`ALTER TABLE nks.release_group DROP CONSTRAINT never`)
	w.release()
	w.receive(bundle("G-3", complete("C", 100)))
	w.at("2005-08-12 06:00")
	w.release()
	w.want("references", w.row(`SELECT head, delivery_id & 4194303 FROM bank_reference ORDER BY 1`), "00000001 1; 00000002 2; 00000003 3")
	w.want("ledger", w.ledger(), "frozen 3 = 300")
}

// TestRelease_HoldsWhatHasTwoAccounts: the payment waits, with an exception, and everything else goes; it leaves when the
// register is mended, and is told of as any other.
func TestRelease_HoldsWhatHasTwoAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", cpr("A", ann, 100), cpr("B", bob, 200), cpr("C", poor, 300), cpr("F", dead, 600)), bundle("G-2", cpr("D", ann, 400)), bundle("G-3", cpr("E", abroad, 500)))
	w.newAnswers()
	// Behind the back of load: for Bob another account for some days, for Urs another standing, and one for who was rejected.
	w.exec(`INSERT INTO account_version (holder_id, holder_kind, account_kind, account, authority, benefit_type, valid_from, valid_to, recorded_from, counter)
		SELECT holder_id, holder_kind, account_kind, '70450001555552', authority, benefit_type, '2005-08-01', '2005-09-01', '2005-08-01', 1
		FROM account_version WHERE account = '` + bobSpecific + `'`)
	w.exec(`INSERT INTO holder_version (id, kind, status, ended_on, valid_from, valid_to, recorded_from, counter)
		VALUES (` + abroad[1:] + `, 1, 2, '2005-08-01', '2005-08-01', '2005-09-01', '2005-08-01', 1),
			(` + dead + `, 1, 2, '2005-08-01', '2005-08-01', '2005-09-01', '2005-08-01', 1)`)
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "A 1 2 "+annAccount+"; D 1 2 "+annAccount)
	w.want("ledger", w.ledger(), "rejected 1 = 600, waiting 2 = 700, frozen 2 = 500, returned 1 = 300")
	w.want("exceptions", w.exceptions(), "register overlap; register overlap")
	w.want("references", w.row(`SELECT max(head) FROM bank_reference`), "00000003")
	w.wantAnswers("7 C:RJCT")
	w.release() // still
	w.want("ledger", w.ledger(), "rejected 1 = 600, waiting 2 = 700, frozen 2 = 500, returned 1 = 300")
	w.at("2005-08-12 05:00")
	load(t, w.db, country{"specific_accounts.csv": {accountColumns + ",authority,benefit_type,locked", specificAccount(bob, "70450001555553", "77", "YD1", "no")}}, w.time())
	w.release()
	w.want("orders", w.row(`SELECT o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE e2e = 'B'`), "70450001555553")
	w.want("exceptions", w.exceptions(), "register overlap")
	w.exec(`DELETE FROM holder_version WHERE id IN (` + abroad[1:] + `, ` + dead + `) AND valid_from = '2005-08-01'`)
	w.release()
	w.want("ledger", w.ledger(), "rejected 1 = 600, frozen 4 = 1200, returned 1 = 300")
	w.want("exceptions", w.exceptions(), "")
}

// TestCheck_WhoIsThereTwice is not rejected while one of the two standings lets it be paid; and no payment counts twice.
func TestCheck_WhoIsThereTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO holder_version (id, kind, status, ended_on, valid_from, valid_to, recorded_from, counter)
		VALUES (` + abroad[1:] + `, 1, 2, '2004-01-01', '2005-08-01', '2005-09-01', '2005-08-01', 1),
			(` + dead + `, 1, 2, '2004-01-01', '2005-08-01', '2005-09-01', '2005-08-01', 1)`)
	w.receive(bundle("G-1", cpr("A", ann, 100), cpr("E", abroad, 500), cpr("F", dead, 600)))
	w.wantAnswers("1 ACPT; 2 PART F:9014")
	w.at(receiveBy)
	w.release()
	w.want("ledger", w.ledger(), "rejected 1 = 600, waiting 1 = 500, frozen 1 = 100")
	w.want("exceptions", w.exceptions(), "register overlap")
	w.exec(`DELETE FROM holder_version WHERE id IN (` + abroad[1:] + `, ` + dead + `) AND valid_from = '2005-08-01'`)
	w.release()
	w.want("ledger", w.ledger(), "rejected 1 = 600, frozen 2 = 600")
}
