package gateway_test

import (
	"testing"

	"nks/gateway"
)

// TestJudgePayout is how a due payment is paid, and why it is not. // B9.1 // B9.2 // B25.4 // B35-36
func TestJudgePayout(t *testing.T) {
	t.Parallel()
	cheque := gateway.PayoutTerms{DebitAllowed: true, NoAccount: gateway.StandingChoice{Does: gateway.SendCheque, Otherwise: gateway.ReturnToSender}, Cheques: true}
	back := gateway.PayoutTerms{DebitAllowed: true, NoAccount: gateway.StandingChoice{Does: gateway.ReturnToSender}, Cheques: true}
	poorBank := gateway.PayoutTerms{DebitAllowed: true, NoAccount: gateway.StandingChoice{Does: gateway.SendCheque, Otherwise: gateway.ReturnToSender}}
	foreignDebit := gateway.PayoutTerms{}
	home := gateway.Account{Kind: gateway.DomesticBBAN, Number: "30010000000001"}
	abroad := gateway.Account{Kind: gateway.IBANAccount, Number: "SE4550000000058398257466"}
	address := gateway.Detail{Name: "A", AddressLines: []string{"Gyden 5"}, PostCode: "4600"}
	none := func(why gateway.Unpaid, address gateway.Detail) gateway.FoundAccount {
		return gateway.FoundAccount{Unpaid: why, Address: address}
	}
	for name, c := range map[string]struct {
		p     gateway.DuePayment
		terms gateway.PayoutTerms
		found gateway.FoundAccount
		want  gateway.Payout
	}{
		"a domestic account": {gateway.DuePayment{TransferCurrency: "EUR"}, back, gateway.FoundAccount{Rule: gateway.ByNemKonto, Version: 7, Account: home, Currency: "EUR"},
			gateway.Payout{Rule: gateway.ByNemKonto, Version: 7, Type: gateway.Transfer, Account: home}},
		"an account abroad, in its own currency": {gateway.DuePayment{}, back, gateway.FoundAccount{Rule: gateway.BySpecific, Version: 7, Account: abroad, Currency: "SEK"},
			gateway.Payout{Rule: gateway.BySpecific, Version: 7, Type: gateway.ForeignOrder, Account: abroad, Currency: "SEK"}},
		"an account abroad, in the order's currency": {gateway.DuePayment{TransferCurrency: "EUR"}, back, gateway.FoundAccount{Account: abroad, Currency: "SEK"},
			gateway.Payout{Type: gateway.ForeignOrder, Account: abroad, Currency: "EUR"}},
		"an account abroad in kroner": {gateway.DuePayment{}, back, gateway.FoundAccount{Account: abroad, Currency: "DKK"},
			gateway.Payout{Type: gateway.ForeignOrder, Account: abroad}},
		"its own account": {gateway.DuePayment{Complete: true, Type: gateway.PaymentSlip, Account: abroad, TransferCurrency: "EUR"}, back, none(gateway.UnpaidNoAccount, address),
			gateway.Payout{Type: gateway.PaymentSlip, Account: abroad, Currency: "EUR"}},
		"a salary": {gateway.DuePayment{Salary: true}, back, gateway.FoundAccount{Rule: gateway.ByNemKonto, Version: 7, Account: home},
			gateway.Payout{Rule: gateway.ByNemKonto, Version: 7, Type: gateway.Salary, Account: home}}, // B1-salary
		"a salary to its own account": {gateway.DuePayment{Salary: true, Complete: true, Type: gateway.Transfer, Account: home}, back, none(gateway.UnpaidNoAccount, address),
			gateway.Payout{Type: gateway.Salary, Account: home}},
		"a salary abroad": {gateway.DuePayment{Salary: true}, back, gateway.FoundAccount{Account: abroad, Currency: "SEK"},
			gateway.Payout{Type: gateway.ForeignOrder, Account: abroad, Currency: "SEK"}},
		"a salary that comes back":     {gateway.DuePayment{Salary: true}, back, none(gateway.UnpaidNoAccount, address), gateway.Payout{Unpaid: gateway.UnpaidNoAccount}},
		"an account that is none":      {gateway.DuePayment{}, back, gateway.FoundAccount{Version: 7}, gateway.Payout{Unpaid: gateway.UnpaidNoAccount}},
		"return":                       {gateway.DuePayment{}, back, none(gateway.UnpaidNoAccount, address), gateway.Payout{Unpaid: gateway.UnpaidNoAccount}},
		"cheque":                       {gateway.DuePayment{}, cheque, none(gateway.UnpaidNoAccount, address), gateway.Payout{Rule: gateway.ByCheque, Type: gateway.Cheque, Account: gateway.Account{Kind: gateway.ChequeAccount}}},
		"cheque of the emigrated":      {gateway.DuePayment{}, cheque, none(gateway.UnpaidEmigrated, address), gateway.Payout{Rule: gateway.ByCheque, Type: gateway.Cheque, Account: gateway.Account{Kind: gateway.ChequeAccount}}},
		"cheque without an address":    {gateway.DuePayment{}, cheque, none(gateway.UnpaidNoAccount, gateway.Detail{Name: "A"}), gateway.Payout{Unpaid: gateway.UnpaidNoAddress}},
		"cheque of a bank without":     {gateway.DuePayment{}, poorBank, none(gateway.UnpaidNoAccount, address), gateway.Payout{Unpaid: gateway.UnpaidNoCheques}},
		"the bundle wants it back":     {gateway.DuePayment{ReturnAlways: true}, cheque, none(gateway.UnpaidNoAccount, address), gateway.Payout{Unpaid: gateway.UnpaidNoAccount}},
		"no cheque of the dead":        {gateway.DuePayment{}, cheque, none(gateway.UnpaidCeased, address), gateway.Payout{Unpaid: gateway.UnpaidCeased}},
		"no cheque of the unknown":     {gateway.DuePayment{}, cheque, none(gateway.UnpaidUnknown, address), gateway.Payout{Unpaid: gateway.UnpaidUnknown}},
		"no cheque to an authority":    {gateway.DuePayment{ToAuthority: true}, cheque, none(gateway.UnpaidNoAccount, address), gateway.Payout{Unpaid: gateway.UnpaidAuthority}}, // B28
		"no cheque of locked benefits": {gateway.DuePayment{}, cheque, none(gateway.UnpaidNoFallback, address), gateway.Payout{Unpaid: gateway.UnpaidNoFallback}},
		"another's debit account":      {gateway.DuePayment{}, foreignDebit, gateway.FoundAccount{Account: home}, gateway.Payout{Unpaid: gateway.UnpaidDebit}},
	} {
		got := gateway.JudgePayout(&c.p, c.terms, &c.found)
		if (got.Beneficiary != nil) != (got.Type == gateway.ForeignOrder && !c.p.Complete || got.Rule == gateway.ByCheque) {
			t.Errorf("%s: beneficiary %+v", name, got.Beneficiary)
		}
		got.Beneficiary = nil
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
