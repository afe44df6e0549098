package letter_test

import (
	"testing"
	"time"

	"nks/gateway"
	"nks/register/letter"
)

func BenchmarkActivation_Document(b *testing.B) {
	a := letter.Activation{Sender: letter.Sender{Name: "NemKonto", Address: "Postboks 1, 2750 Ballerup", Site: "nemkonto.example", Phone: "33 92 00 00"},
		To: gateway.Addressee{Name: "Søren Ærø", Street: "Ørstedsvej 7", Postcode: "8000", Town: "Aarhus C"}, By: "Aarhus Kommune",
		Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "12340005678901"}, MadeOn: gateway.Date{Year: 2005, Month: 8, Day: 11}, ExpiresOn: gateway.Date{Year: 2005, Month: 10, Day: 10}, Reference: "0123456789"}
	for b.Loop() {
		document, err := a.Document(letter.Danish, time.UTC)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(document)))
	}
}
