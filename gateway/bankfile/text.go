package bankfile

import (
	"strings"
	"unicode/utf8"

	"nks/edifact"
)

// lineWidth is the characters of a line of name, address or text.
const lineWidth = 35

// Alteration is what was done to a name or text.
type Alteration string

// What can be done to a name or text.
const (
	Transliterated Alteration = "transliterated" // characters outside the bank's repertoire replaced
	Shortened      Alteration = "shortened"      // what has no room left out
)

// latin holds the replacements for characters outside ISO 8859-1: in each pair
// the characters of the first are written as the second.
var latin = [][2]string{
	{"ĀĂĄǍ", "A"}, {"āăąǎ", "a"}, {"ĆĈĊČ", "C"}, {"ćĉċč", "c"}, {"ĎĐ", "D"}, {"ďđ", "d"},
	{"ĒĔĖĘĚ", "E"}, {"ēĕėęěə", "e"}, {"ĜĞĠĢǦ", "G"}, {"ĝğġģǧ", "g"}, {"ĤĦ", "H"}, {"ĥħ", "h"},
	{"ĨĪĬĮİǏ", "I"}, {"ĩīĭįıǐ", "i"}, {"Ĳ", "IJ"}, {"ĳ", "ij"}, {"Ĵ", "J"}, {"ĵ", "j"}, {"ĶǨ", "K"}, {"ķĸǩ", "k"},
	{"ĹĻĽĿŁ", "L"}, {"ĺļľŀł", "l"}, {"ŃŅŇŊǸ", "N"}, {"ńņňŉŋǹ", "n"}, {"ŌŎŐǑ", "O"}, {"ōŏőǒ", "o"}, {"Œ", "OE"}, {"œ", "oe"},
	{"ŔŖŘ", "R"}, {"ŕŗř", "r"}, {"ŚŜŞŠȘẞ", "S"}, {"śŝşšșſ", "s"}, {"ŢŤŦȚ", "T"}, {"ţťŧț", "t"},
	{"ŨŪŬŮŰŲǓ", "U"}, {"ũūŭůűųǔ", "u"}, {"ŴẀẂẄ", "W"}, {"ŵẁẃẅ", "w"}, {"ŶŸỲ", "Y"}, {"ŷỳ", "y"}, {"ŹŻŽ", "Z"}, {"źżž", "z"},
	{"Ǽ", "Æ"}, {"ǽ", "æ"}, {"Ǿ", "Ø"}, {"ǿ", "ø"}, {"Ǻ", "Å"}, {"ǻ", "å"},
	{"‐‑‒–—―−", "-"}, {"‘’‚‛′", "'"}, {"“”„‟″", "\""}, {"‹", "<"}, {"›", ">"}, {"•", "-"}, {"…", "..."}, {"€", "EUR"}, {"™", "TM"},
	{"\u2002\u2003\u2009\u202f", " "}, {"\u200b\u200c\u200d\ufeff", ""},
	{"\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328", ""},
}

// ascii holds the replacements for what ISO 8859-1 has beyond levels A and B.
var ascii = [][2]string{
	{"ÀÁÂÃ", "A"}, {"àáâãª", "a"}, {"ÄÆ", "AE"}, {"äæ", "ae"}, {"Å", "AA"}, {"å", "aa"}, {"Ç", "C"}, {"ç", "c"},
	{"ÈÉÊË", "E"}, {"èéêë", "e"}, {"ÌÍÎÏ", "I"}, {"ìíîï", "i"}, {"Ð", "D"}, {"ð", "d"}, {"Ñ", "N"}, {"ñ", "n"},
	{"ÒÓÔÕ", "O"}, {"òóôõº", "o"}, {"ÖØ", "OE"}, {"öø", "oe"}, {"ÙÚÛ", "U"}, {"ùúû", "u"}, {"Ü", "UE"}, {"ü", "ue"},
	{"Ý", "Y"}, {"ýÿ", "y"}, {"Þ", "TH"}, {"þ", "th"}, {"ß", "ss"}, {"\u00a0", " "}, {"\u00ad", ""},
	{"«»", "\""}, {"´`", "'"}, {"·", "."}, {"×", "x"}, {"[{", "("}, {"]}", ")"}, {"_~¯", "-"}, {"|\\¦", "/"}, {"@", "a"}, {"#", "-"}, {"§", "par."},
}

// replacement is what stands for a character that no table knows.
const replacement = "?"

// letters writes texts in one repertoire.
type letters struct {
	set                      edifact.Charset
	beyondLatin, beyondASCII map[rune]string
}

func newLetters(set edifact.Charset) letters {
	return letters{set: set, beyondLatin: table(latin), beyondASCII: table(ascii)}
}

func table(pairs [][2]string) map[rune]string {
	t := map[rune]string{}
	for _, p := range pairs {
		for _, r := range p[0] {
			t[r] = p[1]
		}
	}
	return t
}

// write gives s in the repertoire and tells whether that changed it. Control
// characters stay: they must be refused, not hidden.
func (l *letters) write(s string) (string, bool) {
	for i, r := range s {
		if l.set.Has(r) || r < ' ' || r >= 0x7F && r < 0xA0 {
			continue
		}
		var b strings.Builder
		b.WriteString(s[:i])
		for _, r := range s[i:] {
			l.append(&b, r)
		}
		return b.String(), true
	}
	return s, false
}

func (l *letters) append(b *strings.Builder, r rune) {
	if r <= 0xFF {
		b.WriteString(l.narrowed(r))
		return
	}
	out, known := l.beyondLatin[r]
	if !known {
		out = replacement
	}
	for _, c := range out {
		b.WriteString(l.narrowed(c))
	}
}

// narrowed writes a character of ISO 8859-1 in a repertoire that may be
// narrower.
func (l *letters) narrowed(r rune) string {
	if l.set.Has(r) || r < ' ' || r >= 0x7F && r < 0xA0 {
		return string(r)
	}
	out, known := l.beyondASCII[r]
	switch {
	case !known && r >= 'a' && r <= 'z':
		out = string(r)
	case !known:
		out = replacement
	}
	if l.set == edifact.UNOA {
		out = strings.ToUpper(out)
	}
	return out
}

// lines cuts s every width characters; blanks at the end of a line are not
// carried by EDIFACT and lines of nothing but blanks are left out.
func lines(dst []string, s string, width int) []string {
	for s != "" {
		n := len(s)
		if n > width {
			n = cutAt(s, width)
		}
		if line := strings.TrimRight(s[:n], " "); line != "" {
			dst = append(dst, line)
		}
		s = s[n:]
	}
	return dst
}

// cutAt is the index of the character behind the first n of s.
func cutAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// short is at most n characters of s.
func short(s string, n int) (string, bool) {
	if utf8.RuneCountInString(s) <= n {
		return s, false
	}
	return s[:cutAt(s, n)], true
}
