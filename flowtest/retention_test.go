package flowtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/door"
	"nks/gateway/intake/intaketest"
	"nks/gateway/postgres"
	"nks/gateway/postgres/retention"
	"nks/internal/app"
)

// settled has two persons decide something that takes parameters.
func (w *world) settled(kind string, content map[string]string, ids ...int64) act.Decided {
	w.t.Helper()
	d, err := w.Desk.Decide(w.t.Context(), act.Intent{Kind: kind, IDs: ids, Content: content, By: "A. Hansen", Why: "a test"})
	if err != nil {
		w.t.Fatal(err)
	}
	if d.Executed() == nil {
		d = w.approves(d.ID, "B. Jensen")
	}
	return d
}

// keeps has something kept for so many months.
func (w *world) keeps(kind retention.Kind, months int) {
	w.t.Helper()
	w.settled(act.KindRetention, map[string]string{"kind": string(kind), "months": fmt.Sprint(months)})
}

// collects has every answer collected.
func (w *world) collects() {
	w.t.Helper()
	w.newAnswers()
	w.dispatch() // what we owe the banks, too
	w.exec(`UPDATE answer SET collected_at = made_at WHERE collected_at IS NULL`)
}

// isKept demands that a month cannot be dropped, and why.
func (w *world) isKept(month, why string) {
	w.t.Helper()
	err := w.Retention.Drop(w.t.Context(), w.month(month), "A. Hansen")
	if !errors.Is(err, retention.ErrKept) || !strings.Contains(err.Error(), why) {
		w.t.Errorf("%s: %v, want that %s", month, err, why)
	}
}

// drops drops a month, and demands that no sum has changed by it, that nothing is left, and that its sums are what the log was told.
func (w *world) drops(month string) {
	w.t.Helper()
	before := w.ledger()
	w.booked()
	if err := w.Retention.Drop(w.t.Context(), w.month(month), "A. Hansen"); err != nil {
		w.t.Fatal(err)
	}
	w.isGone(month)
	w.want("the ledger after dropping "+month, w.ledger(), before)
}

func (w *world) isGone(month string) {
	w.t.Helper()
	w.holds()
	p, err := w.Retention.Prove(w.t.Context(), w.month(month))
	if err != nil || len(p.Findings) > 0 {
		w.t.Errorf("%s is not gone: %v, %v", month, p, err)
	}
	v, err := w.Closing.Verify(w.t.Context(), w.month(month))
	if err != nil || len(v.Findings) > 0 || !v.Dropped {
		w.t.Errorf("%s: %+v, %v", month, v, err)
	}
}

// executes has a bank accept every interchange of orders that it has not answered, and execute every line that is not at its end.
func (w *world) executes(bank string) {
	w.t.Helper()
	for _, no := range w.rows(`SELECT control_ref FROM interchange WHERE bank = $1 AND kind = 'PAYMUL' AND contrl = 'none' ORDER BY 1`, bank) {
		var n int64
		if _, err := fmt.Sscan(no, &n); err != nil {
			w.t.Fatal(err)
		}
		w.says(bank, contrl(bank, n, "7"))
	}
	for _, l := range w.rows(`SELECT m.ref, l.lin FROM message m JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no
		WHERE l.state = 'accepted' ORDER BY 1, 2`) {
		var ref string
		var lin int
		if _, err := fmt.Sscan(l, &ref, &lin); err != nil {
			w.t.Fatal(err)
		}
		w.says(bank, bansta(ref, line(lin, "4", "")))
	}
}

func ofBEC(d intaketest.Document) intaketest.Document {
	d.Debits[0].Agreement = "AFT-BEC"
	return d
}

// agedAugust is four payments of August 2005, three executed and one refused, fourteen months later, with their month closed.
func agedAugust(t *testing.T, w *world) sent {
	t.Helper()
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.says("BEC", bansta(s.message(1), status(1, 1, "4", ""), status(1, 2, "2", "Nej"), status(1, 3, "4", "")))
	w.collects()
	w.idles("2006-10-12 09:00")
	w.closesMonth(august)
	return s
}

// TestRetention_Kept: a month is kept until two persons have said for how long, while its time is not over, something of it is open, or
// somebody holds it.
func TestRetention_Kept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.at("2005-08-10 09:00")
	citizen := ofBEC(bundle("CPR", cpr("citizen", ann, 100)))
	citizen.Debits[0].On = "2005-08-11"
	w.paid(citizen)
	s := agedAugust(t, w)
	w.isKept(august, "are kept longer") // for ever
	w.keeps(retention.Payments, 14)
	w.isKept(august, "are kept longer")
	w.keeps(retention.Payments, 13)
	w.isKept("2005-09", "is not closed")
	w.isKept(august, "2 payments that are not at their end, 2 lines that are not at their end")
	w.says("BEC", bansta(s.message(2), line(1, "4", "")))
	w.want("the citizen's", w.ledger(), "with_bank 1 = 100, executed 3 = 800, returned 1 = 200")
	w.isKept(august, "1 payments that are not at their end, 1 lines that are not at their end")
	w.executes("BEC")
	w.isKept(august, "1 answers that are owed")
	w.dispatch()
	w.newAnswers()
	w.isKept(august, "answers that nobody has collected")
	w.collects()

	id := w.number(`SELECT min(id) FROM payment`)
	for what, of := range map[string]string{"payment": fmt.Sprint(id), "authority": "77", "month": august, "holder": "CPR " + ann} {
		d, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindLegalHold, Content: map[string]string{"what": what, "of": of}, By: "A. Hansen", Why: "a test"})
		if err != nil || d.Executed() == nil { // one person, at once
			t.Fatalf("%s: %+v, %v", what, d, err)
		}
		w.isKept(august, "1 legal holds")
		if _, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindLegalHold, Content: map[string]string{"what": what, "of": of}, By: "A. Hansen", Why: "again"}); !errors.Is(err, gateway.ErrMovedOn) {
			t.Errorf("%s held twice: %v", what, err)
		}
		lift := w.decides(act.KindLiftHold, "A. Hansen", w.number(`SELECT max(id) FROM legal_hold`))
		w.isKept(august, "1 legal holds") // one person is not enough
		w.approves(lift.ID, "B. Jensen")
	}
	for what, of := range map[string]string{"payment": "1", "authority": "99", "month": "2005", "holder": "CPR 1", "citizen": ann} {
		_, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindLegalHold, Content: map[string]string{"what": what, "of": of}, By: "A. Hansen", Why: "a test"})
		if err == nil || strings.Contains(err.Error(), ann) {
			t.Errorf("held: %s %s: %v", what, of, err)
		}
	}
	w.settled(act.KindLegalHold, map[string]string{"what": "holder", "of": "CPR " + bob}) // who has nothing in it
	w.want("nobody's number is on record", w.row(`SELECT count(*) FROM decision WHERE content::text LIKE '%' || $1 || '%' OR content::text LIKE '%' || $2 || '%'`, ann, bob), "0")

	open := w.raise(gateway.DeliveryFails, w.row(`SELECT min(id) FROM delivery`), gateway.DetailSetAside.With("x"))
	w.isKept(august, "1 exceptions")
	w.settled(act.KindClose, nil, open)
	w.drops(august)
	w.want("ended", w.row(`SELECT content::json -> 'ended' FROM audit_content WHERE kind = 'dropped month'`),
		`[{"state":"executed","payments":4,"ore":900},{"state":"returned","payments":1,"ore":200}]`)
	months, err := w.Closing.Months(t.Context())
	if err != nil || months[0].State != "dropped" || *months[0].DroppedBy != "A. Hansen" {
		t.Errorf("months: %+v, %v", months, err)
	}
	if err := w.Retention.Drop(t.Context(), w.month(august), "B. Jensen"); err != nil {
		t.Errorf("dropped again: %v", err)
	}
	for _, statement := range []string{`DELETE FROM payment_key_hash`, `UPDATE month SET dropped_at = now()`, `DELETE FROM retention_rule`, `UPDATE legal_hold SET subject = ''`,
		`DROP TABLE payment_200509`, `SELECT drop_part('2005-09-01', 'payment')`, `SELECT end_dropping('2005-09-01', now())`,
		`SELECT begin_dropping('2005-09-01', now() + interval '99 years', 'x', 1, NULL, NULL)`} {
		if _, err := w.db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the flow may %s", statement)
		}
	}
}

// TestRetention_UniqueForEver: what was unique in a month that is dropped still is, and what a bank says of it is heard and names it.
func TestRetention_UniqueForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), func(o *options) { o.journal = true })
	first := ofBEC(bundle("G-1", complete("first", 100)))
	if err := w.put("LEVA", "a.xml", first.XML()); err != nil {
		t.Fatal(err)
	}
	w.read()
	w.check()
	s := w.four("BEC")
	w.executes("BEC")
	w.collects()
	a := w.number(`SELECT id FROM payment WHERE e2e = $1`, s.e2e("A"))
	lays := w.row(`SELECT name FROM bank_file ORDER BY id LIMIT 1`)
	laid := w.raw(w.number(`SELECT document_id FROM bank_file ORDER BY id LIMIT 1`))
	w.idles("2006-10-12 09:00")
	w.closesMonth(august)
	w.keeps(retention.Payments, 12)
	w.drops(august)
	if hashes := w.number(`SELECT count(*) FROM payment_key_hash`); hashes != 5 {
		t.Errorf("%d hashes of 5 payments", hashes)
	}

	if err := w.put("LEVA", "a.xml", first.XML()); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := w.put("LEVA", "a.xml", bundle("G-9", complete("other", 100)).XML()); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("other bytes under the same name: %v", err)
	}
	w.want("no delivery", w.row(`SELECT count(*) FROM delivery`), "0")
	for range 2 { // a bank lays out again what it laid out in that month, under the same name
		if err := w.Bank.StoreBankFile(t.Context(), "BEC", lays, func(to io.Writer) error { _, err := io.WriteString(to, laid); return err }); err != nil {
			t.Errorf("a bank's file again: %v", err)
		}
	}
	w.want("no file", w.row(`SELECT count(*) FROM bank_file`), "0")
	next := func(group string, payments ...string) {
		d := ofBEC(bundle(group))
		for _, e2e := range payments {
			d.Debits[0].Payments = append(d.Debits[0].Payments, complete(e2e, 100))
		}
		d.Debits[0].On = "2006-10-20"
		w.receive(d)
	}
	next("G-1", "new")                                         // a GrpId
	next("G-2", s.e2e("A"), "new", "new", s.e2e("D"), "first") // EndToEndIds
	w.want("refused", w.row(`SELECT state FROM delivery ORDER BY id`), "refused; checked")
	w.want("duplicates", w.row(`SELECT p.e2e, s.kind, s.code FROM payment p LEFT JOIN standing s ON s.month = p.month AND s.payment_id = p.id ORDER BY p.id`),
		fmt.Sprintf("%s rejected %[3]s; new <nil> <nil>; new rejected %[3]s; %[2]s rejected %[3]s; first rejected %[3]s", s.e2e("A"), s.e2e("D"), gateway.CodeDuplicatePayment))

	before := w.ledger()
	w.says("BEC", bansta(s.message(1), status(1, 1, "2", "Nej")))
	w.says("BEC", bansta(s.message(2), line(1, "2", "Nej")))
	w.says("BEC", bansta("", named(1, s.ref("A"), "2", "Nej")))
	w.says("BEC", contrl("BEC", s.no, "4+29"))
	w.want("the ledger", w.ledger(), before)
	w.want("exceptions", w.row(`SELECT kind, detail FROM exception WHERE closed_at IS NULL ORDER BY id`),
		"name used again with other bytes supplier LEVA sent other bytes under this delivery's name; they were refused; "+
			"bank status undecided it is of a month that is dropped; bank status undecided it is of a month that is dropped; "+
			fmt.Sprintf("bank status undecided payment %d is of a month that is dropped; ", a)+
			"CONTRL for nothing sent it is of a month that is dropped")
	w.want("doubts", w.row(`SELECT count(*) FROM bank_doubt WHERE interchange_id = 0`), "0")

	// Without the key nobody is let in, nor with another.
	lost := w.steps(func(o *app.StepOptions) { o.HashKey += ".lost" })
	if err := lost.Prepare(t.Context()); !errors.Is(err, postgres.ErrHashKey) {
		t.Errorf("a gateway without the key starts: %v", err)
	}
	err := lost.Receive.Take(t.Context(), door.Arrival{Door: door.Mailbox, Party: "LEVA", Key: "c.xml", Size: door.Unsized,
		Content: bytes.NewReader(bundle("G-3", complete("x", 1)).XML())})
	if !errors.Is(err, postgres.ErrHashKey) {
		t.Errorf("a gateway without the key takes deliveries: %v", err)
	}
	w.tamper(`UPDATE nks.hash_key SET proof = substring(sha256('another') FROM 1 FOR 16)`)
	if err := w.Prepare(t.Context()); !errors.Is(err, postgres.ErrHashKey) {
		t.Errorf("a gateway with another key starts: %v", err)
	}
}

// TestRetention_OrderedLater: a payment of the last day of a month is ordered in the next one. Its month goes, and what the next month
// has of it stays until that goes, too.
func TestRetention_OrderedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	w.at("2005-08-31 20:00")
	old := ofBEC(bundle("G-1", complete("old", 100), complete("older", 200)))
	old.Debits[0].On = "2005-09-02"
	w.receive(old)
	w.at("2005-09-01 05:00")
	young := ofBEC(bundle("G-2", complete("young", 400)))
	young.Debits[0].On = "2005-09-02"
	w.receive(young)
	w.at("2005-09-01 06:00")
	w.release()
	w.dispatch()
	no := w.number(`SELECT max(control_ref) FROM interchange WHERE kind = 'PAYMUL'`)
	message := fmt.Sprintf("BEC-%014d-0001", no)
	w.says("BEC", contrl("BEC", no, "7"))
	w.says("BEC", bansta(message, status(1, 1, "4", ""), status(1, 2, "4", "")))
	w.collects()
	w.idles("2007-01-02 09:00")
	w.closesMonth(august)
	w.keeps(retention.Payments, 12)
	w.want("with it one of September", w.ledger(), "with_bank 1 = 400, executed 2 = 300")
	w.isKept(august, "1 lines that are not at their end")
	w.says("BEC", bansta(message, status(1, 3, "4", "")))
	w.collects()
	w.drops(august)
	w.want("orders", w.row(`SELECT count(*) FROM bank_order`), "3")
	w.says("BEC", bansta(message, status(1, 1, "2", "Nej"), line(1, "2", "Nej")))
	w.says("BEC", contrl("BEC", no, "4+29"))
	w.want("nothing moves", w.ledger(), "executed 3 = 700")
	w.want("a person knows", w.row(`SELECT count(*) FROM exception WHERE closed_at IS NULL AND detail_code = 'dropped'`), "3")
	w.holds()
	w.collects()
	for _, id := range w.rows(`SELECT id FROM exception WHERE closed_at IS NULL`) {
		var n int64
		if _, err := fmt.Sscan(id, &n); err != nil {
			t.Fatal(err)
		}
		w.settled(act.KindClose, nil, n)
	}
	w.closesMonth("2005-09")
	w.drops("2005-09")
	w.want("orders", w.row(`SELECT count(*) FROM bank_order`), "0")
}

// TestRetention_ByItself: a month goes by itself when its time is over, whatever instant it is broken off at, and its raw bytes before.
func TestRetention_ByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC")
	w.says("BEC", contrl("BEC", s.no, "7"))
	w.says("BEC", bansta(s.message(1), line(1, "4", "")))
	w.says("BEC", bansta(s.message(2), line(1, "4", "")))
	w.collects()
	w.at("2005-11-02 00:00")
	w.closesMonth(august)
	w.keeps(retention.Documents, 6)
	w.keeps(retention.Payments, 13)
	next := func(steps *app.Steps) bool {
		t.Helper()
		worked, err := steps.Retention.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return worked
	}
	w.idles("2006-02-28 23:59")
	if next(w.steps()) {
		t.Error("dropped too early")
	}
	w.at("2006-03-01 00:00")
	document := w.number(`SELECT min(document_id) FROM delivery`)
	if !next(w.steps()) || next(w.steps()) {
		t.Error("the documents are not dropped, once")
	}
	w.holds()
	w.verifies(august)
	w.want("documents", w.row(`SELECT count(*) > 0, (SELECT count(*) FROM document_piece) FROM document`), "true 0")
	if _, err := w.Base.OpenRandom(t.Context(), document); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a document whose bytes are erased: %v", err)
	}
	page := w.pages().get(fmt.Sprintf("/payment/%d", w.number(`SELECT min(id) FROM payment`)), "77", http.StatusOK)
	if !strings.Contains(page, "er slettet") {
		t.Errorf("the page of a payment whose document is erased: %s", page)
	}
	if _, err := w.decide(act.KindHearAgain, "A. Hansen", w.number(`SELECT min(id) FROM bank_file`)); !errors.Is(err, gateway.ErrMovedOn) {
		t.Errorf("a file whose bytes are erased is heard again: %v", err)
	}

	broken := errors.New("broken off")
	w.at("2006-10-01 00:00")
	w.books()
	before := w.ledger()
	for _, point := range []string{"after-dropping-began", "after-keys-are-hashed", "between-partitions", "after-partitions-are-dropped"} {
		func() {
			defer func() {
				if p := recover(); p != broken { //nolint:errorlint // it is the very value
					t.Errorf("%s: %v", point, p)
				}
			}()
			_ = next(w.steps(func(o *app.StepOptions) {
				o.Failpoint = func(name string) {
					if name == point {
						panic(broken)
					}
				}
			}))
		}()
		w.holds()
		w.want(point, w.ledger(), before)
		err := w.Base.Transact(t.Context(), "move", func(x *postgres.Session) error {
			_, err := x.HoldMonths(t.Context(), `SELECT '2005-08-01'::date`)
			return err
		})
		if !errors.Is(err, gateway.ErrTransient) {
			t.Errorf("%s: who comes too late moves payments of it: %v", point, err)
		}
		if _, err := w.Desk.Decide(t.Context(), act.Intent{Kind: act.KindLegalHold, Content: map[string]string{"what": "month", "of": august}, By: "A. Hansen", Why: "late"}); !errors.Is(err, gateway.ErrIntent) {
			t.Errorf("%s: held too late: %v", point, err)
		}
		w.want(point, w.row(`SELECT count(*) FROM month WHERE dropping_at IS NOT NULL AND dropped_at IS NULL`), "1")
	}
	if !next(w.steps()) || next(w.steps()) {
		t.Error("not dropped, once")
	}
	w.isGone(august)
	w.want("entered once", w.row(`SELECT content::json ->> 'month', content::json ->> 'documents' FROM audit_content WHERE kind = 'dropped month' ORDER BY entry_id`),
		"2005-08 10; 2005-08 <nil>")
	w.want("by", w.row(`SELECT dropped_by FROM month WHERE dropped_at IS NOT NULL`), "nks")
}

// TestRetention_BesideTheFlow: who has a table in hand is not disturbed, and the drop waits for it.
func TestRetention_BesideTheFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := agedAugust(t, w)
	w.says("BEC", bansta(s.message(2), line(1, "4", "")))
	w.collects()
	w.keeps(retention.Payments, 12)
	w.booked()
	tx, err := w.db.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), `UPDATE delivery SET failures = failures WHERE false`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.Retention.Drop(t.Context(), w.month(august), "A. Hansen") }()
	select {
	case err := <-done:
		t.Fatalf("dropped while another had its table: %v", err)
	case <-time.After(time.Second):
	}
	w.send(bundle("G-2", complete("meanwhile", 100))) // not kept away from the very table
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w.isGone(august)
}
