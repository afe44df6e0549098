package gateway

// Limits of the length of an IBAN. // ISO 13616
const (
	minIBAN = 15
	maxIBAN = 34
)

// ValidIBAN reports whether s is an IBAN with right check digits, in capitals and without blanks. // ISO 13616, ISO 7064 mod 97-10
func ValidIBAN[T chars](s T) bool {
	if len(s) < minIBAN || len(s) > maxIBAN {
		return false
	}
	mod := 0
	for i := range len(s) {
		// The check is made over the account, then country and check digits.
		at := (i + 4) % len(s)
		c := s[at]
		switch {
		case c >= '0' && c <= '9' && at > 1:
			mod = (mod*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z' && (at < 2 || at > 3):
			mod = (mod*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return mod == 1
}
