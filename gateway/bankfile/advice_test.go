package bankfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/gateway"
)

const (
	debmulHead = "DEBMUL:D:96A:UN'BGM+470+D1'DTM+137:20050812:102'"
	cremulHead = "CREMUL:D:96A:UN'BGM+455+C1'DTM+137:20050815:102'"
	finstaHead = "FINSTA:D:96A:UN'BGM+KBG+S1+9'DTM+137:20050815:102'FII+MS++:::4321:80:130'"
	dates      = "DTM+202:20050812:102'DTM+209:20050815:102'BUS++DO++IBB'"
	own        = "+0001234567:::DKK+:::4321:80:130'"
	debit      = "LIN+1'" + dates + "MOA+60:%s:DKK'RFF+ACK:P1'%sFII+OR" + own
	credit     = "LIN+1'" + dates + "MOA+60:%s:DKK'RFF+ACK:P1'FII+BF" + own
	back       = "SEQ++1'FII+OR+0009876543:::DKK+:::5432:80:130'RFF+CR:00000001A'MOA+60:%s:DKK'"
	rest       = "SEQ++1'FII+BF+1'MOA+60:7'"
	balances   = "LIN+1'FII+AS" + own + "RFF+NPS:17'MOA+312:100,50:DKK'DTM+171:20050812:102'MOA+314:%s:DKK'"
	entry      = "SEQ+15+000001'RFF+ACK:P1'DTM+179:20050812:102'DTM+209:20050815:102'BUS++DO++000'MOA+323:%s:DKK'FTX+BII+++Overførsel'"
)

func TestWhatBanksHaveBooked(t *testing.T) {
	t.Parallel()
	const place = `1 43210001234567 "P1" 2005-08-12 2005-08-15`
	for _, test := range []struct{ name, message, want string }{
		{"a debit of a line", debmulHead + fmt.Sprintf(debit, "100,50", "RFF+AEK:00000000000001-1-1'"), "DEBMUL " + place + " -10050 of 00000000000001-1-1"},
		{"a debit of two lines with charges", debmulHead + fmt.Sprintf(debit, "100,50", "RFF+AEK:A'RFF+AEK:B'") + "FCA+13'MOA+23:0,50:DKK'",
			"DEBMUL " + place + " -10050 charge 50 of A of B"},
		{"a debit of which the bank says nothing", debmulHead + fmt.Sprintf(debit, "100", ""), "DEBMUL " + place + " -10000"},
		{"a debit with its orders, in another currency, too", debmulHead + fmt.Sprintf(debit, "3", "RFF+AEK:A'") +
			"SEQ++1'FII+OR+1'RFF+CR:R1'MOA+60:1:DKK'SEQ++2'FII+OR+1'RFF+CR:R2'MOA+60:2,00:DKK'MOA+98:0,27:EUR'",
			"DEBMUL " + place + ` -300 of A ["R1" 100   ""] ["R2" 200 27 EUR   ""]`},
		{"a debit that is not what its orders add up to", debmulHead + fmt.Sprintf(debit, "3", "RFF+AEK:A'") + "SEQ++1'FII+OR+1'RFF+CR:R1'MOA+60:1:DKK'",
			"DEBMUL " + place + " -300 unclear: it is not what its parts add up to"},
		{"a return", cremulHead + fmt.Sprintf(credit, "7") + fmt.Sprintf(back, "7") + "MOA+98:9:DKK'GIS+2'FTX+AAO+++K0530:Konto lukket'FCA+13'MOA+23:2:DKK'",
			"CREMUL " + place + ` 700 ["00000001A" 700 kept 200 of 900 54320009876543 K0530 "Konto lukket"]`},
		{"two returns in one credit", cremulHead + fmt.Sprintf(credit, "7") + fmt.Sprintf(back, "3") + "SEQ++2'FII+BF+1'MOA+60:4'",
			"CREMUL " + place + ` 700 ["00000001A" 300 54320009876543  ""] ["" 400   ""]`},
		{"a credit of which the bank says nothing", cremulHead + fmt.Sprintf(credit, "7") + rest, "CREMUL " + place + ` 700 ["" 700   ""]`},
		{"a credit that is not what its parts add up to", cremulHead + fmt.Sprintf(credit, "7") + fmt.Sprintf(back, "3"), "CREMUL " + place + " 700 unclear: it is not what its parts add up to"},
		{"a reason that is none", cremulHead + fmt.Sprintf(credit, "7") + fmt.Sprintf(back, "7") + "GIS+4'", "CREMUL " + place + " 700 unclear: GIS code 4 is not in the bank's profile as rejected"},
		{"two references of one return", cremulHead + fmt.Sprintf(credit, "7") + "SEQ++1'FII+OR+1'RFF+CR:A'RFF+CR:B'MOA+60:7'", "CREMUL " + place + " 700 unclear: several references to one order"},
		{"a part without an amount", cremulHead + fmt.Sprintf(credit, "7") + "SEQ++1'FII+OR+1'MOA+98:7'", "CREMUL " + place + " 700 unclear: a part of it has no amount"},
		{"an amount in another currency", cremulHead + "LIN+1'" + dates + "MOA+60:7:EUR'RFF+ACK:P1'FII+BF" + own + rest, "CREMUL " + place + " 0 unclear: an amount cannot be read"},
		{"three decimals", cremulHead + fmt.Sprintf(credit, "7,005") + rest, "CREMUL " + place + " 0 unclear: an amount cannot be read"},
		{"a negative amount", cremulHead + fmt.Sprintf(credit, "-7") + rest, "CREMUL " + place + " 0 unclear: an amount cannot be read"},
		{"sixteen digits", cremulHead + fmt.Sprintf(credit, "1234567890123456") + rest, "CREMUL " + place + " 0 unclear: an amount cannot be read"},
		{"no posting date", cremulHead + "LIN+1'MOA+60:7'RFF+ACK:P1'FII+BF" + own + rest, `CREMUL 1 43210001234567 "P1" 0000-00-00 0000-00-00 700 unclear: it has no posting date`},
		{"a day that there is not", cremulHead + "LIN+1'DTM+202:20050231:102'MOA+60:7'RFF+ACK:P1'FII+BF" + own + rest,
			`CREMUL 1 43210001234567 "P1" 0000-00-00 0000-00-00 700 unclear: a date cannot be read`},
		{"an account abroad", cremulHead + "LIN+1'" + dates + "MOA+60:7'RFF+ACK:P1'FII+BF+DE02120300000000202051'" + rest, `CREMUL 1  "P1" 2005-08-12 2005-08-15 700 unclear: its account is no Danish one`},
		{"no reference", cremulHead + "LIN+1'" + dates + "MOA+60:7'RFF+PQ:X'FII+BF" + own + rest, `CREMUL 1 43210001234567 "" 2005-08-12 2005-08-15 700 ["" 700   ""]`},
		{"a statement", finstaHead + fmt.Sprintf(balances, "0") + fmt.Sprintf(entry, "-200,50") + fmt.Sprintf(entry, "100"),
			"FINSTA " + place + ` -20050 "Overførsel" statement 1; FINSTA ` + place + ` 10000 "Overførsel" statement 1; statement 1/1 43210001234567 "17" 2005-08-12 10050 to 0 by 2 of -10050`},
		{"a statement of nothing", finstaHead + fmt.Sprintf(balances, "-1"), `statement 1/1 43210001234567 "17" 2005-08-12 10050 to -100 by 0 of 0`},
		{"a statement without a closing balance", finstaHead + "LIN+1'FII+AS" + own + "RFF+NPS:17'MOA+312:1:DKK'DTM+171:20050812:102'",
			`statement 1/1 43210001234567 "17" 2005-08-12 100 to 0 by 0 of 0 unclear: it has no opening or closing balance`},
		{"a statement whose number is a word", strings.Replace(finstaHead+fmt.Sprintf(balances, "0"), "NPS:17", "NPS:XVII", 1),
			`statement 1/1 43210001234567 "XVII" 2005-08-12 10050 to 0 by 0 of 0 unclear: its number is none of 1 to 15 digits`},
		{"an entry without an amount that can be read", finstaHead + fmt.Sprintf(balances, "0") + fmt.Sprintf(entry, "1,005"),
			"FINSTA " + place + ` 0 "Overførsel" statement 1 unclear: it has no amount; statement 1/1 43210001234567 "17" 2005-08-12 10050 to 0 by 1 of 0 unclear: one of its entries cannot be read`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sink := &heard{}
			in := strings.ReplaceAll(fromBank(test.message), "Overførsel", "Overf\xf8rsel")
			e, err := codec(t, nil).Read(strings.NewReader(in), prepared, sink)
			if err != nil || !e.WantsContrl {
				t.Fatal(e, err)
			}
			if got := strings.Join(sink.lines, "; "); got != test.want {
				t.Errorf("heard\n     %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestPostings_AnyAmounts: whatever amounts a credit and its parts have, it is either what they add up to or nobody can say what it
// is of; and no posting is left out.
func TestPostings_AnyAmounts(t *testing.T) {
	t.Parallel()
	c := codec(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.StringMatching(`-?[0-9]{1,16}(,[0-9]{1,3})?`)
		n := rapid.IntRange(1, 4).Draw(t, "credits")
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, credit, amount.Draw(t, "amount"))
			for range rapid.IntRange(0, 3).Draw(t, "parts") {
				fmt.Fprintf(&b, back, amount.Draw(t, "part"))
			}
		}
		sink := &sums{}
		_, err := c.Read(strings.NewReader(fromBank(cremulHead+b.String())), prepared, sink)
		var bad *gateway.UnreadableError
		if errors.As(err, &bad) {
			return
		}
		if err != nil || sink.postings != n || sink.wrong {
			t.Fatalf("%d postings of %d, wrong %t, %v", sink.postings, n, sink.wrong, err)
		}
	})
}

// sums looks whether postings are what their parts add up to.
type sums struct {
	counter
	postings int
	wrong    bool
}

func (s *sums) Posting(p gateway.BankPosting) error {
	s.postings++
	var sum int64
	for _, x := range p.Parts {
		sum += x.Ore
		s.wrong = s.wrong || x.Ore < 1
	}
	s.wrong = s.wrong || p.Unclear == "" && (p.Ore < 1 || len(p.Parts) > 0 && sum != p.Ore) || p.Unclear != "" && len(p.Parts) > 0
	return nil
}
