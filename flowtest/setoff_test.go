package flowtest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"nks/gateway/act"
	"nks/gateway/view"
	"nks/reconciliation"
	"nks/reconciliation/report"
	"nks/schema"
)

const (
	creditorAccount = "30010000990001"
	secondAccount   = "30010000990002"
	claimColumns    = "kind,id,creditor,claim,priority,ore,account,benefit_types,valid_from,valid_to"
)

// owes is a world in which creditor 78 has claims, and of a benefit YD1 as much may be taken as a rule says.
func owes(rule string, claims ...string) func(*options) {
	return func(o *options) {
		o.country = maps.Clone(o.country)
		if rule != "" {
			o.country["setoff_rules.csv"] = []string{"benefit_type,authority,thousandths,leaves_ore", rule}
		}
		o.country["claims.csv"] = append([]string{claimColumns}, claims...)
	}
}

// claim is one of creditor 78 against a citizen.
func claim(id, number string, priority int, ore int64) string {
	return fmt.Sprintf("CPR,%s,78,%s,%d,%d,%s,,,", id, number, priority, ore, creditorAccount)
}

// claims has claims loaded as they are by now.
func (w *world) claims(rows ...string) {
	w.t.Helper()
	load(w.t, w.db, country{"claims.csv": append([]string{claimColumns}, rows...)}, w.time())
	w.fillImage()
}

// setOffs is what was taken of payments, as "A K1 400 of 500".
func (w *world) setOffs() string {
	w.t.Helper()
	return w.row(`SELECT p.e2e, s.claim, s.ore, 'of', s.left_ore FROM set_off s JOIN payment p ON p.id = s.payment_id ORDER BY s.part_id, s.claim`)
}

// toWhom is how much each account was ordered by orders that are not void.
func (w *world) toWhom() string {
	w.t.Helper()
	return w.row(`SELECT o.account, sum(o.ore) FROM bank_order o JOIN order_line l USING (interchange_id, message_no, lin) WHERE l.state <> 'void' GROUP BY 1 ORDER BY 1`)
}

// leftOf is what remains of a claim.
func (w *world) leftOf(number string) int64 {
	w.t.Helper()
	return w.number(`SELECT ore - claim_taken(creditor, claim) FROM claim_as_of($2, 'infinity') WHERE claim = $1`, number, w.time())
}

// part is the EndToEndId of what was taken of a payment.
func (w *world) part(e2e string) string {
	w.t.Helper()
	return w.row(`SELECT q.e2e FROM set_off s JOIN payment p ON p.id = s.payment_id JOIN payment q ON q.id = s.part_id WHERE p.e2e = $1`, e2e)
}

// TestSetOff: the part of the creditors and what is left go out in one release, never more than the rule and the claims allow, and the
// sums of bundle and authority stay what they are. Both completions do the same.
func TestSetOff(t *testing.T) {
	t.Parallel()
	const half, all = "YD1,,500,0", "YD1,,1000,0"
	for name, c := range map[string]struct {
		rule               string
		claims             []string
		taken, to, answers string
		bySQL              bool
	}{
		"in part": {half, []string{claim(ann, "K1", 1, 5000)}, "A K1 500 of 5000", creditorAccount + " 500; " + annAccount + " 500",
			"A: Modregnet i krav K1: 5,00; PART: Modregnet i krav K1 af betaling A: 5,00", false},
		"in part, by SQL": {half, []string{claim(ann, "K1", 1, 5000)}, "A K1 500 of 5000", creditorAccount + " 500; " + annAccount + " 500",
			"A: Modregnet i krav K1: 5,00; PART: Modregnet i krav K1 af betaling A: 5,00", true},
		"wholly": {all, []string{claim(ann, "K1", 1, 1000)}, "A K1 1000 of 1000", creditorAccount + " 1000", "A: Modregnet i krav K1: 10,00", false},
		"by priority": {half, []string{claim(ann, "K1", 2, 300), claim(ann, "K2", 1, 400), claim(bob, "K3", 1, 400)}, "A K2 400 of 400; A K1 100 of 300",
			creditorAccount + " 500; " + annAccount + " 500",
			"A: Modregnet i krav K2 m.fl.: 5,00; PART: Modregnet i krav K2 af betaling A: 4,00; PART: Modregnet i krav K1 af betaling A: 1,00", false},
		"wholly for two, by SQL": {all, []string{claim(ann, "K1", 1, 300), claim(ann, "K2", 1, 900)}, "A K2 700 of 900; A K1 300 of 300", creditorAccount + " 1000",
			"A: Modregnet i krav K2: 7,00; PART: Modregnet i krav K1 af betaling A: 3,00", true},
		"no rule: protected":       {"", []string{claim(ann, "K1", 1, 5000)}, "", annAccount + " 1000", "", false},
		"the authority's own rule": {"YD1,,1000,0\nYD1,77,0,0", []string{claim(ann, "K1", 1, 5000)}, "", annAccount + " 1000", "", false},
		"none that counts": {all, []string{claim(bob, "K1", 1, 5000), claim(ann, "K2", 1, 0), fmt.Sprintf("CPR,%s,78,K3,1,5000,%s,YDLON,,", ann, creditorAccount),
			fmt.Sprintf("CPR,%s,78,K4,1,5000,%s,,2005-08-13,", ann, creditorAccount), fmt.Sprintf("CPR,%s,78,K5,1,5000,%s,,,2005-08-11", ann, creditorAccount)},
			"", annAccount + " 1000", "", false},
		"one of this benefit, on its only day": {all, []string{fmt.Sprintf("CPR,%s,78,K1,1,400,%s,YD1 YDLON,2005-08-12,2005-08-12", ann, secondAccount)}, "A K1 400 of 400",
			secondAccount + " 400; " + annAccount + " 600", "A: Modregnet i krav K1: 4,00; PART: Modregnet i krav K1 af betaling A: 4,00", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, owes(c.rule, c.claims...))
			if c.bySQL {
				w.Release.Image = nil
			}
			w.receive(bundle("G-1", cpr("A", ann, 1000)))
			w.at(receiveBy)
			w.release()
			w.want("taken", w.setOffs(), c.taken)
			w.want("to", w.toWhom(), c.to)
			w.want("sent", fmt.Sprint(len(w.dispatch())), "1")
			w.want("told", w.responses7(), c.answers)
			for _, r := range []string{"day", "settlement", "setoffs", "accounts", "waiting", "returns"} {
				w.report(r, report.Options{})
			}
			w.reportsAreTheLedger()
			w.showsSetOffs()
		})
	}
}

// showsSetOffs demands that the page of each payment shows what was taken of it, or that it is what was, and of the register nothing that differs.
func (w *world) showsSetOffs() {
	w.t.Helper()
	pages := view.New(w.database.Open(w.t, schema.Page), zerolog.Nop())
	for _, id := range w.rows(`SELECT id FROM payment ORDER BY id`) {
		p, err := pages.Payment(w.t.Context(), view.Viewer{Authority: "77"}, w.number(`SELECT $1::text::bigint`, id), w.time())
		if err != nil {
			w.t.Fatal(err)
		}
		if n := w.number(`SELECT count(*) FROM set_off WHERE $1::text::bigint IN (payment_id, part_id)`, id); int(n) != len(p.SetOffs) || p.Decision != nil && p.Decision.Differs {
			w.t.Errorf("payment %s: %+v, %+v", p.E2E, p.SetOffs, p.Decision)
		}
	}
}

// responses7 is what responses 7 tell.
func (w *world) responses7() string {
	w.t.Helper()
	return w.row(`SELECT CASE WHEN p.e2e LIKE 'MODREGNET-%' THEN 'PART' ELSE p.e2e END || ':', a.text FROM answer_due a JOIN payment p ON p.id = a.payment_id
		WHERE a.kind = 7 ORDER BY p.id`)
}

// partNames calls parts PART: their own names are their ids.
func (w *world) partNames(answers string) string {
	words := strings.Fields(answers)
	for i, word := range words {
		if _, text, is := strings.Cut(word, "MODREGNET-"); is {
			_, text, has := strings.Cut(text, ":")
			if words[i] = "PART"; has {
				words[i] += ":" + text
			}
		}
	}
	return strings.Join(words, " ")
}

// TestSetOff_GoesWhole: what names its account, cheques, what goes abroad and what waits is not parted.
func TestSetOff_GoesWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,1000,0", claim(ann, "K1", 1, 5000), claim(abroad, "K2", 1, 5000), claim(poor, "K3", 1, 5000)))
	named := complete("A", 100)
	named.IDKind, named.ID = "CPR", ann
	w.receive(bundle("G-1", named, cpr("B", abroad, 200)), bySDC("G-2", cpr("C", poor, 300)))
	w.at(receiveBy)
	w.release()
	w.want("taken", w.setOffs(), "")
	w.want("orders", w.row(`SELECT count(*) FROM bank_order`), "3")
}

// TestSetOff_Salary: what is left of a salary is one, and what is taken of it is not.
func TestSetOff_Salary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YDLON,,200,0", claim(ann, "K1", 1, 5000), claim(bob, "K2", 1, 5000)))
	a, b := cpr("A", ann, 1000), cpr("B", bob, 2000)
	a.BenefitType, b.BenefitType = "YDLON", "YDLON"
	w.paid(bundle("G-1", a, b))
	w.want("lines", w.row(`SELECT lin, type, payments, ore FROM order_line ORDER BY lin`), "1 5 1 800; 2 1 1 200; 3 5 1 1600; 4 1 1 400")
}

// TestSetOff_Outcomes: what remains of a claim follows from what became of the part, and each part goes its own way.
func TestSetOff_Outcomes(t *testing.T) {
	t.Parallel()
	const message = "SDC-00000000000001-0001"
	sent := func(w *world) {
		w.withReturnAccount()
		w.paid(bySDC("G-1", cpr("A", ann, 1000)))
		w.newAnswers()
		w.says("SDC", contrl("SDC", 1, "7"), bansta(message, line(1, "1", "")))
		w.newAnswers()
	}
	for name, c := range map[string]struct {
		do      func(*world)
		left    int64
		ledger  string
		answers string
	}{
		"executed":             {func(w *world) { w.says("SDC", bansta(message, line(1, "4", ""))) }, 600, "executed 2 = 1000", ""},
		"the part is rejected": {func(w *world) { w.says("SDC", bansta(message, status(1, 2, "2", "Nej"))) }, 1000, "with_bank 1 = 600, returned 1 = 400", "9 PART:0001(Nej)"},
		"the rest is rejected": {func(w *world) { w.says("SDC", bansta(message, status(1, 1, "2", "Nej"))) }, 600, "frozen 1 = 600, with_bank 1 = 400", "9 A:0001(Nej. Bankcheck anvendes)"},
		"both are rejected":    {func(w *world) { w.says("SDC", bansta(message, line(1, "2", "Nej"))) }, 1000, "frozen 1 = 600, returned 1 = 400", "9 A:0001(Nej. Bankcheck anvendes) PART:0001(Nej)"},
		"the rest comes back": {func(w *world) {
			w.says("SDC", bansta(message, line(1, "4", "")))
			w.cameBack("A", returnAccount, 600, "Retur")
		}, 600, "frozen 1 = 600, executed 1 = 400", "9 A:0001(Retur. Beløb kommet retur: 6,00. Bankcheck anvendes)"},
		"the part comes back": {func(w *world) {
			w.says("SDC", bansta(message, line(1, "4", "")))
			w.cameBack(w.part("A"), returnAccount, 400, "Retur")
		}, 1000, "executed 1 = 600, settled 1 = 400", "9 PART:0001(Retur. Beløb kommet retur: 4,00. Pengene er hos myndigheden)"},
		"some of the part comes back": {func(w *world) {
			w.says("SDC", bansta(message, line(1, "4", "")))
			w.cameBack(w.part("A"), returnAccount, 100, "Retur")
		}, 700, "executed 1 = 600, settled 1 = 400", "9 PART:0001(Retur. Beløb kommet retur: 1,00. Pengene er hos myndigheden)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 1000)), chooses(",came_back,cheque else return", ",bank_rejected,cheque else return"))
			sent(w)
			w.want("left", fmt.Sprint(w.leftOf("K1")), "600")
			c.do(w)
			w.holds()
			w.settle()
			w.holds()
			w.want("left", fmt.Sprint(w.leftOf("K1")), fmt.Sprint(c.left))
			w.want("ledger", w.ledger(), c.ledger)
			if c.answers != "" {
				w.want("told", w.partNames(w.newAnswers()), c.answers)
			}
			// What was given back is taken of the next payment.
			w.at("2005-08-11 12:00")
			w.receive(bundle("G-2", cpr("B", ann, 10_000)))
			w.at("2005-08-12 06:00")
			w.release()
			w.holds()
			w.want("left of the claim", fmt.Sprint(w.leftOf("K1")), "0")
		})
	}
}

// TestSetOff_Wholly: a payment that goes to a creditor as a whole stays its creditor's when it is ordered anew, and its sender's when that fails,
// whatever the authority chose for its recipients.
func TestSetOff_Wholly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,1000,0", claim(ann, "K1", 1, 5000)), chooses(",bank_rejected,cheque else return"))
	w.withReturnAccount()
	w.receive(bySDC("G-1", cpr("A", ann, 1000), cpr("B", bob, 100)))
	w.at(receiveBy)
	w.release()
	w.void("SDC", 1)
	w.release()
	w.holds()
	w.want("to", w.toWhom(), creditorAccount+" 1000; "+bobSpecific+" 100")
	w.dispatch()
	w.newAnswers()
	w.says("SDC", contrl("SDC", 1, "7"), bansta(w.lastMessage("SDC"), status(1, 1, "2", "Nej")))
	w.settle()
	w.want("told", w.newAnswers(), "9 A:0001(Nej)")
	w.want("owed", w.obligations(), "")
	w.want("left", fmt.Sprint(w.leftOf("K1")), "5000")
}

// TestSetOff_Stopped: who is stopped before the bank has it is stopped with what was taken, the claim has its own again, and both go again
// when that is undone, unless the claim has been met meanwhile.
func TestSetOff_Stopped(t *testing.T) {
	t.Parallel()
	for _, met := range []bool{false, true} {
		t.Run(fmt.Sprint("claim is met meanwhile ", met), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 400)))
			w.receive(bundle("G-1", cpr("A", ann, 1000), cpr("B", bob, 100)))
			w.at(receiveBy)
			w.release()
			w.newAnswers()
			w.stops("A")
			w.want("told", w.partNames(w.newAnswers()), "5 PART A:RJCT PART:RJCT")
			w.want("ledger", w.ledger(), "stopped 2 = 1000, void 1 = 100")
			w.want("left", fmt.Sprint(w.leftOf("K1")), "400")
			w.release()
			w.want("to", w.toWhom(), bobSpecific+" 100")
			if met {
				w.at("2005-08-11 12:00")
				w.receive(bundle("G-2", cpr("C", ann, 1000)))
				w.at("2005-08-12 06:00")
				w.release()
				w.want("left", fmt.Sprint(w.leftOf("K1")), "0")
			}
			w.undoes("A")
			w.release()
			w.holds()
			w.want("left", fmt.Sprint(w.leftOf("K1")), "0")
			if met {
				w.want("ledger", w.ledger(), "frozen 4 = 1700, returned 1 = 400")
				w.want("to", w.toWhom(), creditorAccount+" 400; "+annAccount+" 1200; "+bobSpecific+" 100")
			} else {
				w.want("ledger", w.ledger(), "frozen 3 = 1100")
				w.want("to", w.toWhom(), creditorAccount+" 400; "+annAccount+" 600; "+bobSpecific+" 100")
			}
		})
	}
}

// TestSetOff_Withdrawn: what is not with the bank yet is not sent for a claim that was withdrawn.
func TestSetOff_Withdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 1000)))
	w.receive(bundle("G-1", cpr("A", ann, 1000)))
	w.at(receiveBy)
	w.release()
	w.claims(claim(ann, "K1", 1, 0))
	w.void("BEC", 1)
	w.newAnswers()
	w.release()
	w.want("to", w.toWhom(), annAccount+" 600")
	w.want("told", w.partNames(w.newAnswers()), "7 PART:RJCT")
	w.want("ledger", w.ledger(), "frozen 1 = 600, returned 1 = 400")
}

// TestSetOff_Freed: a payment that persons have held and freed counts as what is left of it.
func TestSetOff_Freed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 1000)))
	w.receive(bundle("G-1", cpr("A", ann, 1000), cpr("B", bob, 100)))
	w.decides(act.KindHold, "Ann", w.id("A"))
	w.at(receiveBy)
	w.release()
	asked := w.decides(act.KindFree, "Ann", w.id("A"))
	w.approves(asked.ID, "Bob")
	w.release()
	w.holds()
	w.want("to", w.toWhom(), creditorAccount+" 400; "+annAccount+" 600; "+bobSpecific+" 100")
	w.want("ledger", w.ledger(), "frozen 3 = 1100")
}

// TestSetOff_AtOnce: releases at the same time take no more than remains of a claim.
func TestSetOff_AtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,1000,0", claim(ann, "K1", 1, 2500)))
	const units = 6
	for i := range units {
		d := bundle(fmt.Sprint("G-", i), cpr(fmt.Sprint("A", i), ann, 1000))
		d.Debits[0].On = fmt.Sprintf("2005-08-%d", []int{12, 15, 16, 17, 18, 19}[i])
		if i%2 == 1 {
			d.Debits[0].Agreement = "AFT-3"
		}
		w.receive(d)
	}
	w.at("2005-08-19 08:00")
	var all sync.WaitGroup
	for range units {
		all.Go(func() {
			if _, err := w.Release.Next(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.release()
	w.holds()
	w.want("to", w.toWhom(), creditorAccount+" 2500; "+annAccount+" 3500")
	w.want("left", fmt.Sprint(w.leftOf("K1")), "0")
}

// TestSetOff_Restored: what a database that was set back does not know was set off is taken in from the journal, with the parts.
func TestSetOff_Restored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keeps, owes("YD1,,400,0", claim(ann, "K1", 1, 700)))
	w.receive(bundle("G-1", cpr("A", ann, 1000), cpr("B", ann, 1000), cpr("C", bob, 100)))
	before := w.backup()
	w.at(receiveBy)
	w.release()
	if len(w.dispatch()) != 1 {
		t.Fatal("nothing was sent")
	}
	to, taken := w.toWhom(), w.setOffs()
	w.restored(before)
	if _, err := w.Restore.Take(t.Context(), "Ann"); err != nil {
		t.Fatal(err)
	}
	w.want("to", w.toWhom(), to)
	w.want("taken", w.setOffs(), taken)
	w.want("left", fmt.Sprint(w.leftOf("K1")), "0")
	w.holds()
}

// TestSetOff_ClosedMonth: the sums of a month that is closed are frozen: what waits in it goes whole, beside what does not.
func TestSetOff_ClosedMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 700)))
	w.at("2005-07-29 04:30")
	w.receive(bundle("G-1", cpr("A", ann, 1000)))
	w.at("2005-08-11 04:30")
	w.closesMonth("2005-07")
	w.receive(bundle("G-2", cpr("B", ann, 1000)))
	w.at(receiveBy)
	w.release()
	w.holds()
	w.want("taken", w.setOffs(), "B K1 400 of 700")
	w.want("to", w.toWhom(), creditorAccount+" 400; "+annAccount+" 1600")
}

// TestSetOff_Pages: the page of a payment shows what was taken of it, and that of the part of which payment it was taken.
func TestSetOff_Pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 700)))
	w.paid(bundle("G-1", cpr("A", ann, 1000)))
	for v, n := range map[viewer]int{of("77"): 1, of("78"): 0, operations: 0} {
		if got := w.sees(v, `SELECT FROM set_off`); got != n {
			t.Errorf("%+v sees %d set-offs, want %d", v, got, n)
		}
	}
	p := w.pages()
	p.says("payment", p.get("/payment/"+w.payment("A"), "77", 200), "Heraf modregnet", "4,00 kr., krav K1 fra 78 ( "+w.payment(w.part("A"))+" )", "6,00 kr.")
	p.says("part", p.get("/payment/"+w.payment(w.part("A")), "77", 200), "Modregnet af en betaling", "4,00 kr., krav K1 fra 78 ( "+w.payment("A")+" )")
}

// TestSetOff_Killed: of a release that dies in between nothing was taken, and it is taken once.
func TestSetOff_Killed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 700)))
	w.receive(bundle("G-1", cpr("A", ann, 1000)))
	w.at(receiveBy)
	ctx, die := context.WithCancel(t.Context())
	w.Base.Failpoint = func(name string) {
		if name == "after-freezing-before-set-off" {
			die()
		}
	}
	if _, err := w.Release.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.Base.Failpoint = func(string) {}
	// Its session ends when the server notices, and holds the unit until then.
	for w.number(`SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND l.pid <> pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'RowExclusiveLock'`) > 0 && t.Context().Err() == nil {
	}
	w.want("taken", w.setOffs(), "")
	w.release()
	w.want("taken", w.setOffs(), "A K1 400 of 700")
}

// TestSetOff_Invariants: what is tampered with is found.
func TestSetOff_Invariants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, owes("YD1,,400,0", claim(ann, "K1", 1, 700)))
	w.paid(bundle("G-1", cpr("A", ann, 1000)))
	for _, c := range []struct{ tamper, undo, what string }{
		{`UPDATE nks.set_off SET ore = ore - 1`, `UPDATE nks.set_off SET ore = ore + 1`, "set-off that is no payment of its bundle and group, or of another amount"},
		{`UPDATE nks.set_off SET account = '1'`, `UPDATE nks.set_off SET account = '` + creditorAccount + `'`, "order of what was set off to another than the creditor, or to the creditor of what was not"},
		{`ALTER TABLE nks.claim_version DISABLE TRIGGER ALL; UPDATE nks.claim_version SET ore = 399`, `UPDATE nks.claim_version SET ore = 700`, "claim of which more was taken than remained"},
		{`UPDATE nks.claim_version SET ore = 398`, `UPDATE nks.claim_version SET ore = 700`, "claim of which orders that may be out take more than it ever was"},
	} {
		w.tamper(c.tamper)
		found, err := reconciliation.Check(t.Context(), w.db)
		if err != nil || !slices.ContainsFunc(found, func(f reconciliation.Finding) bool { return f.What == c.what }) {
			t.Errorf("%s: found %+v, %v", c.what, found, err)
		}
		w.tamper(c.undo)
	}
}
