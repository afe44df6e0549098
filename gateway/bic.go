package gateway

// chars is a text however it is held: a document's string, or a field of a file that is read by the million.
type chars interface{ ~string | ~[]byte }

// ValidBIC reports whether s has the form of a BIC: four letters or digits of the institution, two letters of its country,
// two of the place, three of the branch or none; capitals. // ISO 9362:2014
func ValidBIC[T chars](s T) bool {
	if len(s) != 8 && len(s) != 11 {
		return false
	}
	for i := range len(s) {
		digit, capital := s[i] >= '0' && s[i] <= '9', s[i] >= 'A' && s[i] <= 'Z'
		if !capital && (!digit || i == 4 || i == 5) {
			return false
		}
	}
	return true
}
