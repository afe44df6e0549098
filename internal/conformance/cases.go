package conformance

import (
	"fmt"
	"slices"

	"nks/internal/bundle"
)

// A bank's word on a payment comes by one of these answers, with the payment's status.
const (
	toldStopped  = "5 RJCT"
	toldBack     = "7 RJCT"
	toldCheque   = "7 ACPT" // or the error account, or that it is kept
	toldHandedOn = "8 ACPT"
	toldRejected = "9 RJCT"
)

// Case is one of the test's.
type Case struct {
	ID, Title, Rule string
	Official        bool // of the public connection test; otherwise ours
	Sends, Expects  string

	// needs are values of the cast without which it cannot be played.
	needs func(Cast) []string
	// document is what is sent; payments get their ids by their place.
	document func(*script) bundle.Document
	// raw is sent instead, where it is no document of payments.
	raw []byte
	// whole is what goes instead through a door that takes whole elements alone.
	whole []byte
	want  want
}

// want is what must come.
type want struct {
	receipt string // "0", "ACPT" or "RJCT"
	code    string // of a receipt that refuses; empty: any
	// rejected are the codes of response 2 by the payment's place; group is that of the debit.
	rejected map[int]string
	group    string
	// later is what must be told of each payment once it is due, one after the other.
	later map[int][]string
	// lists: response 8 must list what was sent with day, amount and the recipient's account.
	lists bool
	// silent: nothing may be answered.
	silent bool
	// byHand is what a person at the gateway has to do meanwhile.
	byHand string
}

// kroner is an amount in the scale of documents.
func kroner(n int64) int64 { return n * 1000 }

// Cases are all, in the order in which they are played; massive is how many payments the mass has.
func Cases(massive int) []Case {
	official := slices.Concat(officialCases(), moreOfficialCases(massive))
	for i := range official {
		official[i].Official = true
	}
	return append(official, ownCases()...)
}

// officialCases are those of the public connection test. // nks-domain §4
func officialCases() []Case {
	handedOn := map[int][]string{0: {toldHandedOn}}
	return []Case{
		{ID: "01", Title: "an unreadable document", Rule: "receipt 0, Bad XML", Sends: "a document that ends in the middle; by the signed endpoint, which takes none but whole ones, one that is not of the schema", Expects: "receipt 0 with code 5199, and no payment",
			raw:   []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NKSPayment xmlns=\"http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/\"><unfinished>"),
			whole: []byte("<NKSPayment xmlns=\"http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/\"><unfinished></unfinished></NKSPayment>"), want: want{receipt: "0", code: "5199"}},
		{ID: "02", Title: "a bundle that is rejected", Rule: "receipt 1, code 1: the execution date is more than 5 days old", Sends: "an execution date ten days ago", Expects: "receipt 1 RJCT with code 1",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.Day = s.today.AddDate(0, 0, -10).Format("2006-01-02")
				return d
			}, want: want{receipt: "RJCT", code: "1"}},
		{ID: "03", Title: "payments that are rejected", Rule: "response 2, PART: code 0009 names the payment", Sends: "one payment to a known citizen and one to nobody", Expects: "receipt 1 ACPT, response 2 with 0009 for the second alone",
			needs:    func(c Cast) []string { return []string{c.Unknown} },
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Domestic), s.pays(s.Unknown)) }, want: want{receipt: "ACPT", rejected: map[int]string{1: "0009"}}},
		{ID: "04", Title: "incomplete, to an account in Denmark", Rule: "completed with the NemKonto; response 8", Sends: "a payment with a CPR number and no account", Expects: "accepted; response 8 when the bank has it",
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Domestic)) }, want: want{receipt: "ACPT", later: handedOn}},
		{ID: "05", Title: "incomplete, to an account abroad", Rule: "completed with a NemKonto abroad; response 8", Sends: "a payment to a citizen whose NemKonto is abroad", Expects: "accepted; response 8 with that account",
			needs:    func(c Cast) []string { return []string{c.Foreign} },
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Foreign)) }, want: want{receipt: "ACPT", later: handedOn}},
		{ID: "06", Title: "no account: a cheque", Rule: "response 7 ACPT, then response 8", Sends: "a benefit whose payments become cheques, to a citizen without account", Expects: "accepted; response 7 says that a cheque is sent, response 8 follows",
			needs:    func(c Cast) []string { return []string{c.Without, c.BenefitCheck} },
			document: func(s *script) bundle.Document { return s.bundle(s.of(s.Without, s.BenefitCheck)) }, want: want{receipt: "ACPT", later: map[int][]string{0: {toldCheque, toldHandedOn}}}},
		{ID: "07", Title: "no account: back", Rule: "response 7 RJCT", Sends: "a payment to a citizen without account", Expects: "accepted; response 7 when it is due",
			needs:    func(c Cast) []string { return []string{c.Without} },
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Without)) }, want: want{receipt: "ACPT", later: map[int][]string{0: {toldBack}}}},
		{ID: "08", Title: "no account: the authority's error account", Rule: "response 7 ACPT, then response 8", Sends: "a benefit whose payments go to the error account", Expects: "accepted; response 7 says so, response 8 follows",
			needs:    func(c Cast) []string { return []string{c.Without, c.BenefitError} },
			document: func(s *script) bundle.Document { return s.bundle(s.of(s.Without, s.BenefitError)) }, want: want{receipt: "ACPT", later: map[int][]string{0: {toldCheque, toldHandedOn}}}},
		{ID: "09", Title: "complete, to an account in Denmark", Rule: "response 8 with the account that was sent", Sends: "a payment with an account", Expects: "accepted; response 8",
			needs: func(c Cast) []string { return []string{c.Account} },
			document: func(s *script) bundle.Document {
				p := s.pays(s.Domestic)
				p.Account = s.Account
				return s.bundle(p)
			}, want: want{receipt: "ACPT", later: handedOn, lists: true}},
	}
}

func moreOfficialCases(massive int) []Case {
	return []Case{
		{ID: "10", Title: "complete, to an account abroad", Rule: "UBB; response 8", Sends: "a payment with an IBAN and a BIC", Expects: "accepted; response 8",
			needs: func(c Cast) []string { return []string{c.IBAN, c.BIC} },
			document: func(s *script) bundle.Document {
				p := s.pays("")
				p.Name, p.Street, p.Town, p.Country, p.IBAN, p.BIC = "Test Mottagare", "Provgatan 1", "Provstad", s.IBAN[:2], s.IBAN, s.BIC
				d := s.bundle(p)
				d.Instrument = "UBB"
				return d
			}, want: want{receipt: "ACPT", later: map[int][]string{0: {toldHandedOn}}}},
		{ID: "11", Title: "a payment slip", Rule: "IBK; response 8", Sends: "a payment slip to a creditor", Expects: "accepted; response 8",
			needs: func(c Cast) []string { return []string{c.Giro, c.Slip} },
			document: func(s *script) bundle.Document {
				p := s.pays(s.Domestic)
				p.Giro, p.Slip = s.Giro, s.Slip
				d := s.bundle(p)
				d.Instrument = "IBK"
				return d
			}, want: want{receipt: "ACPT", later: map[int][]string{0: {toldHandedOn}}}},
		{ID: "12", Title: "very many payments", Rule: "every payment is answered once", Sends: fmt.Sprintf("%d payments in one bundle", massive), Expects: "accepted; response 8 for each",
			document: func(s *script) bundle.Document {
				all := make([]bundle.Payment, massive)
				for i := range all {
					all[i] = s.pays(s.Domestic)
				}
				return s.bundle(all...)
			}, want: want{receipt: "ACPT", later: each(massive, toldHandedOn)}},
		{ID: "13", Title: "a stop", Rule: "response 5", Sends: "a bundle that somebody at the gateway stops", Expects: "accepted; response 5 for its payment",
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Domestic)) },
			want:     want{receipt: "ACPT", later: map[int][]string{0: {toldStopped}}, byHand: "stop it before it is released: nks decide stop"}},
		{ID: "14", Title: "transfer lists", Rule: "response 8 lists execution day, debit account, amount and the recipient's account", Sends: "two payments", Expects: "accepted; response 8 lists both in full",
			document: func(s *script) bundle.Document { return s.bundle(s.pays(s.Domestic), s.pays(s.Domestic)) },
			want:     want{receipt: "ACPT", later: each(2, toldHandedOn), lists: true}},
		{ID: "15", Title: "the bank rejects", Rule: "response 9", Sends: "a payment to an account to which the bank rejects every order", Expects: "accepted; response 9 with the bank's text",
			needs: func(c Cast) []string { return []string{c.Rejected} },
			document: func(s *script) bundle.Document {
				p := s.pays(s.Domestic)
				p.Account = s.Rejected
				return s.bundle(p)
			}, want: want{receipt: "ACPT", later: map[int][]string{0: {toldRejected}}}},
	}
}

// each is the same of every payment.
func each(n int, what string) map[int][]string {
	all := map[int][]string{}
	for i := range n {
		all[i] = []string{what}
	}
	return all
}

// ownCases are ours: what the documents of this gateway promise besides.
func ownCases() []Case {
	return []Case{
		{ID: "51", Title: "a wrong control sum", Rule: "receipt 1, code 901", Sends: "a control sum that is 1 krone too high", Expects: "receipt 1 RJCT with code 901",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.Adds = kroner(1)
				return d
			}, want: want{receipt: "RJCT", code: "901"}},
		{ID: "52", Title: "another environment", Rule: "receipt 1, code 908", Sends: "a bundle to another addressee", Expects: "receipt 1 RJCT with code 908",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.To = s.To + "X"
				return d
			}, want: want{receipt: "RJCT", code: "908"}},
		{ID: "53", Title: "another's name", Rule: "receipt 1, code 907, or receipt 0", Sends: "a bundle that names another data supplier", Expects: "receipt 1 RJCT with code 907",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.Supplier = s.Supplier + "X"
				return d
			}, want: want{receipt: "RJCT", code: "907"}},
		{ID: "54", Title: "the same bundle under another name", Rule: "receipt 1, code 904: nothing is paid twice", Sends: "the bytes of case 03 once more", Expects: "receipt 1 RJCT with code 904",
			document: func(s *script) bundle.Document { return s.sent["03"] }, needs: func(c Cast) []string { return []string{c.Unknown} }, want: want{receipt: "RJCT", code: "904"}},
		{ID: "55", Title: "the same document under the same name", Rule: "one delivery, however often; no second answer", Sends: "case 04 once more, as it was", Expects: "acknowledged, and no further receipt",
			document: func(s *script) bundle.Document { return s.sent["04"] }, want: want{silent: true}},
		{ID: "56", Title: "an EndToEndId twice", Rule: "response 2, code 9006", Sends: "two payments with one id", Expects: "accepted; response 2 rejects with 9006",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic), s.pays(s.Domestic))
				d.Payments[1].ID = d.Payments[0].ID
				return d
			}, want: want{receipt: "ACPT", rejected: map[int]string{0: "9006"}}},
		{ID: "57", Title: "fractions of an øre", Rule: "response 2, code 9010", Sends: "an amount whose third decimal is not 0", Expects: "accepted; response 2 rejects with 9010",
			document: func(s *script) bundle.Document {
				p := s.pays(s.Domestic)
				p.Amount = kroner(1) + 1
				return s.bundle(p)
			}, want: want{receipt: "ACPT", rejected: map[int]string{0: "9010"}}},
		{ID: "58", Title: "an unknown agreement", Rule: "response 2, code 9001 for the debit", Sends: "an agreement number that nobody has", Expects: "accepted; response 2 refuses the debit with 9001",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.Agreement = "NOBODYS-AGREEMENT"
				return d
			}, want: want{receipt: "ACPT", group: "9001"}},
		{ID: "59", Title: "a date too far away", Rule: "response 2, code 0002 for the debit", Sends: "an execution date in ten years", Expects: "accepted; response 2 refuses the debit with 0002",
			document: func(s *script) bundle.Document {
				d := s.bundle(s.pays(s.Domestic))
				d.Day = s.today.AddDate(10, 0, 0).Format("2006-01-02")
				return d
			}, want: want{receipt: "ACPT", group: "0002"}},
		{ID: "60", Title: "a wrong account", Rule: "response 2, code 0025", Sends: "a complete payment whose account has letters", Expects: "accepted; response 2 rejects with 0025",
			document: func(s *script) bundle.Document {
				p := s.pays(s.Domestic)
				p.IBAN = "DK00NOACCOUNT0000"
				return s.bundle(p)
			}, want: want{receipt: "ACPT", rejected: map[int]string{0: "0025"}}},
	}
}
