package flowtest_test

import (
	"testing"

	"nks/gateway"
	"nks/reconciliation"
)

// BenchmarkBookOfDay computes the book of a day on which a bank has executed three million payments, each by itself.
func BenchmarkBookOfDay(b *testing.B) {
	w := newWorld(b)
	w.ended = true // its facts are of payments that there are not
	w.paid(bundle("G-1", complete("A", 100)))
	w.tamper(`INSERT INTO fact (month, scope, n, kind, attempt, payment_id, interchange_id, message_no, lin, payments, ore, at, was, stood_payments, stood_ore)
		SELECT '2005-08-01', 'payment', 1, 'executed', 1, n, (SELECT max(id) FROM interchange), 1, 1, 1, 100, '2005-08-12 06:00'::timestamptz + n * interval '10 ms', 'accepted', 1, 100
		FROM generate_series(1, 3000000) n`)
	w.tamper(`INSERT INTO book VALUES ('2005-08-11', '2005-08-12 00:00+02', '2005-08-12 01:00+02')`) // as each day before has been
	w.tamper(`VACUUM ANALYZE fact`)
	day := gateway.Date{Year: 2005, Month: 8, Day: 12}
	for b.Loop() {
		book, err := reconciliation.BookOfDay(b.Context(), w.db, day, w.Base.Location)
		if err != nil || len(book.Transactions) != 1 || book.Transactions[0].Payments != 3_000_000 {
			b.Fatalf("%+v, %v", book.Transactions, err)
		}
	}
}
