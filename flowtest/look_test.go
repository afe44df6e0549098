package flowtest_test

import (
	"strings"
	"testing"
)

// TestLook_Returns: what comes back without a reference is booked where one order of the last 30 days alone can be meant; else persons are told
// which it may be of.
func TestLook_Returns(t *testing.T) {
	t.Parallel()
	const silent, rule = "the bank names no reference of ours; ", "B 1 200 K0530 200 0 amount"
	const parts = "perhaps payment D: by amount, account and date, with all other parts of the day"
	const one = "with_bank 3 = 800, came_back 1 = 200"
	const all = "with_bank 4 = 1000"
	for name, c := range map[string]struct {
		say                      func(w *world, s sent, b booking)
		back, ledger, exceptions string
	}{
		"one order": {func(w *world, s sent, b booking) { w.says(s.bank, cremul(b.credited(200, returned("", 200, 0)))) }, rule, one, ""},
		"less what the bank kept": {func(w *world, s sent, b booking) { w.says(s.bank, cremul(b.credited(150, returned("", 150, 50)))) },
			"B 1 150 K0530 150 50 amount", one, ""},
		"beside one that is named": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(600, returned("", 200, 0), returned(s.ref("D"), 400, 0))))
		}, "B 1 200 K0530 200 0 amount; D 1 400 K0530 400 0 reference", "with_bank 2 = 400, came_back 2 = 600", ""},
		"more than is left of an order": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(250, returned(s.ref("B"), 50, 0), returned("", 200, 0))))
		}, "B 1 50 K0530 50 0 reference", one, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"all that is left of an order": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 50, 0), returned("", 150, 0))))
		}, "B 1 50 K0530 50 0 reference; B 1 150 K0530 150 0 amount", one, ""},
		"to the return account": {func(w *world, s sent, b booking) {
			w.withReturnAccount()
			b.account = returnAccount
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, rule, one, ""},
		"a second time": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
			b.ref = "again"
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, rule, one, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"two at once for one order": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(600, returned("", 300, 0), returned("", 300, 0))))
		}, "", all, "posting not matched (600: " + silent + "perhaps payment C: other parts fit the same)"},
		"one order in two": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(350, returned("", 310, 0), returned("", 40, 0))), cremul(booking{b.account, "other", ""}.credited(50, returned("", 50, 0))))
		}, "", all, "posting not matched (350: " + silent + parts + "); posting not matched (50: " + silent + parts + ")"},
		"from another account": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, strings.Replace(returned("", 200, 0), "0001234567", "0001234568", 1))))
		}, "", all, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"to another account": {func(w *world, s sent, b booking) {
			b.account = debit2
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, "", all, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"at another bank": {func(w *world, s sent, b booking) { w.says("SDC", cremul(b.credited(200, returned("", 200, 0)))) },
			"", all, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"from nobody that is named": {func(w *world, s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, strings.Replace(returned("", 200, 0), "FII+OR"+posted("70450001234567"), "FII+OR'", 1))))
		}, "", all, "posting not matched (200: " + silent + "perhaps payment B: the bank does not say which account it comes from)"},
		"before it was executed": {func(w *world, s sent, b booking) {
			b.on = "20050811"
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, "", all, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
		"thirty days after it": {func(w *world, s sent, b booking) {
			w.at("2005-09-11 12:00")
			b.on = "20050911"
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, rule, one, ""},
		"later than that": {func(w *world, s sent, b booking) {
			w.at("2005-09-12 12:00")
			b.on = "20050912"
			w.says(s.bank, cremul(b.credited(200, returned("", 200, 0))))
		}, "", all, "posting not matched (200: " + silent + "nothing fits its amount, accounts and date)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, banks(t))
			s := w.four("BEC")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			c.say(w, s, booking{account: debit1, ref: "R"})
			w.want("came back", w.backOf(s), c.back)
			w.want("ledger", w.ledger(), c.ledger)
			w.want("exceptions", s.names(w.openSince(0), w), c.exceptions)
		})
	}
}

// backOf is what came back of A to D.
func (w *world) backOf(s sent) string {
	w.t.Helper()
	return w.row(`SELECT left(p.e2e, 1), f.attempt, f.ore, coalesce(f.code, '-'), m.ore, m.charge_ore, m.rule FROM fact f JOIN payment p ON p.id = f.payment_id
		JOIN posting_match m ON m.posting_id = f.posting_id AND m.part = f.posting_part AND m.payment_id = f.payment_id
		WHERE f.kind = 'came_back' AND p.e2e IN ($1, $2, $3, $4) ORDER BY p.id, f.n`, s.e2e("A"), s.e2e("B"), s.e2e("C"), s.e2e("D"))
}

// TestLook_Rivals: what waits for persons, and fits the same, keeps what comes later from being certain.
func TestLook_Rivals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	other := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"), contrl("BEC", other.no, "7"))
	w.says("BEC", cremul(booking{debit1, "R1", ""}.credited(200, returned("", 200, 0))))
	const fits = "the bank names no reference of ours; perhaps payment B: it fits several; perhaps payment of the other B: it fits several"
	text := func() string {
		return strings.NewReplacer(w.row(`SELECT id FROM payment WHERE e2e = $1`, other.e2e("B")), "of the other B",
			w.row(`SELECT id FROM payment WHERE e2e = $1`, other.e2e("D")), "of the other D").Replace(s.names(w.openSince(0), w))
	}
	w.want("two orders", text(), "posting not matched (200: "+fits+")")
	w.says("BEC", cremul(booking{debit1, "R2", ""}.credited(200, returned(other.ref("B"), 200, 0))))
	w.says("BEC", cremul(booking{debit1, "R3", ""}.credited(200, returned("", 200, 0))))
	w.want("came back", w.backOf(s), "")
	w.want("one order, and two that fit it", text(), "posting not matched (200: "+fits+"); posting not matched (200: the bank names no reference of ours; "+
		"perhaps payment B: it fits several; perhaps payment D: it fits several; perhaps payment of the other D: it fits several)")
}

// TestLook_Debits: what is debited without a reference is of the lines of that account and day that it is the sum of.
func TestLook_Debits(t *testing.T) {
	t.Parallel()
	const silent = "the bank names no reference of ours; "
	for name, c := range map[string]struct {
		say                func(w *world, s sent, b booking)
		debits, exceptions string
	}{
		"one line":     {func(w *world, s sent, b booking) { w.says(s.bank, debmul(b.debited(600))) }, "1 600 amount", ""},
		"with charges": {func(w *world, s sent, b booking) { w.says(s.bank, debmul(b.debited(650)+"FCA+13'MOA+23:0,50:DKK'")) }, "1 600 amount", ""},
		"each line": {func(w *world, s sent, b booking) {
			w.says(s.bank, debmul(b.debited(600)), debmul(booking{b.account, "other", ""}.debited(400)))
		}, "1 600 amount; 2 400 amount", ""},
		"all lines at once": {func(w *world, s sent, b booking) { w.says(s.bank, debmul(b.debited(1000))) }, "1 600 sum; 2 400 sum", ""},
		"one line in two": {func(w *world, s sent, b booking) {
			w.says(s.bank, debmul(b.debited(500)), debmul(booking{b.account, "other", ""}.debited(100)))
		}, "1 500 sum; 1 100 sum", ""},
		"two for one line": {func(w *world, s sent, b booking) {
			w.says(s.bank, debmul(b.debited(600)), debmul(booking{b.account, "other", ""}.debited(600)))
		}, "", "posting not matched (600: " + silent + "perhaps BEC 1 message 1 LIN 1: other parts fit the same); " +
			"posting not matched (600: " + silent + "perhaps BEC 1 message 1 LIN 1: other parts fit the same)"},
		"first in a statement": {func(w *world, s sent, b booking) {
			b.account = debit1
			w.says(s.bank, finsta(statementOf(b.account, 1, "20050812", 1000, 400, b.entered(-600))))
			w.says(s.bank, debmul(b.debited(600)))
		}, "1 600 amount", ""},
		"again": {func(w *world, s sent, b booking) {
			w.says(s.bank, debmul(b.debited(600)))
			w.says(s.bank, debmul(b.debited(600)), debmul(b.debited(600)))
		}, "1 600 amount", ""},
		"of another amount": {func(w *world, s sent, b booking) { w.says(s.bank, debmul(b.debited(601))) }, "",
			"posting not matched (601: " + silent + "nothing fits its amount, accounts and date)"},
		"on another day": {func(w *world, s sent, b booking) {
			b.on = "20050815"
			w.says(s.bank, debmul(b.debited(600)))
		}, "", "posting not matched (600: " + silent + "nothing fits its amount, accounts and date)"},
		"on another account": {func(w *world, s sent, b booking) {
			b.account = debit2
			w.says(s.bank, debmul(b.debited(600)))
		}, "", "posting not matched (600: " + silent + "nothing fits its amount, accounts and date)"},
		"in a statement alone": {func(w *world, s sent, b booking) {
			w.says(s.bank, finsta(statementOf(b.account, 1, "20050812", 1000, 400, b.entered(-600))))
		}, "", "posting not matched (600: the bank names no reference of ours)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, banks(t))
			s := w.four("BEC")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			c.say(w, s, booking{account: debit1, ref: "D"})
			w.want("debits", w.row(`SELECT m.message_no, m.ore, m.rule FROM posting_match m ORDER BY m.posting_id, m.part, m.n`), c.debits)
			w.want("exceptions", w.openSince(0), c.exceptions)
		})
	}
}
