package flowtest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"nks/gateway"
)

// sent is an interchange that a bank has: its number, its first messages, and the eight digits of its references.
type sent struct {
	bank    string
	no      int64
	message func(no int) string
	ref     func(e2e string) string
	e2e     func(name string) string
}

// four sends A, B, C of 100, 200 and 300 øre in one message and D of 400 in a second one, to a bank of its own day.
func (w *world) four(bank string) sent {
	w.t.Helper()
	w.at(receiveBy) // at the very second it still counts
	w.files++
	n := w.files
	e2e := func(s string) string { return fmt.Sprintf("%s%d", s, n) }
	d := bundle(fmt.Sprint("four ", n), complete(e2e("A"), 100), complete(e2e("B"), 200), complete(e2e("C"), 300), complete(e2e("D"), 400))
	d.Debits[0].Agreement = "AFT-" + bank
	w.receive(d)
	w.release()
	w.dispatch()
	w.newAnswers()
	s := sent{bank: bank, no: w.number(`SELECT max(control_ref) FROM interchange WHERE bank = $1 AND kind = 'PAYMUL'`, bank)}
	head := w.row(`SELECT max(head) FROM bank_reference`)
	s.e2e = e2e
	s.message = func(no int) string { return fmt.Sprintf("%s-%014d-%04d", bank, s.no, no) }
	s.ref = func(name string) string { return head + e2e(name) }
	return s
}

// banks are four, each with an agreement of authority 77.
func banks(t *testing.T) func(*options) {
	return func(o *options) {
		o.banks = gateway.BankCentres{bec(t), sdc(t), bkd(t), nem(t)}
		o.limits.Split.MessageOrders = 3
		var rows []string
		for _, b := range o.banks {
			rows = append(rows, fmt.Sprintf("AFT-%s,77,,LEVA,%s,%s,return,06:00,,", b.ID, b.ID, debit1))
		}
		o.country = o.country.with("agreements.csv", rows...)
	}
}

// heard is what came of what a bank said: the change of the ledger beside the four that it has, the answers with the
// names of the payments, and the exceptions.
type heard struct{ ledger, newAnswers, exceptions string }

// TestHear: what banks say, and what is made of it. // bank-edifact "In"
func TestHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	const refused4 = "9 A:0001(Interchange afvist af banken, fejlkode 29) B:0001(Interchange afvist af banken, fejlkode 29) " +
		"C:0001(Interchange afvist af banken, fejlkode 29) D:0001(Interchange afvist af banken, fejlkode 29)"
	for _, c := range []struct {
		name string
		bank string
		say  func(s sent)
		want heard
	}{
		{"CONTRL 7", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "7")) }, heard{"", "8 A B C D", ""}},
		{"CONTRL 7 twice", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"", "8 A B C D", ""}},
		{"CONTRL 8, a receipt", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "8")) }, heard{}},
		{"CONTRL 8, then 7", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "8"))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"", "8 A B C D", ""}},
		{"CONTRL 7, then 8", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, contrl(s.bank, s.no, "8"))
		}, heard{"", "8 A B C D", ""}},
		{"CONTRL 4", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "4+29")) }, heard{"with_bank -4 = -1000, returned 4 = 1000", refused4, ""}},
		{"CONTRL 4 twice", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
		}, heard{"with_bank -4 = -1000, returned 4 = 1000", refused4, ""}},
		{"UCM 4", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "7", ucm("1", "7"), ucm("2", "4+13"))) },
			heard{"with_bank -1 = -400, returned 1 = 400", "8 A B C; 9 D:0001(Meddelelse afvist af banken, fejlkode 13)", ""}},
		{"UCM of a message that is none", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "7", ucm("3", "4+13"))) },
			heard{"", "8 A B C D", "CONTRL for nothing sent"}},
		{"UCM of a number that is none", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7", ucm("99999999999999", "4+13"), ucm("X", "4+13")))
		},
			heard{"", "8 A B C D", "CONTRL for nothing sent; CONTRL for nothing sent"}},
		{"CONTRL of a number that is none", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no+1000, "7"), contrl(s.bank, 99999999999999, "4+29"))
		}, heard{"", "", "CONTRL for nothing sent; CONTRL for nothing sent"}},
		{"CONTRL 7 after 4", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -4 = -1000, disputed 4 = 1000", "", "CONTRL after reject"}},
		// M1
		{"CONTRL 4 after 7", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.want("first", w.names(w.newAnswers()), "8 A B C D")
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
		}, heard{"with_bank -4 = -1000, disputed 4 = 1000", "", "CONTRL rejects what was accepted"}},
		{"CONTRL 4 after 7 and execution of a line", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")), bansta(s.message(2), status(1, 1, "2", "Nej")))
			w.says(s.bank, contrl(s.bank, s.no, "4+12"))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -4 = -1000, returned 1 = 400, disputed 3 = 600", "9 D:0001(Nej)", "CONTRL rejects what was accepted"}},
		{"refused as a duplicate after CONTRL 7", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, contrl(s.bank, s.no, "4+26"))
		}, heard{"", "8 A B C D", "refused as duplicate"}},
		{"refused as a duplicate before anything", "SDC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "4+26"))
			w.want("nobody is told", w.newAnswers(), "")
			w.says(s.bank, contrl(s.bank, s.no, "7"), bansta(s.message(1), line(1, "1", "")))
		}, heard{"", "8 A B C", "refused as duplicate"}},
		{"a message refused as a duplicate", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "7", ucm("1", "4+26"))) },
			heard{"", "8 A B C D", "refused as duplicate"}},
		{"a message rejected after CONTRL 7", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.want("first", w.names(w.newAnswers()), "8 A B C D")
			w.says(s.bank, contrl(s.bank, s.no, "7", ucm("1", "4+13")))
		}, heard{"with_bank -3 = -600, disputed 3 = 600", "", "CONTRL rejects what was accepted"}},
		{"CONTRL 4 after execution", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")))
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
		}, heard{"with_bank -4 = -1000, returned 1 = 400, disputed 3 = 600", "9 D:0001(Interchange afvist af banken, fejlkode 29)", "reject after execution"}},

		{"reject by place", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Konto spærret"))) },
			heard{"with_bank -1 = -200, returned 1 = 200", "9 B:0001(Konto spærret)", ""}},
		{"reject by reference", "BEC", func(s sent) { w.says(s.bank, bansta("", named(1, s.ref("B"), "2", "Konto spærret"))) },
			heard{"with_bank -1 = -200, returned 1 = 200", "9 B:0001(Konto spærret)", ""}},
		{"reject by both", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(2), named(1, s.ref("D"), "2", "Konto spærret"))) },
			heard{"with_bank -1 = -400, returned 1 = 400", "9 D:0001(Konto spærret)", ""}},
		{"place and reference differ", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(2), named(1, s.ref("A"), "2", ""))) },
			heard{"", "", "bank status undecided"}},
		{"place and reference differ in one line", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(1), named(1, s.ref("B"), "2", ""))) },
			heard{"", "", "bank status undecided"}},
		{"a reference that is none", "BEC", func(s sent) {
			w.says(s.bank, bansta("", named(1, s.ref("X"), "2", ""), named(2, "99999999A", "2", ""), named(3, "A", "2", "")))
		},
			heard{"", "", "bank status undecided; bank status undecided; bank status undecided"}},
		{"a place that is none", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(2, 1, "2", ""), status(3, 1, "2", "")), bansta(s.message(9), status(1, 1, "2", "")), bansta("", status(1, 1, "2", "")))
		}, heard{"", "", "bank status undecided; bank status undecided; bank status undecided; bank status undecided"}},
		{"a place beyond the last one", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(1), status(1, 999999, "2", ""))) },
			heard{"", "", "bank status undecided"}},
		{"the place is ours, the reference is not", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(1), named(1, "99999999A", "2", ""))) },
			heard{"", "", "bank status undecided"}},
		{"one bad word in a file of good ones", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 1, "2", "x"), status(7, 1, "2", ""), status(1, 3, "4", "")))
		},
			heard{"with_bank -2 = -400, executed 1 = 300, returned 1 = 100", "8 C; 9 A:0001(x)", "bank status undecided"}},
		{"another amount", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 1, "4", "")+"MOA+9:1,00:DKK'", status(1, 2, "4", "")+"MOA+9:2,01:DKK'", status(1, 3, "3", "")+"MOA+9:3:DKK'"))
		}, heard{"with_bank -2 = -300, executed 1 = 100, disputed 1 = 200", "8 A C D", "bank names another amount"}},
		{"an amount that is none", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 1, "4", "")+"MOA+9:1,005:DKK'", status(1, 2, "4", "")+"MOA+9:0:DKK'"))
		}, heard{"", "", "bank status undecided; bank status undecided"}},
		{"executed by order, and its line accepted later", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 1, "4", "")))
			w.want("what is carried out is taken over", w.names(w.newAnswers()), "8 A")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -1 = -100, executed 1 = 100", "8 B C D", ""}},
		{"another bank's order", "SDC", func(s sent) {
			theirs := w.four("BEC")
			w.says(s.bank, bansta(theirs.message(1), status(1, 1, "2", "")), bansta("", named(1, theirs.ref("A"), "2", "")), contrl(s.bank, theirs.no+100, "4+29"))
		}, heard{"with_bank 4 = 1000", "", "CONTRL for nothing sent; bank status undecided; bank status undecided"}},
		{"two rejects of one order", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "first")), bansta(s.message(1), status(1, 2, "2", "second")))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "third")))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "9 B:0001(first)", ""}},
		{"information", "BEC", func(s sent) { w.says(s.bank, bansta(s.message(1), status(1, 2, "3", "modtaget"))) }, heard{}},
		{"words that mean nothing are told one by one", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 1, "77", ""), status(1, 2, "77", ""), status(1, 3, "2", "Nej")))
		}, heard{"with_bank -1 = -300, returned 1 = 300", "9 C:0001(Nej)", "bank status undecided; bank status undecided"}},
		{"messages that are not known are told one by one", "BEC", func(s sent) {
			w.says(s.bank, "BANSTA:D:01B:UN'BGM+XZ8'", "BANSTA:D:01B:UN'BGM+XZ8'")
		}, heard{"", "", "bank message not understood; bank message not understood"}},
		// S7: what a bank names is what it was sent, character by character.
		{"our number, written otherwise", "BEC", func(s sent) {
			w.says(s.bank, strings.Replace(contrl(s.bank, s.no, "4+29"), fmt.Sprintf("%014d", s.no), fmt.Sprint(s.no), 1))
		}, heard{"", "", "CONTRL for nothing sent"}},
		{"our message, written otherwise", "BEC", func(s sent) { w.says(s.bank, contrl(s.bank, s.no, "7", ucm("02", "4+13"))) },
			heard{"", "8 A B C D", "CONTRL for nothing sent"}},
		{"our place, written otherwise", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), strings.Replace(status(1, 1, "2", ""), "LIN+1", "LIN+01", 1), strings.Replace(status(1, 2, "2", ""), "SEQ++2", "SEQ++02", 1)))
		}, heard{"", "", "bank status undecided; bank status undecided"}},
		{"a message that is not known", "BEC", func(s sent) {
			w.says(s.bank, "DEBMUL:D:93A:UN'BGM+470+1'DTM+137:20050811:102'LIN+1'MOA+60:1:DKK'RFF+AEK:1'FII+OR+1'", contrl(s.bank, s.no, "7"))
		},
			heard{"", "8 A B C D", "bank message not understood"}},

		{"reject before the response 8", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "8 A C D; 9 B:0001(Nej)", ""}},
		{"a whole line rejected before the response 8", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), line(1, "2", "Nej")))
		}, heard{"with_bank -3 = -600, returned 3 = 600", "8 D; 9 A:0001(Nej) B:0001(Nej) C:0001(Nej)", ""}},
		{"all rejected before the response 8", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), line(1, "2", "Nej")), bansta(s.message(2), line(1, "2", "Nej")))
		}, heard{"with_bank -4 = -1000, returned 4 = 1000", "9 A:0001(Nej) B:0001(Nej) C:0001(Nej) D:0001(Nej)", ""}},
		{"reject after the response 8", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.want("first", w.names(w.newAnswers()), "8 A B C D")
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "9 B:0001(Nej)", ""}},
		{"reject before CONTRL", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "8 A C D; 9 B:0001(Nej)", ""}},
		{"reject of a line, then of an order of it", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "2", "alle")))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "en")))
		}, heard{"with_bank -3 = -600, returned 3 = 600", "9 A:0001(alle) B:0001(alle) C:0001(alle)", ""}},
		{"reject of an order, then of its line", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "en")))
			w.says(s.bank, bansta(s.message(1), line(1, "2", "alle")))
		}, heard{"with_bank -3 = -600, returned 3 = 600", "9 A:0001(alle) B:0001(en) C:0001(alle)", ""}},

		{"executed by line", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")), bansta(s.message(2), line(1, "4", "")))
		}, heard{"with_bank -4 = -1000, executed 4 = 1000", "8 A B C D", ""}},
		{"executed by order", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 1, "4", "")), bansta("", named(1, s.ref("D"), "4", "")))
		}, heard{"with_bank -2 = -500, executed 2 = 500", "8 A B C D", ""}},
		{"executed, less what was rejected", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")))
		}, heard{"with_bank -3 = -600, executed 2 = 400, returned 1 = 200", "8 A C D; 9 B:0001(Nej)", ""}},
		{"executed before CONTRL", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")))
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -3 = -600, executed 3 = 600", "8 A B C D", ""}},
		{"reject after execution of the order", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
			w.newAnswers()
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		}, heard{"with_bank -1 = -200, disputed 1 = 200", "", "reject after execution"}},
		{"reject after execution of the line", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")))
			w.newAnswers()
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, bansta(s.message(1), line(1, "2", "Nej")))
		}, heard{"with_bank -3 = -600, disputed 3 = 600", "", "reject after execution; reject after execution"}},
		{"a line rejected after one of its orders was executed", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
			w.newAnswers()
			w.says(s.bank, bansta(s.message(1), line(1, "2", "Nej")))
		}, heard{"with_bank -3 = -600, returned 2 = 400, disputed 1 = 200", "9 A:0001(Nej) C:0001(Nej)", "reject after execution"}},
		{"executed after reject of the order", "BEC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "4", "")))
		}, heard{"with_bank -1 = -200, disputed 1 = 200", "8 A C D", "executed after reject"}},
		{"executed after reject of the line", "BEC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "2", "Nej")))
			w.says(s.bank, bansta(s.message(1), line(1, "4", "")))
		}, heard{"with_bank -3 = -600, disputed 3 = 600", "", "executed after reject"}},

		{"acceptance by line", "SDC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.want("CONTRL alone", w.newAnswers(), "")
			w.says(s.bank, bansta(s.message(1), line(1, "1", "")))
			w.want("one line", w.names(w.newAnswers()), "8 A B C")
			w.says(s.bank, bansta(s.message(2), line(1, "1", "")))
		}, heard{"", "8 D", ""}},
		{"acceptance before CONTRL", "SDC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "1", "")))
			w.want("BANSTA alone", w.newAnswers(), "")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"", "8 A B C", ""}},
		{"one reject speaks for the message, before CONTRL", "BKD", func(s sent) {
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
			w.want("BANSTA alone", w.names(w.newAnswers()), "9 B:0001(Nej)")
			w.says(s.bank, contrl(s.bank, s.no, "7"))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "8 A C", ""}},
		{"acceptance before a CONTRL that rejects", "SDC", func(s sent) {
			w.says(s.bank, bansta(s.message(1), line(1, "1", "")))
			w.says(s.bank, contrl(s.bank, s.no, "4+29"))
		}, heard{"with_bank -4 = -1000, returned 4 = 1000", refused4, ""}},
		{"acceptance and reject in one file", "SDC", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), line(1, "1", ""), status(1, 2, "2", "Nej")))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "8 A C; 9 B:0001(Nej)", ""}},
		{"one reject speaks for the message", "BKD", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.says(s.bank, bansta(s.message(1), status(1, 2, "2", "Nej")))
		}, heard{"with_bank -1 = -200, returned 1 = 200", "8 A C; 9 B:0001(Nej)", ""}},
		{"a receipt is all that comes", "NEM", func(s sent) {
			w.says(s.bank, contrl(s.bank, s.no, "8"))
			w.want("CONTRL", w.row(`SELECT contrl FROM interchange WHERE bank = 'NEM' AND control_ref = $1`, s.no), "accepted")
		}, heard{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four(c.bank)
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s)
			got := heard{newAnswers: w.names(w.newAnswers()), ledger: w.book().since(before),
				exceptions: w.row(`SELECT kind FROM exception WHERE id > $1 ORDER BY id`, last)}
			if got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
	w.t = t
}

var numbered = regexp.MustCompile(`( [A-D])\d+`)

// names leaves the numbers of the bundles out of the payments' names.
func (w *world) names(newAnswers string) string { return numbered.ReplaceAllString(newAnswers, "$1") }
