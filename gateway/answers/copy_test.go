package answers_test

import (
	"bytes"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/answers"
	"nks/paper/papertest"
)

// TestCopy_HidesNemKonti: on paper an authority sees all of an account that it named or registered, and all but the last four digits of a
// NemKonto. // B19.1 // B19.2
func TestCopy_HidesNemKonti(t *testing.T) {
	t.Parallel()
	var pdf bytes.Buffer
	e, err := answers.NewCopy(&pdf, head(gateway.Response8, nil))
	if err != nil {
		t.Fatal(err)
	}
	for rule, number := range map[gateway.AccountRule]string{gateway.NamedByPayment: "70450000000001", gateway.BySpecific: "70450000000002",
		gateway.ByNemKonto: "70450000000003", gateway.ByParentAccount: "70450000000004"} {
		tx := paid("A-"+number[13:], citizen, gateway.Account{Kind: gateway.DomesticBBAN, Number: number}, 0)
		tx.Rule = rule
		if err := e.Tx(tx); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.End(); err != nil {
		t.Fatal(err)
	}
	text := papertest.Text(t, pdf.Bytes())
	for number, shown := range map[string]bool{"70450000000001": true, "70450000000002": true, "70450000000003": false, "70450000000004": false} {
		if strings.Contains(text, number) != shown {
			t.Errorf("%s shown: %t in\n%s", number, !shown, text)
		}
	}
	if n := strings.Count(text, "7045000000xxxx"); n != 2 {
		t.Errorf("%d NemKonti in\n%s", n, text)
	}
}
