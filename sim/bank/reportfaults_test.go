package bank_test

import (
	"slices"
	"strings"
	"testing"

	"nks/sim/bank"
)

// TestReportFaults: each misbehaviour of a report does what it says, and the journal has what is true.
func TestReportFaults(t *testing.T) {
	t.Parallel()
	main := bank.AccountName{Bank: "3000", Number: "30001234567890"}
	tests := map[string]struct {
		change func(m *bank.ReportFaults)
		check  func(t *testing.T, l bank.Ledger, h *heard)
	}{
		"twice": {func(m *bank.ReportFaults) { m.Twice = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			for ack, p := range h.postings {
				if len(p) != 4 || p[0].oere != p[1].oere || p[1].oere != p[3].oere {
					t.Errorf("%s: %+v", ack, p)
				}
			}
			numbers := map[string]int{}
			for _, a := range l.Answers {
				numbers[a.Control]++
			}
			same := 0
			for _, n := range numbers {
				same += n - 1
			}
			if same == 0 || same == len(l.Answers)/2 {
				t.Errorf("%d of %d come again with the same bytes", same, len(l.Answers))
			}
		}},
		"reordered": {func(m *bank.ReportFaults) { m.Reordered = 1000 }, reportedDaysAfter(24, 80)},
		"late":      {func(m *bank.ReportFaults) { m.Late = 1000 }, reportedDaysAfter(72, 130)},
		"early": {func(m *bank.ReportFaults) { m.Early = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			debit := slices.IndexFunc(l.Answers, func(a bank.LedgerAnswer) bool { return a.Kind == "DEBMUL" })
			credit := slices.IndexFunc(l.Answers, func(a bank.LedgerAnswer) bool { return a.Kind == "CREMUL" })
			executed := slices.IndexFunc(l.Answers, func(a bank.LedgerAnswer) bool { return a.Kind == "BOOKING" })
			if debit != 0 || credit < 0 || credit > executed {
				t.Errorf("first DEBMUL is answer %d, first CREMUL %d, first execution %d", debit, credit, executed)
			}
		}},
		"more": {func(m *bank.ReportFaults) { m.More = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			for ref, o := range l.Orders {
				if back, _ := o.CameBack(); len(o.Returns) > 0 && back != o.Oere+10000 {
					t.Errorf("%s: %+v", ref, o)
				}
			}
			if day := l.Account(main).Days[0]; day.Debits != debited(l)+4*10000 {
				t.Errorf("%+v, %d debited", day, debited(l))
			}
		}},
		"unnamed": {func(m *bank.ReportFaults) { m.Unnamed = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			if len(h.returns) != 1 || len(h.returns[""]) != returned(l) {
				t.Errorf("%d of %d returns without a reference", len(h.returns[""]), returned(l))
			}
			for ack, p := range h.postings {
				if len(p[0].groups) > 0 {
					t.Errorf("%s names %v", ack, p[0].groups)
				}
			}
		}},
		"unknown": {func(m *bank.ReportFaults) { m.Unknown = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			for ref := range h.returns {
				if !strings.HasPrefix(ref, "00000000UKENDT") || l.Orders[ref] != nil {
					t.Errorf("%q is named", ref)
				}
			}
		}},
		"stray": {func(m *bank.ReportFaults) { m.Stray = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			stray := 0
			for ref, all := range h.returns {
				if strings.HasPrefix(ref, "00000000FREMMED") {
					stray += len(all)
				}
			}
			if stray == 0 || returned(l)+stray != credits(l.Account(main)) {
				t.Errorf("%d stray credits", stray)
			}
		}},
		"rejected": {func(m *bank.ReportFaults) { m.Rejected = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			rejected := 0
			for ref, o := range l.Orders {
				if o.Truth != bank.Rejected {
					continue
				}
				rejected++
				if back, fee := o.CameBack(); o.Outcome != bank.Rejected || o.Debited != o.Oere || back != o.Oere || fee != 0 || len(h.returns[ref]) != 1 {
					t.Errorf("%s: %+v", ref, o)
				}
			}
			if rejected == 0 {
				t.Error("nothing was rejected")
			}
		}},
		"sum": {func(m *bank.ReportFaults) { m.Sum = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			for ack, p := range h.postings {
				if p[0].kind == "CREMUL" && (p[0].oere != p[0].parts+10000 || p[1].oere != p[0].parts) {
					t.Errorf("%s: %+v", ack, p)
				}
			}
		}},
		"balance": {func(m *bank.ReportFaults) { m.Balance = 1000 }, func(t *testing.T, l bank.Ledger, h *heard) {
			for i, s := range h.days {
				if s.closing != s.opening+s.entries+10000 || l.Account(main).Statements[i].Closing != s.opening+s.entries {
					t.Errorf("%+v", s)
				}
			}
		}},
		"missing": {func(m *bank.ReportFaults) { m.Missing = 500 }, func(t *testing.T, l bank.Ledger, h *heard) {
			all := l.Account(main).Statements
			sent := slices.DeleteFunc(slices.Clone(all), func(s bank.LedgerStatement) bool { return s.Missing })
			if len(sent) != len(h.days) || len(sent) == len(all) || len(sent) == 0 {
				t.Errorf("%d statements made, %d not missing, %d sent", len(all), len(sent), len(h.days))
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := begin(t, reporting(func(r *bank.Reports) { test.change(&r.Misbehaves) }))
			s := c.open()
			for _, control := range []string{"1", "2", "3", "4"} {
				c.put(s, "NKS"+control+".edi", simple(control, 30).text())
			}
			c.jumpOn()
			l := c.ledger()
			if len(l.Findings) > 0 || l.Waiting > 0 || returned(l) == 0 {
				t.Errorf("findings %v, %d waiting, %d returns", l.Findings, l.Waiting, returned(l))
			}
			c.transcript(isReport)
			test.check(t, l, c.listen())
		})
	}
}

func debited(l bank.Ledger) (sum int64) {
	for _, o := range l.Orders {
		sum += o.Debited
	}
	return sum
}

func returned(l bank.Ledger) (n int) {
	for _, o := range l.Orders {
		n += len(o.Returns)
	}
	return n
}

func credits(a *bank.LedgerAccount) (n int) {
	for _, p := range a.Postings {
		n += p.Returns
	}
	return n
}

// reportedDaysAfter: no DEBMUL comes so soon after the booking, which is at nine, and all come within so many hours.
func reportedDaysAfter(least, most int) func(*testing.T, bank.Ledger, *heard) {
	return func(t *testing.T, l bank.Ledger, _ *heard) {
		reports := 0
		for _, a := range l.Answers {
			if a.Kind != "DEBMUL" {
				continue
			}
			reports++
			if hours := int(a.At.Sub(start).Hours()) - 28; hours < least || hours > most {
				t.Errorf("%s comes %d hours after the booking", a.Name, hours)
			}
		}
		if reports == 0 {
			t.Error("no report")
		}
	}
}
