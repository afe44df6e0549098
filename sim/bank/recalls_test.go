package bank_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/sim/bank"
)

// fincan asks for orders back.
func fincan(control string, references ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "UNH+1+FINCAN:D:96A:UN'BGM+453+%s-M1+9'DTM+137:20050811:102'FII+OR+30001234567890:::DKK+:::3000:80:130'NAD+OY+++Roskilde'", control)
	for n, ref := range references {
		fmt.Fprintf(&b, "LIN+%d'RFF+CR:%s'", n+1, ref)
	}
	fmt.Fprintf(&b, "CNT+LIN:%d'", len(references))
	return fmt.Sprintf("UNA:+,? 'UNB+UNOC:3+5798000016446:14+5790001000013:14+050811:0430+%s++++1+248348'%sUNT+%d+1'UNZ+1+%s'",
		control, b.String(), segments(b.String())+1, control)
}

// sentOf is everything of a kind that a centre has sent.
func (c *centre) sentOf(kind string) string {
	c.t.Helper()
	var all strings.Builder
	for _, a := range c.ledger().Answers {
		if a.Kind == kind {
			text := string(must(os.ReadFile(filepath.Join(c.folders.Sent, a.Name)))(c.t))
			checkStructure(c.t, text)
			all.WriteString(text)
		}
	}
	return all.String()
}

// TestRecalls: what becomes of an order that is asked for, before it is booked and after, and what is told of it in each way of naming.
func TestRecalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rates  bank.Recalls
		booked bool
		does   bank.Recall
		gis    string // of the answer; empty: there is none
		why    string
	}{
		"stopped":              {bank.Recalls{Stops: 1000, Returns: 1000}, false, bank.RecallStopped, "4", "K0690"},
		"refused before":       {bank.Recalls{Returns: 1000}, false, bank.RecallRefused, "2", "K0691"},
		"gives back":           {bank.Recalls{Stops: 1000, Returns: 1000, Within: 2}, true, bank.RecallReturned, "4", "K0693"},
		"refused, it executed": {bank.Recalls{Stops: 1000}, true, bank.RecallRefused, "2", "K0691"},
		"silent":               {bank.Recalls{Stops: 1000, Returns: 1000, Silent: 1000}, true, bank.RecallSilent, "", ""},
		"silent before":        {bank.Recalls{Stops: 1000, Silent: 1000}, false, bank.RecallSilent, "", ""},
		"answered too late":    {bank.Recalls{Stops: 1000, Answers: "100h"}, false, bank.RecallRefused, "2", "K0691"},
	} {
		for keys, executed := range map[string]string{bank.KeysBoth: bank.ExecutedSeq, bank.KeysPosition: bank.ExecutedLine, bank.KeysReference: bank.ExecutedNone} {
			t.Run(name+" by "+keys, func(t *testing.T) {
				t.Parallel()
				p := quiet()
				p.Reports = bank.Reports{Debmul: bank.DebmulParts, Cremul: true, Finsta: "06:00"}
				p.Recalls, p.Keys, p.Executed = test.rates, keys, executed
				c := begin(t, p)
				s := c.open()
				c.put(s, "NKS1.edi", simple("1", 2).text())
				c.put(s, "NKS2.edi", simple("2", 1).text())
				if test.booked {
					c.jump(30 * time.Hour)
				}
				c.put(s, "NKS3.edi", fincan("3", "1-00001", "2-00001"))
				c.jumpOn()
				l := c.ledger()
				if len(l.Findings) > 0 || l.Waiting > 0 {
					t.Errorf("findings %v, %d waiting", l.Findings, l.Waiting)
				}
				answer := strings.Count(c.sentOf("RECALL"), "GIS+"+test.gis+"'FTX+AAO+++"+test.why+":")
				if want := 2; test.gis != "" && answer != want || test.gis == "" && c.sentOf("RECALL") != "" {
					t.Errorf("answers: %s", c.sentOf("RECALL"))
				}
				var moved int64
				for ref, o := range l.Orders {
					want := bank.LedgerOrder{Recall: test.does, Truth: bank.Executed, Debited: o.Oere}
					back, _ := o.CameBack()
					switch {
					case ref == "1-00002":
						want.Recall = ""
					case test.does == bank.RecallStopped:
						want.Truth, want.Outcome, want.Debited = bank.Rejected, bank.Rejected, 0
					case test.does == bank.RecallReturned && back != o.Oere:
						t.Errorf("%s: %d came back", ref, back)
					}
					if o.Recall != want.Recall || o.Truth != want.Truth || o.Debited != want.Debited || want.Outcome != "" && o.Outcome != want.Outcome || o.Times != 1 {
						t.Errorf("%s: %+v", ref, o)
					}
					moved += o.Debited - back
				}
				for _, a := range l.Accounts() {
					moved -= a.Opening - a.Balance
					c.checkAccount(a, c.listen())
				}
				if moved != 0 {
					t.Errorf("%d øre moved by nothing", moved)
				}
			})
		}
	}
}

// TestRecalls_Often: recalls of much, at any time, with a restart between; every account is right to the øre.
func TestRecalls_Often(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := reporting(func(r *bank.Reports) {
				r.Debits = bank.Debits{Split: 300, Joint: 500, Charge: 600}
				r.Returns = bank.Returns{PerMille: 300, Within: 3, Part: 200, Fee: 200, Two: 200, Merged: 500}
			})
			p.Seed, p.Recalls = seed, bank.Recalls{Answers: "10m", Stops: 600, Returns: 600, Within: 2, Silent: 100}
			if seed%2 == 0 {
				p.Reports.Debmul, p.Executed = bank.DebmulParts, bank.ExecutedLine
			}
			c := prepare(t, p)
			stop := c.run()
			s := c.open()
			var asked []string
			for _, control := range []string{"100", "101", "102"} {
				c.put(s, "NKS"+control+".edi", twoMessages(control).text())
			}
			for ref := range c.ledger().Orders {
				if !strings.HasSuffix(ref, "2") {
					asked = append(asked, ref)
				}
			}
			c.put(s, "NKS200.edi", fincan("200", asked[:len(asked)/3]...))
			c.jump(30 * time.Hour)
			stop()
			c.run()
			s = c.open()
			c.put(s, "NKS201.edi", fincan("201", asked[len(asked)/3:]...))
			c.put(s, "NKS202.edi", fincan("202", asked...))
			c.jumpOn()
			c.checkReports(c.listen(), false)
			does := map[bank.Recall]int{}
			for _, o := range c.ledger().Orders {
				does[o.Recall]++
			}
			if does[bank.RecallStopped]*does[bank.RecallReturned]*does[bank.RecallRefused] == 0 {
				t.Errorf("%v", does)
			}
		})
	}
}

// TestRecalls_Refused: what is wrong with a FINCAN, and what is asked of it that never came.
func TestRecalls_Refused(t *testing.T) {
	t.Parallel()
	good := fincan("2", "1-00001")
	for name, test := range map[string]struct{ text, contrl, finding string }{
		"unknown order":     {fincan("2", "1-00009"), "+7'", string(bank.FindingUnknownRecall)},
		"count":             {strings.Replace(good, "CNT+LIN:1", "CNT+LIN:2", 1), "UCD+29+2:2'", string(bank.FindingStrict)},
		"no order":          {strings.Replace(good, "RFF+CR:1-00001'", "", 1), "UCM+1+FINCAN:D:96A:UN+4", string(bank.FindingStrict)},
		"document":          {strings.Replace(good, "BGM+453", "BGM+452", 1), "UCD+12+2:1'", string(bank.FindingStrict)},
		"LIN":               {strings.Replace(good, "LIN+1'", "LIN+2'", 1), "+12", string(bank.FindingStrict)},
		"asked twice in it": {fincan("2", "1-00001", "1-00001"), "+7'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := quiet()
			p.Recalls = bank.Recalls{Stops: 1000}
			c := begin(t, p)
			s := c.open()
			c.put(s, "NKS1.edi", simple("1", 2).text())
			before := len(c.answers(s))
			c.put(s, "NKS2.edi", test.text)
			if got := strings.Join(c.answers(s)[before:], ""); !strings.Contains(got, test.contrl) {
				t.Errorf("no %q in %s", test.contrl, got)
			}
			if k := strings.Trim(fmt.Sprint(kinds(c.ledger())), "[]"); k != test.finding {
				t.Errorf("findings: %s", k)
			}
			if stopped := c.ledger().Orders["1-00001"].Recall == bank.RecallStopped; stopped != (test.finding == "") {
				t.Errorf("stopped: %v", stopped)
			}
		})
	}
}
