package bank_test

import (
	"slices"
	"strings"
	"testing"

	"nks/sim/bank"
)

// TestStrict: what is wrong is refused with its code and stands in the journal; nothing of it is accepted.
func TestStrict(t *testing.T) {
	t.Parallel()
	swap := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	tests := map[string]struct {
		change func(string) string
		want   string // in the CONTRL
	}{
		"UNT count":            {swap("UNT+29+1'", "UNT+28+1'"), "UCM+1+PAYMUL:D:96A:UN+4+29+UNT+2'"},
		"UNT reference":        {swap("UNT+29+1'", "UNT+29+2'"), "UCM+1+PAYMUL:D:96A:UN+4+28+UNT+3'"},
		"UNZ count":            {swap("UNZ+1+", "UNZ+2+"), "+4+29+UNZ+2'"},
		"UNZ reference":        {swap("UNZ+1+1'", "UNZ+1+2'"), "+4+28+UNZ+3'"},
		"no UNZ":               {swap("UNZ+1+1'", ""), "+4+13+UNZ'"},
		"cut off":              {swap("UNT+29+1'UNZ+1+1'", "UNT+29"), "+4+"},
		"more after UNZ":       {swap("UNZ+1+1'", "UNZ+1+1'UNH+1'"), "+4+33"},
		"no message":           {func(s string) string { return s[:strings.Index(s, "UNH")] + "UNZ+0+1'" }, "+4+32+UNZ'"},
		"not for us":           {swap("5790001000013", "5790001000020"), "+4+7+UNB+4:1'"},
		"test in production":   {swap("+1+248348'", "+1+248348+1'"), "+4+25+UNB+12'"},
		"no agreement":         {swap("+1+248348'", "+1'"), "+4+17+UNB+11'"},
		"character set":        {swap("UNOC", "UNOY"), "+4+2+UNB+2:1'"},
		"other message type":   {swap("PAYMUL:D:96A", "PAYMUL:D:01B"), "UCM+1+PAYMUL:D:01B:UN+4+3+UNH+3'"},
		"segment unknown":      {swap("PRC+11'", "XYZ+11'"), "UCS+17+15'"},
		"segment twice":        {swap("PAI+::IBB:::UKA'", "PAI+::IBB:::UKA'PAI+::IBB:::UKA'"), "UCS+15+35'"},
		"no BUS but MOA twice": {swap("BUS++DO++IBB'", "MOA+9:1:DKK'"), "+36'"},
		"no FII":               {swap("FII+OR+30001234567890:::DKK+:::3000:80:130'", ""), "UCS+"},
		"too long":             {swap("RFF+CR:1-00001'", "RFF+CR:123456789012345678901234567890123456'"), "UCD+39+2:2'"},
		"BGM code":             {swap("BGM+452", "BGM+455"), "UCS+2'UCD+12+2:1'"},
		"sum":                  {swap("MOA+9:200,01:DKK", "MOA+9:200,02:DKK"), "UCS+8'UCD+12+2:2'"},
		"order one øre off":    {swap("MOA+9:100,01:DKK", "MOA+9:100,02:DKK"), "UCS+8'UCD+12+2:2'"},
		"nothing ordered":      {swap("MOA+9:100:DKK", "MOA+9:0:DKK"), "UCS+12'UCD+12+2:2'"},
		"negative":             {swap("MOA+9:100:DKK", "MOA+9:-100:DKK"), "UCS+12'UCD+19+2:2'"},
		"decimal point":        {swap("MOA+9:100,01:DKK", "MOA+9:100.01:DKK"), "UCD+"},
		"three decimals":       {swap("MOA+9:100,01:DKK", "MOA+9:100,010:DKK"), "UCD+19+2:2'"},
		"other currency":       {swap("MOA+9:100,01:DKK", "MOA+9:100,01:EUR"), "UCD+12+2:3'"},
		"no reference":         {swap("RFF+CR:1-00001'", ""), "+13'"},
		"no sum":               {swap("MOA+9:200,01:DKK'", ""), "+13'"},
		"date":                 {swap("DTM+203:20050812", "DTM+203:20050832"), "UCS+5'UCD+12+2:2'"},
		"SEQ repeated":         {swap("SEQ++2'", "SEQ++1'"), "UCD+12+3:1'"},
		"CNT LIN":              {swap("CNT+LIN:1", "CNT+LIN:2"), "UCD+29+2:2'"},
		"CNT SEQ":              {swap("CNT+SEQ:2", "CNT+SEQ:3"), "UCD+29+2:2'"},
		"no CNT":               {swap("CNT+LIN:1'CNT+SEQ:2'UNT+29", "UNT+27"), "UCM+1+PAYMUL:D:96A:UN+4+13+UNT'"},
		"reference twice":      {swap("RFF+CR:1-00002'", "RFF+CR:1-00001'"), "UCM+1+PAYMUL:D:96A:UN+4+26'"},
		"control character":    {swap("Roskilde", "Ros\x07kilde"), "+21"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := quiet()
			c := begin(t, p)
			s := c.open()
			good := simple("1", 2).text()
			text := test.change(good)
			if text == good {
				t.Fatal("nothing changed")
			}
			c.put(s, "NKS1.edi", text)
			got := strings.Join(c.answers(s), "")
			if !strings.Contains(got, test.want) {
				t.Errorf("no %q in %s", test.want, got)
			}
			checkStructure(t, got)
			l := c.ledger()
			if len(l.Findings) == 0 || len(l.Files) != 1 {
				t.Errorf("findings %v, files %v", l.Findings, l.Files)
			}
			for ref, o := range l.Orders {
				if o.Outcome != bank.Rejected {
					t.Errorf("%s is %s", ref, o.Outcome)
				}
			}
			c.jumpOn()
			if all := strings.Join(c.answers(s), ""); strings.Contains(all, "BANSTA") {
				t.Errorf("more than CONTRL: %s", all)
			}
			c.put(s, "NKS2.edi", simple("2", 2).text())
			if o := c.ledger().Orders["2-00001"]; o == nil || o.Outcome != bank.Accepted {
				t.Errorf("the next file: %+v", o)
			}
		})
	}
}

// TestUnreadable: what names no interchange gets no answer, only a finding.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "other": "<xml/>", "UNA": "UNA::::::", "no reference": "UNB+UNOC:3+1+2+050811:0430'UNZ+0'", "cut": "UNA:+,? 'UNB+UNO",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := begin(t, quiet())
			s := c.open()
			c.put(s, "NKS1.edi", text)
			if k := kinds(c.ledger()); !slices.Equal(k, []bank.FindingKind{bank.FindingUnreadable}) {
				t.Errorf("findings: %v", k)
			}
			if a := c.answers(s); len(a) > 0 {
				t.Errorf("answers: %v", a)
			}
			c.put(s, "NKS2.edi", simple("2", 2).text())
			if n := len(c.ledger().Orders); n != 2 {
				t.Errorf("%d orders of the next file", n)
			}
		})
	}
}

// TestRepeated: nothing is taken twice, today or after a restart.
func TestRepeated(t *testing.T) {
	t.Parallel()
	other := simple("2", 2)
	other.messages[0][0].orders[1].ref = "1-00002"
	sameMessage := strings.Replace(simple("2", 2).text(), "BGM+452+2-M1", "BGM+452+1-M1", 1)
	otherBytes := strings.Replace(simple("1", 2).text(), "Roskilde", "Roskildf", 1)
	tests := map[string]struct {
		text, contrl string
		finding      bank.FindingKind
		times        int // of reference 1-00002
	}{
		"same interchange":              {simple("1", 2).text(), "+4+26+UNB+6'", bank.FindingDuplicateInterchange, 1},
		"same reference of interchange": {otherBytes, "+4+26+UNB+6'", bank.FindingDuplicateInterchange, 1},
		"same message":                  {sameMessage, "UCS+2'UCD+26+3'", bank.FindingDuplicateMessage, 1},
		"same payment":                  {other.text(), "+4+26'", bank.FindingDoublePayment, 2},
	}
	for name, test := range tests {
		for _, restart := range []string{"", " after a restart"} {
			t.Run(name+restart, func(t *testing.T) {
				t.Parallel()
				c := prepare(t, quiet())
				stop := c.run()
				s := c.open()
				c.put(s, "NKS1.edi", simple("1", 2).text())
				if restart != "" {
					stop()
					c.run()
					s = c.open()
				}
				c.put(s, "NKS1.edi", test.text)
				if got := strings.Join(c.answers(s), ""); !strings.Contains(got, test.contrl) {
					t.Errorf("no %q in %s", test.contrl, got)
				}
				l := c.ledger()
				if k := kinds(l); !slices.Equal(k, []bank.FindingKind{test.finding}) {
					t.Errorf("findings: %v", k)
				}
				if o := l.Orders["1-00002"]; o.Times != test.times || o.Outcome != bank.Accepted || o.Oere != 10001 {
					t.Errorf("the first order: %+v", o)
				}
			})
		}
	}
}

// TestLineBreaks: between segments they mean nothing; inside, only to a centre that takes wrapped files.
func TestLineBreaks(t *testing.T) {
	t.Parallel()
	good := simple("1", 2).text()
	var wrapped strings.Builder
	for rest := good; rest != ""; {
		n := min(80, len(rest))
		wrapped.WriteString(rest[:n] + "\r\n")
		rest = rest[n:]
	}
	tests := map[string]struct {
		accepts bool
		text    string
		refused bool
	}{
		"between":           {false, strings.ReplaceAll(good, "'", "'\r\n"), false},
		"wrapped, accepted": {true, wrapped.String(), false},
		"wrapped, refused":  {false, wrapped.String(), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := quiet()
			p.AcceptsWrapped = test.accepts
			c := begin(t, p)
			c.put(c.open(), "NKS1.edi", test.text)
			l := c.ledger()
			if refused := len(l.Findings) > 0; refused != test.refused {
				t.Errorf("findings: %v", l.Findings)
			}
		})
	}
}

// TestContrlOfGateway: what the gateway says of our interchanges is read and journalled, and not answered.
func TestContrlOfGateway(t *testing.T) {
	t.Parallel()
	c := begin(t, quiet())
	s := c.open()
	c.put(s, "NKS1.edi", simple("1", 2).text())
	contrl := func(control, about, action string) string {
		return "UNB+UNOC:3+5798000016446:14+5790001000013:14+050811:0430+" + control + "'UNH+1+CONTRL:D:3:UN'UCI+" + about +
			"+5790001000013:14+5798000016446:14+" + action + "'UNT+3+1'UNZ+1+" + control + "'"
	}
	c.put(s, "NKS2.edi", contrl("2", "0000000001", "7"))
	if k := kinds(c.ledger()); len(k) > 0 {
		t.Errorf("findings on a good one: %v", k)
	}
	c.put(s, "NKS3.edi", contrl("3", "0000000099", "7"))
	c.put(s, "NKS4.edi", contrl("4", "0000000001", "4"))
	c.put(s, "NKS5.edi", strings.Replace(contrl("5", "0000000001", "7"), "UNT+3", "UNT+4", 1))
	want := []bank.FindingKind{bank.FindingRefusedAnswer, bank.FindingStrict, bank.FindingUnknownAnswer}
	if k := kinds(c.ledger()); !slices.Equal(k, want) {
		t.Errorf("findings: %v", k)
	}
	c.jumpOn()
	for _, a := range c.answers(s) {
		if strings.Count(a, "UCI+") > 0 && !strings.Contains(a, "UCI+1+") {
			t.Errorf("CONTRL is answered: %s", a)
		}
	}
}
