package flowtest_test

import (
	"strings"
	"testing"

	"nks/gateway/intake/intaketest"
)

// TestAuthorities_AreRecipients: authorities pay each other through the NemKonti of their CVR numbers as they pay companies; one without
// a NemKonto is not sent a cheque, whatever was chosen, though its address is known. // B28
func TestAuthorities_AreRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.country["authorities.csv"] = []string{"authority,name,cvr,emigrated,p_numbers", "77,Prøvekøbing Kommune," + firm + ",yes,no", "78,Nabokøbing Kommune," + poorFirm + ",no,yes"}
		holders := o.country["holders.csv"]
		for i, row := range holders {
			if strings.HasPrefix(row, "CVR,"+poorFirm) {
				holders[i] = "CVR," + poorFirm + ",,alive,,Nabokøbing Kommune,Rådhuset 1,4600,Køge,DK"
			}
		}
	})
	to := func(e2e, cvr string) intaketest.Payment { return intaketest.Incomplete(e2e, "CVR", cvr, 1000) }
	theirs := bundle("G-1", to("refund", firm))
	theirs.From, theirs.Authority, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "78", "AFT-78", "20010000111111"
	ours := bundle("G-2", to("without a NemKonto", poorFirm), cpr("cheque", poor, 100))
	ours.Debits[0].Agreement, ours.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(theirs, ours)
	w.at(receiveBy)
	w.release()
	w.want("orders", w.orders(), "refund 1 2 "+firmAccount+"; cheque 4 4 ")
	w.want("not paid", w.row(`SELECT kind, text FROM standing`), "not_payable Ingen nemkonto. Modtager er en myndighed, som ikke får bankcheck")
	if answered := w.newAnswers(); !strings.HasSuffix(answered, "7 without a NemKonto:RJCT cheque:ACPT") {
		t.Errorf("answered %s", answered)
	}
}
