package flowtest_test

import (
	"fmt"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/intake/intaketest"
	"nks/gateway/nksxml"
	"nks/internal/app"
	"nks/reconciliation/report"
)

// foretold is what the last receipt 1 says of when the money is there.
func (w *world) foretold() string {
	w.t.Helper()
	return w.document(w.number(`SELECT document_id FROM answer WHERE kind = 1 ORDER BY id DESC LIMIT 1`)).(*nksxml.Receipt1).Note
}

// unkept is what was foretold and is not kept.
func (w *world) unkept() string {
	w.t.Helper()
	sums := map[string][2]int64{}
	var order []string
	for _, r := range w.report("foretold", report.Options{}) {
		on := "waits"
		if day := r[4].(gateway.Date); !day.IsZero() {
			on = day.String()
		}
		line := fmt.Sprintf("%s %s: %s, not %s: %%d = %%d, %s", r[0], r[1], on, r[3], r[5])
		if _, there := sums[line]; !there {
			order = append(order, line)
		}
		sums[line] = [2]int64{sums[line][0] + r[6].(int64), sums[line][1] + r[7].(int64)}
	}
	for i, line := range order {
		order[i] = fmt.Sprintf(line, sums[line][0], sums[line][1])
	}
	return strings.Join(order, "; ")
}

// on is a bundle of one debit for each day.
func on(group string, days ...string) intaketest.Document {
	d := bundle(group)
	block := d.Debits[0]
	d.Debits = nil
	for i, day := range days {
		block.On, block.Payments = day, []intaketest.Payment{complete(fmt.Sprint(group, i), 100)}
		d.Debits = append(d.Debits, block)
	}
	return d
}

// TestForetelling: receipt 1 says on which days the recipients have their money, by the cut-offs, and response 8 says the same. // G-deadline
func TestForetelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		came, want string
		days       []string
	}{
		{"2005-08-11 05:59", "På konto 2005-08-12", []string{"2005-08-12"}},
		{"2005-08-11 06:01", "På konto 2005-08-15", []string{"2005-08-12"}}, // past the cut-off
		{"2005-08-11 06:01", "På konto tidligst 2005-08-15, senest 2005-08-22", []string{"2005-08-20", "2005-08-12", "2005-08-16"}},
	} {
		w.at(c.came)
		w.receive(on(fmt.Sprint("T-", i), c.days...))
		w.want("foretold", w.foretold(), c.want)
	}
	wrong := on("wrong", "2005-08-12", "2005-08-16")
	wrong.Debits[0].Account = "30119999999999" // no payout account: nothing is foretold of it
	w.receive(wrong)
	w.want("foretold", w.foretold(), "På konto 2005-08-16")
	wrong = on("all-wrong", "2005-08-12")
	wrong.Debits[0].Account = "30119999999999"
	w.receive(wrong)
	w.want("foretold", w.foretold(), "")
	for _, at := range []string{"2005-08-11 06:00", "2005-08-12 06:00", "2005-08-15 06:00", "2005-08-19 06:00", "2005-08-22 09:00"} {
		w.at(at)
		w.release()
	}
	w.want("kept", w.row(`SELECT count(*) FROM release_group WHERE foretold_on = executes_on AND state = 'released'`), "6")
	w.want("not kept", w.unkept(), "")
}

// TestForetelling_NotKept: what was foretold and did not come so is listed, with the reason, until months close.
func TestForetelling_NotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := func(e2e string) int64 { return w.number(`SELECT id FROM payment WHERE e2e = $1`, e2e) }
	w.receive(bundle("G-1", complete("A", 100), complete("held", 200), cpr("returned", lost, 400), cpr("rejected", nobody, 800)))
	other := bundle("G-3", complete("B", 1600))
	other.Debits[0].Agreement, other.Debits[0].Account = "AFT-2", "53010000123456"
	w.receive(other)
	w.decides(act.KindHold, "Ann", id("held"))
	w.want("all may be kept", w.unkept(), "")
	w.at("2005-08-11 06:00")
	w.release()
	w.want("all is kept", w.unkept(), "")
	w.void("SDC", 1)
	w.at("2005-08-11 08:31") // past the bank's send-by
	w.release()
	w.want("ordered anew", w.unkept(), "77 AFT-2: 2005-08-15, not 2005-08-12: 1 = 1600, ordered anew")
	w.at("2005-08-12 05:00")
	w.want("held", w.unkept(), "77 AFT-1: waits, not 2005-08-12: 1 = 200, held; 77 AFT-2: 2005-08-15, not 2005-08-12: 1 = 1600, ordered anew")
	w.decided(act.KindFree, id("held"))
	w.release()
	w.receive(bundle("late", complete("late", 3200)))
	w.want("foretold", w.foretold(), "På konto 2005-08-15")
	w.send(bundle("unchecked", complete("unchecked", 6400)))
	w.read()
	w.at("2005-08-15 08:31")
	w.want("on the day", w.unkept(), "77 AFT-1: 2005-08-15, not 2005-08-12: 1 = 200, held; 77 AFT-2: 2005-08-15, not 2005-08-12: 1 = 1600, ordered anew; "+
		"77 AFT-1: waits, not 2005-08-15: 1 = 6400, not checked; 77 AFT-1: waits, not 2005-08-15: 1 = 3200, waits")
	w.check()
	w.release()
	w.want("late", w.unkept(), "77 AFT-1: 2005-08-15, not 2005-08-12: 1 = 200, held; 77 AFT-2: 2005-08-15, not 2005-08-12: 1 = 1600, ordered anew; "+
		"77 AFT-1: 2005-08-17, not 2005-08-15: 2 = 9600, released late")
}

// TestForetelling_Off: where suppliers' schemas have no place for it, nothing is foretold, and so nothing is not kept.
func TestForetelling_Off(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Steps = w.steps(func(o *app.StepOptions) { o.Foretells = false })
	w.fillImage()
	w.receive(bundle("G-1", complete("A", 100)))
	w.want("foretold", w.foretold(), "")
	w.at("2005-08-15 12:00")
	w.release()
	w.want("not kept", w.unkept(), "")
}
