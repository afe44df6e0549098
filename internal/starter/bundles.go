package starter

// bundle is a document to send.
type bundle struct {
	*site
	About, ID, Written, Day string
	Payments                []payment
}

// payment is one of a bundle's, in DKK.
type payment struct {
	ID, Text, Benefit string
	Amount            int64 // three implied decimals: øre times ten
	Person, Company   string
	Account           string // of a complete payment
}

// Sum is the control sum, in the amounts' scale.
func (b bundle) Sum() (sum int64) {
	for _, p := range b.Payments {
		sum += p.Amount
	}
	return sum
}

// bundles are the documents by the names of their files.
func (s *site) bundles() map[string]bundle {
	return map[string]bundle{
		"bundle.xml": {s, "Four payments, each of which reaches its recipient", "TRY-BUNDLE-1", written, day, []payment{
			{ID: "TRY-1-1", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 2_500_000, Person: "0101575001"},
			{ID: "TRY-1-2", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 1_750_500, Person: "0202575002"},
			{ID: "TRY-1-3", Text: "Faktura 17", Benefit: "NKSLEV", Amount: 12_345_670, Company: company},
			{ID: "TRY-1-4", Text: "Faktura 18, til en bestemt konto", Benefit: "NKSLEV", Amount: 100_000, Company: company, Account: "99980000000077"},
		}},
		"rejects.xml": {s, "Five payments: one is good, three are rejected at once, and one finds no account when it is due", "TRY-BUNDLE-2", written, day, []payment{
			{ID: "TRY-2-1", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 2_500_000, Person: "0101575001"},
			{ID: "TRY-2-2", Text: "Ukendt modtager", Benefit: "PBOLIG", Amount: 1_000_000, Person: "0909575009"},
			{ID: "TRY-2-3", Text: "Død modtager", Benefit: "PBOLIG", Amount: 1_000_000, Person: "0404575004"},
			{ID: "TRY-2-4", Text: "Ukendt ydelsesart", Benefit: "PANDET", Amount: 1_000_000, Person: "0202575002"},
			{ID: "TRY-2-5", Text: "Modtager uden konto", Benefit: "PBOLIG", Amount: 1_000_000, Person: "0303575003"},
		}},
	}
}
