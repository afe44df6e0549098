package bankfile

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"nks/edifact"
	"nks/edifact/banking"
	"nks/gateway"
)

// fincanDocument is DE 1001 of FINCAN: D.96A has no code for it.
const fincanDocument = "453"

// Recall implements gateway.BankCodec.
func (c *Codec) Recall(r gateway.Recall) ([]byte, error) {
	if err := recallable(r); err != nil {
		return nil, fmt.Errorf("%w: FINCAN %s: %w", ErrUnwritable, r.ControlRef, err)
	}
	var out bytes.Buffer
	edi, err := c.begin(&out, edifact.UNB{Sender: c.own(), Recipient: c.bank(), ControlRef: r.ControlRef, AckRequest: true, Agreement: r.Agreement,
		TestIndicator: c.testIndicator()}, r.Prepared)
	if err != nil {
		return nil, fmt.Errorf("FINCAN %s: %w", r.ControlRef, err)
	}
	edi.opens(edifact.UNH{Ref: "1", Type: "FINCAN", Version: "D", Release: "96A", Agency: "UN"})
	w := banking.NewWriter(edi.Writer)
	items := []banking.Item{c.fincanHead(r)}
	for n, reference := range r.References {
		items = append(items, &banking.FincanLine{LIN: banking.LIN{Number: strconv.Itoa(n + 1)},
			SG5: []banking.FincanSG5{{RFF: banking.RFF{Qualifier: "CR", Number: reference}}}})
	}
	items = append(items, &banking.FincanTail{CNT: []banking.CNT{{Qualifier: "LIN", Value: strconv.Itoa(len(r.References))}}})
	for _, item := range items {
		if err := w.Write(item); err != nil {
			return nil, fmt.Errorf("FINCAN %s: %w", r.ControlRef, err)
		}
	}
	edi.closed()
	if err := edi.finish(); err != nil {
		return nil, fmt.Errorf("FINCAN %s: %w", r.ControlRef, err)
	}
	return out.Bytes(), nil
}

func (c *Codec) fincanHead(r gateway.Recall) *banking.FincanHead {
	registration, number := gateway.Account{Number: r.DebitAccount}.DomesticParts()
	payer := banking.NAD{Qualifier: "OY"}
	name, _ := edifact.Transliterate(c.options.Repertoire, r.Authority)
	copy(payer.Name.Lines[:], lines(nil, name, lineWidth))
	return &banking.FincanHead{
		UNH: edifact.UNH{Ref: "1"},
		BGM: banking.BGM{Document: banking.Document{Code: fincanDocument}, Number: r.MessageRef, Function: "9"},
		DTM: banking.DTM{Qualifier: "137", Value: r.Prepared.Format("20060102"), Format: "102"},
		SG2: []banking.FincanSG2{{FII: banking.FII{Qualifier: "OR", Account: banking.Account{Number: number, Currency: "DKK"},
			Institution: banking.Institution{Branch: registration, BranchCodeList: "80", BranchAgency: "130"}}}},
		SG3: []banking.FincanSG3{{NAD: payer}},
	}
}

// recallable tells what of a recall cannot be right, whoever asked for it.
func recallable(r gateway.Recall) error {
	switch {
	case len(r.ControlRef) == 0 || len(r.ControlRef) > maxControlRef || !gateway.AllDigits(r.ControlRef):
		return fmt.Errorf("control reference %q is not 1 to 14 digits", r.ControlRef)
	case !fits(r.Agreement):
		return fmt.Errorf("agreement number has not 1 to %d characters", maxReference)
	case !fits(r.MessageRef):
		return fmt.Errorf("message id has not 1 to %d characters", maxReference)
	case len(r.DebitAccount) != 14 || !gateway.AllDigits(r.DebitAccount):
		return errors.New("debit account is not 14 digits")
	case len(r.References) == 0 || len(r.References) > gateway.MostRecalls:
		return fmt.Errorf("%d orders, must be 1 to %d", len(r.References), gateway.MostRecalls)
	}
	seen := map[string]bool{}
	for n, reference := range r.References {
		if !fits(reference) || strings.TrimSpace(reference) != reference || seen[reference] {
			return fmt.Errorf("LIN %d: its reference has not 1 to %d characters, a blank at an end, or stands twice", n+1, maxReference)
		}
		seen[reference] = true
	}
	return nil
}

// fits reports whether a text has something in it and the room of a reference.
func fits(s string) bool { return s != "" && utf8.RuneCountInString(s) <= maxReference }
