package bundle_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"nks/gateway/nksxml"
	"nks/internal/bundle"
)

// TestRender: whatever a payment is, the document is of the schema, with what was given and nothing else.
func TestRender(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		instrument string
		payment    bundle.Payment
	}{
		"incomplete, a citizen": {"", bundle.Payment{Person: "0101575001"}},
		"incomplete, a company": {"", bundle.Payment{Company: "00000019"}},
		"complete":              {"", bundle.Payment{Person: "0101575001", Account: "30010000000001"}},
		"abroad":                {"UBB", bundle.Payment{Name: "Å & <B>", Street: "Gatan 1", Town: "Staden", Country: "SE", IBAN: "SE4100000000000000000099", BIC: "PROVSESS"}},
		"a slip":                {"IBK", bundle.Payment{Company: "00000019", Giro: "5551234", Slip: "01+"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := c.payment
			p.ID, p.Text, p.Benefit, p.Amount = "A&B-1", "<Tekst>", "YD1", 100_010
			d := bundle.Document{About: "to try", Supplier: "LEV", To: "NKSTEST", ID: "B-1", Written: "2005-08-11T05:57:00", Authority: "77", Agreement: "A & B", Debit: "30010000000009", Day: "2005-08-11",
				Instrument: c.instrument, Payments: []bundle.Payment{p, p}, Adds: 7}
			text, err := d.Render()
			if err != nil {
				t.Fatal(err)
			}
			r := nksxml.NewReader(bytes.NewReader(text), nksxml.Limits{})
			h, err := r.Header()
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			if h.From[0] != "LEV" || h.To[0] != "NKSTEST" || h.MessageID != "B-1" || h.GroupID != "B-1" || h.CtrlSum != 200_027 || h.NbOfTxs != 2 {
				t.Errorf("header %+v", h)
			}
			for range 2 {
				got, err := r.Next()
				if err != nil {
					t.Fatalf("%v in\n%s", err, text)
				}
				if got.EndToEndID != "A&B-1" || got.Amount != 100_010 || got.Incomplete == p.Complete() || got.Account.Number != p.Account+p.IBAN+p.Giro {
					t.Errorf("payment %+v", got)
				}
			}
			if _, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("behind the last: %v", err)
			}
		})
	}
}
