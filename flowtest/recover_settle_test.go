package flowtest_test

import (
	"context"
	"errors"
	"testing"

	"nks/gateway"
	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// settling is a life in which money is rejected, comes back and is ordered anew, and an interchange is void: after any step the database may be set back.
func settling(o *outside) []func() {
	w := o.w
	exchange := func() {
		w.all("settle", w.Settle.Next)
		w.all("release", w.Release.Next)
		o.exchange()
		w.all("settle", w.Settle.Next)
	}
	return []func(){
		func() { w.receive(bySDC("G-1", cpr("A", ann, 100), cpr("B", ann, 200), cpr("C", ann, 400))) },
		func() { w.at(receiveBy); exchange(); o.collects() },
		func() { w.receive(bundle("G-2", complete("D", 800))) },
		func() {
			w.all("release", w.Release.Next)
			w.decided(act.KindVoid, w.number(`SELECT max(id) FROM interchange WHERE bank = 'BEC' AND kind = 'PAYMUL'`))
		},
		exchange, // the same number again, with a later attempt
		func() {
			o.collects()
			o.lay("SDC", "s1", file("SDC", "1", contrl("SDC", 1, "7"), bansta("SDC-00000000000001-0001", status(1, 1, "2", "Nej"), status(1, 2, "4", ""), status(1, 3, "4", ""))))
			exchange()
		},
		o.reads,
		exchange, // for what was rejected
		func() {
			o.collects()
			o.lay("SDC", "s2", file("SDC", "2", cremul(booking{account: "53010000123456", ref: "R1"}.credited(200, returned(orderedAs(o, "B"), 200, 0)))))
			exchange()
		},
		o.reads,
		func() { w.at("2005-08-12 07:00"); exchange(); o.collects() }, // for what came back
		func() {
			o.lay("SDC", "s3", file("SDC", "3", contrl("SDC", 2, "7"), bansta("SDC-00000000000002-0001", status(1, 1, "4", ""))))
			exchange()
		},
		o.reads,
	}
}

// orderedAs is the reference of a payment's first order, from what its bank has got.
func orderedAs(o *outside, e2e string) string {
	o.w.t.Helper()
	for _, text := range o.has {
		for _, m := range orderReference.FindAllString(text, -1) {
			if ref := m[len("RFF+CR:") : len(m)-1]; ref[8:] == e2e {
				return ref
			}
		}
	}
	o.w.t.Fatalf("no bank has an order of %s", e2e)
	return ""
}

// TestRecover_OrderedAnew: what was rejected or came back, and was ordered anew and sent since, is taken in as it was: no order is twice at a bank, and none
// is missing.
func TestRecover_OrderedAnew(t *testing.T) {
	t.Parallel()
	live := func(t *testing.T, from, to int) (*world, *outside) {
		w := newWorld(t, keeps, chooses(",bank_rejected,error_account "+errorAccount, ",came_back,error_account "+errorAccount))
		o := newOutside(w)
		var backup *pgtest.Database
		for i, step := range settling(o) {
			if i == from {
				backup = w.backup()
			}
			if i == to {
				w.setBack(o, backup, false)
			}
			step()
		}
		w.all("settle", w.Settle.Next)
		o.ends()
		return w, o
	}
	w, o := live(t, -1, -1)
	ledger, orders, answers := w.ledger(), o.orders(), o.answers()
	w.want("undisturbed", orders, "A A B B C D")
	for name, at := range map[string][2]int{"all of it": {4, 12}, "rejects": {5, 9}, "returns": {7, 12}, "a void interchange": {4, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, o := live(t, at[0], at[1])
			w.want("ledger", w.ledger(), ledger)
			w.want("orders at the banks", o.orders(), orders)
			w.want("answers", o.answers(), answers)
			if len(o.faces) > 0 {
				t.Errorf("%v", o.faces)
			}
		})
	}
}

// TestRecover_BrokenOff: taking in that is broken off when the answers are here, and not yet what they have told, is gone on with: nothing is told
// twice, and until then the gateway is quiet.
func TestRecover_BrokenOff(t *testing.T) {
	t.Parallel()
	ledger, orders, answers := undisturbed(t)
	w := newWorld(t, keeps)
	o := newOutside(w)
	var backup *pgtest.Database
	for i, step := range live(o) {
		if i == 4 {
			backup = w.backup()
		}
		if i == 17 {
			w.restored(backup)
			read := w.Restore.Flow.Read
			w.Restore.Flow.Read = func(context.Context) (bool, error) { return false, gateway.ErrTransient }
			if _, err := w.Restore.Take(t.Context(), "A. Hansen"); !errors.Is(err, gateway.ErrTransient) {
				t.Fatalf("not broken off: %v", err)
			}
			w.Restore.Flow.Read = read
			if _, err := w.Restore.Compare(t.Context()); err != nil || w.Base.Quiet.Why() == "" {
				t.Errorf("not quiet: %v", err)
			}
			if done, err := w.Restore.Take(t.Context(), "A. Hansen"); err != nil || len(done.Left) > 0 {
				t.Fatalf("taken in: %+v, %v", done, err)
			}
			w.want("quiet", w.Base.Quiet.Why(), "")
			w.want("left", w.row(`SELECT count(*) FROM exception WHERE kind = $1 AND closed_at IS NULL`, gateway.JournalNotTaken), "0")
		}
		step()
	}
	o.ends()
	w.want("ledger", w.ledger(), ledger)
	w.want("orders at the banks", o.orders(), orders)
	w.want("answers", o.answers(), answers)
}
