package bankfile

import "nks/gateway"

const (
	orderBytes    = 400 // tags, separators and codes of an order's segments, amount, line breaks after segments
	documentBytes = 16  // of one DOC
)

// Size is an upper bound of the bytes that an order takes: what it takes beside
// its texts, and its texts with every character released. What LIN, message
// and interchange take comes on top, less than 1 KiB each.
func (c *Codec) Size(o *gateway.Order) int {
	d := &o.Detail
	texts := len(o.Reference) + len(o.Account.Number) + len(o.Account.BIC) + len(o.Account.BankCode) + len(o.Text) +
		len(d.Name) + len(d.PostCode) + len(d.Town) + len(d.Country) + len(d.BankName) + len(d.BankCountry) +
		len(d.FinalAgent) + len(d.FirstAgent) + len(d.CardType) + len(d.SlipReference)
	for _, list := range [][]string{d.AddressLines, d.BankAddressLines, d.Advice, d.DocumentRef} {
		for _, s := range list {
			texts += len(s) + 1
		}
	}
	// Beside the release characters a text takes a separator for every line of
	// it, and a line break in every 80 bytes.
	n := orderBytes + 2*texts + texts/lineWidth + documentBytes*len(d.DocumentRef)
	return n + n/40
}
