package edifact

// checkCharacters tells the first byte of each value of the present segment
// that is no character of the repertoire or, where that is forgiven, belongs to
// another encoding. Values are looked at one by one because service characters
// need not be in the repertoire, and a release character may stand inside a
// character of two bytes (UNOX).
func (r *Reader) checkCharacters() error {
	s := &r.seg
	from := 0
	for k, m := range s.marks() {
		if at, text := r.foreign(s.value(k)); at >= 0 {
			at = from + s.escapedIndex(s.Raw()[from:m.at()], at)
			e := r.faultAt(s.marks(), at, RuleRepertoire, CodeBadCharacter, text)
			e.Tag = tagOf(s.Raw())
			if err := r.flaw(e, WrongRepertoire); err != nil {
				return err
			}
		}
		from = m.at() + 1
	}
	return nil
}

// foreign returns the index of the first byte of a value that is not what the
// repertoire says, and what is wrong, or -1.
func (r *Reader) foreign(v []byte) (int, string) {
	set := r.repertoire
	at := set.Valid(v)
	if r.seg.text.forgiving {
		if e := set.Detect(v); e != EncodingLabelled {
			if at < 0 {
				at = highByte(v)
			}
			return at, "value is " + e.String() + " and not " + set.String()
		}
	}
	return at, "value has a byte that is no character of " + set.String()
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
