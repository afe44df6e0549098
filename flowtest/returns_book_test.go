package flowtest_test

import (
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/postgres"
	"nks/reconciliation"
)

// flaws are what postings and statements up to a day say otherwise.
func (w *world) flaws(day string) string {
	w.t.Helper()
	d, err := gateway.ParseDate(day)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := reconciliation.Flaws(w.t.Context(), w.db, d)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, f := range all {
		list = append(list, fmt.Sprintf("%s: %s %s: %s %d", f.Kind, f.Bank, f.Account, f.Subject, f.Ore))
	}
	return strings.Join(list, "\n")
}

// posts has a bank book an amount whose one part is about a payment's order or, without one, about a line, and gives the posting's number.
func (w *world) posts(n int, ore, kept int64, of string, s sent, lin int) int64 {
	w.t.Helper()
	id := w.number(`SELECT month_ids('2005-08-01') + $1`, n)
	w.exec(`INSERT INTO posting (id, bank, account, reference, posted_on, ore, running, parts, heard_in, bank_file_id, hearing, at)
		VALUES ($1, 'BEC', $2, $3, '2005-08-11', $4, 1, 1, 'DEBMUL', 0, 1, $5)`, id, debit1, fmt.Sprint("X", n), ore, w.time())
	w.exec(`INSERT INTO posting_key (bank, account, posted_on, ore, reference, running, posting_id) SELECT bank, account, posted_on, ore, reference, running, id FROM posting
		WHERE id = $1`, id)
	w.exec(`INSERT INTO posting_part (posting_id, n, ore, charge_ore) VALUES ($1, 1, abs($2::bigint), $3)`, id, ore, kept)
	w.exec(`INSERT INTO posting_match (posting_id, part, n, payment_id, attempt, interchange_id, message_no, lin, ore, rule, at)
		SELECT $1, 1, 1, p.id, CASE WHEN p.id IS NOT NULL THEN 1 END, $2, $3, 1, abs($4::bigint), 'reference', $5 FROM (SELECT) o LEFT JOIN payment p ON p.e2e = $6`,
		id, w.interchange(s), lin, ore, w.time(), of)
	return id
}

// becomes records a fact of a payment's order that moves so much.
func (w *world) becomes(kind gateway.FactKind, e2e string, s sent, ore, posting int64) {
	w.t.Helper()
	err := w.Base.Transact(w.t.Context(), "a test", func(x *postgres.Session) error {
		if err := x.NewFacts(w.t.Context()); err != nil {
			return err
		}
		_, err := x.ExecContext(w.t.Context(), `INSERT INTO new_fact (month, payment_id, attempt, kind, interchange_id, message_no, lin, moved_ore, posting_id, posting_part)
			SELECT month, id, 1, $1, $2, 1, 1, $3, nullif($4::bigint, 0), CASE WHEN $4::bigint <> 0 THEN 1 END FROM payment WHERE e2e = $5`, string(kind), w.interchange(s), ore, posting, s.e2e(e2e))
		if err != nil {
			return err
		}
		return w.Base.RecordFacts(w.t.Context(), x)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestBooks_Returns: what comes back in parts, with what the bank keeps, and where it goes; and what postings and statements say otherwise.
func TestBooks_Returns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t))
	s := w.four("BEC") // a line of A 100, B 200, C 300, and one of D 400
	w.says("BEC", contrl("BEC", s.no, "7"), bansta(s.message(1), line(1, "4", "")))
	w.posts(1, -600, 0, "", s, 1)
	w.becomes(gateway.FactCameBack, "C", s, 100, w.posts(2, 100, 20, s.e2e("C"), s, 1))
	w.becomes(gateway.FactCameBack, "C", s, 50, w.posts(3, 50, 0, s.e2e("C"), s, 1))
	w.becomes(gateway.FactToSender, "C", s, 150, 0)
	w.want("book", w.dayBook("2005-08-11", "AFT-BEC"), "claims 0 +0 -1000 = -1000; waiting 0 +1000 -1000 = 0; in_transit 0 +1000 -600 = 400; recipients 0 +600 -300 = 300; "+
		"return 0 +150 -150 = 0; rest 0 +180 -50 = 130; fees 0 +20 -0 = 20; back 0 +150 -0 = 150")
	w.want("nothing is wrong", w.flaws("2005-08-11"), "")
	w.booksHold()

	w.posts(4, -400, 0, "", s, 1)
	w.want("debited twice", w.flaws("2005-08-11"), fmt.Sprintf("debits of a line are not its orders less what was rejected: BEC %s: BEC %d message 1 LIN 1 400", debit1, s.no))
	w.tamper(`UPDATE posting_match SET message_no = 2 WHERE ore = 400`)
	w.want("the other line", w.flaws("2005-08-11"), "")
	w.tamper(`UPDATE posting_match SET ore = 60 WHERE ore = 50`)
	w.want("a return of another amount", w.flaws("2005-08-11"), fmt.Sprintf("posting is not matched: BEC %s: 2005-08-11 X3 -10\n"+
		"return is not what its posting says: BEC %s: 2005-08-11 X3 part 1 -10", debit1, debit1))
	w.tamper(`UPDATE posting_match SET ore = 50 WHERE ore = 60`)
	w.exec(`INSERT INTO statement VALUES (1, 'BEC', $1, '1', '2005-08-11', 0, -850, 4, -850, true, 0, 1, $2)`, debit1, w.time())
	w.want("a statement", w.flaws("2005-08-11"), "")
	w.tamper(`UPDATE statement SET entries_ore = -800`)
	w.want("a statement of another amount", w.flaws("2005-08-11"), fmt.Sprintf("statement is not what was posted: BEC %s: 2005-08-11 number 1 50", debit1))
	w.tamper(`UPDATE statement SET entries_ore = -850, agrees = false`)
	w.want("a statement that does not agree", w.flaws("2005-08-11"), fmt.Sprintf("statement does not agree with itself or the one before: BEC %s: 2005-08-11 number 1 0", debit1))
	w.tamper(`UPDATE statement SET agrees = true`)
}
