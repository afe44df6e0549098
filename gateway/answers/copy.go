package answers

import (
	"fmt"
	"io"

	"nks/gateway"
	"nks/paper"
)

// NewCopy begins a copy of response 7, 8 or 9 for people, on pages, with what the response itself has. It is a
// gateway.NewAnswerEncoder.
func NewCopy(w io.Writer, a gateway.Answer) (gateway.AnswerEncoder, error) {
	titles := map[gateway.AnswerKind]string{gateway.Response7: "Retursvar 7: ingen konto", gateway.Response8: "Retursvar 8: overtaget af banken", gateway.Response9: "Retursvar 9: afvist af banken"}
	title, ok := titles[a.Kind]
	if !ok {
		return nil, fmt.Errorf("answer kind %d has no copy", a.Kind)
	}
	columns := []paper.Column{{Heading: "EndToEndId"}, {Heading: "InstrId"}, {Heading: "Modtager"}, {Heading: "Beløb DKK", Right: true}, {Heading: "Status"}}
	if a.Kind == gateway.Response8 {
		columns = append(columns, paper.Column{Heading: "Konto"}, paper.Column{Heading: "Udføres"}, paper.Column{Heading: "Aftale"}, paper.Column{Heading: "Debetkonto"})
	} else {
		columns = append(columns, paper.Column{Heading: "Kode"}, paper.Column{Heading: "Årsag"})
	}
	t, err := paper.NewTable(w, paper.Head{Title: title, Page: "Side", MadeAt: a.MadeAt,
		About: fmt.Sprintf("%s   Myndighed %s   Bundt %s   %s", a.ID(), a.Authority, a.GroupRef, a.MadeAt.Format("2006-01-02 15:04"))}, columns)
	return &forPeople{a.Kind, t}, err
}

// forPeople is an answer on pages.
type forPeople struct {
	kind  gateway.AnswerKind
	table *paper.Table
}

// Tx implements gateway.AnswerEncoder.
func (p *forPeople) Tx(t gateway.AnswerTx) error {
	cells := []string{t.EndToEndID, t.InstrID, t.Holder.ID, kroner(t.Ore), t.Status}
	if p.kind == gateway.Response8 {
		account := t.Account.Number
		if t.Rule.IsNemKonto() { // B19.1
			account = t.Account.MaskedNumber()
		}
		cells = append(cells, account, t.Block.ExecutesOn.String(), t.Block.Agreement, t.Block.DebitAccount)
	} else {
		cells = append(cells, string(t.Code), clip(t.Text))
	}
	return p.table.Row(cells)
}

// End implements gateway.AnswerEncoder.
func (p *forPeople) End() error { return p.table.End() }

// kroner writes øre the Danish way: 1.234.567,89.
func kroner(ore int64) string {
	whole := fmt.Sprint(ore / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	return fmt.Sprintf("%s,%02d", whole, ore%100)
}
