package bankfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/bankfile"
)

func TestEveryKindOfOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		golden string
		change func(*bankfile.Profile)
	}{
		{"mixed.edi", nil},
		{"mixed-wrapped.edi", func(p *bankfile.Profile) { p.Wrap, p.UNA, p.Test = "80", false, false }},
		{"mixed-level-b.edi", func(p *bankfile.Profile) { p.Wrap, p.Charset = "none", "UNOB" }},
	} {
		t.Run(test.golden, func(t *testing.T) {
			t.Parallel()
			var out, again bytes.Buffer
			c := codec(t, test.change)
			if _, err := mixed().write(c, &out); err != nil {
				t.Fatal(err)
			}
			golden(t, test.golden, out.Bytes())
			if _, err := checked(out.Bytes()); err != nil {
				t.Errorf("structure: %v", err)
			}
			if _, err := mixed().write(c, &again); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
				t.Errorf("written again it differs: %v", err)
			}
		})
	}
}

func TestChangesAreReported(t *testing.T) {
	t.Parallel()
	d := mixed()
	o := &d.messages[0].lines[0].orders[0].Detail
	o.Name = strings.Repeat("n", 200)
	o.PostCode = "1234567890"
	for range 30 {
		o.Advice = append(o.Advice, "one line")
	}
	d.messages[0].lines[0].orders[0].Text = "“text”"
	changes, err := d.write(codec(t, nil), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{1 1 1 name shortened} {1 1 1 postcode shortened} {1 1 1 text transliterated} {1 1 1 advice shortened} {2 1 2 name transliterated}]"
	if got := fmt.Sprint(changes); got != want {
		t.Errorf("changes are %s, want %s", got, want)
	}
}

func TestTransliteration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ charset, text, want string }{
		{"UNOC", "Łódź Œuvre 5€ – “x”…", "Lódz OEuvre 5EUR - \"x\"..."},
		{"UNOC", "e\u0301 漢字 Ǽ", "e ?? Æ"},
		{"UNOB", "Ærø Åse ß [x]_#", "AEroe AAse ss (x)--"},
		{"UNOA", "Ærø naïve §1", "AEROE NAIVE PAR.1"},
	} {
		d := mixed()
		d.messages = d.messages[:1]
		d.messages[0].lines = d.messages[0].lines[:1]
		d.messages[0].lines[0].orders = d.messages[0].lines[0].orders[:1]
		d.number()
		d.Authority, d.messages[0].lines[0].orders[0].Text = "X", test.text
		var out bytes.Buffer
		c := codec(t, func(p *bankfile.Profile) { p.Charset = test.charset })
		if _, err := d.write(c, &out); err != nil {
			t.Fatal(err)
		}
		segments, err := checked(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range segments {
			s := segments[i]
			if s.Tag != "FTX" {
				continue
			}
			var got []rune
			for _, b := range s.Component(3, 0) {
				got = append(got, rune(b))
			}
			if string(got) != test.want {
				t.Errorf("%s: %q is written as %q, want %q", test.charset, test.text, string(got), test.want)
			}
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	first := func(d *day) *line { return &d.messages[0].lines[0] }
	for name, change := range map[string]func(d *day){
		"control reference in letters":    func(d *day) { d.ControlRef = "A1" },
		"control reference of 15 digits":  func(d *day) { d.ControlRef = strings.Repeat("1", 15) },
		"no agreement":                    func(d *day) { d.Agreement = "" },
		"nothing ordered":                 func(d *day) { d.messages, d.Totals = nil, gateway.Totals{} },
		"message missing":                 func(d *day) { d.Messages++ },
		"message too many":                func(d *day) { d.Messages-- },
		"payment missing":                 func(d *day) { d.Payments++ },
		"øre missing":                     func(d *day) { d.Ore++ },
		"message id twice":                func(d *day) { d.messages[1].ref = d.messages[0].ref },
		"message id empty":                func(d *day) { d.messages[1].ref = "" },
		"message without LIN":             func(d *day) { d.messages[0].lines = nil },
		"LIN out of order":                func(d *day) { first(d).No = 2 },
		"LIN with an order more":          func(d *day) { first(d).Orders++ },
		"LIN with an order less":          func(d *day) { first(d).Orders-- },
		"LIN with an øre more":            func(d *day) { first(d).Ore++ },
		"LIN with an øre less":            func(d *day) { first(d).Ore-- },
		"LIN of 10,000 orders":            func(d *day) { first(d).Orders = 10000 },
		"debit account of 13 digits":      func(d *day) { first(d).DebitAccount = "4321000123456" },
		"no group reference":              func(d *day) { first(d).GroupRef = "" },
		"unknown payment type":            func(d *day) { first(d).Type = 9 },
		"SEQ out of order":                func(d *day) { first(d).orders[1].Seq = 3 },
		"order of another type":           func(d *day) { first(d).orders[0].Type = gateway.Cheque },
		"order in another currency":       func(d *day) { first(d).orders[0].TransferCurrency = "SEK" },
		"order of nothing":                func(d *day) { first(d).orders[0].Ore = 0 },
		"no reference":                    func(d *day) { first(d).orders[0].Reference = "" },
		"reference of 36 characters":      func(d *day) { first(d).orders[0].Reference = strings.Repeat("x", 36) },
		"reference that ends in a blank":  func(d *day) { first(d).orders[0].Reference = "x " },
		"reference outside ISO 8859-1":    func(d *day) { first(d).orders[0].Reference = "ł" },
		"text with a line break":          func(d *day) { first(d).orders[0].Text = "a\nb" },
		"domestic account of 13 digits":   func(d *day) { first(d).orders[0].Account.Number = "5432000987654" },
		"transfer to a slip's creditor":   func(d *day) { first(d).orders[0].Account.Kind = gateway.SlipCreditor },
		"slip without card type":          func(d *day) { d.messages[0].lines[1].orders[0].Detail.CardType = "" },
		"abroad without BIC or bank code": func(d *day) { d.messages[1].lines[0].orders[1].Account.BankCode = "" },
		"BIC of 12 characters":            func(d *day) { d.messages[1].lines[0].orders[0].Account.BIC = "BYLADEM1001X" },
		"unknown bearer of charges":       func(d *day) { d.messages[1].lines[0].orders[0].Detail.ChargeBearer = "YOU" },
		"cheque without address": func(d *day) {
			d.messages[1].lines[1].orders[0].Detail.AddressLines, d.messages[1].lines[1].orders[0].Detail.Town = nil, ""
		},
		"currency of four letters": func(d *day) {
			d.messages[1].lines[0].TransferCurrency = "EURO"
			for i := range d.messages[1].lines[0].orders {
				d.messages[1].lines[0].orders[i].TransferCurrency = "EURO"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mixed()
			change(d)
			_, err := d.write(codec(t, nil), io.Discard)
			if err == nil || !errors.Is(err, bankfile.ErrUnwritable) && !strings.Contains(err.Error(), "edifact: ") {
				t.Errorf("error is %v", err)
			}
		})
	}
	t.Run("cheque where the bank writes none", func(t *testing.T) {
		t.Parallel()
		_, err := mixed().write(codec(t, func(p *bankfile.Profile) { p.Cheques = false }), io.Discard)
		if !errors.Is(err, bankfile.ErrUnwritable) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestWriterStaysRefused(t *testing.T) {
	t.Parallel()
	d := mixed()
	w, err := codec(t, nil).Begin(io.Discard, d.Interchange)
	if err != nil {
		t.Fatal(err)
	}
	broken := w.Message(2, "x")
	if !errors.Is(broken, bankfile.ErrUnwritable) {
		t.Fatalf("error is %v", broken)
	}
	for _, err := range []error{w.Message(1, "y"), w.Line(d.messages[0].lines[0].Line), w.Order(&d.messages[0].lines[0].orders[0]), w.End(d.Totals)} {
		if !errors.Is(err, bankfile.ErrUnwritable) || err.Error() != broken.Error() {
			t.Errorf("error is %v, want %v", err, broken)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriterReturnsErrorsOfTheOutput(t *testing.T) {
	t.Parallel()
	_, err := mixed().write(codec(t, nil), fullDisk{})
	if !errors.Is(err, errFull) || errors.Is(err, bankfile.ErrUnwritable) {
		t.Errorf("error is %v", err)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bankfile.Profile){
		"short GLN":           func(p *bankfile.Profile) { p.BankGLN = "123" },
		"own GLN as bank's":   func(p *bankfile.Profile) { p.BankGLN = p.OwnGLN },
		"unknown charset":     func(p *bankfile.Profile) { p.Charset = "UNOX" },
		"UTF-8":               func(p *bankfile.Profile) { p.Charset = "UNOW" },
		"unknown wrap":        func(p *bankfile.Profile) { p.Wrap = "lf" },
		"nothing is rejected": func(p *bankfile.Profile) { p.Rejected = nil },
		"code twice":          func(p *bankfile.Profile) { p.Executed = []string{"2"} },
		"empty code":          func(p *bankfile.Profile) { p.Executed = []string{""} },
	} {
		p := profile()
		change(&p)
		if _, err := bankfile.New(p); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
