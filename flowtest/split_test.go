package flowtest_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"nks/gateway/bankfile"
	"nks/gateway/intake/intaketest"
)

func many(prefix string, n int) []intaketest.Payment {
	payments := make([]intaketest.Payment, n)
	for i := range payments {
		payments[i] = complete(fmt.Sprintf("%s-%03d", prefix, i), int64(100+i))
	}
	return payments
}

// TestSplit_Limits: at most so many orders in a message and in an interchange, none lost, none twice.
func TestSplit_Limits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders = 10, 4 })
	w.receive(bundle("G-1", many("A", 25)...))
	w.at(receiveBy)
	w.release()
	w.want("orders", w.row(`SELECT count(*), count(DISTINCT payment_id) FROM bank_order`), "25 25")
	w.want("full interchanges", w.row(`SELECT count(*) FROM interchange WHERE payments > 10 OR payments < 1`), "0")
	w.want("full messages", w.row(`SELECT count(*) FROM message WHERE payments > 4 OR payments < 1`), "0")
	if n := w.number(`SELECT count(*) FROM interchange`); n != 3 {
		t.Errorf("%d interchanges", n)
	}
	// Everything is counted without a hole: interchanges, messages, LIN, SEQ.
	for _, counted := range []string{
		`SELECT control_ref AS n, bank AS of FROM interchange`,
		`SELECT no AS n, interchange_id::text AS of FROM message`,
		`SELECT lin AS n, interchange_id || '/' || message_no AS of FROM order_line`,
		`SELECT seq AS n, interchange_id || '/' || message_no || '/' || lin AS of FROM bank_order`,
	} {
		w.want(counted, w.row(`SELECT of FROM (`+counted+`) c GROUP BY of HAVING min(n) <> 1 OR max(n) <> count(*) OR count(DISTINCT n) <> count(*)`), "")
	}
	sent := w.dispatch()
	if len(sent) != 3 {
		t.Fatalf("%d files", len(sent))
	}
	seen := map[string]int{}
	for _, file := range sent {
		for _, m := range regexp.MustCompile(`RFF\+CR:(\d{8})(A-\d{3})'`).FindAllStringSubmatch(file, -1) {
			seen[m[2]]++
		}
	}
	for i := range 25 {
		if e2e := fmt.Sprintf("A-%03d", i); seen[e2e] != 1 {
			t.Errorf("%s stands in %d orders", e2e, seen[e2e])
		}
	}
}

// TestSplit_Bytes: a file stays below the limit, however long its texts are and however they must be written.
func TestSplit_Bytes(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20 // the smallest that the configuration allows
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeBytes, o.limits.Split.InterchangeOrders = limit, 100_000 })
	payments := many("A", 700)
	for i := range payments {
		payments[i].Text = strings.Repeat("'", 35)
		for range 20 {
			payments[i].Remittance = append(payments[i].Remittance, strings.Repeat("?+", 17))
		}
	}
	w.receive(bundle("G-1", payments...))
	w.at(receiveBy)
	w.release()
	sent := w.dispatch()
	if len(sent) < 2 {
		t.Errorf("%d files", len(sent))
	}
	w.want("files too large", w.row(`SELECT count(*) FROM interchange i JOIN document d ON d.id = i.document_id WHERE d.size > $1`, limit), "0")
	w.want("ledger", w.ledger(), "with_bank 700 = 314650")
}

// TestSplit_Lines: a LIN is a debit account, a type and a currency of transfer.
func TestSplit_Lines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := func(e2e, currency string) intaketest.Payment {
		return intaketest.Payment{EndToEndID: e2e, Amount: 1000, TransferCurrency: currency, AccountKind: "IBAN", Account: abroadAccount, BIC: "AAAACHZZXXX", Complete: true}
	}
	slip := intaketest.Payment{EndToEndID: "slip", Amount: 1000, AccountKind: "Prtry", Account: "85551234", Complete: true, Remittance: []string{"CdtrRef:71+000014560057664"}}
	d := bundle("G-1", complete("A", 100))
	add := func(account, instrument string, p intaketest.Payment) {
		d.Debits = append(d.Debits, intaketest.Debit{On: "2005-08-12", Agreement: "AFT-1", Account: account, Instrument: instrument, Payments: []intaketest.Payment{p}})
	}
	add(debit2, "", complete("B", 100))
	add(debit1, "", complete("C", 100))
	add(debit1, "IBK", slip)
	add(debit1, "UBB", foreign("euro", "EUR"))
	add(debit1, "UBB", foreign("dollar", "USD"))
	add(debit1, "UBB", foreign("euro 2", "EUR"))
	add(debit1, "UBB", foreign("krone", ""))
	w.receive(d)
	w.at(receiveBy)
	w.release()
	w.want("lines", strings.Join(w.rows(`SELECT l.lin, l.debit_account, l.type, coalesce(l.transfer_currency, 'DKK'), string_agg(p.e2e, ',' ORDER BY o.seq)
		FROM order_line l JOIN bank_order o USING (interchange_id, message_no, lin) JOIN payment p ON p.id = o.payment_id
		GROUP BY 1, 2, 3, 4 ORDER BY 1`), "\n"), strings.Join([]string{
		"1 " + debit1 + " 1 DKK A,C", "2 " + debit1 + " 2 DKK slip", "3 " + debit1 + " 3 DKK krone", "4 " + debit1 + " 3 EUR euro,euro 2",
		"5 " + debit1 + " 3 USD dollar", "6 " + debit2 + " 1 DKK B"}, "\n"))
	w.dispatch()
}

// TestSplit_Interchanges: bank centre, agreement and execution day part interchanges; bundles do not.
func TestSplit_Interchanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []intaketest.Document
	for i, c := range []struct{ agreement, account, on string }{
		{"AFT-1", debit1, "2005-08-12"}, {"AFT-1", debit2, "2005-08-12"}, {"AFT-2", "53010000123456", "2005-08-12"}, {"AFT-1", debit1, "2005-08-15"},
		{"AFT-3", debit1, "2005-08-12"}, {"AFT-1", debit1, "2005-08-11"}, // counts as the 12th
	} {
		d := bundle(fmt.Sprint("G-", i), complete(fmt.Sprint("A-", i), 100))
		d.Debits[0].Agreement, d.Debits[0].Account, d.Debits[0].On = c.agreement, c.account, c.on
		all = append(all, d)
	}
	w.receive(all...)
	w.at("2005-08-11 07:30")
	w.release()
	w.at("2005-08-12 06:00")
	w.release()
	w.want("interchanges", w.row(`SELECT bank, control_ref, agreement, to_char(executes_on, 'MM-DD'), payments, file_name FROM interchange ORDER BY bank, control_ref`),
		"BEC 1 AFT-1 08-12 3 NKS00000000000001.edi; BEC 2 AFT-3 08-12 1 NKS00000000000002.edi; BEC 3 AFT-1 08-15 1 NKS00000000000003.edi; "+
			"SDC 1 AFT-2 08-12 1 NKS00000000000001.edi")
}

// TestSplit_References: eight digits of each delivery, then the EndToEndId byte by byte; unique for ever.
func TestSplit_References(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const long = "Løn 08/2005 Åse's +?:' 1234" // 27 characters
	theirs := bundle("G-1", complete("A", 100))
	theirs.From, theirs.Debits[0].Agreement, theirs.Debits[0].Account = []string{"LEVB"}, "AFT-B", "40010000765432"
	sent := strings.Join(w.paid(bundle("G-1", complete("A", 100), complete(long, 100)), bundle("G-2", complete("B", 100)), theirs), "")
	w.newAnswers()
	var refs []string
	for _, m := range regexp.MustCompile(`RFF\+CR:((?:\?.|[^'?])*)'`).FindAllStringSubmatch(latin1(sent), -1) {
		refs = append(refs, regexp.MustCompile(`\?(.)`).ReplaceAllString(m[1], "$1"))
	}
	want := []string{"00000001A", "00000001" + long, "00000002B", "00000003A"}
	w.want("references", strings.Join(refs, "\n"), strings.Join(want, "\n"))
}

// TestRender_Again: who renders, and how often, makes no difference: the bytes depend on what was frozen alone.
func TestRender_Again(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), cpr("B", ann, 200), cpr("C", abroad, 300)))
	w.at(receiveBy)
	w.release()
	w.render()
	document := `SELECT document_id FROM interchange`
	first := w.raw(w.number(document))
	w.exec(`UPDATE interchange SET state = 'frozen', document_id = NULL`)
	w.exec(`DELETE FROM text_change`)
	w.at("2005-08-11 07:00")
	load(t, w.db, country{"accounts.csv": {accountColumns, "CPR," + ann + ",70450001777771,,,,,,,,,,,,"}}, w.time())
	w.render()
	if again := w.raw(w.number(document)); again != first {
		t.Errorf("rendered again:\n%s\nfirst:\n%s", latin1(again), latin1(first))
	}
	if !strings.Contains(first, "050811:0600+00000000000001") {
		t.Errorf("UNB does not say when it was frozen:\n%s", latin1(first))
	}
}

// TestRender_TellsOfChanges: what the bank cannot be told as it came is on record, order by order.
func TestRender_TellsOfChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := complete("A", 100)
	p.Text = "Łódź"
	sent := w.paid(bundle("G-1", p, complete("B", 100)))
	if !strings.Contains(latin1(sent[0]), "FTX+AAI+++Lódz'") {
		t.Errorf("sent:\n%s", latin1(sent[0]))
	}
	w.want("changes", w.row(`SELECT message_no, lin, seq, what FROM text_change`), "1 1 1 transliterated")
}

// TestRender_RefusesWhatWasTamperedWith: what is written must agree with what was frozen, or nothing is sent. It holds up
// no other interchange of the bank.
func TestRender_RefusesWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := bundle("G-2", complete("B", 100))
	other.Debits[0].Agreement = "AFT-3"
	w.receive(bundle("G-1", many("A", 3)...), other)
	for _, at := range []string{receiveBy, "2005-08-11 07:30"} {
		w.at(at)
		w.release()
	}
	w.unrender()
	for _, c := range []struct{ name, tamper, undo string }{
		{"an øre more", `UPDATE bank_order SET ore = ore + 1 WHERE interchange_id = $1 AND seq = 2`,
			`UPDATE bank_order SET ore = ore - 1 WHERE interchange_id = $1 AND seq = 2`},
		{"an order less", `UPDATE bank_order SET interchange_id = -$1::bigint WHERE interchange_id = $1 AND seq = 3`,
			`UPDATE bank_order SET interchange_id = $1 WHERE interchange_id = -$1::bigint`},
		{"two orders change places", `UPDATE bank_order SET seq = 9 WHERE interchange_id = $1 AND seq = 2`,
			`UPDATE bank_order SET seq = 2 WHERE interchange_id = $1 AND seq = 9`},
		{"an order in a line that is none", `UPDATE bank_order SET lin = 9 WHERE interchange_id = $1 AND seq = 2`,
			`UPDATE bank_order SET lin = 1 WHERE interchange_id = $1 AND lin = 9`},
		{"a line's sum", `UPDATE order_line SET ore = ore + 1 WHERE interchange_id = $1`, `UPDATE order_line SET ore = ore - 1 WHERE interchange_id = $1`},
		{"a line's count", `UPDATE order_line SET payments = payments + 1 WHERE interchange_id = $1`, `UPDATE order_line SET payments = payments - 1 WHERE interchange_id = $1`},
		{"an interchange's count", `UPDATE interchange SET payments = payments - 1 WHERE id = $1`, `UPDATE interchange SET payments = payments + 1 WHERE id = $1`},
		{"an interchange's sum", `UPDATE interchange SET ore = ore + 1 WHERE id = $1`, `UPDATE interchange SET ore = ore - 1 WHERE id = $1`},
	} {
		first := w.number(`SELECT min(id) FROM interchange`)
		w.exec(c.tamper, first)
		worked, err := w.Release.NextToRender(t.Context(), "BEC")
		if worked && err == nil { // the other one
			worked, err = w.Release.NextToRender(t.Context(), "BEC")
		}
		if worked || err == nil {
			t.Fatalf("%s: rendered %t, %v", c.name, worked, err)
		}
		if !errors.Is(err, bankfile.ErrUnwritable) && c.name != "an order in a line that is none" {
			t.Errorf("%s: %v", c.name, err)
		}
		w.want(c.name, w.row(`SELECT state FROM interchange ORDER BY id`), "frozen; rendered")
		w.exec(c.undo, first)
	}
	if sent := w.dispatch(); len(sent) != 2 {
		t.Errorf("%d files sent when all was right again", len(sent))
	}
}
