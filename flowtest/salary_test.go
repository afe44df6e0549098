package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
)

// salary is a payment of a benefit type that is a salary.
func salary(p intaketest.Payment, benefit string) intaketest.Payment {
	p.BenefitType = benefit
	return p
}

// TestSalaries: within Denmark they are a kind of payment of their own, in lines of their own, by the benefit type: the authority's
// own before a general one. Abroad, and as a cheque, they are what other payments are. // B1-salary
func TestSalaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	iban := intaketest.Payment{EndToEndID: "iban", Amount: 1000, AccountKind: "IBAN", Account: abroadAccount, BIC: "AAAACHZZXXX", Complete: true}
	d := bundle("G-1", complete("other", 100), salary(complete("wage", 100), "YDLON"), salary(cpr("to NemKonto", ann, 100), "YDLON"),
		salary(cpr("pension", ann, 100), "YDPEN"), cpr("other NemKonto", ann, 100), salary(cpr("abroad", abroad, 100), "YDLON"), salary(iban, "YDLON"))
	cheque := bundle("G-2", salary(cpr("cheque", poor, 100), "YDLON"))
	cheque.Debits[0].Agreement, cheque.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(d, cheque)
	w.at(receiveBy)
	w.release()
	w.want("lines", strings.Join(w.rows(`SELECT i.bank, l.lin, l.type, coalesce(l.transfer_currency, 'DKK'), string_agg(p.e2e, ',' ORDER BY o.seq)
		FROM order_line l JOIN bank_order o USING (interchange_id, message_no, lin) JOIN payment p ON p.id = o.payment_id JOIN interchange i ON i.id = l.interchange_id
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2`), "\n"), strings.Join([]string{
		"BEC 1 1 DKK other,other NemKonto", "BEC 2 3 DKK iban", "BEC 3 3 CHF abroad", "BEC 4 5 DKK wage,to NemKonto,pension", "SDC 1 4 DKK cheque"}, "\n"))
	sent := w.dispatch()
	for text, times := range map[string]int{"BUS++DO++IBL'": 1, "PAI+::IBL'": 3, "FII+BF+0001234567+:::7045:80:130'": 2, "PAI+::IBB:::UKA'": 2, "PAI+::UBB:::ALO'": 2} {
		if n := strings.Count(sent[0], text); n != times {
			t.Errorf("%q is %d times in the file, want %d:\n%s", text, n, times, latin1(sent[0]))
		}
	}
}

// TestSalaries_ByTheKindAtRelease: a benefit type that becomes a salary before the release is ordered as one. // B1-salary
func TestSalaries_ByTheKindAtRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	load(t, w.db, country{"benefit_types.csv": {"benefit_type,authority,name,fallback,salary", "YD1,,Almen ydelse,yes,yes"}}, w.time())
	w.at(receiveBy)
	w.release()
	w.want("orders", w.row(`SELECT type FROM bank_order`), "5")
	w.dispatch()
}
