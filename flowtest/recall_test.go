package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/retention"
	"nks/reconciliation/report"
)

// asks has two persons ask a bank for payments back, and gives what the first of them was told of each.
func (w *world) asks(e2e ...string) string {
	w.t.Helper()
	var ids []int64
	for _, e := range e2e {
		ids = append(ids, w.id(e))
	}
	asked := w.decides(act.KindRecall, "Ann", ids...)
	d := w.approves(asked.ID, "Bob")
	var all []string
	for n, o := range d.Executed().Outcome {
		all = append(all, o.What)
		if o.What != asked.Items[n].Preview {
			w.t.Errorf("%s was previewed as %q", o.What, asked.Items[n].Preview)
		}
	}
	return strings.Join(all, "; ")
}

// recallsAt writes what a bank is to be asked for and hands it over; it gives the files.
func (w *world) recallsAt(bank string) []string {
	w.t.Helper()
	w.all("recall", func(ctx context.Context) (bool, error) { return w.Bank.NextToRecall(ctx, bank) })
	w.holds()
	return w.dispatch()
}

// recalled are the orders that banks were asked for since a recall, with what counts of the answers.
func (w *world) recalled(since int64) string {
	w.t.Helper()
	list, err := w.Desk.Recalls(w.t.Context(), true)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, r := range list {
		if r.ID > since {
			all = append(all, strings.Join(strings.Fields(fmt.Sprint(w.row(`SELECT left(e2e, 1) FROM payment WHERE id = $1`, r.Payment), " ", r.Answer, " ", r.Code, " ", r.Text)), " "))
		}
	}
	return strings.Join(all, "; ")
}

// TestRecall_Answers: what banks say of orders that they were asked for, and that none of it is about the orders themselves.
func TestRecall_Answers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	type came struct{ recalls, ledger, newAnswers, exceptions string }
	for _, c := range []struct {
		name string
		say  func(s, ask sent)
		want came
	}{
		{"nothing", func(s, ask sent) {}, came{"B; A", "", "", ""}},
		{"CONTRL alone", func(s, ask sent) { w.says(s.bank, contrl(s.bank, ask.no, "7")) }, came{"B; A", "", "", ""}},
		{"CONTRL 4", func(s, ask sent) { w.says(s.bank, contrl(s.bank, ask.no, "4+29")) },
			came{"B failed Interchange afvist af banken, fejlkode 29; A failed Interchange afvist af banken, fejlkode 29", "", "", "recall refused; recall refused"}},
		{"UCM 4", func(s, ask sent) { w.says(s.bank, contrl(s.bank, ask.no, "7", ucm("1", "4+13"))) },
			came{"B failed Interchange afvist af banken, fejlkode 13; A failed Interchange afvist af banken, fejlkode 13", "", "", "recall refused; recall refused"}},
		{"CONTRL 4 after 7", func(s, ask sent) {
			w.says(s.bank, contrl(s.bank, ask.no, "7"))
			w.says(s.bank, contrl(s.bank, ask.no, "4+29"))
		}, came{"B failed Interchange afvist af banken, fejlkode 29; A failed Interchange afvist af banken, fejlkode 29", "", "",
			"CONTRL rejects what was accepted; recall refused; recall refused"}},
		{"noted", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), line(1, "3", ""), line(2, "1", ""))) }, came{"B noted; A noted", "", "", ""}},
		{"one yes, one no", func(s, ask sent) {
			w.says(s.bank, bansta(ask.message(1), line(1, "4", "Tilbagekaldt"), line(2, "2", "Allerede bogført")))
		}, came{"B refused K0530 Allerede bogført; A recalled K0530 Tilbagekaldt", "", "", "recall refused"}},
		{"by reference", func(s, ask sent) {
			w.says(s.bank, bansta(ask.message(1), strings.Replace(named(0, s.ref("B"), "4", ""), "LIN+0", "LIN", 1)))
		},
			came{"B recalled; A", "", "", ""}},
		{"by both", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), named(2, s.ref("B"), "4", ""))) }, came{"B recalled; A", "", "", ""}},
		{"the same twice", func(s, ask sent) {
			w.says(s.bank, bansta(ask.message(1), line(1, "2", "Nej"), line(1, "2", "Nej")))
			w.says(s.bank, bansta(ask.message(1), line(1, "2", "Nej")))
		}, came{"B; A refused K0530 Nej", "", "", "recall refused"}},
		{"yes, then no", func(s, ask sent) {
			w.says(s.bank, bansta(ask.message(1), line(1, "4", "Ja")))
			w.says(s.bank, bansta(ask.message(1), line(1, "2", "Nej")))
		}, came{"B; A recalled K0530 Ja", "", "", "recall answered twice"}},
		{"no and yes in one file", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), line(1, "2", "Nej"), line(1, "4", "Ja"))) },
			came{"B; A refused K0530 Nej", "", "", "recall refused; recall answered twice"}},
		{"a LIN that is none", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), line(3, "4", ""))) }, came{"B; A", "", "", "bank status undecided"}},
		{"place and reference differ", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), named(1, s.ref("B"), "4", ""))) },
			came{"B; A", "", "", "bank status undecided"}},
		{"a reference that was not asked for", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), named(1, s.ref("C"), "4", ""))) },
			came{"B; A", "", "", "bank status undecided"}},
		{"a code that means nothing", func(s, ask sent) { w.says(s.bank, bansta(ask.message(1), line(1, "99", ""))) }, came{"B; A", "", "", "bank status undecided"}},
		{"yes, and the order is rejected", func(s, ask sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"))
			w.want("first", w.names(w.newAnswers()), "8 A B C D")
			w.says(s.bank, bansta(ask.message(1), line(1, "4", "")), bansta(s.message(1), status(1, 1, "2", "Tilbagekaldt")))
		}, came{"B; A recalled", "with_bank -1 = -100, returned 1 = 100", "9 A:0001(Tilbagekaldt)", ""}},
		{"yes, and the money comes back", func(s, ask sent) {
			w.says(s.bank, contrl(s.bank, s.no, "7"), bansta(s.message(1), line(1, "4", "")))
			w.want("first", w.names(w.newAnswers()), "8 A B C D")
			w.says(s.bank, bansta(ask.message(1), line(1, "4", "")), cremul(booking{account: debit1, ref: "R" + fmt.Sprint(ask.no)}.credited(100, returned(s.ref("A"), 100, 0))))
		}, came{"B; A recalled", "with_bank -3 = -600, executed 2 = 500, came_back 1 = 100", "", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := w.four("BEC")
			since := w.number(`SELECT coalesce(max(id), 0) FROM recall`)
			w.asks(s.e2e("A"), s.e2e("B"))
			w.recallsAt("BEC")
			ask := sent{bank: "BEC", no: w.number(`SELECT max(control_ref) FROM interchange WHERE kind = 'FINCAN'`)}
			ask.message = func(no int) string { return fmt.Sprintf("BEC-%014d-%04d", ask.no, no) }
			before, last := w.book(), w.number(`SELECT coalesce(max(id), 0) FROM exception`)
			c.say(s, ask)
			w.holds()
			got := came{recalls: w.recalled(since), newAnswers: w.names(w.newAnswers()), ledger: w.book().since(before),
				exceptions: w.row(`SELECT kind FROM exception WHERE id > $1 ORDER BY id`, last)}
			if got != c.want {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
			w.want("silence of the orders counts", w.row(`SELECT count(*) FROM bank_doubt d JOIN interchange i ON i.id = d.interchange_id WHERE d.interchange_id = 0 OR i.kind = 'PAYMUL'`), "0")
		})
	}
	w.t = t
}

// TestRecall_Where: who is asked for what, and what cannot be asked for.
func TestRecall_Where(t *testing.T) {
	t.Parallel()
	two := func(w *world) { w.receive(bundle("G-1", complete("A", 100), complete("B", 200))) }
	released := func(w *world) { two(w); w.at(receiveBy); w.release() }
	gone := func(w *world) { released(w); w.dispatch() }
	const at = ", handed over 2005-08-11 06:00:00"
	for name, c := range map[string]struct {
		to             func(*world)
		asked, refused string
		waits          bool // it is not written, since the bank may not have the order
	}{
		"waiting":  {to: two, refused: "is waiting: no bank has it, it can be stopped"},
		"rendered": {to: released, refused: "is frozen: no bank has it, it can be stopped"},
		"published": {to: func(w *world) {
			released(w)
			lease := w.held("BEC")
			defer lease.Release()
			w.publishing("BEC", lease.Fence)
		}, asked: "BEC is asked for 100 øre; it is frozen" + at, waits: true},
		"unknown":  {to: func(w *world) { released(w); w.doubt() }, asked: "BEC is asked for 100 øre; it is unsure" + at, waits: true},
		"sent":     {to: gone, asked: "BEC is asked for 100 øre; it is with_bank" + at},
		"accepted": {to: func(w *world) { gone(w); w.says("BEC", contrl("BEC", 1, "7")) }, asked: "BEC is asked for 100 øre; it is accepted" + at},
		"executed": {to: func(w *world) {
			gone(w)
			w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))
		}, asked: "BEC is asked for 100 øre; it is executed" + at},
		"rejected by the bank": {to: func(w *world) {
			gone(w)
			w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", status(1, 1, "2", "Nej")))
		}, refused: "is bank_rejected" + at + ": there is nothing to ask for"},
		"stopped":      {to: func(w *world) { two(w); w.stops("A") }, refused: "is stopped: there is nothing to ask for"},
		"asked before": {to: func(w *world) { gone(w); w.asks("A") }, refused: "is with_bank" + at + ": recall 1 of the same order is open, or was granted"},
		"refused before": {to: func(w *world) {
			gone(w)
			w.asks("A")
			w.recallsAt("BEC")
			w.says("BEC", bansta("BEC-00000000000002-0001", line(1, "2", "Nej")))
		}, asked: "BEC is asked for 100 øre; it is with_bank" + at},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.to(w)
			if c.refused != "" {
				_, err := w.decide(act.KindRecall, "Ann", w.id("A"))
				if !errors.Is(err, gateway.ErrMovedOn) || !strings.Contains(err.Error(), fmt.Sprintf("payment %d %s", w.id("A"), c.refused)) {
					t.Errorf("%v, want %s", err, c.refused)
				}
				return
			}
			w.want("asked", w.asks("A"), c.asked)
			written := w.all("recall", func(ctx context.Context) (bool, error) { return w.Bank.NextToRecall(ctx, "BEC") })
			if c.waits {
				w.want("not written", fmt.Sprint(written), "0")
				w.says("BEC", contrl("BEC", 1, "8"))
			}
			files := strings.Join(w.recallsAt("BEC"), "")
			if strings.Count(files, "+FINCAN:") != 1 || !strings.Contains(files, "LIN+1'RFF+CR:00000001A'CNT+LIN:1'") {
				t.Errorf("the bank got %s", files)
			}
			w.want("once", fmt.Sprint(len(w.recallsAt("BEC"))), "0")
		})
	}
}

// TestRecall_Shown: the payment's page tells its authority, and nobody else, who asked for it back, what the bank answered, and what came
// back; so does the report that is laid out for it.
func TestRecall_Shown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.executes("BEC")
	p := w.pages()
	page := func() string { return plainText(p.get("/payment/"+fmt.Sprint(w.id("A")), "77", 200)) }
	rows := func(day string) string {
		o := report.Options{Authority: "77"}
		if day != "" {
			d, err := gateway.ParseDate(day)
			if err != nil {
				t.Fatal(err)
			}
			o.Day = d
		}
		var all []string
		for _, r := range w.report("recalls", o) {
			all = append(all, fmt.Sprint(r[2], " ", r[3], " ", r[5], " ", r[6], " ", r[7], " ", r[9]))
		}
		return strings.Join(all, "; ")
	}
	w.want("before", rows(""), "")
	p.hides("before", page(), "tilbage")
	w.asks("A")
	w.recallsAt("BEC")
	p.says("asked", page(), "Banken er bedt om at give betalingen tilbage", "af Ann hos BEC", "Banken har ikke svaret på tilbagekaldelsen")
	w.want("asked", rows("2005-08-11"), "A BEC 100 none  0")
	w.at("2005-08-12 10:00")
	ask := fmt.Sprintf("BEC-%014d-0001", w.number(`SELECT max(control_ref) FROM interchange WHERE kind = 'FINCAN'`))
	w.says("BEC", bansta(ask, line(1, "4", "Modtager 0101700001 betaler")),
		cremul(booking{account: debit1, ref: "R1"}.credited(100, returned("00000001A", 100, 0))))
	w.settle()
	p.says("given back", page(), "Banken giver betalingen tilbage", "Pengene er kommet tilbage efter tilbagekaldelsen", "1,00 kr.")
	p.hides("given back", page(), "0101700001")
	w.want("given back", rows(""), "A BEC 100 recalled K0530 Modtager xxxxxxxxxx betaler 100")
	w.want("of that day", rows("2005-08-12"), "A BEC 100 recalled K0530 Modtager xxxxxxxxxx betaler 100")
	w.want("of another", rows("2005-08-15"), "")
	w.want("others see nothing", fmt.Sprint(w.sees(of("78"), `SELECT * FROM page_recalls($1)`, w.id("A")), w.sees(of("77"), `SELECT * FROM page_recalls($1)`, w.id("A"))), "0 1")
	w.want("operations see nothing", fmt.Sprint(w.sees(operations, `SELECT * FROM page_recalls($1)`, w.id("A"))), "0")
}

// TestRecall_Waits: a bank that does not answer is an exception, again and again; a hold does not hold a recall back.
func TestRecall_Waits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", line(1, "4", "")))
	w.hold("bank", "BEC")
	w.asks("A", "B")
	w.want("held", fmt.Sprint(len(w.recallsAt("BEC"))), "1")
	const missing = "recall not answered 2 bank BEC has not answered a recall; file NKS00000000000002.edi waits since 2005-08-11 06:00: 2 payments, 300 øre"
	w.late("BEC", "08-11 06:30")
	w.waits("2005-08-11 06:29", "")
	w.waits("2005-08-11 06:31", "CONTRL missing 2 bank BEC has not answered by CONTRL; file NKS00000000000002.edi waits since 2005-08-11 06:00: 2 payments, 300 øre")
	w.says("BEC", contrl("BEC", 2, "7"))
	w.late("BEC", "08-12 06:00")
	w.waits("2005-08-12 06:01", missing)
	w.closes()
	w.late("BEC", "08-13 06:00")
	w.waits("2005-08-12 23:00", "")
	w.waits("2005-08-13 06:01", missing)
	w.says("BEC", bansta("BEC-00000000000002-0001", line(1, "4", "")))
	w.waits("2005-08-13 06:02", missing) // one of them is still to be answered
	w.says("BEC", bansta("BEC-00000000000002-0001", line(2, "4", "")))
	w.waits("2005-08-13 06:03", "")
	w.late("BEC", "never")
}

// TestRecall_Restore: a database that was set back to before a recall has it again, written as the bank has it, and only once.
func TestRecall_Restore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps)
	w.paid(bundle("G-1", complete("A", 100), complete("B", 200)))
	before := w.backup()
	w.asks("A")
	w.want("asked", fmt.Sprint(len(w.recallsAt("BEC"))), "1")
	want := w.row(`SELECT r.reference, i.kind, i.control_ref, l.lin FROM recall r JOIN recall_line l ON l.recall_id = r.id JOIN interchange i ON i.id = l.interchange_id`)
	w.restored(before)
	if _, err := w.Restore.Take(t.Context(), "Ann"); err != nil {
		t.Fatal(err)
	}
	w.want("as it was", w.row(`SELECT r.reference, i.kind, i.control_ref, l.lin FROM recall r JOIN recall_line l ON l.recall_id = r.id JOIN interchange i ON i.id = l.interchange_id`), want)
	w.want("not again", fmt.Sprint(w.all("recall", func(ctx context.Context) (bool, error) { return w.Bank.NextToRecall(ctx, "BEC") })), "0")
	w.says("BEC", bansta("BEC-00000000000002-0001", line(1, "4", "")))
	w.want("heard", w.recalled(0), "A recalled")
}

// TestRecall_Dropped: a recall goes with the month of its payment, and what is heard of it later concerns nothing that silence decides.
func TestRecall_Dropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.paid(bundle("G-1", complete("A", 100)))
	w.executes("BEC")
	w.asks("A")
	w.recallsAt("BEC")
	no := w.number(`SELECT max(control_ref) FROM interchange WHERE kind = 'FINCAN'`)
	message := fmt.Sprintf("BEC-%014d-0001", no)
	w.says("BEC", contrl("BEC", no, "7"), bansta(message, line(1, "2", "Nej")))
	w.closes()
	w.collects()
	w.at("2005-10-10 09:00")
	w.dispatch()
	w.closesMonth(august)
	w.idles("2006-10-12 09:00")
	w.keeps(retention.Payments, 13)
	w.want("on record", w.recalled(0), "A refused K0530 Nej")
	w.drops(august)
	w.want("nothing on record", w.row(`SELECT (SELECT count(*) FROM recall) + (SELECT count(*) FROM recall_line) + (SELECT count(*) FROM recall_answer)`), "0")
	w.says("BEC", bansta(message, line(1, "4", "")))
	w.want("a doubt of the FINCAN alone", w.row(`SELECT i.kind FROM bank_doubt d JOIN interchange i ON i.id = d.interchange_id WHERE d.settled_at IS NULL`), "FINCAN")
}

// TestRecall_StaysWithTheSender: what persons have asked back is not ordered again by the choice of its authority; what its bank refuses to
// give back, and comes back for another reason, is.
func TestRecall_StaysWithTheSender(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, ledger, orders string }{
		"recalled":   {line(1, "4", ""), "settled 1 = 100", "1"},
		"unanswered": {"", "settled 1 = 100", "1"},
		"refused":    {line(1, "2", "Nej"), "with_bank 1 = 100", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chooses(",came_back,cheque else return"))
			w.executedBySDC(cpr("A", ann, 100))
			w.asks("A")
			w.recallsAt("SDC")
			if c.answer != "" {
				no := w.number(`SELECT control_ref FROM interchange WHERE kind = 'FINCAN'`)
				w.says("SDC", bansta(fmt.Sprintf("SDC-%014d-0001", no), c.answer))
			}
			w.cameBack("A", returnAccount, 100, "Tilbage")
			w.settle()
			w.dispatch()
			w.holds()
			w.want("ledger", w.ledger(), c.ledger)
			w.want("orders", w.row(`SELECT count(*) FROM bank_order`), c.orders)
		})
	}
}
