package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
)

// orders are the orders by EndToEndId: type, rule, account.
func (w *world) orders() string {
	w.t.Helper()
	return w.row(`SELECT p.e2e, o.type, o.rule, o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id ORDER BY p.id`)
}

// TestRelease_Hours: when a bundle leaves, and for which day, by the instant at which it came. // G-deadline
func TestRelease_Hours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ came, requested, agreement string }{
		{"2005-08-11 05:59", "2005-08-12", "AFT-1"},
		{"2005-08-11 06:00", "2005-08-12", "AFT-1"},
		{"2005-08-11 06:01", "2005-08-12", "AFT-1"},
		{"2005-08-11 07:30", "2005-08-12", "AFT-3"}, // this agreement's cut-off is later
		{"2005-08-11 07:31", "2005-08-12", "AFT-3"},
		{"2005-08-11 08:00", "2005-08-20", "AFT-1"}, // a Saturday
		{"2005-08-12 23:00", "2005-08-13", "AFT-1"},
		{"2005-08-13 12:00", "2005-08-13", "AFT-1"}, // on a Saturday
	} {
		w.at(c.came)
		d := bundle(c.came+c.agreement, complete(c.came+c.agreement, 100))
		d.Debits[0].On, d.Debits[0].Agreement = c.requested, c.agreement
		w.receive(d)
	}
	w.want("plans", strings.Join(w.rows(`SELECT release_at, to_char(executes_on, 'YYYY-MM-DD') FROM release_group ORDER BY id`), "\n"), strings.Join([]string{
		"2005-08-11T06:00 2005-08-12",
		"2005-08-11T06:00 2005-08-12",
		"2005-08-12T06:00 2005-08-15",
		"2005-08-11T07:30 2005-08-12",
		"2005-08-12T07:30 2005-08-15",
		"2005-08-19T06:00 2005-08-22",
		"2005-08-15T06:00 2005-08-16",
		"2005-08-15T06:00 2005-08-16",
	}, "\n"))
	released := func() string { return w.row(`SELECT count(*) FROM release_group WHERE state = 'released'`) }
	for _, c := range []struct{ now, released string }{
		{"2005-08-11 05:59", "0"}, {"2005-08-11 06:00", "2"}, {"2005-08-11 07:29", "2"}, {"2005-08-11 07:30", "3"}, {"2005-08-12 05:59", "3"},
		{"2005-08-12 06:00", "4"}, {"2005-08-12 07:30", "5"}, {"2005-08-14 23:59", "5"}, {"2005-08-15 06:00", "7"}, {"2005-08-19 06:00", "8"},
	} {
		w.at(c.now)
		w.release()
		if got := released(); got != c.released {
			t.Errorf("at %s: %s released, want %s", c.now, got, c.released)
		}
	}
	w.want("interchanges", w.row(`SELECT count(*) FROM interchange`), "6") // two and two share one
}

// TestRelease_Drains: what was stamped before the release is read and checked first; what came after it is not waited for.
func TestRelease_Drains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at("2005-08-11 06:00")
	w.send(bundle("G-2", complete("B", 100))) // at the very second
	w.at("2005-08-11 06:05")
	w.send(bundle("G-3", complete("C", 100)))
	w.release()
	w.want("before reading", w.ledger(), "waiting 1 = 100")
	if worked, err := w.Receive.NextToRead(t.Context()); !worked || err != nil {
		t.Fatal(worked, err)
	}
	w.release()
	w.want("before checking", w.ledger(), "unread 1 = 100, waiting 1 = 100")
	if worked, err := w.Check.Next(t.Context()); !worked || err != nil {
		t.Fatal(worked, err)
	}
	w.release()
	w.want("then", w.ledger(), "frozen 2 = 200")
	w.want("one interchange", w.row(`SELECT payments FROM interchange`), "2")
}

// TestRelease_PastSendBy: what cannot meet its day any more is executed the next one that can be met.
func TestRelease_PastSendBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at("2005-08-11 08:31")
	w.release()
	w.want("days", w.row(`SELECT to_char(g.executes_on, 'YYYY-MM-DD'), to_char(i.executes_on, 'YYYY-MM-DD') FROM release_group g, interchange i`), "2005-08-15 2005-08-15")
}

// TestRelease_Accounts: the specific account of that authority and benefit in force, else the NemKonto, else that of the
// company above; a complete payment's own. // B9.1 // B9.2 // B14 // B5.2 // B23.2
func TestRelease_Accounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	benefit := func(p intaketest.Payment, kind string) intaketest.Payment { p.BenefitType = kind; return p }
	company := func(e2e, kind, id string) intaketest.Payment { return intaketest.Incomplete(e2e, kind, id, 1000) }
	own := complete("own account", 100)
	own.IDKind, own.ID = "CPR", bob
	d := bundle("G-1",
		cpr("NemKonto", ann, 100), cpr("specific", bob, 100), benefit(cpr("another benefit", bob, 100), "YD77"), own, cpr("emigrated", exile, 100),
		cpr("abroad", abroad, 100),
		company("CVR", "CVR", firm), company("SE of a company", "SE", branch), company("SE with its own", "SE", ownBranch), company("P", "PNR", plant),
		company("P of a poor company", "PNR", poorPlant), company("SE of nobody", "SE", loneSE), company("poor company", "CVR", poorFirm))
	theirs := bundle("G-1", cpr("another authority", bob, 100))
	theirs.From, theirs.Authority, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "78", "AFT-78", "20010000111111"
	w.receive(d, theirs)
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), strings.Join([]string{
		"NemKonto 1 2 " + annAccount, "specific 1 1 " + bobSpecific, "another benefit 1 2 " + bobAccount, "own account 1 0 70450001234567",
		"emigrated 1 2 " + exileAccount, "abroad 3 2 " + abroadAccount, "CVR 1 2 " + firmAccount, "SE of a company 1 3 " + firmAccount,
		"SE with its own 1 2 " + branchAccount, "P 1 3 " + firmAccount, "another authority 1 2 " + bobAccount}, "; "))
	w.want("abroad", w.row(`SELECT transfer_currency, bic, beneficiary->>'name', beneficiary->>'bank', beneficiary->>'ctry' FROM bank_order WHERE type = 3`),
		"CHF AAAACHZZXXX Urs Udland Musterbank CH")
	w.want("versions", w.row(`SELECT count(*) FROM bank_order WHERE (account_version IS NULL) <> (rule = 0)`), "0")
	w.newAnswers()
	w.want("ledger", w.ledger(), "frozen 11 = 1100, returned 3 = 300")
}

// TestRelease_NewestAccountCounts: between check and release accounts change, end and begin, and people die.
func TestRelease_NewestAccountCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", cpr("changed", ann, 100), cpr("specific ended", bob, 100), cpr("account ended", exile, 100), cpr("registered", poor, 100),
		cpr("died", abroad, 100), intaketest.Incomplete("parent changed", "PNR", plant, 1000)))
	w.wantAnswers("1 ACPT; 2 ACPT")
	w.at("2005-08-11 05:30")
	none := ",,,,,,,,,,,,"
	load(t, w.db, country{
		"holders.csv": {"kind,id,parent,status,ended_on,name,street,postcode,town,country", "CPR," + abroad + ",,dead,2005-02-11,Urs Udland,,,,"},
		"accounts.csv": {accountColumns,
			"CPR," + ann + ",70450001777771" + none,
			"CPR," + poor + ",70450001777775" + none,
			"CPR," + exile + "," + exileAccount + none + "2005-08-10",
			"CVR," + firm + ",70450001777779" + none},
		"specific_accounts.csv": {accountColumns + ",authority,benefit_type,locked",
			"CPR," + bob + "," + bobSpecific + none + "2005-08-10,77,YD1,no"},
	}, w.time())
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "changed 1 2 70450001777771; specific ended 1 2 "+bobAccount+"; registered 1 2 70450001777775; parent changed 1 3 70450001777779")
	w.wantAnswers("7 account ended:RJCT died:RJCT")
	w.want("why", w.row(`SELECT text FROM standing WHERE kind = 'not_payable' ORDER BY payment_id`),
		"Ingen nemkonto/specifik konto. Myndigheden har valgt betalingen retur; MODTAGER ER DØD ELLER OPHØRT")
}

// TestRelease_NoAccount: the standing choice, what stands in its way, and the bundle's own. // B35-36 // G-faulty
func TestRelease_NoAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country["holders.csv"] = append(o.country["holders.csv"], "CPR,0601700061,,alive,,Uden Gade,,4600,Køge,DK",
			"CPR,0601700062,,alive,,,Gyden 5,4600,Køge,DK", "CPR,0601700063,,alive,,Uden Postnummer,Gyden 5,,Køge,DK")
	})
	returns := bundle("return", cpr("return", poor, 100))
	cheques := bundle("cheque", cpr("cheque", poor, 100), cpr("no address", lost, 100), cpr("no street", "0601700061", 100), cpr("no name", "0601700062", 100),
		cpr("no postcode", "0601700063", 100), cpr("has an account", ann, 100))
	cheques.Debits[0].Agreement, cheques.Debits[0].Account = "AFT-2", "53010000123456"
	noCheques := bundle("no cheques", cpr("bank without cheques", poor, 100))
	noCheques.Debits[0].Agreement = "AFT-3"
	overridden := bundle("RETUR", cpr("bundle says return", poor, 100), cpr("has one", ann, 100))
	overridden.Debits[0].Agreement, overridden.Debits[0].Account = "AFT-2", "53010000123456"
	overridden.Instruction = []string{"NOCDTRACCT", "RETUR"}
	w.receive(returns, cheques, noCheques, overridden)
	w.wantAnswers("1 ACPT; 1 ACPT; 1 ACPT; 1 ACPT; 2 ACPT; 2 ACPT; 2 ACPT; 2 ACPT")
	w.at("2005-08-11 07:30")
	w.release()
	w.want("orders", w.orders(), "cheque 4 4 ; has an account 1 2 "+annAccount+"; has one 1 2 "+annAccount)
	w.wantAnswers("7 return:RJCT; 7 cheque:ACPT no address:RJCT no street:RJCT no name:RJCT no postcode:RJCT; 7 bank without cheques:RJCT; 7 bundle says return:RJCT")
	w.want("ledger", w.ledger(), "frozen 3 = 300, returned 7 = 700")
	const none, noAddress = "Ingen nemkonto/specifik konto", ", og adressen til en bankcheck kendes ikke; "
	w.want("why", strings.Join(w.rows(`SELECT text FROM standing WHERE kind = 'not_payable' ORDER BY payment_id`), "; "),
		none+". Myndigheden har valgt betalingen retur; "+none+noAddress+none+noAddress+none+noAddress+none+noAddress+
			none+", og banken sender ikke bankchecks; "+none+". Myndigheden har valgt betalingen retur")
	sent := strings.Join(w.dispatch(), "")
	for _, want := range []string{"PAI+::20'", "NAD+BE+++Poul Fattig+Gyden 5+Køge++4600+DK'"} {
		if !strings.Contains(latin1(sent), want) {
			t.Errorf("the cheque lacks %s:\n%s", want, latin1(sent))
		}
	}
}

// TestRelease_AgreementChanged: bank centre, choice and payout accounts count as they are at release. // G-faulty
func TestRelease_AgreementChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changed := bundle("changed", cpr("now a cheque", poor, 100), complete("still good", 200))
	removed := bundle("removed", complete("account removed", 300))
	removed.Debits[0].Account = debit2
	w.receive(changed, removed)
	w.newAnswers()
	load(t, w.db, country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA,SDC," + debit1 + ",cheque,06:00,,"}}, w.time())
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "now a cheque 4 4 ; still good 1 0 70450001234567")
	w.want("bank", w.row(`SELECT bank, agreement FROM interchange`), "SDC AFT-1")
	w.wantAnswers("7 now a cheque:ACPT; 7 account removed:RJCT")
	w.want("why", w.row(`SELECT text FROM standing`), "UDBETALINGSKONTO HØRER IKKE TIL AFTALEN")
	w.want("ledger", w.ledger(), "frozen 2 = 300, returned 1 = 300")
}

// TestRelease_OnlyTheGood: what check refused is not released with the rest of its group.
func TestRelease_OnlyTheGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), complete("B", 0), cpr("C", nobody, 100)))
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "A 1 0 70450001234567")
	w.want("ledger", w.ledger(), "rejected 2 = 100, frozen 1 = 100")
}

// TestRelease_TwoAtOnce: many processes release the same moment; each group leaves once.
func TestRelease_TwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, g := range []string{"1", "2", "3", "4"} {
		d := bundle("G-"+g, complete("A-"+g, 100))
		if g > "2" {
			d.Debits[0].Agreement, d.Debits[0].Account = "AFT-2", "53010000123456"
		}
		w.send(d)
	}
	w.read()
	w.check()
	w.at(receiveBy)
	done := make(chan error)
	for range 4 {
		go func() {
			for {
				worked, err := w.Release.Next(t.Context())
				if err != nil || !worked {
					done <- err
					return
				}
			}
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	w.release()
	w.want("ledger", w.ledger(), "frozen 4 = 400")
}

// latin1 shows bytes of ISO 8859-1.
func latin1(s string) string {
	runes := make([]rune, 0, len(s))
	for i := range len(s) {
		runes = append(runes, rune(s[i]))
	}
	return string(runes)
}

// TestRelease_ChargesAbroad: who gets money at a NemKonto abroad bears what the transfer costs, unless the order says
// otherwise. // B26.3
func TestRelease_ChargesAbroad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shared := cpr("shared", abroad, 200)
	shared.ChargeBearer = "SHA"
	w.receive(bundle("G-1", cpr("silent", abroad, 100), shared, cpr("at home", ann, 300)))
	w.at(receiveBy)
	w.release()
	sent := strings.Join(w.dispatch(), "")
	if strings.Count(sent, "FCA+13'") != 1 || strings.Count(sent, "FCA+14'") != 1 || strings.Count(sent, "FCA+") != 2 {
		t.Errorf("sent:\n%s", latin1(sent))
	}
}
