package bank_test

import (
	"regexp"
	"testing"

	"nks/sim/bank"
)

// TestAbroad_Rates: orders in another currency are debited and come back at rates of their own, the same in every run, which DEBMUL and CREMUL tell by order, and a
// centre that tells of no orders debits what was ordered.
func TestAbroad_Rates(t *testing.T) {
	t.Parallel()
	for name, debmul := range map[string]string{"by part": bank.DebmulParts, "by line": bank.DebmulLine} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := begin(t, reporting(func(r *bank.Reports) {
				r.Debmul, r.Abroad = debmul, 800
				r.Returns = bank.Returns{PerMille: 700, Within: 3, Part: 200, Fee: 300, Two: 300}
				r.Debits = bank.Debits{Split: 400, Joint: 1000, Charge: 500}
			}))
			s := c.open()
			m := twoMessages("1")
			m.messages[0][0].transfer, m.messages[1][0].transfer = "EUR", "SEK"
			c.put(s, "NKS1.edi", m.text())
			c.jumpOn()
			golden(t, "abroad "+name, c.transcript(func(kind string) bool { return kind == "DEBMUL" || kind == "CREMUL" }))
			compareMoney(t, c.ledger(), debmul == bank.DebmulParts)
		})
	}
}

// compareMoney sets what the journal has of orders against what it has of accounts.
func compareMoney(t *testing.T, l bank.Ledger, debitsDiffer bool) {
	t.Helper()
	var debited, back, booked, credited int64
	differ := 0
	for ref, o := range l.Orders {
		abroad := regexp.MustCompile(`^1[AC]-`).MatchString(ref)
		by := o.Debited - o.Oere
		if o.Debited != 0 && (!abroad && by != 0 || max(by, -by) > o.Oere/50) {
			t.Errorf("%s: debited %d of %d", ref, o.Debited, o.Oere)
		}
		if o.Debited != 0 && by != 0 {
			differ++
		}
		oere, _ := o.CameBack()
		debited, back = debited+o.Debited, back+oere
	}
	for _, a := range l.Accounts() {
		for _, p := range a.Postings {
			booked, credited = booked-min(0, p.Oere)-p.Charge, credited+max(0, p.Oere)
		}
	}
	if debited != booked || back != credited || back == 0 || (differ > 0) != debitsDiffer {
		t.Errorf("debited %d, %d booked; %d back, %d credited; %d differ", debited, booked, back, credited, differ)
	}
}
