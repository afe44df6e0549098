package bankfile_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/gateway"
	"nks/gateway/bankfile"
)

func digits(n int) *rapid.Generator[string] {
	return rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", n))
}

// trimmedText draws what has no blank at either end.
func trimmedText(most int) *rapid.Generator[string] {
	return rapid.StringMatching(fmt.Sprintf(`[!-~\x{A1}-\x{FF}]([ -~\x{A0}-\x{FF}]{0,%d}[!-~\x{A1}-\x{FF}])?`, most-2))
}

var anyText = rapid.StringMatching(`[ -~\x{A0}-\x{17F}–“”€漢@§]{0,80}`)

func anyDetail(t *rapid.T) gateway.Detail {
	texts := func(name string, most int) []string { return rapid.SliceOfN(anyText, 0, most).Draw(t, name) }
	text := func(name string) string { return anyText.Draw(t, name) }
	return gateway.Detail{
		Name: text("name"), AddressLines: texts("address", 5), PostCode: text("postcode"), Town: text("town"), Country: "DK",
		BankName: text("bank"), BankAddressLines: texts("bank address", 3), BankCountry: "DE",
		GermanBankCode: rapid.Bool().Draw(t, "german"), ChargeBearer: rapid.SampledFrom([]string{"", "BEN", "SHA", "OUR"}).Draw(t, "bearer"),
		FinalAgent: rapid.SampledFrom([]string{"", "STRAKS", "ANDET"}).Draw(t, "final"), FirstAgent: text("first"),
		Advice: texts("advice", 40), DocumentRef: texts("documents", 5),
	}
}

func anyOrder(t *rapid.T, kind gateway.PaymentType, reference string) gateway.Order {
	o := gateway.Order{Reference: reference, Ore: rapid.Int64Range(1, 1e14).Draw(t, "øre"), Text: anyText.Draw(t, "text"), Detail: anyDetail(t)}
	switch kind {
	case gateway.Transfer, gateway.Salary:
		o.Account = gateway.Account{Kind: gateway.DomesticBBAN, Number: digits(14).Draw(t, "account")}
	case gateway.PaymentSlip:
		o.Account = gateway.Account{Kind: gateway.SlipCreditor, Number: digits(8).Draw(t, "creditor")}
		o.Detail.CardType = rapid.SampledFrom([]string{"01", "04", "15", "71", "73", "75"}).Draw(t, "card")
		o.Detail.SlipReference = rapid.StringMatching("[0-9]{0,19}").Draw(t, "slip")
	case gateway.ForeignOrder:
		o.Account = gateway.Account{Kind: gateway.ForeignAccount, Number: trimmedText(35).Draw(t, "account"), BankCode: digits(8).Draw(t, "code")}
		if rapid.Bool().Draw(t, "iban") {
			o.Account = gateway.Account{Kind: gateway.IBANAccount, Number: "DE02120300000000202051", BIC: "BYLADEM1001"}
		}
	case gateway.Cheque:
		o.Account = gateway.Account{Kind: gateway.ChequeAccount}
		o.Detail.Name, o.Detail.AddressLines = "Navn", []string{"Vej 1"}
	}
	return o
}

func anyDay(t *rapid.T) *day {
	d := &day{Interchange: gateway.Interchange{
		ControlRef: digits(14).Draw(t, "control"), Agreement: trimmedText(35).Draw(t, "agreement"), Authority: anyText.Draw(t, "authority"),
		ExecutesOn: gateway.Date{Year: 2005, Month: 8, Day: 12}, Prepared: prepared,
	}}
	n := 0
	for i := range rapid.IntRange(1, 3).Draw(t, "messages") {
		m := message{ref: fmt.Sprint("M", i)}
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			l := line{Line: gateway.Line{
				DebitAccount: digits(14).Draw(t, "debit"), GroupRef: trimmedText(35).Draw(t, "group"),
				Type: rapid.SampledFrom([]gateway.PaymentType{gateway.Transfer, gateway.PaymentSlip, gateway.ForeignOrder, gateway.Cheque, gateway.Salary}).Draw(t, "type"),
			}}
			if l.Type == gateway.ForeignOrder {
				l.TransferCurrency = rapid.SampledFrom([]string{"", "DKK", "EUR", "SEK"}).Draw(t, "currency")
			}
			for range rapid.IntRange(1, 4).Draw(t, "orders") {
				n++
				l.orders = append(l.orders, anyOrder(t, l.Type, fmt.Sprintf("%08d", n)+trimmedText(27).Draw(t, "reference")))
			}
			m.lines = append(m.lines, l)
		}
		d.messages = append(d.messages, m)
	}
	d.number()
	return d
}

// ordered is what a reader finds of an order: the reference with what the
// money depends on.
func (d *day) ordered() string {
	var b strings.Builder
	for _, m := range d.messages {
		for _, l := range m.lines {
			fmt.Fprintf(&b, "LIN %d %s %d\n", l.No, l.DebitAccount, l.Ore)
			for _, o := range l.orders {
				fmt.Fprintf(&b, "SEQ %d %s %d %s %s\n", o.Seq, o.Reference, o.Ore, o.Account.Number, o.Detail.SlipReference)
			}
		}
	}
	return b.String()
}

// understood reads the same from an interchange.
func understood(segments []*edifact.Segment) string {
	var b, line, order strings.Builder
	var number, reference, amount, account, slip, debit string
	flush := func() {
		if number != "" {
			fmt.Fprintf(&order, "SEQ %s %s %s %s %s\n", number, reference, amount, account, slip)
		} else if amount != "" {
			fmt.Fprintf(&line, "%s %s\n", debit, amount)
		}
		b.WriteString(line.String() + order.String())
		line.Reset()
		order.Reset()
		number, reference, amount, account, slip, debit = "", "", "", "", "", ""
	}
	text := (*edifact.Segment).Text
	for _, s := range segments {
		switch s.Tag + text(s, 0, 0) {
		case "SEQ":
			flush()
			number = text(s, 1, 0)
		case "MOA9":
			amount = strings.TrimLeft(strings.Replace(text(s, 0, 1), ",", "", 1), "0")
		case "RFFCR":
			reference = text(s, 0, 1)
		case "RFFBID":
			slip = text(s, 0, 1)
		case "RFFKRE", "FIIOR", "FIIBF":
			v := text(s, 0, 1)
			if s.Tag == "FII" {
				v = text(s, 1, 0)
				if text(s, 2, 5) == "130" {
					v = text(s, 2, 3) + v
				}
			}
			if account = v; string(s.Component(0, 0)) == "OR" {
				debit = v
			}
		case "CNTLIN":
			flush()
		}
		if s.Tag == "LIN" {
			flush()
			fmt.Fprintf(&line, "LIN %s ", text(s, 0, 0))
		}
	}
	flush()
	return b.String()
}

func TestWhatIsOrderedIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDay(t)
		p := profile()
		p.Wrap = rapid.SampledFrom([]string{"none", "crlf", "80"}).Draw(t, "wrap")
		c, err := bankfile.New(p)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := d.write(c, &out); err != nil {
			t.Fatal(err)
		}
		segments, err := checked(out.Bytes())
		if err != nil {
			t.Fatalf("%v in %s", err, out.Bytes())
		}
		if got, want := understood(segments), d.ordered(); got != want {
			t.Fatalf("read\n%s, want\n%s", got, want)
		}
		if most := bound(c, d); out.Len() > most {
			t.Fatalf("%d bytes, bound %d", out.Len(), most)
		}
	})
}

func TestNarrowRepertoires(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDay(t)
		d.Agreement = "A1"
		for i := range d.messages {
			for j := range d.messages[i].lines {
				l := &d.messages[i].lines[j]
				l.GroupRef = "G"
				for k := range l.orders {
					l.orders[k].Reference = fmt.Sprint("R", i, j, k)
					if l.orders[k].Account.Kind == gateway.ForeignAccount {
						l.orders[k].Account.Number = "1/2"
					}
				}
			}
		}
		p := profile()
		p.Charset = rapid.SampledFrom([]string{"UNOA", "UNOB"}).Draw(t, "charset")
		c, err := bankfile.New(p)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := d.write(c, &out); err != nil {
			t.Fatal(err)
		}
		if _, err := checked(out.Bytes()); err != nil {
			t.Fatal(err)
		}
		if most := bound(c, d); out.Len() > most {
			t.Fatalf("%d bytes, bound %d", out.Len(), most)
		}
	})
}

// bound adds up what Size says with the allowance for what stands around.
func bound(c *bankfile.Codec, d *day) int {
	n := 1024
	for _, m := range d.messages {
		n += 1024
		for _, l := range m.lines {
			n += 1024
			for k := range l.orders {
				n += c.Size(&l.orders[k])
			}
		}
	}
	return n
}

func FuzzRead(f *testing.F) {
	f.Add(fromBank(contrlHead + uci + "7'UCM+1+PAYMUL:D:96A:UN+4'UCS+7'UCD+39+2:2'"))
	f.Add(fromBank(banstaHead + "RFF+ACW:M1'LIN+3'RFF+CR:A'SEQ++2'GIS+2'FTX+AAO+++K0530:text'LIN'SEQ'GIS+4'"))
	f.Add(fromBank("DEBMUL:D:96A:UN'BGM+470'"))
	c := codec(f, nil)
	f.Fuzz(func(t *testing.T, in string) {
		e, err := c.Read(strings.NewReader(in), prepared, &heard{})
		if !e.WantsContrl {
			return
		}
		answer, err := c.Answer(e, err, "1", prepared)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checked(answer); err != nil {
			t.Errorf("answer %q: %v", answer, err)
		}
	})
}

// typical is a message of n orders such as most are.
func typical(n int) *day {
	l := line{Line: gateway.Line{DebitAccount: "43210001234567", Type: gateway.Transfer, GroupRef: "G-1-1"}}
	for i := range n {
		l.orders = append(l.orders, gateway.Order{
			Reference: fmt.Sprintf("00000001FAKTURA %d", i), Ore: int64(i) + 1,
			Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "54320009876543"}, Text: "Boligstøtte august",
			Detail: gateway.Detail{Name: "Jørgen Bæk", AddressLines: []string{"Åboulevarden 12"}, PostCode: "4600", Town: "Køge", Country: "DK"},
		})
	}
	d := &day{
		Interchange: gateway.Interchange{ControlRef: "1", Agreement: "A", Authority: "Kommunen", ExecutesOn: gateway.Date{Year: 2005, Month: 8, Day: 12}, Prepared: prepared},
		messages:    []message{{ref: "M", lines: []line{l}}},
	}
	d.number()
	return d
}

func BenchmarkWrite(b *testing.B) {
	d, c := typical(5000), codec(b, nil)
	var size bytes.Buffer
	if _, err := d.write(c, &size); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.write(c, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(5000*b.N)/b.Elapsed().Seconds(), "orders/s")
}

type counter struct{ statuses int }

func (c *counter) Contrl(gateway.Contrl) error { return nil }

func (c *counter) Status(gateway.BankStatus) error { c.statuses++; return nil }

func (c *counter) Unknown(string) error { return nil }

func BenchmarkRead(b *testing.B) {
	body := banstaHead + "RFF+ACW:M1'" + strings.Repeat("LIN+1'RFF+CR:00000001FAKTURA 1'SEQ++1'GIS+2'FTX+AAO+++K0530:Modtagers konto findes ikke'", 99)
	messages := make([]string, 100)
	for i := range messages {
		messages[i] = body
	}
	in, c := fromBank(messages...), codec(b, nil)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		n := &counter{}
		if _, err := c.Read(strings.NewReader(in), prepared, n); err != nil || n.statuses != 9900 {
			b.Fatal(n.statuses, err)
		}
	}
	b.ReportMetric(float64(9900*b.N)/b.Elapsed().Seconds(), "words/s")
}

func (c *counter) Posting(gateway.BankPosting) error { return nil }

func (c *counter) Statement(gateway.BankStatement) error { return nil }
