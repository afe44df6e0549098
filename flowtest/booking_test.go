package flowtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/reconciliation"
)

// books does what keeps the books until nothing is left to do.
func (w *world) books() {
	w.t.Helper()
	w.all("books", w.Booking.Next)
}

// idles sets the clock to after a time in which nothing moved. Its days are booked before anything does, as one: each for itself takes
// seconds by the year.
func (w *world) idles(until string) {
	w.t.Helper()
	w.at(until)
	w.books()
}

// booked has all that has happened stand in books: it is an hour after midnight then.
func (w *world) booked() {
	w.t.Helper()
	w.at(w.time().In(w.Base.Location).AddDate(0, 0, 1).Format(time.DateOnly) + " 01:00")
	w.books()
}

// verdicts are what is certified of a day, or why it is not, each verdict on its own line.
func (w *world) verdicts(day string) string {
	w.t.Helper()
	return strings.Join(w.rows(`SELECT agreement, bank_centre, n, issued, array_to_string(reasons, '; ') FROM certificate WHERE day = $1 ORDER BY 1, 2, 3`, day), "\n")
}

// dayBook is the book of a day of one agreement, as "waiting 0 +100 -100 = 0".
func (w *world) dayBook(day, agreement string) string {
	w.t.Helper()
	d, err := gateway.ParseDate(day)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := reconciliation.BookOfDay(w.t.Context(), w.db, d, w.Base.Location)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, e := range b.Balances() {
		if e.Agreement == agreement {
			all = append(all, fmt.Sprintf("%s %d +%d -%d = %d", e.Account, e.Opening, e.In, e.Out, e.Closing()))
		}
	}
	return strings.Join(all, "; ")
}

// held are the findings about certificates.
func (w *world) certificatesHold() string {
	w.t.Helper()
	all, err := w.Booking.Certificates(w.t.Context(), gateway.Date{})
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, h := range all {
		found = append(found, h.Findings...)
	}
	return strings.Join(found, "\n")
}

// TestBooks_OfADay: everything that can become of payments on one day stands in its book; what nothing speaks against is certified an hour
// after midnight, the rest is refused at noon with what does, and certified once that has ended.
func TestBooks_OfADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) {
		o.country = o.country.with("agreements.csv", "AFT-BEC,77,,LEVA,BEC,"+debit1+",return,06:00,,", "AFT-SDC,77,,LEVA,SDC,"+debit1+",return,06:00,,",
			"AFT-2,77,,LEVA,SDC,53010000123456,cheque,06:00,,")
	})
	w.at("2005-08-11 05:00")
	d := bundle("G-1", complete("A", 100), complete("B", 200), complete("C", 300), complete("D", 400), cpr("lost", lost, 500), cpr("nobody", nobody, 600), complete("H", 700))
	d.Debits[0].Agreement = "AFT-BEC"
	cheque := bundle("G-2", cpr("poor", poor, 800))
	cheque.Debits[0].Agreement, cheque.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(d, cheque)
	w.decides(act.KindHold, "Ann", w.number(`SELECT id FROM payment WHERE e2e = 'H'`))
	w.at(receiveBy)
	w.release()
	w.dispatch()
	w.says("SDC", bansta("SDC-00000000000001-0001", line(1, "4", "")))
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej")))
	w.says("BEC", bansta("BEC-00000000000001-0001", line(1, "4", "")), bansta("BEC-00000000000001-0002", status(1, 1, "4", "")))
	w.says("BEC", bansta("BEC-00000000000001-0002", status(1, 1, "2", "Nej")))

	anew := bundle("G-3", complete("anew", 900))
	anew.Debits[0].Agreement = "AFT-SDC"
	w.receive(anew)
	w.release()
	w.void("SDC", w.number(`SELECT max(control_ref) FROM interchange WHERE bank = 'SDC' AND kind = 'PAYMUL'`))
	w.release()
	w.dispatch()

	const aft1 = "claims 0 +0 -2800 = -2800; waiting 0 +2800 -2100 = 700; in_transit 0 +1000 -1000 = 0; recipients 0 +800 -400 = 400; " +
		"sender 0 +1300 -0 = 1300; disputed 0 +400 -0 = 400"
	w.want("book", w.dayBook("2005-08-11", "AFT-BEC"), aft1)
	w.want("book of cheques", w.dayBook("2005-08-11", "AFT-2"), "claims 0 +0 -800 = -800; waiting 0 +800 -800 = 0; in_transit 0 +800 -800 = 0; cheques 0 +800 -0 = 800")
	w.want("book of what was ordered anew", w.dayBook("2005-08-11", "AFT-SDC"), "claims 0 +0 -900 = -900; waiting 0 +1800 -1800 = 0; in_transit 0 +1800 -900 = 900")

	w.at("2005-08-12 00:59")
	w.books()
	w.want("too early", w.row(`SELECT count(*) FROM book`), "0")
	w.at("2005-08-12 01:00")
	w.books()
	w.want("certified", w.verdicts("2005-08-11"), "AFT-2 SDC 1 true \nAFT-SDC SDC 1 true ")
	w.at("2005-08-12 11:59")
	w.books()
	w.at("2005-08-12 12:00")
	w.books()
	const refused = "AFT-BEC BEC 1 false disputed: 1 payments, 400 øre; open: reject after execution: BEC 1 message 2 LIN 1 SEQ 1"
	w.want("refused", w.verdicts("2005-08-11"), "AFT-2 SDC 1 true \n"+refused+"\nAFT-SDC SDC 1 true ")
	w.at("2005-08-12 14:00")
	w.books()
	w.want("once", w.row(`SELECT count(*) FROM certificate`), "3")
	w.decided(act.KindPaymentExecuted, w.number(`SELECT id FROM payment WHERE e2e = 'D'`))
	w.at("2005-08-12 15:00")
	w.books()
	w.want("certified in the end", w.verdicts("2005-08-11"), "AFT-2 SDC 1 true \n"+refused+"\nAFT-BEC BEC 2 true \nAFT-SDC SDC 1 true ")
	w.want("book of the day, after it", w.dayBook("2005-08-11", "AFT-BEC"), aft1)
	w.want("the next day opens with it", w.dayBook("2005-08-12", "AFT-BEC"), "claims -2800 +0 -0 = -2800; waiting 700 +0 -0 = 700; recipients 400 +400 -0 = 800; "+
		"sender 1300 +0 -0 = 1300; disputed 400 +0 -400 = 0")
	w.want("certificates", w.certificatesHold(), "")
	w.holds()
}

// TestBooks_Broken: what is changed behind the back of the flow keeps certificates from being issued, and is named; a certificate that was
// changed is not what the log was told.
func TestBooks_Broken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"), bansta(s.message(1), line(1, "4", "")))
	w.at("2005-08-12 01:00")
	if booked, err := w.Booking.Next(t.Context()); err != nil || !booked {
		t.Fatal(booked, err)
	}
	for _, c := range []struct{ name, breaks, mends, because string }{
		{"a fact says more", `UPDATE fact SET stood_ore = stood_ore + 7 WHERE kind = 'executed'`, `UPDATE fact SET stood_ore = stood_ore - 7 WHERE kind = 'executed'`,
			"book: in_transit: 0, +1000, -600 øre were booked, and facts give 0, +1000, -607; book: recipients: 0, +600, -0 øre were booked, and facts give 0, +607, -0"},
		{"a line is elsewhere", `UPDATE order_line SET state = 'rejected' WHERE message_no = 2`, `UPDATE order_line SET state = 'accepted' WHERE message_no = 2`,
			"difference: in_transit stands at 400 øre by what moved it, and at 0 by where payments are; difference: sender stands at 0 øre by what moved it, and at 400 by where payments are"},
		{"a fact is not known", `UPDATE fact SET was = 'came_back' WHERE kind = 'executed'`, `UPDATE fact SET was = 'accepted' WHERE kind = 'executed'`,
			"book: in_transit: 0, +1000, -600 øre were booked, and facts give 0, +1000, -0; book: recipients: 0, +600, -0 øre were booked, and facts give 0, +0, -0; " +
				`unexplained: what the event is about cannot have stood there: "executed" at "came_back": 3 payments, 600 øre`},
		{"an unmatched posting", `INSERT INTO posting (id, bank, account, reference, posted_on, ore, running, parts, heard_in, bank_file_id, hearing, at)
			VALUES (month_ids('2005-08-01') + 1, 'BEC', '` + debit1 + `', 'X1', '2005-08-11', -50, 1, 0, 'DEBMUL', 0, 1, '2005-08-11 12:00')`,
			`DELETE FROM posting`, "posting is not matched: 2005-08-11 X1, 50 øre"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.tamper(c.breaks)
			w.at(w.time().In(w.Base.Location).AddDate(0, 0, 1).Format("2006-01-02") + " 13:00")
			w.books()
			w.want("refused", w.row(`SELECT DISTINCT issued, array_to_string(reasons, '; ') FROM certificate WHERE day = '2005-08-11' AND agreement = 'AFT-BEC'
				AND made_at = (SELECT max(made_at) FROM certificate)`), "false "+c.because)
			w.tamper(c.mends)
		})
	}
	w.t = t
	w.want("not certified", w.row(`SELECT count(*) FROM certificate WHERE issued AND day = '2005-08-11'`), "0")
	w.later(2 * time.Hour)
	w.books()
	w.want("certified", w.row(`SELECT count(*) FROM certificate WHERE issued AND day = '2005-08-11'`), "1")
	w.want("certificates", w.certificatesHold(), "")
	w.tamper(`UPDATE certificate SET sums = jsonb_set(sums, '{0,in_ore}', '5') WHERE issued AND day = '2005-08-11'`)
	if found := w.certificatesHold(); !strings.Contains(found, "of the log tells") || !strings.Contains(found, "the book of its day says") {
		t.Errorf("a certificate that was changed: %s", found)
	}
	w.tamper(`UPDATE certificate SET sums = jsonb_set(sums, '{0,in_ore}', '0') WHERE issued AND day = '2005-08-11'`)
	w.want("mended", w.certificatesHold(), "")
}
