package flowtest_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"nks/gateway"
	"nks/reconciliation/report"
)

// answeredDay is payments of an agreement that its bank is sent, and answers.
type answeredDay struct {
	*world
	bank       string
	references []string // of all payments, in the order of their places
}

// sentDay is so many payments, sent to a bank. Interchanges and messages are as large as they are by default.
func sentDay(tb testing.TB, bank string, payments int) *answeredDay {
	tb.Helper()
	w := newWorld(tb, func(o *options) {
		o.banks = gateway.BankCentres{bec(tb), sdc(tb)}
		o.limits.BundlePayments, o.limits.DocumentBytes, o.limits.AnswerPayments = payments, 1<<30, payments
		o.limits.Split.InterchangeOrders, o.limits.Split.MessageOrders = 180_000, 5000
		o.country = o.country.with("agreements.csv", "AFT-"+bank+",77,,LEVA,"+bank+","+debit1+",return,06:00,,")
	})
	w.ended = true // what holds of so many is looked at by tests of few
	d := bundle("G-1")
	d.Debits[0].Agreement = "AFT-" + bank
	for i := range payments {
		d.Debits[0].Payments = append(d.Debits[0].Payments, complete(fmt.Sprintf("P-%07d", i), int64(10_000+i)))
	}
	w.paid(d)
	return &answeredDay{world: w, bank: bank, references: w.rows(`SELECT r.head || p.e2e FROM bank_order o JOIN payment p ON p.id = o.payment_id
		JOIN bank_reference r ON r.delivery_id = delivery_of(p.id) AND r.attempt = o.attempt ORDER BY o.interchange_id, o.message_no, o.lin, o.seq`)}
}

// timed hears messages, and tells how many of something that is each second.
func (d *answeredDay) timed(n int, messages ...string) float64 {
	d.t.Helper()
	d.files++
	d.lay(d.bank, fmt.Sprintf("%d.edi", d.files), file(d.bank, fmt.Sprintf("F%d", d.files), messages...))
	began := time.Now()
	d.hear(d.bank)
	return float64(n) / time.Since(began).Seconds()
}

// accepted has CONTRL for each interchange.
func (d *answeredDay) accepted() (all []string) {
	d.t.Helper()
	for no := range d.number(`SELECT max(control_ref) FROM interchange WHERE kind = 'PAYMUL'`) {
		all = append(all, contrl(d.bank, no+1, "7"))
	}
	return all
}

// places has what a bank says of each message of ours.
func (d *answeredDay) places(say func(message string, no, lin, payments int) string) []string {
	d.t.Helper()
	var all []string
	for _, row := range d.rows(`SELECT m.ref, m.no, l.lin, l.payments FROM message m JOIN order_line l ON l.interchange_id = m.interchange_id AND l.message_no = m.no ORDER BY 1, 3`) {
		var ref string
		var no, lin, payments int
		if _, err := fmt.Sscan(row, &ref, &no, &lin, &payments); err != nil {
			d.t.Fatal(err)
		}
		all = append(all, say(ref, no, lin, payments))
	}
	return all
}

// order speaks of an order of a line.
func order(seq int, gis, text string) string {
	return fmt.Sprintf("SEQ++%d'GIS+%s'%s", seq, gis, reason(text))
}

// BenchmarkHear hears of payments what banks say of them in a day: at one that speaks of each order, and at one that speaks of lines,
// where one of a hundred is rejected and, at the end, so many come back.
func BenchmarkHear(b *testing.B) {
	const inCredit, inLine = 100, 99 // of D.96A, at most
	payments := 50_000
	if wanted, err := strconv.Atoi(os.Getenv("NKS_PAYMENTS")); err == nil {
		payments = wanted
	}
	returns := max(payments/100, min(payments/2, 5000)) / inCredit * inCredit
	for b.Loop() {
		each := sentDay(b, "BEC", payments)
		b.ReportMetric(each.timed(payments, each.accepted()...), "accepted/s")
		b.ReportMetric(each.timed(payments, each.places(func(message string, _, lin, payments int) string {
			var s strings.Builder
			for seq := 1; seq <= payments; seq++ {
				if seq%inLine == 1 {
					fmt.Fprintf(&s, "LIN+%d'", lin)
				}
				if seq%100 == 0 {
					s.WriteString(order(seq, "2", "Konto lukket"))
				} else {
					s.WriteString(order(seq, "4", ""))
				}
			}
			return bansta(message, s.String())
		})...), "executed-by-order/s")

		lines := sentDay(b, "BEC", payments)
		b.ReportMetric(lines.timed(payments, append(lines.accepted(), lines.places(func(message string, _, lin, payments int) string {
			s := fmt.Sprintf("LIN+%d'SEQ'GIS+4'", lin)
			for seq := 100; seq <= payments; seq += 100 {
				s += order(seq, "2", "Konto lukket")
			}
			return bansta(message, s)
		})...)...), "executed-by-line/s")
		var credits []string
		for i := 0; i < returns; {
			var sum int64
			var back strings.Builder
			for until := i + inCredit; i < until; i++ {
				n := i + i/99 // but those that were rejected
				sum += int64(10_000 + n)
				back.WriteString(returned(lines.references[n], int64(10_000+n), 0))
			}
			credits = append(credits, booking{debit1, fmt.Sprint("R-", i), ""}.credited(sum, back.String()))
		}
		b.ReportMetric(lines.timed(returns, cremul(credits...)), "returned/s")
		if n := lines.number(`SELECT count(*) FROM fact WHERE kind = 'came_back'`); n != int64(returns) {
			b.Fatalf("%d have come back, not %d", n, returns)
		}
		began := time.Now()
		lines.all("settle", lines.Settle.Next)
		b.ReportMetric(float64(returns)/time.Since(began).Seconds(), "settled/s")
		b.ReportMetric(lines.slowestReport().Seconds(), "s/slowest-report")
	}
}

// slowestReport is how long the slowest of all reports takes, of the day and of the open months.
func (d *answeredDay) slowestReport() (slowest time.Duration) {
	d.t.Helper()
	day := gateway.DateOf(d.time().In(d.Base.Location))
	for _, r := range report.Reports() {
		of := []report.Options{{}}
		if r.ByDay != "" {
			of = append(of, report.Options{Day: day})
		}
		for _, o := range of {
			began := time.Now()
			err := r.Run(d.t.Context(), d.db, report.Options{Day: o.Day, Now: d.time().In(d.Base.Location), Late: time.Hour}, func(report.Row) error { return nil })
			if err != nil {
				d.t.Fatalf("%s: %v", r.Name, err)
			}
			took := time.Since(began)
			d.t.Logf("report %s %s: %v", r.Name, o.Day, took)
			slowest = max(slowest, took)
		}
	}
	return slowest
}
