package bankfile_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nks/edifact"
	"nks/edifact/directory/d96a"
	"nks/gateway"
	"nks/gateway/bankfile"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares bytes with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s\nwant:\n%s", name, got, want)
	}
}

func profile() bankfile.Profile {
	return bankfile.Profile{
		OwnGLN: "5798000016446", BankGLN: "5790000000012", Charset: "UNOC", Wrap: "crlf", UNA: true, Test: true, Cheques: true,
		Rejected: []string{"2"}, Information: []string{"3"}, Accepted: []string{"1"}, Executed: []string{"4", "53"},
	}
}

func codec(t testing.TB, change func(*bankfile.Profile)) *bankfile.Codec {
	t.Helper()
	p := profile()
	if change != nil {
		change(&p)
	}
	c, err := bankfile.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var prepared = time.Date(2005, 8, 11, 6, 5, 0, 0, time.UTC)

// day is an interchange with everything of it, in order.
type day struct {
	gateway.Interchange
	gateway.Totals
	messages []message
}

type message struct {
	ref   string
	lines []line
}

type line struct {
	gateway.Line
	orders []gateway.Order
}

// number fills in all numbers, counts and sums.
func (d *day) number() {
	d.Messages, d.Payments, d.Ore = len(d.messages), 0, 0
	for i := range d.messages {
		for j := range d.messages[i].lines {
			l := &d.messages[i].lines[j]
			l.No, l.Orders, l.Ore = j+1, len(l.orders), 0
			for k := range l.orders {
				l.orders[k].Seq = k + 1
				l.orders[k].Type, l.orders[k].TransferCurrency = l.Type, l.TransferCurrency
				l.Ore += l.orders[k].Ore
			}
			d.Payments += l.Orders
			d.Ore += l.Ore
		}
	}
}

// write gives the day to the codec as it is.
func (d *day) write(c *bankfile.Codec, out io.Writer) ([]gateway.TextChange, error) {
	w, err := c.Begin(out, d.Interchange)
	if err != nil {
		return nil, err
	}
	for i := range d.messages {
		m := &d.messages[i]
		if err := w.Message(i+1, m.ref); err != nil {
			return nil, err
		}
		for j := range m.lines {
			if err := w.Line(m.lines[j].Line); err != nil {
				return nil, err
			}
			for k := range m.lines[j].orders {
				if err := w.Order(&m.lines[j].orders[k]); err != nil {
					return nil, err
				}
			}
		}
	}
	err = w.End(d.Totals)
	changer, ok := w.(interface{ Changes() []gateway.TextChange })
	if !ok {
		return nil, errors.New("writer does not tell its changes")
	}
	return changer.Changes(), err
}

// mixed is one interchange with every payment type and everything an order can
// carry.
func mixed() *day {
	dk := func(n string) gateway.Account { return gateway.Account{Kind: gateway.DomesticBBAN, Number: n} }
	d := &day{
		Interchange: gateway.Interchange{
			ControlRef: "00000000000042", Agreement: "AFT 7", Authority: "Kommunen ved Åen, Økonomiforvaltningen",
			ExecutesOn: gateway.Date{Year: 2005, Month: 8, Day: 12}, Prepared: prepared,
		},
		messages: []message{
			{ref: "X-00000000000042-0001", lines: []line{
				{Line: gateway.Line{DebitAccount: "43210001234567", Type: gateway.Transfer, GroupRef: "G-1-1"}, orders: []gateway.Order{
					{Reference: "00000001BIL 1", Ore: 10050, Account: dk("54320009876543"), Text: "Boligstøtte"},
					{Reference: "00000001A+B:C'D?E", Ore: 2, Account: dk("54320000000001"), Detail: gateway.Detail{
						Name: "O'Neil, Pær", AddressLines: []string{"Søndergade 12 + 14"}, PostCode: "4600", Town: "Køge", Country: "DK",
						Advice:      []string{"Linje 1 er så lang at den ikke kan stå på en eneste linje", "Linje 2"},
						DocumentRef: []string{"F-2005-17"}, FinalAgent: "STRAKS", FirstAgent: "KODE 7",
					}},
				}},
				{Line: gateway.Line{DebitAccount: "43210001234567", Type: gateway.PaymentSlip, GroupRef: "G-1-2"}, orders: []gateway.Order{
					{Reference: "00000001FIK", Ore: 70000, Account: gateway.Account{Kind: gateway.SlipCreditor, Number: "81234567"},
						Detail: gateway.Detail{CardType: "71", SlipReference: "000012345678901"}},
					{Reference: "00000001GIRO", Ore: 100, Account: gateway.Account{Kind: gateway.SlipCreditor, Number: "1234567"},
						Detail: gateway.Detail{CardType: "01", Advice: []string{"Kontingent"}}},
				}},
			}},
			{ref: "X-00000000000042-0002", lines: []line{
				{Line: gateway.Line{DebitAccount: "43210001234567", Type: gateway.ForeignOrder, TransferCurrency: "EUR", GroupRef: "G-2-1"}, orders: []gateway.Order{
					{Reference: "00000001IBAN", Ore: 123456789, Account: gateway.Account{Kind: gateway.IBANAccount, Number: "DE02120300000000202051", BIC: "BYLADEM1001"},
						Detail: gateway.Detail{Name: "Jürgen Groß", BankName: "Landesbank", BankAddressLines: []string{"Platz 1", "Berlin"}, BankCountry: "DE", ChargeBearer: "BEN"}},
					{Reference: "00000001BLZ", Ore: 500, Account: gateway.Account{Kind: gateway.ForeignAccount, Number: "0123456", BankCode: "12030000"},
						Detail: gateway.Detail{Name: "Łukasz Żak – syn", GermanBankCode: true, DocumentRef: []string{"R 1", "R 2"}}},
					{Reference: "00000001CODE", Ore: 500, Account: gateway.Account{Kind: gateway.ForeignAccount, Number: "99/12", BankCode: "021000021"}},
				}},
				{Line: gateway.Line{DebitAccount: "43210001234567", Type: gateway.Cheque, GroupRef: "G-2-2"}, orders: []gateway.Order{
					{Reference: "00000001CHECK", Ore: 30000, Account: gateway.Account{Kind: gateway.ChequeAccount},
						Detail: gateway.Detail{Name: "Åse Ørn", AddressLines: []string{"Vej 1", "c/o Bo"}, PostCode: "8000", Town: "Aarhus C", Country: "DK"}},
				}},
			}},
		},
	}
	d.number()
	return d
}

// checked reads an interchange of ours strictly and returns its segments,
// without those of the envelope.
func checked(data []byte) ([]*edifact.Segment, error) {
	r := edifact.NewReader(bytes.NewReader(data), edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines})
	var all []*edifact.Segment
	for s, err := range edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()).WithCodes(bankfile.Codes())).Segments() {
		if err != nil {
			return nil, err
		}
		if s.Tag[:2] != "UN" {
			all = append(all, s.Clone())
		}
	}
	return all, nil
}

// heard keeps what a sink is told, one line each.
type heard struct{ lines []string }

func (h *heard) Contrl(c gateway.Contrl) error {
	line := fmt.Sprintf("CONTRL %s %s [%s]", c.ControlRef, c.Action, c.Code)
	for _, m := range c.Messages {
		line += fmt.Sprintf(" %s reject=%t [%s]", m.Ref, m.Reject, m.Code)
	}
	h.lines = append(h.lines, line)
	return nil
}

func (h *heard) Status(w gateway.BankStatus) error {
	h.lines = append(h.lines, fmt.Sprintf("%s %d/%d %q %s %s %q", w.MessageRef, w.Line, w.Seq, w.Reference, w.Meaning, w.Code, w.Text))
	return nil
}

func (h *heard) Unknown(kind string) error {
	h.lines = append(h.lines, "unknown "+kind)
	return nil
}

func (h *heard) Posting(p gateway.BankPosting) error {
	line := fmt.Sprintf("%s %d %s %q %s %s %d", p.Report, p.Message, p.Account, p.Reference, p.PostedOn, p.ValueOn, p.Ore)
	if p.ChargeOre != 0 {
		line += fmt.Sprintf(" charge %d", p.ChargeOre)
	}
	if p.Text != "" {
		line += fmt.Sprintf(" %q", p.Text)
	}
	if p.Statement != 0 {
		line += fmt.Sprintf(" statement %d", p.Statement)
	}
	for _, r := range p.LineRefs {
		line += " of " + r
	}
	for _, x := range p.Parts {
		line += fmt.Sprintf(" [%q %d", x.Reference, x.Ore)
		if x.ChargeOre != 0 {
			line += fmt.Sprintf(" kept %d", x.ChargeOre)
		}
		if x.OrderedOre != 0 {
			line += fmt.Sprintf(" of %d", x.OrderedOre)
		}
		if x.ForeignCurrency != "" {
			line += fmt.Sprintf(" %d %s", x.ForeignAmount, x.ForeignCurrency)
		}
		line += fmt.Sprintf(" %s %s %q]", x.Account, x.Code, x.Text)
	}
	if p.Unclear != "" {
		line += " unclear: " + p.Unclear
	}
	h.lines = append(h.lines, line)
	return nil
}

func (h *heard) Statement(s gateway.BankStatement) error {
	line := fmt.Sprintf("statement %d/%d %s %q %s %d to %d by %d of %d", s.Message, s.No, s.Account, s.Number, s.Day, s.OpeningOre, s.ClosingOre, s.Entries, s.EntriesOre)
	if s.Unclear != "" {
		line += " unclear: " + s.Unclear
	}
	h.lines = append(h.lines, line)
	return nil
}

// fromBank wraps message bodies, from BGM or UCI to what stands before UNT, in
// an interchange of the bank that asks for CONTRL.
func fromBank(messages ...string) string {
	var b strings.Builder
	b.WriteString("UNA:+,? 'UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77++++1++1'\r\n")
	for i, m := range messages {
		kind, body, _ := strings.Cut(m, "'")
		segments := strings.Count(body, "'") - strings.Count(body, "?'") + 2
		fmt.Fprintf(&b, "UNH+%d+%s'\r\n%sUNT+%d+%d'\r\n", i+1, kind, body, segments, i+1)
	}
	fmt.Fprintf(&b, "UNZ+%d+77'\r\n", len(messages))
	return b.String()
}
