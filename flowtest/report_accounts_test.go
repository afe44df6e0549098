package flowtest_test

import (
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	books "nks/gateway/postgres/booking"
	"nks/reconciliation/ledger"
	"nks/reconciliation/report"
)

// accounts is the report of accounts of a day, a line for each row, without what lists its facts.
func (w *world) accounts(day, supplier string) string {
	w.t.Helper()
	d, err := gateway.ParseDate(day)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, r := range w.report("accounts", report.Options{Day: d, Supplier: supplier}) {
		all = append(all, fmt.Sprint(r[1:len(r)-1]...))
	}
	return strings.Join(all, "\n")
}

// TestReport_Accounts: what accounts stood at on a day by the books, with the verdict; and its references list what moved them.
func TestReport_Accounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"), bansta(s.message(1), line(1, "4", "")))
	w.want("not booked", w.accounts("2005-08-11", ""), "0 0 0 0not booked")
	w.at("2005-08-12 01:00")
	w.all("books", w.Booking.Next)
	const moved = "77AFT-BECBECclaims0 0 1000 -1000%[1]s\n77AFT-BECBECwaiting0 1000 1000 0%[1]s\n77AFT-BECBECin_transit0 1000 600 400%[1]s\n" +
		"77AFT-BECBECrecipients0 600 0 600%[1]s"
	w.want("booked", w.accounts("2005-08-11", ""), fmt.Sprintf(moved, "certified"))
	w.want("its supplier's", w.accounts("2005-08-11", "LEVA"), fmt.Sprintf(moved, "certified"))
	w.want("no other's", w.accounts("2005-08-11", "LEVB"), "")
	w.want("a day that is not over", w.accounts("2005-08-12", ""), "0 0 0 0not booked")
	w.listsFacts()

	w.says("BEC", bansta(s.message(2), status(1, 1, "4", "")))
	w.says("BEC", bansta(s.message(2), status(1, 1, "2", "Nej")))
	w.at("2005-08-13 12:00")
	w.all("books", w.Booking.Next)
	because := fmt.Sprintf("refusedBEC: disputed: 1 payments, 400 øre; open: reject after execution: BEC %d message 2 LIN 1 SEQ 1", s.no)
	rows := func(why string) string {
		return strings.Join([]string{"claims-1000 0 0 -1000", "in_transit400 0 400 0", "recipients600 400 400 600", "disputed0 400 0 400"}, why+"\n")
	}
	for supplier, why := range map[string]string{"": because, "LEVA": "refusedBEC: disputed: 1 payments, 400 øre; open: reject after execution"} {
		w.want("refused", strings.ReplaceAll(w.accounts("2005-08-12", supplier), "77AFT-BECBEC", ""), rows(why)+why)
	}
	w.decided(act.KindPaymentExecuted, w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e("D")))
	w.holds()
}

// listsFacts asks for what each number of the day is made of, as its reference says.
func (w *world) listsFacts() {
	w.t.Helper()
	asked := 0
	for _, r := range w.report("accounts", report.Options{}) {
		words := strings.Fields(r[len(r)-1].(string))
		if len(words) == 0 {
			continue
		}
		day, err := gateway.ParseDate(words[3])
		if err != nil {
			w.t.Fatal(err)
		}
		found := 0
		for _, event := range strings.Split(words[7], "|") {
			all, err := w.Booking.Sources(w.t.Context(), books.Asked{Day: day, Agreement: words[5]}, ledger.Event(event))
			if err != nil {
				w.t.Fatal(err)
			}
			found += len(all)
		}
		if asked++; found == 0 {
			w.t.Errorf("%v: nothing moved it", r)
		}
	}
	if asked == 0 {
		w.t.Error("no row has a reference")
	}
}
