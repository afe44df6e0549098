package edifact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Replacement is a character that a repertoire lacks and what stands for it.
type Replacement struct {
	Rune  rune   // utf8.RuneError for a byte that is no UTF-8
	Index int    // of the character in the value given, in characters from 0
	By    string // empty for one that is left out, "?" for one with no equivalent
}

const unknownCharacter = "?"

// Transliterate writes s with the characters of r and tells each one that it
// replaced. For a character that the repertoire lacks stands the nearest that
// it has: first as Nordic banks and post offices write it (Å is AA, Æ AE, Ø
// OE in a repertoire that has no such letters), then in capitals where r is
// UNOA, then without its marks, then what Unicode calls compatible, and "?"
// when there is nothing.
//
// Control characters stay, to be refused by [Repertoire.Append] and not hidden.
func Transliterate(r Repertoire, s string) (string, []Replacement) {
	first := r.firstOutside(s)
	if first < 0 {
		return s, nil
	}
	var out strings.Builder
	out.Grow(len(s) + 8)
	out.WriteString(s[:first])
	var replaced []Replacement
	index := utf8.RuneCountInString(s[:first])
	for i, c := range s[first:] {
		broken := c == utf8.RuneError && brokenAt(s[first+i:])
		if !broken && keeps(r, c) {
			out.WriteRune(c)
		} else {
			by, ok := r.nearest(c)
			if !ok || broken {
				by = unknownCharacter
			}
			out.WriteString(by)
			replaced = append(replaced, Replacement{Rune: c, Index: index, By: by})
		}
		index++
	}
	return out.String(), replaced
}

// firstOutside returns the index in bytes of the first character to replace, or -1.
func (r Repertoire) firstOutside(s string) int {
	ascii := &r.charset().bytes
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if !ascii[b] && !isControl(rune(b)) {
				return i
			}
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		if !keeps(r, c) || c == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

func keeps(r Repertoire, c rune) bool { return r.Has(c) || isControl(c) }

func isControl(c rune) bool { return c < ' ' || c >= 0x7F && c < 0xA0 }

// brokenAt tells bytes that are no UTF-8 from U+FFFD itself.
func brokenAt(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size <= 1
}

// nearest returns what stands for a character.
func (r Repertoire) nearest(c rune) (string, bool) {
	if r.Has(c) {
		return string(c), true
	}
	if as, ok := equivalent(c); ok {
		return r.nearestOfAll(as)
	}
	if upper := unicode.ToUpper(c); r == UNOA && r.Has(upper) {
		return string(upper), true
	}
	if unicode.Is(unicode.Mn, c) {
		return "", true
	}
	return r.decomposed(c)
}

// nearestOfAll ends, for the tables and decompositions lead to ever simpler
// characters.
func (r Repertoire) nearestOfAll(s string) (string, bool) {
	var out strings.Builder
	for _, c := range s {
		by, ok := r.nearest(c)
		if !ok {
			return "", false
		}
		out.WriteString(by)
	}
	return out.String(), true
}

// decomposed takes off one mark after the other, the outermost first, and in
// the end takes what is compatible.
func (r Repertoire) decomposed(c rune) (string, bool) {
	parts := []rune(norm.NFD.String(string(c)))
	for n := len(parts) - 1; n > 0 && unicode.Is(unicode.Mn, parts[n]); n-- {
		if less := norm.NFC.String(string(parts[:n])); utf8.RuneCountInString(less) == 1 {
			if by, ok := r.nearest(firstRune(less)); ok {
				return by, true
			}
		}
	}
	compatible := norm.NFKD.String(string(c))
	if compatible == string(c) {
		return "", false
	}
	return r.nearestOfAll(compatible)
}

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}
