package flowtest_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/pgtest"
)

// void has two persons void an interchange.
func (w *world) void(bank string, number int64) {
	w.t.Helper()
	if err := w.Desk.Void(w.t.Context(), bank, gateway.ControlNumber(number), "Ann", "Bob", "the debit account is wrong"); err != nil {
		w.t.Fatal(err)
	}
	w.holds()
}

// files are the interchanges of orders as they stand under their numbers.
func (w *world) numbers() string {
	w.t.Helper()
	return w.row(`SELECT bank, control_ref, version, state, payments, ore FROM interchange WHERE kind = 'PAYMUL' ORDER BY bank, control_ref, version`)
}

var ofReference = regexp.MustCompile(`RFF\+CR:([^']*)'`)

// references are those of the orders in files that were sent.
func references(sent []string) []string {
	var all []string
	for _, m := range ofReference.FindAllStringSubmatch(strings.Join(sent, ""), -1) {
		all = append(all, m[1])
	}
	return all
}

// TestVoid: what is void is frozen anew, with the next attempt of the same payments, other references, and the same number; the
// bank gets it once, and what it says of it by place or by reference is about that. // second-floor "Orders from more than one source"
func TestVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.at(receiveBy)
	d := bundle("G-1", complete("A", 100), complete("B", 200), complete("C", 300), complete("D", 400))
	d.Debits[0].Agreement = "AFT-BEC"
	other := bundle("G-2", complete("other", 500))
	other.Debits[0].Agreement = "AFT-SDC"
	w.receive(d, other)
	w.release()
	w.newAnswers()
	w.want("may be void", w.voidable(), "BEC 1 rendered 4 1000; SDC 1 rendered 1 500")
	w.unrender()
	asked := w.decides(act.KindVoid, "Ann", w.number(`SELECT id FROM interchange WHERE bank = 'BEC'`))
	if asked.Persons != 2 || asked.Items[0].State != "not sent" || asked.Items[0].Preview != "is void, and 4 payments are ordered anew" {
		t.Errorf("%+v", asked)
	}
	w.want("asked", w.ledger(), "frozen 5 = 1500")
	w.render() // meanwhile
	w.approves(asked.ID, "Bob")
	w.holds()
	w.want("void", w.ledger(), "frozen 1 = 500, void 4 = 1000")
	w.want("facts", w.row(`SELECT scope, kind, attempt, payments, ore, text FROM fact ORDER BY interchange_id, message_no, lin`),
		"line void 1 3 600 a test; line void 1 1 400 a test")
	w.want("owed", w.row(`SELECT p.e2e, o.attempt, o.kind, o.ore, o.debit_account, o.state FROM obligation o JOIN payment p ON p.id = o.payment_id ORDER BY 1`),
		"A 2 again 100 "+debit1+" open; B 2 again 200 "+debit1+" open; C 2 again 300 "+debit1+" open; D 2 again 400 "+debit1+" open")
	w.release()
	w.holds()
	w.want("ledger", w.ledger(), "frozen 5 = 1500")
	w.want("numbers", w.numbers(), "BEC 1 1 void 4 1000; BEC 1 2 rendered 4 1000; SDC 1 1 rendered 1 500")
	w.want("nobody is told", w.newAnswers(), "")
	sent := w.dispatch()
	w.want("sent", fmt.Sprint(len(sent), references(sent)), "2 [00000003A 00000003B 00000003C 00000003D 00000002other]")
	w.want("orders", w.row(`SELECT p.e2e, o.attempt, l.state FROM bank_order o JOIN payment p ON p.id = o.payment_id JOIN order_line l USING (interchange_id, message_no, lin)
		WHERE p.e2e <> 'other' ORDER BY 1, 2`), "A 1 void; A 2 with_bank; B 1 void; B 2 with_bank; C 1 void; C 2 with_bank; D 1 void; D 2 with_bank")
	w.says("BEC", contrl("BEC", 1, "7"))
	w.want("accepted", w.newAnswers(), "8 A B C D")
	w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "4", ""), status(1, 2, "2", "Nej")), bansta("", named(1, "00000003C", "4", "")),
		bansta("BEC-00000000000001-0002", named(1, "00000003D", "2", "Nej")))
	w.want("ledger", w.ledger(), "with_bank 1 = 500, executed 2 = 400, returned 2 = 600")
	w.want("answers", w.newAnswers(), "9 B:0001(Nej) D:0001(Nej)")
	w.want("exceptions", w.exceptions(), "")
	w.says("BEC", bansta("", named(1, "00000001A", "4", "")))
	w.want("of what is void", w.row(`SELECT kind, detail FROM exception`), "bank status undecided nothing of ours")
	w.want("ledger", w.ledger(), "with_bank 1 = 500, executed 2 = 400, returned 2 = 600")
}

// voidable is what the desk lists.
func (w *world) voidable() string {
	w.t.Helper()
	list, err := w.Desk.Voidable(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v.Bank, " ", int64(v.ControlRef), " ", v.State, " ", v.Payments, " ", v.Ore))
	}
	return strings.Join(all, "; ")
}

// TestVoid_Twice: an interchange that was frozen anew can be void itself, also before its payments' standing is looked for.
func TestVoid_Twice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), cpr("B", ann, 200)))
	payment := w.number(`SELECT id FROM payment WHERE e2e = 'B'`)
	w.decides(act.KindHold, "Ann", payment)
	w.decided(act.KindFree, payment)
	w.at(receiveBy)
	w.release()
	w.want("ledger", w.ledger(), "frozen 2 = 300")
	for range 2 {
		w.void("BEC", 1)
		w.void("BEC", 2)
		w.want("ledger", w.ledger(), "void 2 = 300")
		w.release()
		w.holds()
		w.want("ledger", w.ledger(), "frozen 2 = 300")
		if w.number(`SELECT count(*) FROM interchange WHERE state <> 'void'`) == 1 {
			break
		}
	}
	// Both are of one agreement and day: they go together from now on, and the other number waits for the next interchange.
	w.want("numbers", w.numbers(), "BEC 1 1 void 1 100; BEC 1 2 rendered 2 300; BEC 2 1 void 1 200")
	w.void("BEC", 1)
	w.release()
	w.want("numbers", w.numbers(), "BEC 1 1 void 1 100; BEC 1 2 void 2 300; BEC 1 3 rendered 2 300; BEC 2 1 void 1 200")
	w.want("attempts", w.row(`SELECT attempt, count(*) FROM bank_order GROUP BY 1 ORDER BY 1`), "1 2; 2 2; 3 2")
	w.receive(bundle("G-2", complete("C", 400)))
	w.at("2005-08-12 06:00")
	w.release()
	w.want("the number that was kept", w.row(`SELECT control_ref, version, payments FROM interchange ORDER BY id DESC LIMIT 1`), "2 2 1")
	w.want("sent", fmt.Sprint(references(w.dispatch())), "[00000003A 00000003B 00000004C]")
	w.holds()
	w.says("BEC", contrl("BEC", 1, "7"), contrl("BEC", 2, "7"))
	w.want("ledger", w.ledger(), "with_bank 3 = 700")
}

// TestVoid_Refused: what may be at the bank, or is on its way, is refused and stays as it was; so is one person, and what is not there.
func TestVoid_Refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at(receiveBy)
	lease := w.held("BEC")
	release := func(e2e string) {
		w.receive(bundle(e2e, complete(e2e, 100)))
		w.release()
	}
	refused := func(what string, number int64, want error) {
		t.Helper()
		before := w.everything()
		err := w.Desk.Void(t.Context(), "BEC", gateway.ControlNumber(number), "Ann", "Bob", "why")
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		w.want(what, w.everything(), before)
	}
	release("sent")
	o := w.publishing("BEC", lease.Fence)
	refused("publishing", 1, gateway.ErrMovedOn)
	if err := w.Bank.MarkSent(t.Context(), o, lease.Fence); err != nil {
		t.Fatal(err)
	}
	refused("sent", 1, gateway.ErrMovedOn)
	release("unknown")
	o = w.publishing("BEC", lease.Fence)
	if err := w.Bank.MarkUnknown(t.Context(), o, lease.Fence); err != nil {
		t.Fatal(err)
	}
	refused("unknown", 2, gateway.ErrMovedOn)
	if err := w.Desk.Resolve(t.Context(), "BEC", 2, false, "Ann", "Bob"); err != nil {
		t.Fatal(err)
	}
	refused("not arrived, as somebody says", 2, gateway.ErrMovedOn)
	o = w.publishing("BEC", lease.Fence)
	if err := w.Bank.MarkNotSent(t.Context(), o, lease.Fence); err != nil {
		t.Fatal(err)
	}
	refused("published once, and not renamed", 2, gateway.ErrMovedOn)
	w.dispatch2(lease)
	w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 1, "4", "")))
	refused("our CONTRL", 3, gateway.ErrMovedOn)
	w.dispatch2(lease)
	release("refused")
	o, err := w.Bank.NextOutgoing(t.Context(), "BEC")
	if err == nil {
		o, err = w.Bank.MarkSending(t.Context(), o.ID, lease.Fence)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused("being sent", 4, gateway.ErrMovedOn)
	refused("not there", 5, gateway.ErrNotFound)
	if err := w.Desk.Void(t.Context(), "BEC", 4, "Ann", " ann ", "why"); !errors.Is(err, gateway.ErrPersons) {
		t.Errorf("one person: %v", err)
	}
	lease.Release() // who was sending is gone
	w.void("BEC", 4)
	if err := w.Bank.MarkPublishing(t.Context(), o, lease.Fence); !errors.Is(err, gateway.ErrLostOwnership) {
		t.Errorf("who was gone publishes: %v", err)
	}
	refused("void", 4, gateway.ErrMovedOn)
	w.release()
	lease = w.held("BEC")
	first := o
	if o, err = w.Bank.NextOutgoing(t.Context(), "BEC"); err == nil {
		o, err = w.Bank.MarkSending(t.Context(), o.ID, lease.Fence)
	}
	if err != nil {
		t.Fatal(err)
	}
	if o.FinalName != first.FinalName || o.TempName == first.TempName || o.Attempt != 1 {
		t.Errorf("sent anew as %+v, after %+v", o, first)
	}
	if err := w.Bank.MarkNotSent(t.Context(), o, lease.Fence); err != nil {
		t.Fatal(err)
	}
	w.void("BEC", 4) // refused by the bank's server, before anything was published
	w.release()
	w.want("numbers", w.numbers(), "BEC 1 1 sent 1 100; BEC 2 1 sent 1 100; BEC 4 1 void 1 100; BEC 4 2 void 1 100; BEC 4 3 rendered 1 100")
}

// dispatch2 sends what waits for BEC as the owner of its connection.
func (w *world) dispatch2(lease gateway.Lease) {
	w.t.Helper()
	var sent []string
	d := &gateway.Dispatcher{Bank: "BEC", Fence: lease.Fence, Link: &mailbox{sent: &sent}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
	w.all("send", d.SendNext)
}

// TestVoid_JudgedAgain: agreement, account and recipient count as they are when the orders are frozen anew; what may not go any
// more is returned. // B18.3
func TestVoid_JudgedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cheques := bundle("cheques", cpr("a cheque", poor, 500), cpr("no cheque any more", ann, 600))
	cheques.Debits[0].Agreement, cheques.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(bundle("G-1", cpr("died", ann, 100), cpr("other account", bob, 200), complete("complete", 300), cpr("abroad", abroad, 400)), cheques)
	w.at(receiveBy)
	w.release()
	w.wantAnswers("1 ACPT; 1 ACPT; 2 ACPT; 2 ACPT; 7 a cheque:ACPT")
	w.void("BEC", 1)
	w.void("SDC", 1)
	w.later(time.Minute)
	load(t, w.db, country{
		"holders.csv":           {"kind,id,parent,status,ended_on,name,street,postcode,town,country", "CPR," + ann + ",,dead,2005-01-01,Ann Andersen,,,,"},
		"specific_accounts.csv": {accountColumns + ",authority,benefit_type,locked", specificAccount(bob, "70450001888882", "77", "YD1", "no")},
	}, w.time())
	w.at("2005-08-11 08:31") // past the bank's send-by
	w.release()
	w.holds()
	w.want("ledger", w.ledger(), "frozen 4 = 1400, returned 2 = 700")
	w.want("orders", w.row(`SELECT p.e2e, o.attempt, o.type, o.account FROM bank_order o JOIN payment p ON p.id = o.payment_id WHERE o.attempt > 1 ORDER BY p.id`),
		"other account 2 1 70450001888882; complete 2 1 70450001234567; abroad 2 3 "+abroadAccount+"; a cheque 2 4 ")
	w.want("days", w.row(`SELECT bank, version, to_char(executes_on, 'YYYY-MM-DD') FROM interchange ORDER BY 1, 2`),
		"BEC 1 2005-08-12; BEC 2 2005-08-15; SDC 1 2005-08-12; SDC 2 2005-08-15")
	w.want("given up", w.row(`SELECT p.e2e, o.state, s.kind, s.attempt FROM obligation o JOIN payment p ON p.id = o.payment_id JOIN standing s ON s.payment_id = p.id
		WHERE o.state <> 'ordered' ORDER BY p.id`), "died given_up not_payable 2; no cheque any more given_up not_payable 2")
	w.wantAnswers("7 died:RJCT; 7 no cheque any more:RJCT") // that it is a cheque is known
	w.dispatch()
	w.says("BEC", contrl("BEC", 1, "7"), bansta("BEC-00000000000001-0001", line(1, "4", "")))
	w.want("ledger", w.ledger(), "with_bank 2 = 900, executed 2 = 500, returned 2 = 700")
}

// TestVoid_NothingLeft: a void interchange of which nothing may go any more leaves its number to the bank's next.
func TestVoid_NothingLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	w.void("BEC", 1)
	load(t, w.db, country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA,BEC," + debit2 + ",return,06:00,,"}}, w.time())
	w.release()
	w.holds()
	w.want("ledger", w.ledger(), "returned 1 = 100")
	w.wantAnswers("7 A:RJCT")
	d := bundle("G-2", complete("B", 200))
	d.Debits[0].Agreement = "AFT-3"
	w.receive(d)
	w.at("2005-08-12 07:30")
	w.release()
	w.want("numbers", w.numbers(), "BEC 1 1 void 1 100; BEC 1 2 rendered 1 200")
}

// TestVoid_AtAnotherBank: an agreement that has gone to another bank takes what is void there; the number stays with its bank.
func TestVoid_AtAnotherBank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100)))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	w.void("BEC", 1)
	load(t, w.db, country{"agreements.csv": {agreementColumns, "AFT-1,77,U1,LEVA,SDC," + debit1 + ",return,06:00,,"}}, w.time())
	w.release()
	w.holds()
	w.want("numbers", w.numbers(), "BEC 1 1 void 1 100; SDC 1 1 rendered 1 100")
	w.want("ledger", w.ledger(), "frozen 1 = 100")
}

// TestVoid_Killed: whatever is killed between voiding and freezing anew, or within it, every payment is explained, and goes once.
func TestVoid_Killed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(bundle("G-1", complete("A", 100), complete("B", 200)), theirs("G-2", "77", "AFT-B", "40010000765432", complete("C", 300)))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	w.void("BEC", 1)
	other := bundle("G-3", complete("D", 400))
	other.Debits[0].Agreement, other.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(other)
	w.at("2005-08-12 06:00")
	super := w.database.Open(t, pgtest.Superuser)
	alter := func(statement string) {
		if _, err := super.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	alter(`ALTER TABLE nks.obligation ADD CONSTRAINT broken CHECK (state = 'open') NOT VALID`)
	if worked, err := w.Release.Next(t.Context()); !worked || err != nil {
		t.Errorf("what fails holds up a release: %t, %v", worked, err)
	}
	if worked, err := w.Release.Next(t.Context()); worked || err == nil {
		t.Errorf("ordered anew: %t, %v", worked, err)
	}
	w.holds()
	w.want("ledger", w.ledger(), "frozen 2 = 700, void 2 = 300")
	w.want("exceptions", w.exceptions(), "interchange cannot be written")
	alter(`ALTER TABLE nks.obligation DROP CONSTRAINT broken`)
	again := w.steps()
	w.all("release", again.Release.Next)
	w.want("ledger", w.ledger(), "frozen 4 = 1000")
	w.want("exceptions", w.exceptions(), "")
	w.want("numbers", w.numbers(), "BEC 1 1 void 2 300; BEC 1 2 rendered 2 300; BEC 2 1 rendered 1 300; SDC 1 1 rendered 1 400")
	w.want("references", w.row(`SELECT d.group_ref, r.attempt FROM bank_reference r JOIN delivery d ON d.id = r.delivery_id ORDER BY head`), "G-1 1; G-2 1; G-1 2; G-3 1")
}

// TestVoid_Races: whoever is first, the one that voids or the one that sends, each payment goes to the bank once.
func TestVoid_Races(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.limits.Split.InterchangeOrders = 2 })
	const payments = 40
	var all []intaketest.Payment
	for i := range payments {
		all = append(all, complete(fmt.Sprintf("P%02d", i), int64(100+i)))
	}
	w.receive(bundle("G-1", all...))
	w.at(receiveBy)
	w.release()
	w.newAnswers()
	var sent []string
	lease := w.held("BEC")
	d := &gateway.Dispatcher{Bank: "BEC", Fence: lease.Fence, Link: &mailbox{sent: &sent}, Outbox: w.Bank, Now: w.time, Failpoint: func(string) {}}
	void, first, stop := 0, make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for no := payments / 2; no > 0; no-- {
			err := w.Desk.Void(t.Context(), "BEC", gateway.ControlNumber(no), "Ann", "Bob", "race")
			switch {
			case err == nil:
				void++
			case !errors.Is(err, gateway.ErrMovedOn):
				t.Errorf("void %d: %v", no, err)
			}
			if no == payments/2 {
				close(first)
			}
		}
		close(stop)
	})
	wg.Go(func() {
		for {
			worked, err := w.Release.Next(t.Context())
			if err != nil {
				t.Errorf("release: %v", err)
			}
			select {
			case <-stop:
				if !worked {
					return
				}
			default:
			}
		}
	})
	<-first
	for done := false; !done; {
		worked, err := d.SendNext(t.Context())
		if err != nil && !errors.Is(err, gateway.ErrLostOwnership) {
			t.Errorf("send: %v", err)
		}
		select {
		case <-stop:
			done = !worked && err == nil && w.number(`SELECT count(*) FROM obligation WHERE state = 'open'`) == 0 &&
				w.number(`SELECT count(*) FROM interchange WHERE state IN ('frozen', 'rendered')`) == 0
		default:
		}
	}
	wg.Wait()
	w.holds()
	count := map[string]int{}
	for _, r := range references(sent) {
		count[r[8:]]++
	}
	for e2e, n := range count {
		if n != 1 {
			t.Errorf("%s was sent %d times", e2e, n)
		}
	}
	if len(count) != payments {
		t.Errorf("%d payments of %d were sent, after %d interchanges were void", len(count), payments, void)
	}
	t.Logf("%d interchanges void", void)
}
