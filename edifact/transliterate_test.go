package edifact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"nks/edifact"
)

func TestTransliterate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		set        edifact.Repertoire
		give, want string
	}{
		{edifact.UNOC, "Ærø, Åse", "Ærø, Åse"},
		{edifact.UNOC, "Łódź – €5…", "Lódz - EUR5..."},
		{edifact.UNOC, "Ǻ ǿ ế Ḃ ﬁ ２ Ⅳ ½ ⅓", "Å ø ê B fi 2 IV ½ 1/3"},
		{edifact.UNOC, "日本", "??"},
		{edifact.UNOC, "e\u0301\u20DD", "e?"},
		{edifact.UNOA, "Ærø, Åse Größe", "AEROE, AASE GROESSE"},
		{edifact.UNOB, "Ærø, Åse Größe ½ [x] §", "AEroe, AAse Groesse 1/2 (x) par."},
		{edifact.UNOA, "ǽ ſ ﬀ ﬁ ı", "AE S FF FI I"},
		{edifact.UNOD, "Åse Őz Ärø", "AAse Őz Äroe"},
		{edifact.UNOE, "Ѐ Ж Åse", "Е Ж AAse"},
		{edifact.UNOF, "ἀγαθὸς Ø", "αγαθος OE"},
		{edifact.UNOL, "€ Œ ¤", "€ Œ ?"},
		{edifact.UNOW, "日本 €", "日本 €"},
		{edifact.UNOX, "日本 Ł 😀", "日本 Ł ?"},
		{edifact.UNOC, "a\xFFb\uFFFD", "a?b?"},
		{edifact.UNOW, "a\xFFb\uFFFD", "a?b\uFFFD"},
		{edifact.UNOC, "a\nb\u0085\x7F€", "a\nb\u0085\x7FEUR"},
		{0, "Ø€", "ØEUR"},
	} {
		if got, _ := edifact.Transliterate(test.set, test.give); got != test.want {
			t.Errorf("%s: %q is %q, want %q", test.set, test.give, got, test.want)
		}
	}
}

func TestTransliterateTellsEachReplacement(t *testing.T) {
	t.Parallel()
	got, replaced := edifact.Transliterate(edifact.UNOC, "øŁ\u200B€\xFF日")
	want := []edifact.Replacement{{'Ł', 1, "L"}, {'\u200B', 2, ""}, {'€', 3, "EUR"}, {utf8.RuneError, 4, "?"}, {'日', 5, "?"}}
	if got != "øLEUR??" || !slices.Equal(replaced, want) {
		t.Errorf("%q, %+v", got, replaced)
	}
}

// TestTransliterationOfLatinLetters freezes what banks have been sent.
func TestTransliterationOfLatinLetters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		set        edifact.Repertoire
		give, want string
	}{
		{edifact.UNOB, "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß", "AAAAAEAAAECEEEEIIIIDNOOOOOExOEUUUUEYTHss"},
		{edifact.UNOB, "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿªº", "aaaaaeaaaeceeeeiiiidnoooooeoeuuuueythyao"},
		{edifact.UNOB, "\u00a0\u00ad«»´`·[]{}_~¯|\\¦@#§", " \"\"''.()()---///a-par."},
		{edifact.UNOA, "åæøßþ@x", "AAAEOESSTHAX"},
		{edifact.UNOC, "ĀĂĄǍĆĈĊČĎĐĒĔĖĘĚĜĞĠĢǦĤĦĨĪĬĮİǏĲĴĶǨĹĻĽĿŁŃŅŇŊǸŌŎŐǑŒŔŖŘŚŜŞŠȘẞŢŤŦȚŨŪŬŮŰŲǓŴẀẂẄŶŸỲŹŻŽ", "AAAACCCCDDEEEEEGGGGGHHIIIIIIIJJKKLLLLLNNNNNOOOOOERRRSSSSSSTTTTUUUUUUUWWWWYYYZZZ"},
		{edifact.UNOC, "āăąǎćĉċčďđēĕėęěəĝğġģǧĥħĩīĭįıǐĳĵķĸǩĺļľŀłńņňŉŋǹōŏőǒœŕŗřśŝşšșſţťŧțũūŭůűųǔŵẁẃẅŷỳźżž", "aaaaccccddeeeeeeggggghhiiiiiiijjkkklllllnnnnnnoooooerrrsssssstttt" + "uuuuuuuwwwwyyzzz"},
		{edifact.UNOC, "ǼǽǾǿǺǻ", "ÆæØøÅå"},
		{edifact.UNOA, "ǼǽǾǿǺǻ", "AEAEOEOEAAAA"},
		{edifact.UNOC, "‐‑‒–—―−‘’‚‛′“”„‟″‹›•…€™", "-------'''''\"\"\"\"\"<>-...EURTM"},
		{edifact.UNOC, "\u2002\u2003\u2009\u202f|\u200b\u200c\u200d\ufeff|\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328", "    ||"},
	} {
		if got, _ := edifact.Transliterate(test.set, test.give); got != test.want {
			t.Errorf("%s: %q is\n%q, want\n%q", test.set, test.give, got, test.want)
		}
	}
}

func TestTransliteratedTextIsWithinTheRepertoire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkTransliterated(t, rapid.SampledFrom(repertoires).Draw(t, "repertoire"), texts().Draw(t, "text"))
	})
}

func checkTransliterated(t fataler, r edifact.Repertoire, s string) {
	got, replaced := edifact.Transliterate(r, s)
	without := strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7F && c < 0xA0 {
			return -1
		}
		return c
	}, got)
	if _, err := r.Append(nil, without); err != nil {
		t.Fatalf("%s: %q is %q: %v", r, s, got, err)
	}
	if again, more := edifact.Transliterate(r, got); again != got || more != nil {
		t.Fatalf("%s: %q is %q, and then %q", r, s, got, again)
	}
	var applied strings.Builder
	index := 0
	for _, c := range s {
		if len(replaced) > 0 && replaced[0].Index == index {
			if replaced[0].Rune != c {
				t.Fatalf("%s: %q has %q at %d, told is %+v", r, s, c, index, replaced[0])
			}
			applied.WriteString(replaced[0].By)
			replaced = replaced[1:]
		} else {
			applied.WriteRune(c)
		}
		index++
	}
	if applied.String() != got || len(replaced) > 0 {
		t.Fatalf("%s: %q is %q, the replacements give %q", r, s, got, applied.String())
	}
}

func FuzzTransliterate(f *testing.F) {
	for _, seed := range []string{"", "Ærø", "Łódź €", "a\xFFb", "ﷺ ㍿ ½", "e\u0301\u0327", "\n\x7F", "가 각"} {
		for r := range byte(16) {
			f.Add(r, seed)
		}
	}
	f.Fuzz(func(t *testing.T, set byte, s string) {
		checkTransliterated(t, edifact.Repertoire(set%17), s)
	})
}

func ExampleTransliterate() {
	text, replaced := edifact.Transliterate(edifact.UNOC, "Łódź, 10 €")
	fmt.Println(text)
	for _, r := range replaced {
		fmt.Printf("character %d: %c is written %q\n", r.Index+1, r.Rune, r.By)
	}
	// Output:
	// Lódz, 10 EUR
	// character 1: Ł is written "L"
	// character 4: ź is written "z"
	// character 10: € is written "EUR"
}

func ExampleRepertoire_Decode() {
	value := []byte("\xC5se \xD8stergaard")
	text, err := edifact.UNOC.Decode(value)
	fmt.Println(text, err)
	_, err = edifact.UNOA.Decode(value)
	fmt.Println(err)
	// Output:
	// Åse Østergaard <nil>
	// byte C5 is no character of UNOA
}

func ExampleRepertoire_Detect() {
	value := []byte("Ølby, 10 €") // labelled UNOC, but UTF-8
	e := edifact.UNOC.Detect(value)
	text, _ := edifact.UNOC.DecodeAs(e, value)
	fmt.Println(e, text)
	// Output: UTF-8 Ølby, 10 €
}
