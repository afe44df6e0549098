package gateway_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nks/gateway"
)

func TestOreOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		amount, ore int64
		bad         gateway.Code
	}{
		"a hundred kroner":   {100000, 10000, ""},
		"one øre":            {10, 1, ""},
		"the largest":        {gateway.MaxDocumentAmount, gateway.MaxDocumentAmount / 10, ""},
		"zero":               {0, 0, gateway.CodeAmountZero},
		"negative":           {-10, 0, gateway.CodeAmountZero},
		"most negative":      {math.MinInt64, 0, gateway.CodeAmountZero},
		"a tenth of an øre":  {1, 0, gateway.CodeAmountFraction},
		"nine tenths":        {100009, 0, gateway.CodeAmountFraction},
		"beyond the largest": {gateway.MaxDocumentAmount + 10, 0, gateway.CodeAmountTooLarge},
		"the fraction first": {math.MaxInt64, 0, gateway.CodeAmountFraction},
	} {
		ore, bad := gateway.OreOf(c.amount)
		if ore != c.ore || bad != c.bad {
			t.Errorf("%s: OreOf(%d) = %d, %q, want %d, %q", name, c.amount, ore, bad, c.ore, c.bad)
		}
		if bad == "" && gateway.DocumentAmount(ore) != c.amount {
			t.Errorf("%s: DocumentAmount(%d) = %d", name, ore, gateway.DocumentAmount(ore))
		}
	}
}

func TestValidEndToEndID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"A": true, "UPR 02,01": true, "løn/Å+'?:": true, strings.Repeat("x", 27): true, strings.Repeat("Ø", 27): true, "a\u00a0b": true,
		"\u00ff": true, "~": true,
		"": false, strings.Repeat("x", 28): false, " A": false, "A ": false, "\u00a0A": false, "A\u00a0": false, "a\tb": false,
		"a\nb": false, "a\x00b": false, "a\x7fb": false, "a\u0085b": false, "a\u0100": false, "€": false, "a\xff": false,
	} {
		if got := gateway.ValidEndToEndID(id); got != want {
			t.Errorf("ValidEndToEndID(%q) = %t", id, got)
		}
	}
}

func TestValidText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "Boligstøtte august": true, "Łódź €": true, "日本": true, "a\u00a0b": true, "a\u200bb": true,
		"a\tb": false, "a\nb": false, "a\rb": false, "a\x1fb": false, "a\x7fb": false, "a\u0080b": false, "a\u009fb": false, "a\xffb": false,
	} {
		if got := gateway.ValidText(text); got != want {
			t.Errorf("ValidText(%q) = %t", text, got)
		}
	}
}

func TestNormalizeBBAN(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"30110004567890": "30110004567890", "30114567890": "30110004567890", "30111": "30110000000001", "00000": "00000000000000",
		"3011": "", "": "", "301100045678901": "", "3011 4567890": "", "3011-456789": "", "３０１１１": "", "3011456789A": "",
	} {
		got, ok := gateway.NormalizeBBAN(in)
		if got != want || ok != (want != "") {
			t.Errorf("NormalizeBBAN(%q) = %q, %t, want %q", in, got, ok, want)
		}
		if again, ok := gateway.NormalizeBBAN(got); want != "" && (!ok || again != got) {
			t.Errorf("NormalizeBBAN(%q) is not its own normal form", got)
		}
	}
}

// checkDigits computes the two digits of an IBAN by long division, not by the program's way. // ISO 7064 MOD 97-10
func checkDigits(country, bban string) string {
	rest := 0
	for _, c := range bban + country + "00" {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return fmt.Sprintf("%02d", 98-rest)
}

func TestValidIBAN_Published(t *testing.T) {
	t.Parallel()
	// Examples of the standard's registry.
	for iban, want := range map[string]bool{
		"GB29NWBK60161331926819": true, "DE89370400440532013000": true, "NO9386011117947": true, "CH9300762011623852957": true,
		"MT84MALT011000012345MTLCAST001S": true, "DK5000400440116243": true,
		"GB29NWBK60161331926818": false, "gb29NWBK60161331926819": false, "GB29 NWBK 6016 1331 9268 19": false, "": false,
		"NO93860111179": false, "1229370400440532013000": false, "DEAA370400440532013000": false, "DE8937040044053201300Ø": false,
		"D\u00c589370400440532013000": false, "DE" + strings.Repeat("1", 33): false, "DE89\x0070400440532013000": false,
	} {
		if got := gateway.ValidIBAN(iban); got != want {
			t.Errorf("ValidIBAN(%q) = %t", iban, got)
		}
	}
}

// TestValidIBAN_CheckDigits: of a hundred pairs of check digits exactly the right one is taken, and two
// neighbouring digits that are swapped are noticed.
func TestValidIBAN_CheckDigits(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	r := rand.New(rand.NewPCG(13616, 97))
	for range 500 {
		country := string(letters[r.IntN(26)]) + string(letters[r.IntN(26)])
		bban := make([]byte, 11+r.IntN(20))
		for i := range bban {
			bban[i] = (letters + "01234567890123456789")[r.IntN(46)]
		}
		right := checkDigits(country, string(bban))
		for n := 2; n <= 98; n++ {
			digits := fmt.Sprintf("%02d", n)
			if got := gateway.ValidIBAN(country + digits + string(bban)); got != (digits == right) {
				t.Fatalf("%s%s%s: valid %t, the check digits are %s", country, digits, bban, got, right)
			}
		}
		iban := []byte(country + right + string(bban))
		i := 4 + r.IntN(len(iban)-5)
		if iban[i] == iban[i+1] || iban[i] > '9' || iban[i+1] > '9' {
			continue
		}
		iban[i], iban[i+1] = iban[i+1], iban[i]
		if gateway.ValidIBAN(string(iban)) {
			t.Fatalf("%s is valid, though places %d and %d were swapped", iban, i, i+1)
		}
	}
}

func TestValidBIC(t *testing.T) {
	t.Parallel()
	for bic, want := range map[string]bool{
		"DABADKKK": true, "AAAADEBBXXX": true, "": false, "DABADKK": false, "DABADKKKX": false, "DABADKKKXXXX": false, "DABA DKK": false, "DABADKKØ": false,
	} {
		if got := gateway.ValidBIC(bic); got != want {
			t.Errorf("ValidBIC(%q) = %t", bic, got)
		}
	}
}

func TestValidForeignAccount(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]bool{
		"0532013000": true, "12-34-56/7": true, strings.Repeat("9", 35): true,
		"": false, strings.Repeat("9", 36): false, "12 34": false, "12\u00a034": false, "12\x1f": false, "ø": false,
	} {
		if got := gateway.ValidForeignAccount(account); got != want {
			t.Errorf("ValidForeignAccount(%q) = %t", account, got)
		}
	}
}

func TestParseSlip(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		cardType, reference string
		ok                  bool
	}{
		"71+000014560057664":  {"71", "000014560057664", true},
		"04+1234567812345670": {"04", "1234567812345670", true},
		"15+1234567812345670": {"15", "1234567812345670", true},
		"75+1234567812345670": {"75", "1234567812345670", true},
		"01+":                 {"01", "", true},
		"73+":                 {"73", "", true},
		"04+8714375749799926": {"04", "8714375749799926", true},
		"71+000014560057663":  {}, "71+000014560056764": {}, "15+1234567812345679": {}, "75+1234567812345607": {}, "04+8714375749799962": {},
		"71+14560057664": {}, "71+0": {}, "75+018": {}, "04+": {}, "15+000014560057664": {},
		"71+": {}, "71": {}, "": {}, "+": {}, "02+123": {}, "01+1": {}, "73+1": {}, "7+1": {},
		"71+0000145600576640": {}, "04+12345678123456701": {}, "71+00001456005766A": {}, "71+-1": {}, " 71+1": {}, "71+1 ": {},
	} {
		cardType, reference, ok := gateway.ParseSlip(line)
		if cardType != want.cardType || reference != want.reference || ok != want.ok {
			t.Errorf("ParseSlip(%q) = %q, %q, %t, want %+v", line, cardType, reference, ok, want)
		}
	}
}

func TestValidSlipCreditor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cardType, number string
		want             bool
	}{
		{"01", "5551234", true}, {"04", "15551234", true}, {"15", "5551234", true}, {"71", "85551234", true}, {"73", "85551234", true},
		{"75", "85551234", true},
		{"71", "5551234", false}, {"73", "5551234", false}, {"75", "5551234", false}, {"01", "555123", false}, {"04", "155512345", false},
		{"01", "555123A", false}, {"71", "", false},
	} {
		if got := gateway.ValidSlipCreditor(c.cardType, c.number); got != c.want {
			t.Errorf("ValidSlipCreditor(%s, %q) = %t", c.cardType, c.number, got)
		}
	}
}

// TestIDs: ids are made of the delivery's number, so that reading it again gives the same; none of two deliveries are alike.
func TestIDs(t *testing.T) {
	t.Parallel()
	for _, delivery := range []int64{1, 2, 1 << 30, 1<<38 - 1} {
		for _, ordinal := range []int{0, 1, gateway.MaxBundlePayments} {
			if id := gateway.PaymentID(delivery, ordinal); id < 0 || gateway.DeliveryOf(id) != delivery {
				t.Errorf("payment %d of delivery %d: id %d is of delivery %d", ordinal, delivery, id, gateway.DeliveryOf(id))
			}
		}
		if last, next := gateway.PaymentID(delivery, gateway.MaxBundlePayments), gateway.PaymentID(delivery+1, 0); last >= next {
			t.Errorf("the payments of deliveries %d and %d overlap", delivery, delivery+1)
		}
		if last, next := gateway.GroupID(delivery, gateway.MaxGroups), gateway.GroupID(delivery+1, 0); last >= next {
			t.Errorf("the groups of deliveries %d and %d overlap", delivery, delivery+1)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{"2005-08-11": true, "2004-02-29": true, "2005-02-29": false, "2005-8-11": false, "11-08-2005": false, "": false} {
		d, err := gateway.ParseDate(in)
		if (err == nil) != ok || ok && d.String() != in {
			t.Errorf("ParseDate(%q) = %s, %v", in, d, err)
		}
	}
	d := day(t, "2005-12-31")
	if next := d.AddDays(1); next.String() != "2006-01-01" || next.AddDays(-1) != d || d.DaysUntil(next) != 1 || next.DaysUntil(d) != -1 {
		t.Errorf("the day after %s is %s, %d days later", d, next, d.DaysUntil(next))
	}
	if !d.Before(d.AddDays(1)) || d.Before(d) || d.AddDays(1).Before(d) {
		t.Error("Before is not an order")
	}
	if d.Compact() != "20051231" || d.IsZero() || !(gateway.Date{}).IsZero() {
		t.Errorf("%s is %s", d, d.Compact())
	}
	loc := copenhagen(t)
	// The night in which the clock goes forward has no 02:30.
	for in, want := range map[time.Duration]string{0: "2005-03-27T00:00:00+01:00", 6*time.Hour + 30*time.Minute: "2005-03-27T06:30:00+02:00"} {
		if got := day(t, "2005-03-27").At(in, loc).Format(time.RFC3339); got != want {
			t.Errorf("At(%s) = %s, want %s", in, got, want)
		}
	}
	if got := gateway.DateOf(time.Date(2005, 8, 10, 22, 30, 0, 0, time.UTC).In(loc)); got.String() != "2005-08-11" {
		t.Errorf("half past ten in the evening, UTC, is %s in Copenhagen", got)
	}
	if n := day(t, "2005-01-01").DaysUntil(day(t, "2006-01-01")); n != 365 {
		t.Errorf("a year has %d days", n)
	}
}

func TestMasking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		holder gateway.Holder
		want   string
	}{
		{gateway.Holder{Kind: gateway.CPR, ID: "0102031234"}, "010203-xxxx"},
		{gateway.Holder{Kind: gateway.CVR, ID: "12345674"}, "CVR 12345674"},
		{gateway.Holder{Kind: gateway.SE, ID: "23456785"}, "SE 23456785"},
		{gateway.Holder{Kind: gateway.PNR, ID: "1003456789"}, "P 1003456789"},
	} {
		if got := c.holder.Masked(); got != c.want {
			t.Errorf("Masked() = %q, want %q", got, c.want)
		}
	}
	// B19.1
	for number, want := range map[string]string{"30110004567890": "3011000456xxxx", "1234": "xxxx", "12": "xx", "": ""} {
		if got := (gateway.Account{Number: number}).MaskedNumber(); got != want {
			t.Errorf("MaskedNumber of %q = %q, want %q", number, got, want)
		}
	}
}

func TestHolderKind_Digits(t *testing.T) {
	t.Parallel()
	for kind, want := range map[gateway.HolderKind]int{gateway.NoHolder: 0, gateway.CPR: 10, gateway.CVR: 8, gateway.SE: 8, gateway.PNR: 10} {
		if kind.Digits() != want {
			t.Errorf("%s has %d digits, want %d", kind, kind.Digits(), want)
		}
	}
}

// TestAnswer_ID: the numbers that authorities see.
func TestAnswer_ID(t *testing.T) {
	t.Parallel()
	for kind, want := range map[gateway.AnswerKind][2]string{
		gateway.Receipt0:  {"NKS KVITTERING0 42", "KVITTERING0-0000000042.xml"},
		gateway.Receipt1:  {"NKS KVITTERING1 42", "KVITTERING1-0000000042.xml"},
		gateway.Response2: {"NKS2C RETURSVAR2 0000000042", "RETURSVAR2-0000000042.xml"},
		gateway.Response5: {"NKS2C RETURSVAR5 0000000042", "RETURSVAR5-0000000042.xml"},
		gateway.Response7: {"NKS2C RETURSVAR7 0000000042", "RETURSVAR7-0000000042.xml"},
		gateway.Response8: {"NKS2C RETURSVAR8 0000000042", "RETURSVAR8-0000000042.xml"},
		gateway.Response9: {"NKS2C RETURSVAR9 0000000042", "RETURSVAR9-0000000042.xml"},
	} {
		a := gateway.Answer{Kind: kind, Number: 42}
		if a.ID() != want[0] || a.FileName() != want[1] {
			t.Errorf("kind %d: %q, %q", kind, a.ID(), a.FileName())
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	machine := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	c := gateway.NewClock(func() time.Time { return machine }, -24*time.Hour)
	if got := c.Now(); !got.Equal(machine.Add(-24 * time.Hour)) {
		t.Errorf("now %s", got)
	}
	if got := c.Advance(time.Hour); got != -23*time.Hour || c.Offset() != got {
		t.Errorf("offset %s after a jump of an hour", got)
	}
	if got := c.Advance(-time.Hour); got != -23*time.Hour {
		t.Errorf("business time went back to %s", got)
	}
}

func TestDetail_Empty(t *testing.T) {
	t.Parallel()
	if !(*gateway.Detail)(nil).Empty() || !(&gateway.Detail{}).Empty() {
		t.Error("nothing is something")
	}
	for i, d := range []gateway.Detail{{Name: "x"}, {AddressLines: []string{"x"}}, {PostCode: "x"}, {Town: "x"}, {Country: "x"}, {BankName: "x"},
		{BankAddressLines: []string{"x"}}, {BankCountry: "x"}, {ChargeBearer: "x"}, {FinalAgent: "x"}, {FirstAgent: "x"}, {CardType: "x"},
		{SlipReference: "x"}, {Advice: []string{"x"}}, {DocumentRef: []string{"x"}}} {
		if d.Empty() {
			t.Errorf("detail %d with something in it is empty: %+v", i, d)
		}
	}
}
