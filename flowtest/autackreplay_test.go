package flowtest_test

import (
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"

	"nks/gateway/act"
	"nks/gateway/bankfile"
)

// TestAutack_Replayed: what a bank has signed and somebody lays out again under another number, name and time of UNB takes nothing a second time, whatever the messages are. // B16.4
func TestAutack_Replayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, banks(t), autackBank(t, firstKey, map[string]string{"B1": secondKey}))
	s := w.four("BEC")
	b := booking{account: debit1, ref: "H1"}
	messages := []string{
		contrl("BEC", s.no, "7"),
		bansta(s.message(1), status(1, 1, "4", "")),
		cremul(b.credited(200, returned(s.ref("B"), 200, 0))),
		cremul(booking{account: debit1}.credited(300, returned(s.ref("C"), 300, 0))),
		debmul(booking{account: debit1, ref: "D1"}.debited(600, fmt.Sprintf("%014d-1-1", s.no))),
		debmul(booking{account: debit1}.debited(400, fmt.Sprintf("%014d-2-1", s.no))),
		finsta(statementOf(debit1, 7, "20050812", 0, 200, b.entered(200))),
	}
	for i, m := range messages {
		w.lay("BEC", fmt.Sprintf("%d.edi", i), autackSigned(t, secondKey, "B1", file("BEC", fmt.Sprintf("F%d", i), m)))
		w.hear("BEC")
	}
	state := func() string {
		return strings.Join([]string{w.ledger(), w.exceptions(),
			w.row(`SELECT count(*), coalesce(sum(ore), 0) FROM posting`), w.row(`SELECT count(*), coalesce(sum(ore), 0) FROM posting_match`),
			w.row(`SELECT kind, count(*) FROM fact GROUP BY 1 ORDER BY 1`),
			w.row(`SELECT state, count(*) FROM order_line GROUP BY 1 ORDER BY 1`), w.row(`SELECT count(*) FROM answer`)}, "\n")
	}
	w.newAnswers()
	w.want("debited", w.row(`SELECT coalesce(sum(m.ore), 0) FROM posting_match m WHERE m.message_no IS NOT NULL AND m.payment_id IS NULL`), "1000")
	before := state()
	for i, m := range messages {
		text := autackSigned(t, secondKey, "B1", file("BEC", fmt.Sprintf("F%d", i), m))
		// UNB and what AUTACK refers to it by are not signed.
		for _, end := range []string{"+", "'"} {
			text = strings.ReplaceAll(text, fmt.Sprintf("+F%d%s", i, end), fmt.Sprintf("+R%d%s", i, end))
		}
		w.lay("BEC", fmt.Sprintf("again-%d.edi", i), strings.Replace(text, "050811:0700", "050813:0801", 1))
		w.hear("BEC")
		w.newAnswers()
		if now := state(); now != before {
			t.Errorf("after message %d again:\n%s\nbefore:\n%s", i, now, before)
			before = now
		}
	}
	w.want("all were proven", w.row(`SELECT state, count(*) FROM bank_file GROUP BY 1`), fmt.Sprintf("done %d", 2*len(messages)))
}

// TestAutack_Silence: while a file lies there of which nothing proves that it is the bank's, its silence accepts nothing, also where the file says that all is well;
// it does when the file is heard with its key, or two persons know that it concerns none of ours. // B16.4
func TestAutack_Silence(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, knows func(names ...string)){
		"none of ours": func(w *world, _ func(...string)) { w.decided(act.KindNoneOfOurs, w.bankFile(2)) },
		"its key is known": func(w *world, knows func(...string)) {
			w.decided(act.KindHearAgain, w.bankFile(2))
			w.hear("BKD")
			w.want("still not", w.row(`SELECT DISTINCT state FROM order_line`)+w.exceptions(), "with_banksilence cannot be counted; bank file not proven")
			knows("B1", "B2")
			w.decided(act.KindHearAgain, w.bankFile(2))
			w.hear("BKD")
		},
		"nobody asks for proof any more": func(w *world, knows func(...string)) {
			knows()
			w.decided(act.KindHearAgain, w.bankFile(2))
			w.hear("BKD")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, banks(t))
			knows := func(names ...string) {
				w.Steps = w.understands("BKD", func(p *bankfile.Profile) {
					p.Verify = nil
					for _, n := range names {
						if p.Verify == nil {
							p.Verify = map[string]*rsa.PublicKey{}
						}
						p.Verify[n] = autackPublic(t, secondKey)
					}
				})
			}
			knows("B1")
			s := w.four("BKD")
			w.lay("BKD", "a.edi", autackSigned(t, secondKey, "B1", file("BKD", "F1", contrl("BKD", s.no, "7"))))
			w.lay("BKD", "b.edi", autackSigned(t, secondKey, "B2", file("BKD", "F2", contrl("BKD", s.no, "7"))))
			w.hear("BKD")
			w.at("2005-08-11 12:00")
			w.deadlines()
			w.want("nothing is accepted", w.row(`SELECT DISTINCT state FROM order_line`), "with_bank")
			end(w, knows)
			w.deadlines()
			w.want("accepted", w.row(`SELECT DISTINCT state FROM order_line`)+w.exceptions(), "accepted")
			w.newAnswers()
		})
	}
}
