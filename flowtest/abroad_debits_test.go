package flowtest_test

import (
	"fmt"
	"slices"
	"testing"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
	"nks/reconciliation"
)

// TestAbroad_Debits: what an order abroad was, what was debited for it, the rate and the charges are kept apart; a difference that the rate
// explains is no fault of the debit, and one that is too large for that is.
func TestAbroad_Debits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		second int64 // øre that are debited for the second order, of 200,00
		raised string
		flaws  bool
		abroad reconciliation.Abroad
	}{
		"by the rate": {20003, "", false, reconciliation.Abroad{Orders: 2, Ordered: 30000, Debited: 30001, Exchange: 1, Charges: 2500, Foreign: 4021}},
		"too much":    {22000, "debit differs", true, reconciliation.Abroad{Orders: 2, Ordered: 30000, Debited: 31998, Exchange: 1998, Charges: 2500, Foreign: 4021}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			iban := func(e2e string, kroner int64) intaketest.Payment {
				return intaketest.Payment{EndToEndID: e2e, Amount: kroner * 1000, AccountKind: "IBAN", Account: abroadAccount, BIC: "AAAACHZZXXX", Complete: true, TransferCurrency: "EUR"}
			}
			w.receive(bundle("G-1", iban("A", 100), iban("B", 200)))
			w.at(receiveBy)
			w.release()
			w.dispatch()
			w.says("BEC", contrl("BEC", 1, "7"))
			head := w.row(`SELECT head FROM bank_reference`)
			part := func(e2e string, ore, cents int64) string {
				return fmt.Sprintf("SEQ++1'FII+OR+%s+AAAACHZZXXX:25:5'RFF+CR:%s%s'MOA+60:%s:DKK'MOA+98:%s:EUR'CUX+2:DKK+3:EUR+7,46'", abroadAccount, head, e2e, kroner(ore), kroner(cents))
			}
			posted := booking{account: debit1, ref: "D1"}
			w.says("BEC", debmul(posted.debited(9998+c.second+2500, w.row(`SELECT lpad(control_ref::text, 14, '0') FROM interchange WHERE kind = 'PAYMUL'`)+"-1-1")+"FCA+15'MOA+23:25,00:DKK'"+part("A", 9998, 1340)+part("B", c.second, 2681)))
			w.want("raised", w.exceptions(), c.raised)
			w.want("rates", w.row(`SELECT n, ore, foreign_amount, foreign_currency, rate FROM posting_part ORDER BY n`), fmt.Sprintf("1 9998 1340 EUR 7.46; 2 %d 2681 EUR 7.46", c.second))
			day := gateway.Date{Year: 2005, Month: 8, Day: 12}
			all, err := reconciliation.AbroadOn(t.Context(), w.db, day)
			c.abroad.Authority, c.abroad.Agreement, c.abroad.Currency = "77", "AFT-1", "EUR"
			if err != nil || !slices.Equal(all, []reconciliation.Abroad{c.abroad}) {
				t.Errorf("abroad %+v, %v, want %+v", all, err, c.abroad)
			}
			w.says("BEC", bansta(w.lastMessage("BEC"), line(1, "4", "")))
			if flaws := w.flaws("2005-08-12"); (flaws != "") != c.flaws {
				t.Errorf("flaws: %s", flaws)
			}
		})
	}
}
