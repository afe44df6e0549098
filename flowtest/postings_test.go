package flowtest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
)

// posted is an account as FII has it.
func posted(account string) string {
	return fmt.Sprintf("+%s:::DKK+:::%s:80:130'", account[4:], account[:4])
}

// kroner is an amount of øre as a bank writes it.
func kroner(ore int64) string {
	if ore < 0 {
		return "-" + kroner(-ore)
	}
	return fmt.Sprintf("%d,%02d", ore/100, ore%100)
}

// booking is what a posting is known by, but for its amount.
type booking struct{ account, ref, on string }

func (b booking) lin() string {
	if b.on == "" {
		b.on = "20050812"
	}
	return fmt.Sprintf("LIN+1'DTM+202:%s:102'DTM+209:%[1]s:102'BUS++DO++IBB'", b.on)
}

func (b booking) rff() string {
	if b.ref == "" {
		return "RFF+PQ:X'"
	}
	return "RFF+ACK:" + b.ref + "'"
}

// cremul is credits, each of its returns; debmul debits of lines.
func cremul(credits ...string) string {
	return "CREMUL:D:96A:UN'BGM+455+C1'DTM+137:20050815:102'" + strings.Join(credits, "")
}

func debmul(debits ...string) string {
	return "DEBMUL:D:96A:UN'BGM+470+D1'DTM+137:20050812:102'" + strings.Join(debits, "")
}

// credited is one credit posting.
func (b booking) credited(ore int64, returns ...string) string {
	return b.lin() + "MOA+60:" + kroner(ore) + ":DKK'" + b.rff() + "FII+BF" + posted(b.account) + strings.Join(returns, "")
}

// debited is one debit posting of lines.
func (b booking) debited(ore int64, lines ...string) string {
	s := b.lin() + "MOA+60:" + kroner(ore) + ":DKK'" + b.rff()
	for _, l := range lines {
		s += "RFF+AEK:" + l + "'"
	}
	return s + "FII+OR" + posted(b.account)
}

// returned is one return of a credit; kept is what the bank kept back.
func returned(ref string, ore, kept int64) string {
	s := "SEQ++1'FII+OR" + posted("70450001234567")
	if ref != "" {
		s += "RFF+CR:" + ref + "'"
	}
	s += "MOA+60:" + kroner(ore) + ":DKK'GIS+2'FTX+AAO+++K0530:Konto lukket'"
	if kept > 0 {
		s += "FCA+13'MOA+23:" + kroner(kept) + ":DKK'"
	}
	return s
}

// statementOf is a statement of account; entries are of entered.
func statementOf(account string, number int, on string, opening, closing int64, entries ...string) string {
	return fmt.Sprintf("LIN+1'FII+AS%sRFF+NPS:%d'MOA+312:%s:DKK'DTM+171:%s:102'MOA+314:%s:DKK'%s", posted(account), number, kroner(opening), on, kroner(closing), strings.Join(entries, ""))
}

func (b booking) entered(ore int64) string {
	if b.on == "" {
		b.on = "20050812"
	}
	return fmt.Sprintf("SEQ+15+000001'%sDTM+179:%s:102'BUS++DO++000'MOA+323:%s:DKK'", b.rff(), b.on, kroner(ore))
}

func finsta(statements ...string) string {
	return "FINSTA:D:96A:UN'BGM+KBG+S1+9'DTM+137:20050815:102'FII+MS++:::2001:80:130'" + strings.Join(statements, "")
}

// names puts A to D in the place of their payments' ids.
func (s sent) names(text string, w *world) string {
	for _, name := range []string{"A", "B", "C", "D"} {
		text = strings.ReplaceAll(text, fmt.Sprint(w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e(name))), name)
	}
	return text
}

// TestReturns: money that comes back is told of each payment, by what its bank's credit names.
func TestReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	for i, c := range []struct {
		name       string
		say        func(sent, booking)
		back       string // of A to D
		ledger     string
		exceptions string
	}{
		{name: "all of it", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0)))) },
			back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "a part of it", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(150, returned(s.ref("B"), 150, 0)))) },
			back: "B 1 150 K0530 150 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "less a fee that is kept", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(150, returned(s.ref("B"), 150, 50)))) },
			back: "B 1 150 K0530 150 50 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "in parts, over time", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(150, returned(s.ref("B"), 150, 0))))
			w.later(24 * time.Hour)
			b.ref += "-2"
			w.says(s.bank, cremul(b.credited(50, returned(s.ref("B"), 50, 0))))
		}, back: "B 1 150 K0530 150 0 reference; B 1 50 K0530 50 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "in parts, in one credit", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 150, 0), returned(s.ref("B"), 50, 0))))
		}, back: "B 1 150 K0530 150 0 reference; B 1 50 K0530 50 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "several in one credit", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(600, returned(s.ref("B"), 200, 0), returned(s.ref("D"), 400, 0))))
		}, back: "B 1 200 K0530 200 0 reference; D 1 400 K0530 400 0 reference", ledger: "with_bank -2 = -600, came_back 2 = 600"},
		{name: "several in one credit, and one that names nothing", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(599, returned(s.ref("B"), 200, 0), returned("", 399, 0))))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200",
			exceptions: "posting not matched (399: the bank names no reference of ours; nothing fits its amount, accounts and date)"},
		{name: "of nothing of ours", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(199, returned("99999999B", 199, 0)))) },
			exceptions: "posting not matched (199: its reference is none of ours)"},
		{name: "of another bank's order", say: func(s sent, b booking) { w.says("SDC", cremul(b.credited(200, returned(s.ref("B"), 200, 0)))) },
			exceptions: "posting not matched (200: its reference is none of ours)"},
		{name: "the same again, in another file, message and month", say: func(s sent, b booking) {
			for range 2 {
				w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
				w.says(s.bank, cremul(booking{account: debit2, ref: b.ref}.credited(300, returned(s.ref("C"), 300, 0))), cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
				w.later(40 * 24 * time.Hour)
			}
		}, back: "B 1 200 K0530 200 0 reference; C 1 300 K0530 300 0 reference", ledger: "with_bank -2 = -500, came_back 2 = 500"},
		{name: "equal ones without a reference", say: func(s sent, b booking) {
			b.ref = ""
			half := b.credited(100, returned(s.ref("B"), 100, 0))
			w.says(s.bank, cremul(half, half))
			w.says(s.bank, cremul(half, half))
		}, back: "B 1 100 K0530 100 0 reference; B 1 100 K0530 100 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "the same reference with another amount", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
			w.says(s.bank, cremul(b.credited(300, returned(s.ref("C"), 300, 0))))
			b.on = "20050815"
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200",
			exceptions: "posting contradicts another; posting contradicts another"},
		{name: "the same reference with other parts", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("C"), 200, 0))))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200", exceptions: "posting contradicts another"},
		{name: "more than was ordered", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(201, returned(s.ref("B"), 201, 0)))) },
			ledger:     "with_bank -1 = -200, disputed 1 = 200",
			exceptions: "bank names another amount; posting not matched (201: more came back of payment B than was ordered)"},
		{name: "more than was ordered with the fee that is kept", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 1)))) },
			ledger:     "with_bank -1 = -200, disputed 1 = 200",
			exceptions: "bank names another amount; posting not matched (200: more came back of payment B than was ordered)"},
		{name: "more than was ordered, in parts", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(201, returned(s.ref("B"), 150, 0), returned(s.ref("B"), 51, 0))))
		}, back: "B 1 150 K0530 150 0 reference", ledger: "with_bank -1 = -200, disputed 1 = 200",
			exceptions: "bank names another amount; posting not matched (51: more came back of payment B than was ordered)"},
		{name: "after the bank called it executed", say: func(s sent, b booking) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "before the bank calls it executed", say: func(s sent, b booking) {
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "of an order that the bank has rejected", say: func(s sent, b booking) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
		}, ledger: "with_bank -1 = -200, disputed 1 = 200",
			exceptions: "money came back that was not paid; posting not matched (200: payment B was rejected by the bank)"},
		{name: "of an order that is disputed", say: func(s sent, b booking) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
		}, ledger: "with_bank -1 = -200, disputed 1 = 200",
			exceptions: "posting not matched (200: payment B is disputed: settle that first); reject after execution"},
		{name: "a credit that is not what its parts are", say: func(s sent, b booking) { w.says(s.bank, cremul(b.credited(300, returned(s.ref("B"), 200, 0)))) },
			exceptions: "posting not matched (300: it is not what its parts add up to)"},
		{name: "a credit without an amount", say: func(s sent, b booking) {
			w.says(s.bank, cremul(strings.Replace(b.credited(200, returned(s.ref("B"), 200, 0)), "MOA+60:2,00", "MOA+60:2,001", 1)))
		}, exceptions: "posting undecided"},
		{name: "first in a statement, then with what it is made of", say: func(s sent, b booking) {
			b.account = "30110004567881"
			w.says(s.bank, finsta(statementOf(b.account, 1, "20050812", 0, 200, b.entered(200))))
			w.says(s.bank, cremul(b.credited(200, returned(s.ref("B"), 200, 0))))
		}, back: "B 1 200 K0530 200 0 reference", ledger: "with_bank -1 = -200, came_back 1 = 200"},
		{name: "in a statement alone", say: func(s sent, b booking) {
			b.account = "30110004567882"
			w.says(s.bank, finsta(statementOf(b.account, 1, "20050812", 0, 200, b.entered(200))))
		}, exceptions: "posting not matched (200: the bank names no reference of ours)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s, booking{account: debit1, ref: fmt.Sprintf("R%d", i)})
			got := w.row(`SELECT left(p.e2e, 1), f.attempt, f.ore, coalesce(f.code, '-'), m.ore, m.charge_ore, m.rule FROM fact f JOIN payment p ON p.id = f.payment_id
				JOIN posting_match m ON m.posting_id = f.posting_id AND m.part = f.posting_part AND m.payment_id = f.payment_id
				WHERE f.kind = 'came_back' AND p.e2e IN ($1, $2, $3, $4) ORDER BY p.id, f.n`, s.e2e("A"), s.e2e("B"), s.e2e("C"), s.e2e("D"))
			w.want("came back", got, c.back)
			w.want("ledger", w.book().since(before), c.ledger)
			w.want("exceptions", s.names(w.openSince(last), w), c.exceptions)
			w.holds()
		})
	}
}

// TestDebits: what a bank debits of a line is its sum less what it has rejected; what is more or less is told until it is right.
func TestDebits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	for i, c := range []struct {
		name       string
		say        func(s sent, b booking, first, second string) // of 600 and 400 øre
		debits     string                                        // of the first line and the second
		exceptions string
	}{
		{"all of it", func(s sent, b booking, first, second string) {
			w.says(s.bank, debmul(b.debited(600, first)), debmul(booking{account: b.account, ref: b.ref + "-2"}.debited(400, second)))
		}, "1 600; 2 400", ""},
		{"of two lines at once", func(s sent, b booking, first, second string) { w.says(s.bank, debmul(b.debited(1000, first, second))) }, "1 600; 2 400", ""},
		{"of two lines at once, and not what is due", func(s sent, b booking, first, second string) { w.says(s.bank, debmul(b.debited(999, first, second))) }, "",
			"posting not matched (999: it is not what is due of the lines that it names)"},
		{"with charges", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(650, first)+"FCA+13'MOA+23:0,50:DKK'"))
		}, "1 600", ""},
		{"less what was rejected", func(s sent, b booking, first, _ string) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")), debmul(b.debited(400, first)))
		}, "1 400", ""},
		{"less what is rejected later", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(400, first)))
			w.want("until then", w.exceptions(), "debit differs")
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		}, "1 400", ""},
		{"less", func(s sent, b booking, first, _ string) { w.says(s.bank, debmul(b.debited(599, first))) }, "1 599", "debit differs"},
		{"more", func(s sent, b booking, first, _ string) { w.says(s.bank, debmul(b.debited(601, first))) }, "1 601", "debit differs"},
		{"in two postings", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(500, first)))
			w.says(s.bank, debmul(booking{account: b.account, ref: b.ref + "-2"}.debited(100, first)))
		}, "1 500; 1 100", ""},
		{"again, in another file", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(600, first)))
			w.says(s.bank, debmul(b.debited(600, first)), debmul(b.debited(600, first)))
		}, "1 600", ""},
		{"of no line of ours", func(s sent, b booking, first, _ string) { w.says(s.bank, debmul(b.debited(600, first+"1"))) }, "",
			"posting not matched (600: its reference is none of ours)"},
		{"of a reference that is written otherwise", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(600, strings.TrimLeft(first, "0"))))
		}, "",
			"posting not matched (600: its reference is none of ours)"},
		{"of no line that is named", func(s sent, b booking, _, _ string) { w.says(s.bank, debmul(b.debited(599))) }, "",
			"posting not matched (599: the bank names no reference of ours; nothing fits its amount, accounts and date)"},
		{"from another account", func(s sent, b booking, first, _ string) {
			b.account = debit2
			w.says(s.bank, debmul(b.debited(600, first)))
		}, "", "posting not matched (600: the line that it names is not of this account)"},
		{"with its orders", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(600, first)+ordered(s.ref("A"), 100)+ordered(s.ref("B"), 200)+ordered(s.ref("C"), 300)))
		}, "1 600", ""},
		{"by its orders alone", func(s sent, b booking, _, _ string) {
			w.says(s.bank, debmul(b.debited(1000)+ordered(s.ref("A"), 100)+ordered(s.ref("B"), 200)+ordered(s.ref("D"), 400)+ordered(s.ref("C"), 300)))
		}, "1 600; 2 400", ""},
		{"before CONTRL", func(s sent, b booking, first, _ string) {
			w.says(s.bank, debmul(b.debited(600, first)))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, "1 600", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			if c.name != "before CONTRL" {
				w.says(s.bank, contrl(s.bank, s.no, "7"))
			}
			last := w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s, booking{account: debit1, ref: fmt.Sprintf("D%d", i)}, fmt.Sprintf("%014d-1-1", s.no), fmt.Sprintf("%014d-2-1", s.no))
			w.want("debits", w.row(`SELECT m.message_no, m.ore FROM posting_match m JOIN interchange i ON i.id = m.interchange_id WHERE i.bank = 'BEC' AND i.control_ref = $1
				ORDER BY m.posting_id, m.part, m.n`, s.no), c.debits)
			w.want("exceptions", w.openSince(last), c.exceptions)
			w.tamper(`UPDATE nks.exception SET closed_at = raised_at, closed_by = 'test' WHERE closed_at IS NULL`)
		})
	}
	w.t = t
}

// TestDebits_ChargeAfterStatement: a charge of which the debit advice tells, when a statement of account has told of the posting, is a charge:
// the rest is the line's, and nothing waits for persons.
func TestDebits_ChargeAfterStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says(s.bank, contrl(s.bank, s.no, "7"))
	b := booking{account: debit1, ref: "D1"}
	w.says(s.bank, finsta(statementOf(debit1, 1, "20050812", 100_00, 93_50, b.entered(-650))))
	w.says(s.bank, debmul(b.debited(650, fmt.Sprintf("%014d-1-1", s.no))+"FCA+13'MOA+23:0,50:DKK'"))
	w.want("posting", w.row(`SELECT ore, charge_ore, heard_in FROM posting`), "-650 50 FINSTA")
	w.want("of the line", w.row(`SELECT ore FROM posting_match`), "600")
	w.want("exceptions", w.exceptions(), "")
}

// ordered is one order of a debit.
func ordered(ref string, ore int64) string {
	return "SEQ++1'FII+OR" + posted(debit1) + "RFF+CR:" + ref + "'MOA+60:" + kroner(ore) + ":DKK'"
}

// openSince is the exceptions after one that are open, with what they say of postings.
func (w *world) openSince(last int64) string {
	w.t.Helper()
	return w.row(`SELECT kind || coalesce(' (' || CASE WHEN detail_code = 'unmatched' THEN detail_args[4] || ': ' || detail_args[5] END || ')', '')
		FROM exception WHERE id > $1 AND closed_at IS NULL ORDER BY kind, id`, last)
}

// TestStatements: a statement of account must add up, with itself, with the one before and with what was told of before; whatever the
// order in which they come.
func TestStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	const on, next = "20050812", "20050815"
	for i, c := range []struct {
		name       string
		say        func(account string, b booking) []string
		exceptions string
	}{
		{"two days", func(a string, b booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, -600, b.entered(-600))), finsta(statementOf(a, 8, next, -600, -600))}
		}, "posting not matched"},
		{"entries that do not make the closing balance", func(a string, b booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, -601, b.entered(-600)))}
		},
			"posting not matched; statement does not add up"},
		{"another opening balance than the last closing one", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 8, next, 1, 1))}
		}, "statement does not add up"},
		{"a hole", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 9, next, 0, 0))}
		},
			"statement does not add up"},
		{"a hole that is filled", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 9, next, 0, 0)), finsta(statementOf(a, 8, next, 0, 0))}
		}, ""},
		{"numbers that begin anew", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 1, next, 0, 0))}
		}, ""},
		{"the same again", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 7, on, 0, 0))}
		}, ""},
		{"the same number with other balances", func(a string, _ booking) []string {
			return []string{finsta(statementOf(a, 7, on, 0, 0)), finsta(statementOf(a, 7, on, 1, 1))}
		}, "posting contradicts another"},
		{"a posting that does not stand in it", func(a string, b booking) []string {
			return []string{debmul(b.debited(600)), finsta(statementOf(a, 7, on, 0, 0))}
		}, "posting not in statement; posting not matched"},
		{"a posting that stands in it", func(a string, b booking) []string {
			return []string{debmul(b.debited(600)), finsta(statementOf(a, 7, on, 600, 0, b.entered(-600)))}
		}, "posting not matched"},
		{"a posting that stands in the next one", func(a string, b booking) []string {
			return []string{debmul(b.debited(600)), finsta(statementOf(a, 7, on, 600, 600)), finsta(statementOf(a, 8, next, 600, 0, b.entered(-600)))}
		}, "posting not matched"},
		{"a statement without a number", func(a string, _ booking) []string {
			return []string{strings.Replace(finsta(statementOf(a, 7, on, 0, 0)), "NPS:7", "NPS:x", 1)}
		},
			"posting undecided"},
	} {
		for turn, name := range []string{"in order", "the other way round"} {
			account := fmt.Sprintf("2001%010d", 2*i+turn)
			t.Run(c.name+", "+name, func(t *testing.T) {
				w.t = t
				last := w.number(`SELECT coalesce(max(id), 0) FROM exception`)
				files := c.say(account, booking{account: account, ref: fmt.Sprintf("S%d", i)})
				if turn == 1 {
					slices.Reverse(files)
				}
				for _, f := range files {
					w.says("BEC", f)
				}
				w.want("exceptions", w.row(`SELECT kind FROM exception WHERE id > $1 AND closed_at IS NULL ORDER BY kind`, last), c.exceptions)
			})
		}
	}
	w.t = t
}

// TestMatchPosting: what a bank does not say two persons find out: money came back, or it is none of ours.
func TestMatchPosting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	b := booking{account: debit1, ref: "M1"}
	w.says("BEC", cremul(b.credited(450, returned(s.ref("B"), 50, 0), returned("", 150, 0), returned("", 250, 0))))
	posting := w.number(`SELECT max(id) FROM posting`)
	payment := func(name string) string {
		return fmt.Sprint(w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e(name)))
	}
	asks := func(part int, payment string) (act.Decided, error) {
		return w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindMatch, By: "Ann", Why: "the bank told us",
			Content: map[string]string{"posting": fmt.Sprint(posting), "part": fmt.Sprint(part), "payment": payment}})
	}
	list, err := w.Desk.UnmatchedPostings(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != posting || list[0].Ore != 450 || list[0].MatchedOre != 50 || list[0].Account != "xxxxxxxxxx7890" || list[0].Why == "" {
		t.Errorf("unmatched: %+v, %v", list, err)
	}
	for name, c := range map[string]struct {
		part    int
		payment string
		want    error
	}{
		"more than was ordered":       {3, payment("B"), gateway.ErrIntent},
		"a part that is matched":      {1, payment("B"), gateway.ErrMovedOn},
		"a part that there is not":    {4, payment("B"), gateway.ErrIntent},
		"all of it beside its parts":  {0, payment("C"), gateway.ErrIntent},
		"a payment that there is not": {2, "16777217", gateway.ErrIntent},
		"no payment":                  {2, "none", gateway.ErrIntent},
	} {
		if _, err := asks(c.part, c.payment); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked, err := asks(2, payment("B"))
	if err != nil {
		t.Fatal(err)
	}
	w.want("preview", asked.Items[0].Preview, fmt.Sprintf("150 øre of posting %d came back of payment %s", posting, payment("B")))
	w.want("before the second person", w.ledger(), "with_bank 3 = 800, came_back 1 = 200")
	w.approves(asked.ID, "Bob")
	w.want("came back", w.row(`SELECT f.ore, m.rule FROM fact f JOIN posting_match m ON m.posting_id = f.posting_id AND m.part = f.posting_part WHERE f.kind = 'came_back' ORDER BY f.n`),
		"50 reference; 150 persons")
	w.want("waits", w.exceptions(), "posting not matched")
	w.decided(act.KindPostingNoneOfOurs, posting)
	w.want("waits for nobody", w.exceptions(), "")
	if _, err := w.decide(act.KindPostingNoneOfOurs, "Ann", posting); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("none of ours again: %v", err)
	}
	one, err := w.Desk.Posting(t.Context(), posting)
	if err != nil || len(one.Parts) != 3 || len(one.Matches) != 2 || one.Matches[1].Decision == 0 || one.MatchedOre != 200 {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := w.Desk.Posting(t.Context(), 1); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a posting that there is not: %v", err)
	}

	// Where the bank tells no parts, all of it is one.
	w.says("BEC", finsta(statementOf(debit1, 1, "20050812", 0, 400, booking{account: debit1, ref: "M2"}.entered(400))))
	posting = w.number(`SELECT max(id) FROM posting`)
	if asked, err = asks(0, payment("D")); err != nil {
		t.Fatal(err)
	}
	w.approves(asked.ID, "Bob")
	w.want("ledger", w.ledger(), "with_bank 2 = 400, came_back 2 = 600")
	w.want("of the day", w.row(`SELECT kind FROM exception WHERE closed_at IS NULL`), "posting not in statement")
}

// TestPostings_HeardAgain: a file with a posting that cannot be read may concern anything; heard again it books nothing twice, and what
// it says is kept anew.
func TestPostings_HeardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	b := booking{account: debit1, ref: "H1"}
	unread := strings.Replace(booking{account: debit1, ref: "H2"}.credited(300, returned(s.ref("C"), 300, 0)), "MOA+60:3,00", "MOA+60:3,001", 1)
	w.says("BEC", cremul(b.credited(200, returned(s.ref("B"), 200, 0)), unread))
	file := w.number(`SELECT max(id) FROM bank_file`)
	w.want("doubt", w.row(`SELECT interchange_id, kind FROM bank_doubt WHERE settled_at IS NULL`), "0 posting undecided")
	w.decided(act.KindHearAgain, file)
	w.hear("BEC")
	w.want("statements", w.row(`SELECT hearing, n, kind, certainty, coalesce(effect, '-'), coalesce(undecided, '-') FROM bank_fact WHERE bank_file_id = $1 ORDER BY 1, 2`, file),
		"1 1 posting decided takes -; 1 2 posting undecided - a posting that cannot be read; "+
			"2 1 posting decided repeats -; 2 2 posting undecided - a posting that cannot be read")
	w.want("booked", w.row(`SELECT count(*), (SELECT count(*) FROM posting_match), (SELECT count(*) FROM fact WHERE kind = 'came_back') FROM posting`), "1 1 1")
	w.want("ledger", w.ledger(), "with_bank 3 = 800, came_back 1 = 200")
	w.decided(act.KindNoneOfOurs, file)
	w.want("waits", w.exceptions(), "")
}
