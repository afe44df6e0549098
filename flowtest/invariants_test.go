package flowtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres/pgtest"
	"nks/gateway/view"
	"nks/reconciliation"
	"nks/schema"
)

// busyDay is a gateway in which there is a payment in every state of the ledger.
func busyDay(t *testing.T) *world {
	t.Helper()
	return newWorld(t).hasBusyDay()
}

// busyAugust is a busy day behind a month that is closed, of which a payment was carried on and has been executed on that day.
func busyAugust(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(o *options) {
		o.banks = append(o.banks, bkd(t))
		o.country["agreements.csv"] = append(slices.Clone(o.country["agreements.csv"]), "AFT-K,77,,LEVA,BKD,"+debit1+",return,06:00,,")
	})
	w.at("2005-06-13 04:30")
	d := bundle("june", complete("june executed", 100), complete("june carried", 200))
	d.Debits[0].Agreement, d.Debits[0].On = "AFT-K", "2005-06-13"
	w.receive(d)
	w.at("2005-06-13 06:00")
	w.release()
	w.dispatch()
	w.says("BKD", contrl("BKD", 1, "7"), bansta("BKD-00000000000001-0001", status(1, 1, "4", "")))
	w.newAnswers()
	w.at("2005-08-11 04:30")
	w.closesMonth("2005-06")
	w.hasBusyDay()
	w.says("BKD", bansta("BKD-00000000000001-0001", status(1, 2, "4", "")))
	w.later(time.Minute)
	w.newAnswers()
	return w
}

// hasBusyDay gives it a payment in every state.
func (w *world) hasBusyDay() *world {
	ours := func(group, agreement, account string, payments ...intaketest.Payment) intaketest.Document {
		d := bundle(group, payments...)
		d.Debits[0].Agreement, d.Debits[0].Account = agreement, account
		return d
	}
	theirs := func(group string, payments ...intaketest.Payment) intaketest.Document {
		d := ours(group, "AFT-B", "40010000765432", payments...)
		d.From = []string{"LEVB"}
		return d
	}
	later := bundle("later", complete("waiting", 800))
	later.Debits[0].On = "2005-08-26"
	w.receive(
		ours("G-1", "AFT-1", debit1, cpr("executed", ann, 100), complete("rejected by the bank", 200), cpr("rejected", nobody, 300)),
		ours("G-2", "AFT-2", "53010000123456", cpr("cheque", poor, 400), cpr("with the bank", ann, 500)),
		theirs("G-1", cpr("no account", lost, 600), complete("line rejected", 700), complete("line rejected too", 701)),
		later)
	w.at(receiveBy)
	w.release()
	w.dispatch() // BEC 1: AFT-1, BEC 2: AFT-B, SDC 1: AFT-2
	w.says("BEC", contrl("BEC", 1, "7"), contrl("BEC", 2, "4+29"))
	w.says("BEC", bansta("BEC-00000000000001-0001", status(1, 2, "2", "Nej"), line(1, "4", "")))
	w.says("SDC", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", line(1, "1", ""), line(2, "4", "")))

	w.dispatch() // the CONTRLs that the banks asked for

	w.at(receiveBy)
	w.receive(ours("G-3", "AFT-3", debit1, complete("unknown", 900)))
	w.at("2005-08-11 07:30")
	w.release()
	lease := w.held("BEC")
	if err := w.Bank.MarkUnknown(w.t.Context(), w.publishing("BEC", lease.Fence), lease.Fence); err != nil {
		w.t.Fatal(err)
	}
	last := func() int64 { return w.number(`SELECT max(control_ref) FROM interchange WHERE bank = 'BEC'`) }
	w.receive(ours("G-4", "AFT-3", debit1, complete("frozen", 1000)))
	w.release()
	w.void("BEC", last())
	w.release() // frozen anew
	w.receive(ours("G-6", "AFT-3", debit1, complete("void", 1200)))
	w.release()
	w.void("BEC", last())
	w.send(ours("G-5", "AFT-3", debit1, complete("unread", 1100)))
	w.read()
	w.newAnswers()
	return w
}

// TestLedger: where every øre is, by supplier, authority and state.
func TestLedger(t *testing.T) {
	t.Parallel()
	w := busyDay(t)
	entries, err := reconciliation.Ledger(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %s %s %d %d %d", e.Supplier, e.Authority, e.State, e.Payments, e.Ore, e.OrderOre))
	}
	w.want("ledger", strings.Join(got, "\n"), strings.Join([]string{
		"LEVA 77 cheque 1 400 400", "LEVA 77 executed 1 100 100", "LEVA 77 frozen 1 1000 1000", "LEVA 77 rejected 1 300 300", "LEVA 77 returned 1 200 200",
		"LEVA 77 unknown 1 900 900", "LEVA 77 unread 1 1100 1100", "LEVA 77 void 1 1200 1200", "LEVA 77 waiting 1 800 800", "LEVA 77 with_bank 1 500 500", "LEVB 77 returned 3 2001 2001"}, "\n"))
}

// TestInvariants_AreFoundBroken: each of them, when it is broken behind the flow's back; by a look at all months, and at the open ones.
func TestInvariants_AreFoundBroken(t *testing.T) {
	t.Parallel()
	w := busyAugust(t)
	w.says("BKD", cremul(booking{account: debit1, ref: "R1"}.credited(60, returned(w.row(`SELECT min(head) FROM bank_reference`)+"june executed", 60, 40))))
	for range 2 { // it comes back
		closed := w.decides(act.KindClose, "A. Hansen", w.raise(gateway.BankMessageUnknown, "BEC file 1 X", gateway.DetailMessageType.With("X")))
		w.approves(closed.ID, "B. Jensen")
	}
	w.holds()
	super := w.database.Open(t, pgtest.Superuser)
	const payment = `(SELECT id FROM payment WHERE e2e = '%s')`
	is := func(e2e string) string { return fmt.Sprintf(payment, e2e) }
	for _, c := range []struct{ name, tamper, rule, what string }{
		{"a payment disappears", `DELETE FROM payment WHERE e2e = 'executed'`, "I1", "bundle whose payments are not all there"},
		{"a payment of another amount", `UPDATE payment SET ore = ore + 1 WHERE e2e = 'waiting'`, "I1", "bundle whose payments are not all there"},
		{"a bundle is taken back", `UPDATE delivery SET state = 'refused', payer_id = NULL WHERE group_ref = 'G-2'`, "I1", "payment without a bundle that was accepted"},
		{"a payment changes its group", `UPDATE payment SET group_id = group_id + 1 WHERE e2e = 'waiting'`, "I1", "group whose payments are not all there"},
		{"a second order", `INSERT INTO bank_order SELECT (jsonb_populate_record(o, '{"attempt": 2, "seq": 99}')).* FROM bank_order o WHERE payment_id = ` + is("executed"),
			"I2", "payment with two orders alive"},
		{"an øre more", `UPDATE bank_order SET ore = ore + 1 WHERE payment_id = ` + is("executed"), "I2", "order without a payment, or of another amount"},
		{"an order for nobody", `UPDATE bank_order SET payment_id = payment_id + 1000 WHERE payment_id = ` + is("executed"), "I2", "order without a payment, or of another amount"},
		{"an order for what was rejected", `UPDATE bank_order SET payment_id = ` + is("rejected") + ` WHERE payment_id = ` + is("executed"),
			"I2", "order of a payment that was rejected, stopped, held or returned before any order"},
		{"an order of what is stopped", `UPDATE standing SET kind = 'stopped', attempt = 3 WHERE payment_id = ` + is("frozen"), "I2", "stopped payment with an order alive"},
		{"nobody is told of a stop", `UPDATE standing SET kind = 'stopped', attempt = 3 WHERE payment_id = ` + is("frozen"), "I12", "stopped payment whose authority was not told"},
		{"an order disappears", `DELETE FROM bank_order WHERE payment_id = ` + is("executed"), "I2", "released payment with neither order nor event"},
		{"a return is forgotten", `DELETE FROM standing WHERE payment_id = ` + is("no account"), "I2", "released payment with neither order nor event"},
		{"ordered before its release", `UPDATE release_group SET state = 'waiting', released_at = NULL, register_counter = NULL, order_month = NULL
			WHERE id = (SELECT group_id FROM payment WHERE e2e = 'frozen')`, "I2", "order that is not where its payment is looked for"},
		{"a fact disappears", `DELETE FROM fact WHERE payment_id = ` + is("no account"), "I2", "payment that does not stand where its last fact says"},
		{"a fact is another", `UPDATE fact SET kind = 'executed' WHERE payment_id = ` + is("no account"), "I2", "payment that does not stand where its last fact says"},
		{"a fact is of nobody", `UPDATE fact SET payment_id = payment_id + 1000 WHERE payment_id = ` + is("no account"), "I2", "fact of a payment that stands nowhere"},
		{"a tally disappears", `DELETE FROM fact_tally WHERE kind = 'not_payable'`, "I2", "tally that is not what its facts add up to"},
		{"half an interchange is void", `UPDATE order_line SET state = 'void' WHERE state = 'frozen'`, "I2", "void order that is not void as a whole"},
		{"a payment counts in two attempts", `UPDATE order_line SET later_payments = 0, later_ore = 0`, "I2",
			"line whose orders are not all of its attempt, or not counted where they are"},
		{"an obligation is forgotten", `UPDATE obligation SET state = 'given_up' WHERE state = 'ordered'`, "I2", "obligation that is not what became of it"},
		{"nobody orders it anew", `DELETE FROM obligation WHERE state = 'open'`, "I3", "payment of a void order that nobody orders anew"},
		{"a bundle is set aside and nobody knows", `UPDATE delivery SET set_aside_at = received_at WHERE state = 'read'`, "I3", "delivery that is set aside and waits for nobody"},
		{"another day than was foretold", `UPDATE release_group SET executes_on = executes_on + 1 WHERE state = 'waiting'`, "I12", "group that waits for another day than was foretold"},
		{"a number is skipped", `UPDATE bank_counter SET last = last + 1 WHERE bank = 'SDC'`, "I5", "bank whose control numbers have a hole"},
		{"an interchange disappears", `DELETE FROM interchange WHERE bank = 'BEC' AND control_ref = 2`, "I5", "bank whose control numbers have a hole"},
		{"a key disappears", `DELETE FROM payment_key WHERE e2e = 'waiting'`, "I7", "accepted payment without its key"},
		{"a rejected payment has a key", `INSERT INTO payment_key SELECT 1, e2e, id FROM payment WHERE e2e = 'rejected'`, "I7", "accepted payment without its key"},
		{"a document disappears", `DELETE FROM document WHERE id = (SELECT max(document_id) FROM delivery)`, "I6", "row that names what is not there"},
		{"a delivery disappears", `DELETE FROM delivery WHERE group_ref = 'G-2'`, "I6", "row that names what is not there"},
		{"an answer that was told disappears", `DELETE FROM answer WHERE kind = 7`, "I6", "row that names what is not there"},
		{"a bank's file disappears", `DELETE FROM bank_file`, "I6", "row that names what is not there"},
		{"a delivery's name is forgotten", `DELETE FROM delivery_key`, "I7", "what came, or was made, without what makes it unique for ever"},
		{"a bundle's GrpId is forgotten", `DELETE FROM bundle_key`, "I7", "what came, or was made, without what makes it unique for ever"},
		{"an answer's name is forgotten", `DELETE FROM answer_key`, "I7", "what came, or was made, without what makes it unique for ever"},
		{"a bank's file is forgotten", `DELETE FROM bank_file_key`, "I7", "what came, or was made, without what makes it unique for ever"},
		{"dues that nobody has counted", `UPDATE answer_due SET answer_id = NULL`, "I12", "response that nobody would ever close"},
		{"a posting is forgotten", `DELETE FROM posting_key`, "I7", "posting without what makes it unique for ever"},
		{"a part of a posting", `UPDATE posting_part SET ore = ore - 1`, "I8", "posting that is not what its parts add up to"},
		{"a posting is matched twice", `INSERT INTO posting_match SELECT (jsonb_populate_record(m, '{"n": 2}')).* FROM posting_match m`, "I8", "posting that is matched with more than it is"},
		{"more came back", `UPDATE posting_match SET charge_ore = charge_ore + 1`, "I8", "order of which more came back than was ordered"},
		{"a rate at home", `UPDATE posting_match SET exchange_ore = -1`, "I8", "exchange of what is no order abroad"},
		{"nothing was booked", `DELETE FROM posting_match`, "I8", "money that came back without the posting that proves it"},
		{"nothing came back", `UPDATE fact SET kind = 'executed' WHERE kind = 'came_back'`, "I8", "match of a payment by which no money came back"},
		{"a line's sum", `UPDATE order_line SET ore = ore + 1`, "I8", "line whose orders do not add up"},
		{"a line's count", `UPDATE order_line SET payments = payments + 1`, "I8", "line whose orders do not add up"},
		{"a line disappears", `DELETE FROM order_line`, "I8", "order without a line"},
		{"a message's sum", `UPDATE message SET ore = ore + 1`, "I8", "message whose lines do not add up"},
		{"a message's count", `UPDATE message SET payments = payments + 1`, "I8", "message whose lines do not add up"},
		{"an interchange's sum", `UPDATE interchange SET ore = ore + 1`, "I8", "interchange whose messages do not add up"},
		{"an interchange's messages", `UPDATE interchange SET messages = messages + 1`, "I8", "interchange whose messages do not add up"},
		{"a fact moves nothing", `UPDATE fact SET stood_ore = NULL`, "I8", "fact that does not tell what it moved"},
		{"a book opens otherwise", `INSERT INTO book (day, until, booked_at) VALUES ('2005-08-11', '2005-08-12', '2005-08-12'), ('2005-08-12', '2005-08-13', '2005-08-13');
			INSERT INTO book_balance SELECT d::date, '77', 'AFT-1', 'DKK', a, 0, 5, 0 FROM generate_series('2005-08-11'::date, '2005-08-12', '1 day') d, unnest('{waiting,claims}'::text[]) a`,
			"I8", "book whose accounts do not add up to 0, or that does not open with what was left"},
		{"a certificate of what does not add up", `INSERT INTO book (day, until, booked_at) VALUES ('2005-08-11', '2005-08-12', '2005-08-12');
			INSERT INTO certificate VALUES ('2005-08-11', '77', 'AFT-1', 'BEC', 1, true, '{}', 0, '[{"opening_ore": 1, "in_ore": 1, "out_ore": 1}]', '2005-08-12', 1)`,
			"I8", "certificate of accounts that do not add up to 0"},
		{"an entry of the log waits", `UPDATE audit_entry SET recorded_at = recorded_at - interval '11 min'`, "I9",
			"entry of the log that has waited too long for its place"},
		{"a place of the log is skipped", `UPDATE audit_entry SET place = id`, "I9", "log whose places have a hole, or are not all signed"},
		{"an answer's number is skipped", `UPDATE answer_counter SET last = last + 1 WHERE kind = 8`, "I12", "answer numbers with a hole"},
		{"an answer disappears", `DELETE FROM answer WHERE kind = 2 AND number = 2`, "I6", "row that names what is not there"},
		{"a bundle without receipt", `UPDATE answer_key SET delivery_id = delivery_id + 1 WHERE kind = 1 AND number = 2`, "I12", "bundle without its receipt, or checked without response 2"},
		{"a bundle with two receipts", `UPDATE answer_key SET kind = 1, number = 99 WHERE kind = 2 AND number = 2`, "I12", "bundle without its receipt, or checked without response 2"},
		{"nobody is told of a return", `DELETE FROM answer_due WHERE kind = 7`, "I12", "returned payment whose authority was not told"},
		{"nobody is told of a reject", `DELETE FROM answer_due WHERE kind = 9 AND payment_id = ` + is("rejected by the bank"), "I12", "returned payment whose authority was not told"},
		{"nobody is told of a line's reject", `DELETE FROM answer_due WHERE kind = 9 AND payment_id = ` + is("line rejected"),
			"I12", "order of a rejected line whose authority was not told"},
		{"nobody is told that the bank has it", `DELETE FROM answer_due WHERE kind = 8`, "I12", "order that the bank has taken over, whose authority was not told"},
		{"two NemKonti at once", `INSERT INTO account_version (holder_id, holder_kind, account_kind, account, valid_from, valid_to, recorded_from, counter)
			SELECT holder_id, holder_kind, account_kind, account, '2005-08-01', '2005-09-01', '2005-08-01', 1 FROM account_version WHERE authority IS NULL`,
			"I13", "account versions of one purpose in force at once"},
		{"one holder twice", `INSERT INTO holder_version (id, kind, parent, status, ended_on, valid_from, valid_to, recorded_from, counter)
			SELECT id, kind, parent, status, ended_on, '2005-08-01', '2005-09-01', '2005-08-01', 1 FROM holder_version`,
			"I13", "versions of one holder in force at once"},
		{"nobody follows a change", `UPDATE account_version SET valid_to = '2005-07-01', recorded_from = '2005-06-01' WHERE account = '` + annAccount + `'; UPDATE interchange SET executes_on = '2005-09-30' WHERE kind = 'PAYMUL';
			DELETE FROM effect_unlooked; UPDATE effect_followed f SET epoch = c.epoch, counter = c.counter FROM register_counter c`, "I13", "order to an account that had changed with effect, and nobody found"},
		{"nobody asks the bank", `INSERT INTO effect_finding (month, payment_id, attempt, authority, interchange_id, account_version, change, registered_at, ended_at, effect_on, executes_on, position, wanted, done, found_at)
			SELECT '2005-08-01', payment_id, 1, authority, interchange_id, 1, 1, '2005-08-01', '2005-08-01', '2005-08-08', '2005-08-12', 'with_bank', 'recall', 'recalled', '2005-08-11' FROM bank_order WHERE payment_id = ` + is("executed"),
			"I13", "finding of a changed account that is not what was done"},
		{"a recall for nothing", `INSERT INTO recall (finding_id, month, payment_id, attempt, bank, interchange_id, message_no, lin, reference, ore, position, asked_at)
			SELECT 1, '2005-08-01', payment_id, 1, 'BEC', interchange_id, 1, 1, 'X', ore, 'executed', '2005-08-11' FROM bank_order WHERE payment_id = ` + is("executed"), "I13", "recall of what was not found"},
		{"an agreement twice", `INSERT INTO agreement_version (agreement, authority, supplier, bank_centre, payout_accounts, no_account, receive_by, valid_from, valid_to, recorded_from, counter)
			SELECT agreement, authority, supplier, bank_centre, payout_accounts, no_account, receive_by, '2005-08-01', '2005-09-01', '2005-08-01', 1 FROM agreement_version`,
			"I13", "versions of one agreement, or of one bank's profile, in force at once"},
		{"another bank than the agreement's", `UPDATE agreement_version SET bank_centre = 'NEM'`, "I13", "interchange that an agreement's version does not carry to its bank"},
		{"a decision was never carried out", `DELETE FROM decision_step WHERE step = 'executed'`, "I14", "closed by a decision that was not carried out"},
		{"nobody approved it", `DELETE FROM decision_step WHERE step = 'approved'`, "I14", "decision carried out without those who must stand for it"},
		{"one person twice", `UPDATE decision_step SET person = ' a.  HANSEN' WHERE step = 'approved'`, "I14", "decision carried out without those who must stand for it"},
		{"nobody signed", `DELETE FROM decision_step WHERE step = 'signed'`, "I14", "decision carried out without those who must stand for it"},
		{"too late", `UPDATE decision SET expires_at = asked_at, asked_at = asked_at - interval '1 day'`,
			"I14", "decision carried out after it had expired"},
		{"history is lost", `UPDATE exception SET previous = NULL WHERE previous IS NOT NULL`, "I14", "exception that does not name the last time that it arose"},
		{"sent in spite of a hold", `INSERT INTO night_control (id, effect, reach, subject, from_at) VALUES (0, 'hold', 'bank', 'BEC', '2005-08-01')`,
			"I14", "file that was let go while persons held it"},
		{"over a limit, and released", `INSERT INTO over_limit (agreement_id, bank, executes_on, groups, payments, ore, largest, group_ore, breaches, limits, seen_at, again_at)
			SELECT agreement_id, bank_centre, executes_on, ARRAY[id], payments, ore, ore, ore, ARRAY['day: x'], 1, released_at, released_at FROM release_group WHERE state = 'released'`,
			"I14", "what was over a limit, and left without two persons"},
		{"freed by nobody", `INSERT INTO over_limit (agreement_id, bank, executes_on, groups, payments, ore, largest, group_ore, breaches, limits, seen_at, again_at, freed_at, freed_by)
			SELECT agreement_id, bank_centre, executes_on, ARRAY[id], payments, ore, ore, ore, ARRAY['day: x'], 1, release_at, release_at, release_at, 0 FROM release_group WHERE state = 'waiting'`,
			"I14", "what was over a limit, and left without two persons"},
	} {
		if !sampled(c.name) {
			continue
		}
		found := func() (what []string) {
			tx, err := super.BeginTxx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			// Nothing but Check stands in the way.
			if _, err := tx.ExecContext(t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
				t.Fatal(err)
			}
			r, err := tx.ExecContext(t.Context(), c.tamper)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("%s: %d rows tampered with, %v", c.name, n, err)
			}
			open, err := reconciliation.CheckOpen(t.Context(), tx)
			if err != nil {
				t.Fatal(err)
			}
			findings, err := reconciliation.Check(t.Context(), tx)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(open, func(f reconciliation.Finding) bool { return f.Rule == c.rule && f.What == c.what }) {
				t.Errorf("%s: in the open months %+v are found, want %s: %s", c.name, open, c.rule, c.what)
			}
			for _, f := range findings {
				if f.Count < 1 || f.Sample == "" {
					t.Errorf("%s: %+v", c.name, f)
				}
				what = append(what, f.Rule+": "+f.What)
			}
			return what
		}()
		if want := c.rule + ": " + c.what; !strings.Contains(strings.Join(found, "\n")+"\n", want+"\n") {
			t.Errorf("%s: found %q, want %q", c.name, found, want)
		}
	}
	w.holds()
}

// TestLedger_Missing: what nothing explains is missing, and an order of another amount shows.
func TestLedger_Missing(t *testing.T) {
	t.Parallel()
	w := busyDay(t)
	pages := view.New(w.database.Open(t, schema.Page), zerolog.Nop())
	for _, c := range []struct{ name, tamper, undo, want, e2e string }{
		{"an order disappears", `UPDATE bank_order SET payment_id = 1 WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank')`,
			`UPDATE bank_order SET payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank') WHERE payment_id = 1`, "missing 1 = 500", "with the bank"},
		{"an event disappears", `UPDATE standing SET payment_id = 1 WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'no account')`,
			`UPDATE standing SET payment_id = (SELECT id FROM payment WHERE e2e = 'no account') WHERE payment_id = 1`, "missing 1 = 600", "no account"},
		{"returned, and ordered all the same", `UPDATE standing SET payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank')
			WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'no account')`,
			`UPDATE standing SET payment_id = (SELECT id FROM payment WHERE e2e = 'no account')
			WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank')`, "missing 2 = 1100", "with the bank"},
	} {
		w.exec(c.tamper)
		if got := w.ledger(); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %s, want %s in it", c.name, got, c.want)
		}
		var at struct {
			ID        int64
			Authority string
		}
		if err := w.db.GetContext(t.Context(), &at, `SELECT id, authority FROM payment WHERE e2e = $1`, c.e2e); err != nil {
			t.Fatal(err)
		}
		p, err := pages.PaymentWithoutPapers(t.Context(), view.Viewer{Authority: at.Authority}, at.ID, w.time())
		if err != nil || p.State != gateway.PaymentMissing {
			t.Errorf("%s: the page says %+v, %v", c.name, p, err)
		}
		w.exec(c.undo)
	}
	w.exec(`UPDATE bank_order SET ore = ore + 1 WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank')`)
	entries, err := reconciliation.Ledger(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if different := e.State == gateway.PaymentWithBank; (e.OrderOre != e.Ore) != different {
			t.Errorf("%+v", e)
		}
	}
	w.exec(`UPDATE bank_order SET ore = ore - 1 WHERE payment_id = (SELECT id FROM payment WHERE e2e = 'with the bank')`)
}
