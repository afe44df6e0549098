package flowtest_test

import (
	"slices"
	"strings"
	"testing"

	"nks/gateway/act"
	"nks/gateway/postgres/pgtest"
)

// TestRecover_Signed: a day with a bank that signs and is signed to, with a forged file in it and one by a key that is known too late, ends as if nothing had
// been, wherever the database is set back: what was taken in was frozen with the same key, and nothing is believed or answered
// that nothing proves. // B16.4
func TestRecover_Signed(t *testing.T) {
	t.Parallel()
	day := func(t *testing.T, from, to int) (ledger, orders, answers, contrls string) {
		w := newWorld(t, keeps, autackBank(t, firstKey, map[string]string{"B1": secondKey}))
		o := newOutside(w)
		signed := func(name, ref, key string, messages ...string) {
			o.lay("BEC", name, autackSigned(t, secondKey, key, file("BEC", ref, messages...)))
		}
		keys := map[string]string{"B1": secondKey}
		steps := []func(){
			func() {
				w.send(bundle("G1", complete("A1", 101), complete("A2", 102), complete("A3", 103)))
				w.read()
				w.check()
			},
			func() { w.at(receiveBy); w.all("release", w.Release.Next) },
			o.exchange,
			o.collects,
			func() {
				o.lay("BEC", "forged", file("BEC", "2", bansta(messageOf("BEC", 1), status(1, 1, "2", "Nej"))))
				o.exchange()
			},
			func() { signed("b1", "1", "B1", contrl("BEC", 1, "7")); o.exchange() },
			func() { signed("b3", "3", "B2", bansta(messageOf("BEC", 1), status(1, 3, "2", "Nej"))); o.exchange() },
			func() {
				signed("b2", "2", "B1", bansta(messageOf("BEC", 1), status(1, 2, "2", "Nej")))
				o.exchange()
				o.exchange()
			},
			func() { keys["B2"] = secondKey; w.Steps = w.has(firstKey, keys) },
			func() {
				if late := w.row(`SELECT id FROM bank_file WHERE name = 'b3' AND state = 'parked'`); late != "" { // else it was taken in, and its key known by then
					w.decided(act.KindHearAgain, w.number(`SELECT id FROM bank_file WHERE name = 'b3'`))
				}
				o.exchange()
				o.exchange() // what it is answered with goes
			},
			func() { w.decided(act.KindNoneOfOurs, w.number(`SELECT id FROM bank_file WHERE name = 'forged'`)) },
			o.reads,
		}
		var backup *pgtest.Database
		for i, step := range steps {
			if i == from {
				backup = w.backup()
			}
			if i == to {
				w.restoredWith(o, backup, keys)
			}
			step()
		}
		if to == len(steps) {
			w.restoredWith(o, backup, keys)
		}
		o.reads()
		w.want("frozen with our key", w.row(`SELECT DISTINCT encode(signed_by, 'hex') FROM interchange`), keyPrint(t, firstKey))
		if n := strings.Count(w.row(`SELECT state FROM bank_file WHERE signed_by IS NOT NULL`), "done"); n != 3 {
			t.Errorf("%d files are proven", n)
		}
		w.want("the forged one", w.row(`SELECT state, signed_by IS NULL, contrl_owed FROM bank_file WHERE name = 'forged'`), "parked true false")
		for name, text := range o.has {
			if n := openSSLVerifies(t, firstKey, text); strings.HasPrefix(name, "BEC") && n == 0 {
				t.Errorf("%s is not signed", name)
			}
		}
		var acknowledged []string
		for _, text := range o.has {
			for _, ref := range []string{"1", "2", "3"} {
				if strings.Contains(text, "UCI+"+ref+"+") {
					acknowledged = append(acknowledged, ref)
				}
			}
		}
		if len(o.faces) > 0 {
			t.Errorf("%v", o.faces)
		}
		return w.ledger(), o.orders(), o.answers(), strings.Join(sorted(acknowledged), " ")
	}
	ledger, orders, answers, contrls := day(t, -1, -1)
	if contrls != "2 3" || ledger != "with_bank 1 = 101, returned 2 = 205" {
		t.Fatalf("undisturbed: CONTRL for %q, ledger %s", contrls, ledger)
	}
	for _, at := range [][2]int{{5, 9}} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			l, o, a, c := day(t, at[0], at[1])
			if l != ledger || o != orders || a != answers || c != contrls {
				t.Errorf("back from %d to %d:\n%s\n%s\n%s\n%s\nwant:\n%s\n%s\n%s\n%s", at[1], at[0], l, o, a, c, ledger, orders, answers, contrls)
			}
		})
	}
}

// restoredWith goes on with an earlier database and the keys of the moment, and takes in what the journals have.
func (w *world) restoredWith(o *outside, backup *pgtest.Database, keys map[string]string) {
	w.t.Helper()
	w.banks[0].Codec = autackCodec(w.t, firstKey, keys)
	w.setBack(o, backup, false)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
