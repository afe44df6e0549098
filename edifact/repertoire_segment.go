package edifact

// invalid returns the index in the segment of the first byte of a value that is
// no character of the repertoire, or -1. Service characters need not be in it,
// and a release character may stand inside a character of two bytes (UNOX).
func (s *Segment) invalid(set Repertoire) int {
	from := 0
	for k, m := range s.marks() {
		if at := set.Valid(s.value(k)); at >= 0 {
			return from + s.escapedIndex(s.Raw()[from:m.at()], at)
		}
		from = m.at() + 1
	}
	return -1
}

// escapedIndex returns where byte n of a value stands in raw, which still has
// its release characters.
func (s *Segment) escapedIndex(raw []byte, n int) int {
	i := 0
	for {
		if s.escaped && raw[i] == s.release && i+1 < len(raw) {
			i++
		}
		if n == 0 {
			return i
		}
		n--
		i++
	}
}
