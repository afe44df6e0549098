package bankfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/edifact/directory/d96a"
	"nks/gateway"
	"nks/gateway/bankfile"
)

func recall(references ...string) gateway.Recall {
	return gateway.Recall{ControlRef: "00000000000007", Prepared: prepared, Agreement: "AFT-4711", Authority: "Prøvestyrelsen", DebitAccount: "30110004567890",
		MessageRef: "FIRST-00000000000007-0001", References: references}
}

func TestRecall(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bankfile.Profile){
		"fincan.edi":         nil,
		"fincan-level-b.edi": func(p *bankfile.Profile) { p.Wrap, p.Charset, p.UNA, p.Test = "80", "UNOB", false, false },
	} {
		out, err := codec(t, change).Recall(recall("00000001LEVA-1", "00000002LEVA-2"))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, out)
	}
}

func TestRecall_Refuses(t *testing.T) {
	t.Parallel()
	most := make([]string, gateway.MostRecalls)
	for n := range most {
		most[n] = fmt.Sprint(n)
	}
	for want, change := range map[string]func(*gateway.Recall){
		"control reference":        func(r *gateway.Recall) { r.ControlRef = "7A" },
		"agreement number":         func(r *gateway.Recall) { r.Agreement = "" },
		"message id":               func(r *gateway.Recall) { r.MessageRef = strings.Repeat("x", 36) },
		"debit account":            func(r *gateway.Recall) { r.DebitAccount = "123" },
		"0 orders, must be":        func(r *gateway.Recall) { r.References = nil },
		"10000 orders, must be":    func(r *gateway.Recall) { r.References = append(most, "x") },
		"LIN 2: its reference has": func(r *gateway.Recall) { r.References = []string{"A", "A"} },
		"LIN 1: its reference has": func(r *gateway.Recall) { r.References = []string{"A "} },
	} {
		r := recall("A")
		change(&r)
		if _, err := codec(t, nil).Recall(r); !errors.Is(err, bankfile.ErrUnwritable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestRecall_Property: whatever is asked for is read again as it was, by the directory and the codes that banks use.
func TestRecall_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asked := recall(rapid.SliceOfNDistinct(rapid.StringMatching(`[0-9A-Z]{8}[0-9A-Za-z'+:?.-]{1,27}`), 1, 30, rapid.ID[string]).Draw(t, "references")...)
		asked.Authority = rapid.StringMatching(`[ -~æøåÆØÅłŒ€]{0,200}`).Draw(t, "authority")
		p := profile()
		p.Charset = rapid.SampledFrom([]string{"UNOB", "UNOC"}).Draw(t, "charset")
		p.Wrap = rapid.SampledFrom([]string{"none", "crlf", "80"}).Draw(t, "wrap")
		c, err := bankfile.New(p)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Recall(asked)
		if err != nil {
			t.Fatal(err)
		}
		in := edifact.NewValidator(edifact.NewReader(bytes.NewReader(out), edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.WrappedLines}),
			edifact.NewSchema(d96a.Directory()).WithCodes(bankfile.Codes()))
		var references []string
		for item, err := range banking.NewReader(in, banking.Options{}).Items() {
			if err != nil {
				t.Fatalf("%v in\n%s", err, out)
			}
			if line, is := item.(*banking.FincanLine); is {
				references = append(references, line.SG5[0].RFF.Number)
			}
		}
		if got, want := strings.Join(references, "\n"), strings.Join(asked.References, "\n"); got != want {
			t.Errorf("references are %q, want %q", got, want)
		}
	})
}
