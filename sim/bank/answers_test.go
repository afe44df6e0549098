package bank_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nks/edifact"
	"nks/edifact/directory/d96a"
	"nks/sim/bank"
)

// twoMessages has orders that the seed of quiet rejects at a rate of 300 per mille, over two dates and three LIN.
func twoMessages(control string) mail {
	a, b, c := simple(control+"A", 6).messages[0][0], simple(control+"B", 3).messages[0][0], simple(control+"C", 4).messages[0][0]
	b.date = "20050815"
	c.orders[1].cheque = true
	return mail{control: control, messages: [][]group{{a, b}, {c}}}
}

func TestAnswersByProfile(t *testing.T) {
	t.Parallel()
	tests := map[string]func(p *bank.Profile){
		"contrl 7, rejects, both keys": func(*bank.Profile) {},
		"contrl 8 then 7, both, by position, crlf": func(p *bank.Profile) {
			p.Contrl, p.Validation, p.Keys, p.Executed = bank.Contrl8Then7, bank.ValidationBoth, bank.KeysPosition, bank.ExecutedLine
			p.Writes, p.UNA, p.NamesMessages, p.ControlPrefix = bank.WritesCRLF, false, true, "S"
		},
		"contrl 8 only, lines, by reference, wrapped": func(p *bank.Profile) {
			p.Contrl, p.Validation, p.Keys, p.Executed = bank.Contrl8Only, bank.ValidationLines, bank.KeysReference, bank.ExecutedLine
			p.Writes, p.Cheques = bank.WritesWrap, false
			p.Codes = bank.Codes{Rejected: "2", Accepted: "1", Executed: "53"}
		},
		"silent bank with times of day": func(p *bank.Profile) {
			p.Contrl, p.Validation, p.Executed = bank.Contrl7, bank.ValidationNone, bank.ExecutedNone
			p.Acknowledges, p.Accepts, p.Books = "06:15", "06:30", "10:00"
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := quiet()
			p.RejectPerMille, p.LateRejectPerMille, p.AsksPerMille = 300, 200, 500
			change(&p)
			c := begin(t, p)
			s := c.open()
			c.put(s, "NKS1.edi", twoMessages("1").text())
			var reported strings.Builder
			for {
				for _, e := range must(s.ReadDir("out"))(t) {
					text := c.fetch(s, "out/"+e.Name())
					checkStructure(t, text)
					at := start.Add(c.offset).In(must(time.LoadLocation("Europe/Copenhagen"))(t))
					reported.WriteString("== " + at.Format(time.DateTime) + " " + e.Name() + "\n" + readable(text, p))
					if err := s.Remove("out/" + e.Name()); err != nil {
						t.Fatal(err)
					}
				}
				if c.status().NextDue == "" {
					break
				}
				due := must(time.Parse(time.RFC3339, c.status().NextDue))(t)
				c.jump(due.Sub(start))
			}
			golden(t, name, reported.String())
			if k := kinds(c.ledger()); len(k) > 0 {
				t.Errorf("findings: %v", k)
			}
		})
	}
}

// readable puts segments on lines of their own; what is wrapped stays as it is.
func readable(text string, p bank.Profile) string {
	if p.Writes != bank.WritesPlain {
		return text
	}
	return strings.ReplaceAll(text, "'", "'\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "").Replace(name)+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := string(must(os.ReadFile(path))(t))
	if got != want {
		t.Errorf("differs from %s:\n%s", path, got)
	}
}

// checkStructure compares an answer with the UN directory and its own counts.
func checkStructure(t *testing.T, text string) {
	t.Helper()
	r := edifact.NewReader(strings.NewReader(text), edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines})
	codes := edifact.Codes{edifact.AllElements: {Any: true}}
	for _, err := range edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()).WithCodes(codes)).Segments() {
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

// TestOutcomes: the ledger follows what has been published, and no further.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.RejectPerMille, p.LateRejectPerMille = 300, 200
	c := begin(t, p)
	s := c.open()
	count := func() map[bank.Outcome]int {
		n := map[bank.Outcome]int{}
		for _, o := range c.ledger().Orders {
			n[o.Outcome]++
		}
		return n
	}
	p.Acknowledges = "1s"
	c.put(s, "NKS1.edi", simple("1", 200).text())
	if n := count(); n[bank.Accepted] != 200 {
		t.Fatalf("after CONTRL: %v", n)
	}
	c.jump(3 * time.Minute)
	n := count()
	if n[bank.Rejected] < 30 || n[bank.Accepted]+n[bank.Rejected] != 200 {
		t.Fatalf("after validation: %v", n)
	}
	c.jumpOn()
	end := count()
	if end[bank.Rejected] <= n[bank.Rejected] || end[bank.Executed]+end[bank.Rejected] != 200 {
		t.Fatalf("after booking: %v", end)
	}
	sum := int64(0)
	for ref, o := range c.ledger().Orders {
		sum += o.Oere
		if o.Times != 1 || !strings.HasPrefix(ref, "1-") || o.Debit != "30001234567890" || o.Date != "20050812" || o.Type != "IBB/UKA" {
			t.Fatalf("%s: %+v", ref, o)
		}
	}
	if sum != 200*10000+199*200/2 {
		t.Errorf("sum is %d", sum)
	}
}

// TestMisbehaviour: each word of the profile does what it says, and the ledger stays right.
func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(m *bank.Misbehaviour)
		check  func(t *testing.T, l bank.Ledger, texts []string)
	}{
		"twice": {
			func(m *bank.Misbehaviour) { m.Twice = 1000 },
			func(t *testing.T, l bank.Ledger, texts []string) {
				if len(texts) != 6*10 {
					t.Errorf("%d answers", len(texts))
				}
				same := 0
				for i, a := range texts {
					if slices.Contains(texts[i+1:], a) {
						same++
					}
				}
				if same == 0 || same == 30 {
					t.Errorf("%d of 30 answers came again with the same bytes", same)
				}
			},
		},
		"unknown reference": {
			func(m *bank.Misbehaviour) { m.UnknownReference = 1000 },
			func(t *testing.T, l bank.Ledger, texts []string) {
				if n := strings.Count(strings.Join(texts, ""), "00000000UKENDT"); n != 10 {
					t.Errorf("%d unknown references", n)
				}
			},
		},
		"out of order": {
			func(m *bank.Misbehaviour) { m.OutOfOrder = 1000 },
			func(t *testing.T, l bank.Ledger, texts []string) {
				if l.Answers[0].Kind != "VALIDATION" {
					t.Errorf("first answer is %s", l.Answers[0].Kind)
				}
			},
		},
		"refuses messages": {
			func(m *bank.Misbehaviour) { m.RejectMessage = 1000 },
			func(t *testing.T, l bank.Ledger, texts []string) {
				for ref, o := range l.Orders {
					if o.Outcome != bank.Rejected {
						t.Fatalf("%s is %s", ref, o.Outcome)
					}
				}
			},
		},
		"refuses interchanges": {
			func(m *bank.Misbehaviour) { m.RejectInterchange = 1000 },
			func(t *testing.T, l bank.Ledger, texts []string) {
				if len(texts) != 10 || !strings.Contains(texts[0], "+4+18'") || l.Orders["1000-00001"].Outcome != bank.Rejected {
					t.Errorf("%d answers: %s", len(texts), texts[0])
				}
			},
		},
		"slow and late": {
			func(m *bank.Misbehaviour) { m.Slow, m.SlowBy, m.Late, m.LateBy = 1000, "1h", 1000, "100h" },
			func(t *testing.T, l bank.Ledger, texts []string) {
				if first := l.Answers[0].At.Sub(start); first != time.Hour {
					t.Errorf("first answer after %v", first)
				}
				if last := l.Answers[len(l.Answers)-1].At; last.Before(start.Add(100 * time.Hour)) {
					t.Errorf("last answer at %v", last)
				}
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := quiet()
			p.RejectPerMille = 200
			test.change(&p.Misbehaves)
			c := begin(t, p)
			s := c.open()
			for i := range 10 {
				m := simple([]string{"1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009"}[i], 40)
				c.put(s, "NKS"+m.control+".edi", m.text())
			}
			c.jumpOn()
			l := c.ledger()
			if len(l.Orders) != 400 || len(l.Findings) > 0 || l.Waiting > 0 {
				t.Errorf("%d orders, findings %v, %d waiting", len(l.Orders), l.Findings, l.Waiting)
			}
			test.check(t, l, c.answers(s))
		})
	}
}
