package starter

import "nks/internal/bundle"

// Who is in the register, and an account that the bank has closed.
const (
	agnete, bjarke, cirkeline, detlev, esther = "0101575001", "0202575002", "0303575003", "0404575004", "0505575005"
	nobody                                    = "0909575009"
	closed                                    = "99980000000066"
)

// bundles are the documents by the names of their files.
func (s *site) bundles() map[string]bundle.Document {
	of := func(about, id string, payments ...bundle.Payment) bundle.Document {
		return bundle.Document{About: about, Supplier: s.Supplier, To: s.Name, ID: id, Written: written, Authority: "9901", Agreement: "AFT-9901", Debit: "99990000009901", Day: day, Payments: payments}
	}
	all := map[string]bundle.Document{
		"bundle.xml": of("Four payments, each of which reaches its recipient", "TRY-BUNDLE-1",
			bundle.Payment{ID: "TRY-1-1", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 2_500_000, Person: agnete},
			bundle.Payment{ID: "TRY-1-2", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 1_750_500, Person: bjarke},
			bundle.Payment{ID: "TRY-1-3", Text: "Faktura 17", Benefit: "NKSLEV", Amount: 12_345_670, Company: company},
			bundle.Payment{ID: "TRY-1-4", Text: "Faktura 18", Benefit: "NKSLEV", Amount: 100_000, Company: company, Account: "99980000000077"}),
		"rejects.xml": of("Five payments: one is good, three are rejected at once, and one finds no account when it is due", "TRY-BUNDLE-2",
			bundle.Payment{ID: "TRY-2-1", Text: "Boligstøtte august", Benefit: "PBOLIG", Amount: 2_500_000, Person: agnete},
			bundle.Payment{ID: "TRY-2-2", Text: "Ukendt modtager", Benefit: "PBOLIG", Amount: 1_000_000, Person: nobody},
			bundle.Payment{ID: "TRY-2-3", Text: "Død modtager", Benefit: "PBOLIG", Amount: 1_000_000, Person: detlev},
			bundle.Payment{ID: "TRY-2-4", Text: "Ukendt ydelsesart", Benefit: "PANDET", Amount: 1_000_000, Person: bjarke},
			bundle.Payment{ID: "TRY-2-5", Text: "Modtager uden konto", Benefit: "PBOLIG", Amount: 1_000_000, Person: cirkeline}),
	}
	if s.OpenSigned { // without a comment, which no signed message holds
		all["signed.xml"] = of("", "TRY-BUNDLE-3",
			bundle.Payment{ID: "TRY-3-1", Text: "Faktura 19", Benefit: "NKSLEV", Amount: 300_000, Company: company},
			bundle.Payment{ID: "TRY-3-2", Text: "Ukendt modtager", Benefit: "PBOLIG", Amount: 1_000_000, Person: nobody})
	}
	return all
}
