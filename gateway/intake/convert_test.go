package intake_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"nks/gateway"
	"nks/gateway/intake/intaketest"
)

const (
	dkIBAN = "DK5000400440116243"
	chIBAN = "CH9300762011623852957"
)

// TestPayment_Codes: each code of a payment, and which of several is told.
func TestPayment_Codes(t *testing.T) {
	t.Parallel()
	incomplete := func(change func(*intaketest.Payment)) intaketest.Payment {
		p := intaketest.Incomplete("A-1", "CPR", "0102031234", 100000)
		change(&p)
		return p
	}
	complete := func(change func(*intaketest.Payment)) intaketest.Payment {
		p := intaketest.Complete("A-1", account, 100000)
		change(&p)
		return p
	}
	slip := func(line, creditor string) intaketest.Payment {
		return complete(func(p *intaketest.Payment) {
			p.AccountKind, p.Account, p.Remittance = "Prtry", creditor, []string{"CdtrRef:" + line}
		})
	}
	foreign := func(change func(*intaketest.Payment)) intaketest.Payment {
		return complete(func(p *intaketest.Payment) {
			p.AccountKind, p.Account, p.BIC = "IBAN", chIBAN, "AAAACHZZXXX"
			change(p)
		})
	}
	type P = *intaketest.Payment
	for name, c := range map[string]struct {
		payment    intaketest.Payment
		instrument string
		want       gateway.Code
	}{
		"nothing wrong":       {incomplete(func(P) {}), "", ""},
		"27 characters":       {incomplete(func(p P) { p.EndToEndID = strings.Repeat("ø", 27) }), "", ""},
		"28 characters":       {incomplete(func(p P) { p.EndToEndID = strings.Repeat("x", 28) }), "", gateway.CodeEndToEndID},
		"no EndToEndId":       {incomplete(func(p P) { p.EndToEndID = "" }), "", gateway.CodeEndToEndID},
		"a blank in front":    {incomplete(func(p P) { p.EndToEndID = " A" }), "", gateway.CodeEndToEndID},
		"a blank behind":      {incomplete(func(p P) { p.EndToEndID = "A " }), "", gateway.CodeEndToEndID},
		"beyond Latin-1":      {incomplete(func(p P) { p.EndToEndID = "A€" }), "", gateway.CodeEndToEndID},
		"euro":                {incomplete(func(p P) { p.Currency = "EUR" }), "", gateway.CodeCurrency},
		"zero":                {incomplete(func(p P) { p.Amount = 0 }), "", gateway.CodeAmountZero},
		"negative":            {incomplete(func(p P) { p.Amount = -100000 }), "", gateway.CodeAmountZero},
		"fractions":           {incomplete(func(p P) { p.Amount = 100001 }), "", gateway.CodeAmountFraction},
		"the largest":         {incomplete(func(p P) { p.Amount = gateway.MaxDocumentAmount }), "", ""},
		"too large":           {incomplete(func(p P) { p.Amount = gateway.MaxDocumentAmount + 10 }), "", gateway.CodeAmountTooLarge},
		"far too large":       {incomplete(func(p P) { p.Amount = math.MaxInt64 - 7 }), "", gateway.CodeAmountTooLarge},
		"a tab in a text":     {incomplete(func(p P) { p.Text = "a\tb" }), "", gateway.CodeCharacters},
		"a line in a name":    {incomplete(func(p P) { p.Name = "a\nb" }), "", gateway.CodeCharacters},
		"control in advice":   {incomplete(func(p P) { p.Remittance = []string{"ok", "a\u0085b"} }), "", gateway.CodeCharacters},
		"control in address":  {incomplete(func(p P) { p.Lines = []string{"a", "b\u009f"} }), "", gateway.CodeCharacters},
		"control in InstrId":  {incomplete(func(p P) { p.InstrID = "a\tb" }), "", gateway.CodeCharacters},
		"control in invoice":  {incomplete(func(p P) { p.Remittance = []string{"DocRefNb:a\u007f"} }), "", gateway.CodeCharacters},
		"control in the bank": {foreign(func(p P) { p.Bank = "a\tb" }), "UBB", gateway.CodeCharacters},
		"nine digits":         {incomplete(func(p P) { p.ID = "010203123" }), "", gateway.CodeRecipientFormat},
		"letters":             {incomplete(func(p P) { p.ID = "01020312AB" }), "", gateway.CodeRecipientFormat},
		"a hyphen":            {incomplete(func(p P) { p.ID = "010203-1234" }), "", gateway.CodeRecipientFormat},
		"CVR of ten":          {incomplete(func(p P) { p.IDKind, p.ID = "CVR", "1234567400" }), "", gateway.CodeRecipientFormat},
		"CVR":                 {incomplete(func(p P) { p.IDKind, p.ID = "CVR", "12345674" }), "", ""},
		"SE":                  {incomplete(func(p P) { p.IDKind, p.ID = "SE", "23456785" }), "", ""},
		"SE of ten":           {incomplete(func(p P) { p.IDKind, p.ID = "SE", "2345678500" }), "", gateway.CodeRecipientFormat},
		"P number":            {incomplete(func(p P) { p.IDKind, p.ID = "PNR", "1003456789" }), "", ""},
		"P number of eight":   {incomplete(func(p P) { p.IDKind, p.ID = "PNR", "10034567" }), "", gateway.CodeRecipientFormat},
		"another register":    {incomplete(func(p P) { p.IDKind, p.ID = "EAN", "5790000000012" }), "", gateway.CodeRecipientFormat},
		"nobody":              {incomplete(func(p P) { p.IDKind, p.ID = "", "" }), "", gateway.CodeUnknownRecipient},
		"nobody, complete":    {complete(func(P) {}), "", ""},
		"complete, bad form":  {complete(func(p P) { p.IDKind, p.ID = "CPR", "1" }), "", gateway.CodeRecipientFormat},
		"incomplete with account": {incomplete(func(p P) { p.AccountKind, p.Account = "BBAN", account }), "",
			gateway.CodeAccountUnexpected},

		"short account":        {complete(func(p P) { p.Account = "30114" }), "", ""},
		"account of four":      {complete(func(p P) { p.Account = "3011" }), "", gateway.CodeAccount},
		"account of 15":        {complete(func(p P) { p.Account = "301100045678901" }), "", gateway.CodeAccount},
		"account with letters": {complete(func(p P) { p.Account = "3011000456789X" }), "", gateway.CodeAccount},
		"no account":           {complete(func(p P) { p.AccountKind = "" }), "", gateway.CodeAccount},
		"giro without slip":    {complete(func(p P) { p.AccountKind, p.Account = "Prtry", "5551234" }), "", gateway.CodeAccount},
		"IBAN":                 {foreign(func(P) {}), "UBB", ""},
		"IBAN, no instrument":  {foreign(func(P) {}), "", ""},
		"IBAN, no BIC":         {foreign(func(p P) { p.BIC = "" }), "UBB", ""},
		"IBAN, check digits":   {foreign(func(p P) { p.Account = "CH9400762011623852957" }), "UBB", gateway.CodeAccount},
		"IBAN, BIC of nine":    {foreign(func(p P) { p.BIC = "AAAACHZZX" }), "UBB", gateway.CodeAccount},
		"abroad, BIC":          {foreign(func(p P) { p.AccountKind, p.Account = "BBAN", "0532013000" }), "UBB", ""},
		"abroad, bank code":    {foreign(func(p P) { p.AccountKind, p.Account, p.BIC, p.BankCode = "BBAN", "0532013000", "", "123" }), "UBB", ""},
		"abroad, no bank":      {foreign(func(p P) { p.AccountKind, p.Account, p.BIC = "BBAN", "0532013000", "" }), "UBB", gateway.CodeForeignBank},
		"abroad, bad BIC":      {foreign(func(p P) { p.AccountKind, p.Account, p.BIC = "BBAN", "0532013000", "X" }), "UBB", gateway.CodeAccount},
		"abroad, with blanks":  {foreign(func(p P) { p.AccountKind, p.Account = "BBAN", "0532 013000" }), "UBB", gateway.CodeAccount},
		"abroad, too long":     {foreign(func(p P) { p.AccountKind, p.Account = "BBAN", strings.Repeat("1", 36) }), "UBB", gateway.CodeAccount},
		"bank code of 17":      {foreign(func(p P) { p.AccountKind, p.Account, p.BankCode = "BBAN", "0532013000", strings.Repeat("1", 17) }), "UBB", ""},
		"bank code of 18":      {foreign(func(p P) { p.AccountKind, p.Account, p.BankCode = "BBAN", "0532013000", strings.Repeat("1", 18) }), "UBB", gateway.CodeForeignBank},
		"German code of 18":    {foreign(func(p P) { p.DEBLZ = strings.Repeat("1", 18) }), "UBB", gateway.CodeForeignBank},
		"bank code of letters": {foreign(func(p P) { p.BankCode = "ØST" }), "UBB", gateway.CodeForeignBank},
		"charges":              {foreign(func(p P) { p.ChargeBearer = "BEN" }), "UBB", ""},
		"charges shared":       {foreign(func(p P) { p.ChargeBearer = "SHA" }), "UBB", ""},
		"charges, unknown":     {foreign(func(p P) { p.ChargeBearer = "ALL" }), "UBB", gateway.CodeChargeBearer},
		"charges, incomplete":  {incomplete(func(p P) { p.ChargeBearer = "X" }), "", gateway.CodeChargeBearer},
		"Danish IBAN":          {foreign(func(p P) { p.Account, p.BIC = dkIBAN, "" }), "", ""},
		"Danish IBAN of letters": {foreign(func(p P) { p.Account, p.BIC = "DK88ABCD0440116243", "" }), "",
			gateway.CodeAccount},

		"transfer currency":            {foreign(func(p P) { p.TransferCurrency = "EUR" }), "UBB", ""},
		"transfer currency, IBAN only": {foreign(func(p P) { p.TransferCurrency = "EUR" }), "", ""},
		"transfer currency at home":    {complete(func(p P) { p.TransferCurrency = "EUR" }), "", gateway.CodeCurrency},
		"kroner as transfer currency":  {complete(func(p P) { p.TransferCurrency = "DKK" }), "", ""},
		"transfer currency, incomplete": {incomplete(func(p P) { p.TransferCurrency = "EUR" }), "",
			""},
		"equivalent amount in euro": {foreign(func(p P) { p.Currency, p.TransferCurrency = "EUR", "EUR" }), "UBB", gateway.CodeCurrency},

		"slip 01":              {slip("01+", "5551234"), "IBK", ""},
		"slip 04":              {slip("04+1234567812345670", "5551234"), "IBK", ""},
		"slip 15":              {slip("15+1234567812345670", "15551234"), "IBK", ""},
		"slip 71":              {slip("71+000014560057664", "85551234"), "IBK", ""},
		"slip 73":              {slip("73+", "85551234"), "IBK", ""},
		"slip 75":              {slip("75+1234567812345670", "85551234"), "IBK", ""},
		"slip of another type": {slip("02+1", "5551234"), "IBK", gateway.CodeSlip},
		"slip without line":    {complete(func(p P) { p.AccountKind, p.Account = "Prtry", "5551234" }), "IBK", gateway.CodeSlip},
		"slip, long reference": {slip("71+0000145600576640", "85551234"), "IBK", gateway.CodeSlip},
		"slip, short id":       {slip("71+14560057664", "85551234"), "IBK", gateway.CodeSlip},
		"slip, check digit":    {slip("75+1234567812345671", "85551234"), "IBK", gateway.CodeSlip},
		"slip, giro for FI":    {slip("71+000014560057664", "5551234"), "IBK", gateway.CodeSlip},
		"slip to an account":   {complete(func(p P) { p.Remittance = []string{"CdtrRef:01+"} }), "IBK", gateway.CodeAccount},
		"slip in euro": {func() intaketest.Payment { p := slip("73+", "85551234"); p.TransferCurrency = "EUR"; return p }(), "IBK",
			gateway.CodeCurrency},

		// Of several the first in the table.
		"EndToEndId before amount":      {incomplete(func(p P) { p.EndToEndID, p.Amount = "", 0 }), "", gateway.CodeEndToEndID},
		"currency before amount":        {incomplete(func(p P) { p.Currency, p.Amount = "EUR", 0 }), "", gateway.CodeCurrency},
		"amount before characters":      {incomplete(func(p P) { p.Amount, p.Text = 0, "\t" }), "", gateway.CodeAmountZero},
		"characters before recipient":   {incomplete(func(p P) { p.Text, p.ID = "\t", "1" }), "", gateway.CodeCharacters},
		"recipient before account":      {complete(func(p P) { p.IDKind, p.ID, p.Account = "CPR", "1", "1" }), "", gateway.CodeRecipientFormat},
		"recipient before no account":   {incomplete(func(p P) { p.IDKind, p.AccountKind, p.Account = "", "BBAN", account }), "", gateway.CodeUnknownRecipient},
		"account before nothing at all": {complete(func(p P) { p.Account = "1" }), "", gateway.CodeAccount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, c.payment, c.instrument)
			if got.Fault != c.want {
				t.Errorf("code %q, want %q", got.Fault, c.want)
			}
			if got.Payment.EndToEndID != c.payment.EndToEndID {
				t.Errorf("EndToEndId %q, want %q", got.Payment.EndToEndID, c.payment.EndToEndID)
			}
			switch c.want {
			case gateway.CodeCurrency, gateway.CodeAmountZero, gateway.CodeAmountFraction, gateway.CodeAmountTooLarge:
				// What cannot be paid is no amount of money.
				if got.Payment.Ore != 0 && !(c.want == gateway.CodeCurrency && c.payment.Currency == "") {
					t.Errorf("%d øre of an impossible amount", got.Payment.Ore)
				}
			}
		})
	}
}

// TestPayment_Converted: what the gateway keeps of each kind of payment. // B9.1 // B9.2
func TestPayment_Converted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payment    intaketest.Payment
		instrument string
		want       gateway.Payment
	}{
		"incomplete": {
			intaketest.Payment{EndToEndID: "A 1", InstrID: "I-1", Text: "Boligstøtte", Amount: 123450, IDKind: "CPR", ID: "0102031234", BenefitType: "BS",
				Remittance: []string{"linje 1", "linje 2"}}, "",
			gateway.Payment{EndToEndID: "A 1", InstrID: "I-1", Ore: 12345, Type: gateway.Transfer, BenefitType: "BS", Text: "Boligstøtte",
				Holder: gateway.Holder{Kind: gateway.CPR, ID: "0102031234"}, Detail: &gateway.Detail{Advice: []string{"linje 1", "linje 2"}}}},
		"incomplete in euro": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, TransferCurrency: "EUR", IDKind: "SE", ID: "23456785"}, "UBB",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.Transfer, TransferCurrency: "EUR", BenefitType: "YD1",
				Holder: gateway.Holder{Kind: gateway.SE, ID: "23456785"}}},
		"domestic": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "BBAN", Account: "30114567890", Complete: true, IDKind: "PNR", ID: "1003456789",
				Final: "STRAKS", First: "K9", Remittance: []string{"DocRefNb:F-1"}}, "",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.Transfer, Complete: true, BenefitType: "YD1",
				Holder:  gateway.Holder{Kind: gateway.PNR, ID: "1003456789"},
				Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: account},
				Detail:  &gateway.Detail{FinalAgent: "STRAKS", FirstAgent: "K9", DocumentRef: []string{"F-1"}}}},
		"a Danish IBAN is a domestic account": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "IBAN", Account: "DK50 0040 0440 1162 43", Complete: true}, "",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.Transfer, Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.DomesticBBAN, Number: "00400440116243"}}},
		"unless it is sent as foreign": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "IBAN", Account: dkIBAN, Complete: true}, "UBB",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.ForeignOrder, Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.IBANAccount, Number: dkIBAN}}},
		"an IBAN abroad, whatever it was sent as": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "IBAN", Account: chIBAN, BIC: "AAAACHZZ", Complete: true}, "",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.ForeignOrder, Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.IBANAccount, Number: chIBAN, BIC: "AAAACHZZ"}}},
		"abroad with everything": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, TransferCurrency: "EUR", Name: "Max Muster", Lines: []string{"Hauptstr. 4", "Hinterhaus"},
				Post: "10115", Town: "Berlin", Country: "DE", AccountKind: "BBAN", Account: "0532013000", BIC: "AAAADEBBXXX", DEBLZ: "37040044",
				Bank: "Beispielbank", BankLines: []string{"Domplatz 1"}, BankCountry: "DE", ChargeBearer: "BEN", Complete: true}, "UBB",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.ForeignOrder, TransferCurrency: "EUR", Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.ForeignAccount, Number: "0532013000", BIC: "AAAADEBBXXX", BankCode: "37040044"},
				Detail: &gateway.Detail{Name: "Max Muster", AddressLines: []string{"Hauptstr. 4", "Hinterhaus"}, PostCode: "10115", Town: "Berlin", Country: "DE",
					BankName: "Beispielbank", BankAddressLines: []string{"Domplatz 1"}, BankCountry: "DE", GermanBankCode: true, ChargeBearer: "BEN"}}},
		"a German bank code and no more": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "BBAN", Account: "0532013000", DEBLZ: "37040044", Complete: true}, "UBB",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.ForeignOrder, Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.ForeignAccount, Number: "0532013000", BankCode: "37040044"},
				Detail:  &gateway.Detail{GermanBankCode: true}}},
		"slip": {
			intaketest.Payment{EndToEndID: "A", Amount: 10, AccountKind: "Prtry", Account: "85551234", Complete: true,
				Remittance: []string{"Abonnement", "CdtrRef:71+000014560057664"}}, "IBK",
			gateway.Payment{EndToEndID: "A", Ore: 1, Type: gateway.PaymentSlip, Complete: true, BenefitType: "YD1",
				Account: gateway.Account{Kind: gateway.SlipCreditor, Number: "85551234"},
				Detail:  &gateway.Detail{CardType: "71", SlipReference: "000014560057664", Advice: []string{"Abonnement"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, c.payment, c.instrument)
			if got.Fault != "" || !reflect.DeepEqual(got.Payment, c.want) {
				t.Errorf("code %q\n got %+v\nwant %+v\ndetail %+v\n  want %+v", got.Fault, got.Payment, c.want, got.Payment.Detail, c.want.Detail)
			}
		})
	}
}
