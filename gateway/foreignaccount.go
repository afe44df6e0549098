package gateway

// maxForeignAccount is the places that C078/3194 has.
const maxForeignAccount = 35

// ValidForeignAccount checks an account number abroad that is no IBAN.
func ValidForeignAccount(s string) bool {
	if s == "" || len(s) > maxForeignAccount {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
