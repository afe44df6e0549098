package country

import (
	"strconv"
	"time"
)

// mix is a fixed hash of two words (the finaliser of splitmix64): the country's only source of chance.
func mix(seed, n uint64) uint64 {
	z := seed + n*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// Births run from firstBirth for birthDays days; the last is well before any demonstration.
var firstBirth = time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	birthDays   = 31_250 // up to the summer of 2005
	dayStep     = 7_919  // coprime to birthDays: consecutive citizens are not consecutive birthdays
	serialSpan  = 4_000  // the seventh digit has four values at least for every century
	serialStep  = 1_237  // coprime to serialSpan
	companySpan = 500_000
	companyStep = 7_919
	seSpan      = 390_000
	seStep      = 7_927
	unitSpan    = 900_000_000
	unitStep    = 48_271
)

// calendar holds the six date digits of every possible birthday and where its serial numbers start, so that a CPR number
// costs no date arithmetic.
type calendar [birthDays]struct {
	ddmmyy [6]byte
	base   uint16
}

func newCalendar() *calendar {
	c := new(calendar)
	for d := range c {
		day := firstBirth.AddDate(0, 0, d)
		copy(c[d].ddmmyy[:], day.Format("020106"))
		// Seventh digit 0-3: 1900-1999; 4-7 with years 00-36: 2000-2036.
		if day.Year() >= 2000 {
			c[d].base = serialSpan
		}
	}
	return c
}

// appendCPR appends the n-th citizen's number. Different n give different numbers; n may exceed the number of citizens:
// such a number is well formed and belongs to nobody.
func (w *world) appendCPR(dst []byte, n int) []byte {
	day := (n*dayStep + int(w.o.Seed%birthDays)) % birthDays
	serial := (n/birthDays*serialStep + int(mix(w.o.Seed, uint64(day))%serialSpan)) % serialSpan
	e := &w.births[day]
	dst = append(dst, e.ddmmyy[:]...)
	return appendPadded(dst, int(e.base)+serial, 4)
}

// appendCVR appends the n-th company's number, its check digit by the weights 2 7 6 5 4 3 2 1 modulo 11.
func (w *world) appendCVR(dst []byte, n int) []byte {
	return appendMod11(dst, 100_000+(n*companyStep+int(w.o.Seed%companySpan))%companySpan)
}

// appendSE appends the n-th SE number, which obeys the same check as a company's but has a series of its own.
func (w *world) appendSE(dst []byte, n int) []byte {
	return appendMod11(dst, 600_000+(n*seStep+int(w.o.Seed%seSpan))%seSpan)
}

// appendUnit appends the n-th production unit's number; no check digit is defined for it.
func (w *world) appendUnit(dst []byte, n int) []byte {
	return strconv.AppendInt(dst, int64(1_000_000_000+(n*unitStep+int(w.o.Seed%unitSpan))%unitSpan), 10)
}

// appendMod11 completes six digits to a company number. The seventh digit is the first for which a check digit exists
// (remainder 1 is never issued).
func appendMod11(dst []byte, six int) []byte {
	for seventh := range 10 {
		seven := six*10 + seventh
		sum, rest := 0, seven
		for _, weight := range [7]int{2, 3, 4, 5, 6, 7, 2} {
			sum += rest % 10 * weight
			rest /= 10
		}
		if r := sum % 11; r != 1 {
			return appendPadded(dst, seven*10+(11-r)%11, 8)
		}
	}
	return dst
}

func appendPadded(dst []byte, n, width int) []byte {
	for unit := pow10(width - 1); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+n/unit%10))
	}
	return dst
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// appendAccount appends a domestic account: four digits of registration number, ten of account.
func appendAccount(dst []byte, h uint64) []byte {
	dst = appendPadded(dst, 1_000+int(h%8_990), 4)
	return appendPadded(dst, int(h>>20%8_999_999_999)+1_000, 10)
}

// foreignBank is a country where holders keep accounts abroad.
type foreignBank struct {
	country, bic, bankCode, name, address, currency string
	digits                                          int    // digits of the national account part of an IBAN
	prefix                                          string // letters that open the national part
}

func foreignBanks() []foreignBank {
	return []foreignBank{
		{"DE", "NORDDEFFXXX", "37040044", "Nordmark Bank", "Hafenstrasse 5, Hamburg", "EUR", 18, ""},
		{"SE", "SKAASESSXXX", "5000", "Skånebanken", "Stortorget 2, Malmö", "SEK", 20, ""},
		{"NO", "FJORNOKKXXX", "8601", "Fjordbanken ASA", "Strandgata 8, Bergen", "NOK", 11, ""},
		{"GB", "CRWNGB2LXXX", "200415", "Crown & Anchor Bank", "12 Quay Street, Leith", "GBP", 14, "CRWN"},
		{"FR", "MARIFRPPXXX", "30004", "Banque Maritime", "4 rue du Port, Nantes", "EUR", 23, ""},
		{"CH", "ALPECHZZXXX", "00762", "Alpenbank", "Seestrasse 40, Zürich", "CHF", 17, ""},
	}
}

// appendIBAN appends an account of that bank with check digits by ISO 7064 modulo 97-10.
func (f *foreignBank) appendIBAN(dst []byte, h uint64) []byte {
	var buf [40]byte
	national := append(buf[:0], f.prefix...)
	for range f.digits {
		national = append(national, byte('0'+h%10))
		h = mix(h, 7)
	}
	rest := 0
	feed := func(c byte) {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	for _, c := range national {
		feed(c)
	}
	for _, c := range []byte(f.country + "00") {
		feed(c)
	}
	dst = append(dst, f.country...)
	dst = appendPadded(dst, 98-rest, 2)
	return append(dst, national...)
}

// luhn completes digits to a payment slip's identification (modulus 10, weights 1 and 2).
func luhn(digits string) string {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}
