package gateway

import "time"

// BirthDate is the date of birth that a CPR number says; zero where it says none that exists, as a replacement number (day + 60)
// does. The century is told by the seventh digit and the year.
func BirthDate(cpr int64) Date {
	day, month, yy, seventh := int(cpr/1e8), time.Month(cpr/1e6%100), int(cpr/1e4%100), int(cpr/1e3%10)
	year := yy + 1900
	switch {
	case seventh <= 3:
	case seventh == 4 || seventh == 9:
		if yy <= 36 {
			year = yy + 2000
		}
	case yy <= 57:
		year = yy + 2000
	default:
		year = yy + 1800
	}
	d := Date{year, month, day}
	if month < 1 || month > 12 || day < 1 || day > 31 || day > 28 && d.AddDays(0) != d {
		return Date{}
	}
	return d
}

// ValidNumber reports whether a number can be one of its kind. Of a CPR number the date of birth alone is judged: since 2007
// numbers are issued whose control digit does not fit, and only the CPR register knows who exists. CVR and SE numbers keep
// modulus 11 with the weights 2 7 6 5 4 3 2 1; a series of P numbers was issued with others, so of them nothing is. // G-ident
func ValidNumber(k HolderKind, n int64) bool {
	switch k {
	case CPR:
		return n >= 0 && n < 1e10 && !BirthDate(n).IsZero()
	case PNR:
		return n >= 0 && n < 1e10
	case CVR, SE:
		weights := [8]int64{1, 2, 3, 4, 5, 6, 7, 2}
		sum, rest := int64(0), n
		for _, w := range weights {
			sum += rest % 10 * w
			rest /= 10
		}
		return rest == 0 && sum > 0 && sum%11 == 0
	}
	return false
}

// Guardianship is why another acts for a citizen. // B22.2
type Guardianship int16

// The kinds of guardianship. The numbers are stored; they never change meaning.
const (
	UnderGuardianship Guardianship = 1
	InCustody         Guardianship = 2 // a minor
)

// ParseGuardianship reads guardianship or custody; 0: neither.
func ParseGuardianship(word string) Guardianship {
	switch word {
	case "guardianship":
		return UnderGuardianship
	case "custody":
		return InCustody
	}
	return 0
}
