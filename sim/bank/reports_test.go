package bank_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/sim/bank"
)

// reporting is quiet with every kind of report, half of what is executed coming back.
func reporting(change func(r *bank.Reports)) bank.Profile {
	p := quiet()
	p.RejectPerMille, p.LateRejectPerMille = 100, 100
	p.Reports = bank.Reports{Debmul: bank.DebmulLine, Cremul: true, Finsta: "06:00", Returns: bank.Returns{PerMille: 500, Within: 3}}
	if change != nil {
		change(&p.Reports)
	}
	return p
}

// TestReportsGoOut has what goes out, and what the journal has of it.
func TestReportsGoOut(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *bank.Reports){
		"by line": func(r *bank.Reports) {
			r.ReturnAccounts = map[string]string{"3000/30001234567890": "3001/0000000077"}
			r.Returns.Merged, r.Returns.Fee = 1000, 500
		},
		"by part": func(r *bank.Reports) {
			r.Debmul = bank.DebmulParts
			r.Debits = bank.Debits{Split: 400, Joint: 1000, Charge: 500}
			r.Returns.Part, r.Returns.Two = 300, 300
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := begin(t, reporting(change))
			s := c.open()
			for _, control := range []string{"1", "6"} {
				c.put(s, "NKS"+control+".edi", twoMessages(control).text())
			}
			c.jumpOn()
			golden(t, "reports "+name, c.transcript(func(kind string) bool { return isReport(kind) }, "posting", "booked", "closed"))
		})
	}
}

func isReport(kind string) bool {
	return kind == "DEBMUL" || kind == "CREMUL" || kind == "FINSTA"
}

// transcript is everything sent of some kinds, checked against the directory, and journal lines of some kinds.
func (c *centre) transcript(sent func(kind string) bool, journalled ...string) string {
	c.t.Helper()
	var out strings.Builder
	zone := must(time.LoadLocation("Europe/Copenhagen"))(c.t)
	for _, a := range c.ledger().Answers {
		if sent(a.Kind) {
			text := string(must(os.ReadFile(filepath.Join(c.folders.Sent, a.Name)))(c.t))
			checkStructure(c.t, text)
			fmt.Fprintf(&out, "== %s %s of %s\n%s\n", a.At.In(zone).Format(time.DateTime), a.Name, a.About, readable(text, quiet()))
		}
	}
	for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(c.folders.Home, "journal", "journal.jsonl")))(c.t))) {
		for _, kind := range journalled {
			if strings.HasPrefix(line, `{"k":"`+kind+`"`) {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

// TestReportsAddUp: whatever shape debits and returns have, what is reported is what the journal has, and that is what was
// ordered, less what was rejected and came back.
func TestReportsAddUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := reporting(func(r *bank.Reports) {
				r.Debits = bank.Debits{Split: 300, Joint: 300, Charge: 300}
				r.Returns = bank.Returns{PerMille: 300, Within: 4, Part: 200, Fee: 200, Two: 200, Merged: 500}
				r.Misbehaves = bank.ReportFaults{Twice: 200, Reordered: 100, Late: 100, Early: 200, Rejected: 300}
				if seed%2 == 0 {
					r.Debmul = bank.DebmulParts
					r.ReturnAccounts = map[string]string{"3000/30001234567890": "3001/0000000077"}
				}
			})
			p.Seed = seed
			p.Writes = []string{bank.WritesPlain, bank.WritesCRLF, bank.WritesWrap}[seed%3]
			c := begin(t, p)
			s := c.open()
			for i := range 5 {
				control := fmt.Sprint(100 + i)
				c.put(s, "NKS"+control+".edi", simple(control, 20).text())
			}
			c.put(s, "NKS200.edi", twoMessages("200").text())
			c.jumpOn()
			c.checkReports(c.listen(), seed%2 == 0)
		})
	}
}

// checkReports compares what was heard with the journal, and that with what was ordered.
func (c *centre) checkReports(h *heard, parts bool) {
	t, l := c.t, c.ledger()
	if len(l.Findings) > 0 || l.Waiting > 0 {
		t.Errorf("findings %v, %d waiting", l.Findings, l.Waiting)
	}
	var debited, returned, charged, moved int64
	for ref, o := range l.Orders {
		want := o.Oere
		if o.Truth == bank.Rejected && len(o.Returns) == 0 {
			want = 0
		}
		back, fee := o.CameBack()
		if o.Debited != want || back+fee > o.Oere || o.Truth == bank.Rejected && back != o.Debited {
			t.Errorf("%s: %+v", ref, o)
		}
		if parts && h.parts[ref] < want { // a report that comes again says it again
			t.Errorf("%s: %d debited, %d reported", ref, want, h.parts[ref])
		}
		if len(h.returns[ref]) < len(o.Returns) {
			t.Errorf("%s: %d returns, %d reported", ref, len(o.Returns), len(h.returns[ref]))
		}
		debited, returned = debited+o.Debited, returned+back
	}
	for _, a := range l.Accounts() {
		c.checkAccount(a, h)
		moved += a.Opening - a.Balance
		for _, p := range a.Postings {
			charged += p.Charge
		}
	}
	if moved != debited+charged-returned || returned == 0 || charged == 0 {
		t.Errorf("%d moved, %d debited, %d charged, %d came back", moved, debited, charged, returned)
	}
}

// checkAccount: every posting is reported by its own message and in a statement, always alike, and statements follow each other.
func (c *centre) checkAccount(a *bank.LedgerAccount, h *heard) {
	t := c.t
	for _, p := range a.Postings {
		kinds := map[string]bool{}
		for _, r := range h.postings[p.ACK] {
			kinds[r.kind] = true
			if r.oere != p.Oere || r.date != p.Date || r.charge != 0 && r.charge != p.Charge || r.parts != 0 && r.parts != p.Oere+p.Charge {
				t.Errorf("%s: %+v, reported %+v", a, p, r)
			}
		}
		if len(kinds) != 2 || !kinds["FINSTA"] {
			t.Errorf("%s: %+v is reported by %v", a, p, kinds)
		}
	}
	balance := a.Opening
	for i, s := range a.Statements {
		if s.Number != i+1 || s.Opening != balance || s.Missing || s.Stated != s.Closing {
			t.Errorf("%s: statement %+v after %d", a, s, balance)
		}
		balance = s.Closing
	}
	var days int64
	for i, d := range a.Days {
		days += d.Credits - d.Debits
		if d.Balance != a.Opening+days || i > 0 && d.Date <= a.Days[i-1].Date {
			t.Errorf("%s: day %+v", a, d)
		}
	}
	if balance != a.Balance || a.Opening+days != a.Balance {
		t.Errorf("%s: balance %d, by statements %d, by days %d", a, a.Balance, balance, a.Opening+days)
	}
	for _, s := range h.days {
		if s.opening+s.entries != s.closing {
			t.Errorf("statement %+v", s)
		}
	}
}

// TestReportsByWord: each word of the profile does what it says and nothing else.
func TestReportsByWord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *bank.Reports)
		want   map[string]bool // kinds of files
	}{
		"nothing":  {func(r *bank.Reports) { r.Debmul, r.Cremul, r.Finsta = "", false, "" }, map[string]bool{}},
		"debits":   {func(r *bank.Reports) { r.Cremul, r.Finsta = false, "" }, map[string]bool{"DEBMUL": true}},
		"credits":  {func(r *bank.Reports) { r.Debmul, r.Finsta = bank.DebmulNone, "" }, map[string]bool{"CREMUL": true}},
		"accounts": {func(r *bank.Reports) { r.Debmul, r.Cremul = bank.DebmulNone, false }, map[string]bool{"FINSTA": true}},
		"all":      {nil, map[string]bool{"DEBMUL": true, "CREMUL": true, "FINSTA": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := begin(t, reporting(c.change))
			b.put(b.open(), "NKS1.edi", simple("1", 40).text())
			b.jumpOn()
			h, l := b.listen(), b.ledger()
			for _, kind := range []string{"DEBMUL", "CREMUL", "FINSTA"} {
				if (h.files[kind] > 0) != c.want[kind] {
					t.Errorf("%d files %s", h.files[kind], kind)
				}
			}
			a := l.Account(bank.AccountName{Bank: "3000", Number: "30001234567890"})
			if a.Balance >= a.Opening || len(a.Days) < 2 || l.Waiting > 0 {
				t.Errorf("no money was moved: %+v", a)
			}
			if (len(a.Statements) > 0) != c.want["FINSTA"] {
				t.Errorf("statements %+v", a.Statements)
			}
		})
	}
}

// TestReportsAreChecked: a profile that no centre can follow is refused before anything is done; those that exist, and
// those with reports, are good.
func TestReportsAreChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *bank.Profile){
		"debmul is \"all\"":                       func(p *bank.Profile) { p.Reports.Debmul = "all" },
		"finsta is \"2h\"":                        func(p *bank.Profile) { p.Reports.Finsta = "2h" },
		"finsta is \"25:00\"":                     func(p *bank.Profile) { p.Reports.Finsta = "25:00" },
		"within is 251":                           func(p *bank.Profile) { p.Reports.Returns.Within = 251 },
		"return_accounts has \"1234567890\"":      func(p *bank.Profile) { p.Reports.ReturnAccounts = map[string]string{"3000/1": "1234567890"} },
		"returns without reasons":                 func(p *bank.Profile) { p.Reasons, p.RejectPerMille = nil, 0 },
		"reports.misbehaves.sum is 1001, must be": func(p *bank.Profile) { p.Reports.Misbehaves.Sum = 1001 },
		"reports.returns.part is -1, must be":     func(p *bank.Profile) { p.Reports.Returns.Part = -1 },
		"reports.debits.joint is 2000, must be":   func(p *bank.Profile) { p.Reports.Debits.Joint = 2000 },
	} {
		p := bank.WithReports(quiet())
		change(&p)
		if err := bank.WriteProfile(t.TempDir(), "TEST", p); !errors.Is(err, bank.ErrProfile) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for centre, p := range bank.DefaultProfiles() {
		if p.Reports.Cremul {
			t.Errorf("%s reports by default", centre)
		}
		if err := bank.WriteProfile(t.TempDir(), centre, bank.WithReports(p)); err != nil {
			t.Errorf("%s: %v", centre, err)
		}
	}
}
