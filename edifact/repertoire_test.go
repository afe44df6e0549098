package edifact_test

import (
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"pgregory.net/rapid"

	"nks/edifact"
)

var repertoires = []edifact.Repertoire{
	edifact.UNOA, edifact.UNOB, edifact.UNOC, edifact.UNOD, edifact.UNOE, edifact.UNOF, edifact.UNOG, edifact.UNOH,
	edifact.UNOI, edifact.UNOJ, edifact.UNOK, edifact.UNOL, edifact.UNOW, edifact.UNOX, edifact.UNOY,
}

func TestRepertoireNames(t *testing.T) {
	t.Parallel()
	names := []string{"UNOA", "UNOB", "UNOC", "UNOD", "UNOE", "UNOF", "UNOG", "UNOH", "UNOI", "UNOJ", "UNOK", "UNOL", "UNOW", "UNOX", "UNOY"}
	for i, r := range repertoires {
		if r.String() != names[i] {
			t.Errorf("repertoire %d is %s, want %s", i, r, names[i])
		}
		if got, ok := edifact.ParseRepertoire(names[i]); !ok || got != r {
			t.Errorf("%s is not read back", names[i])
		}
		if r.MultiByte() != (r >= edifact.UNOW) {
			t.Errorf("%s has several bytes for a character: %t", r, r.MultiByte())
		}
	}
	for _, name := range []string{"", "UNOM", "UNOZ", "unoc", "UNOC ", "IATA", "KECA"} {
		if r, ok := edifact.ParseRepertoire(name); ok || r != 0 {
			t.Errorf("%q is taken for %s", name, r)
		}
	}
	if edifact.Repertoire(0).String() != "" || edifact.Repertoire(200).String() != "" {
		t.Error("a Repertoire that says nothing has a name")
	}
}

// TestRepertoiresAgreeWithISO8859 compares every byte with the code charts.
func TestRepertoiresAgreeWithISO8859(t *testing.T) {
	t.Parallel()
	for r, chart := range map[edifact.Repertoire]*charmap.Charmap{
		0:            charmap.ISO8859_1,
		edifact.UNOC: charmap.ISO8859_1, edifact.UNOD: charmap.ISO8859_2, edifact.UNOE: charmap.ISO8859_5, edifact.UNOF: charmap.ISO8859_7,
		edifact.UNOG: charmap.ISO8859_3, edifact.UNOH: charmap.ISO8859_4, edifact.UNOI: charmap.ISO8859_6, edifact.UNOJ: charmap.ISO8859_8,
		edifact.UNOK: charmap.ISO8859_9, edifact.UNOL: charmap.ISO8859_15,
	} {
		set := r.Bytes()
		for i := range 256 {
			b := []byte{byte(i)}
			c := chart.DecodeByte(b[0])
			want := c != utf8.RuneError && (c >= ' ' && c < 0x7F || c >= 0xA0)
			text, err := r.Decode(b)
			if got := err == nil; got != want || want && text != string(c) {
				t.Errorf("%s decodes %02X as %q, %v; the chart has %q", r, i, text, err, c)
			}
			if set[i] != want || (r.Valid(b) < 0) != want || r.Length(b) != 1 {
				t.Errorf("%s: byte %02X: Bytes %t, Valid %d, Length %d", r, i, set[i], r.Valid(b), r.Length(b))
			}
			if !want {
				continue
			}
			if back, err := r.Append([]byte("x"), string(c)); err != nil || string(back) != "x"+string(b) || !r.Has(c) {
				t.Errorf("%s encodes %q as %q, %v", r, c, back, err)
			}
		}
	}
}

func TestRepertoireEncodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		set  edifact.Repertoire
		text string
		want string // encoded, or empty for an error
	}{
		{edifact.UNOA, "ABC 09 .,-()/=!\"%&*;<>'+:?", "ABC 09 .,-()/=!\"%&*;<>'+:?"},
		{edifact.UNOA, "#", ""},
		{edifact.UNOA, "a", ""},
		{edifact.UNOB, "abc", "abc"},
		{edifact.UNOB, "@", ""},
		{edifact.UNOB, "æ", ""},
		{edifact.UNOC, "Øl@{}", "\xD8l@{}"},
		{edifact.UNOC, "\u0085", ""},
		{edifact.UNOC, "š", ""},
		{edifact.UNOC, "a\x7F", ""},
		{edifact.UNOC, "a\xC3", ""},
		{edifact.UNOL, "€š", "\xA4\xA8"},
		{edifact.UNOL, "¤", ""},
		{edifact.UNOE, "Я№", "\xCF\xF0"},
		{edifact.UNOW, "š€😀", "š€😀"},
		{edifact.UNOW, "\uFFFD", "\uFFFD"},
		{edifact.UNOW, "a\tb", ""},
		{edifact.UNOW, "a\xFFb", ""},
		{edifact.UNOW, "\u0085", ""},
		{edifact.UNOY, "š€", "š€"},
		{edifact.UNOX, "Ab:", "Ab:"},
		{edifact.UNOX, "Øl", "\x1B-A\xD8l"},
		{edifact.UNOX, "Øł", "\x1B-A\xD8\x1B-B\xB3"},
		{edifact.UNOX, "日本 a", "\x1B$BF|K\\\x1B(B a"},
		{edifact.UNOX, "ｱ", "\x1B(I1\x1B(B"},
		{edifact.UNOX, "‾a¥", "\x1B(J~\x1B(Ba\x1B-A\xA5"},
		{edifact.UNOX, "😀", ""},
		{edifact.UNOX, "\x1B", ""},
	} {
		got, err := test.set.Append([]byte("x"), test.text)
		if test.want == "" {
			if err == nil || string(got) != "x" {
				t.Errorf("%s takes %q", test.set, test.text)
			}
			continue
		}
		if err != nil || string(got) != "x"+test.want {
			t.Errorf("%s encodes %q as %q, %v", test.set, test.text, got, err)
			continue
		}
		back, err := test.set.Decode(got[1:])
		if err != nil || back != test.text {
			t.Errorf("%s decodes %q as %q, %v", test.set, got[1:], back, err)
		}
		if n := test.set.Length(got[1:]); n != utf8.RuneCountInString(test.text) {
			t.Errorf("%s: length of %q is %d", test.set, got[1:], n)
		}
	}
}

func TestUNOXDecodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, give string
		want       string
		bad        int // index of the first byte refused, or -1
		lossy      string
	}{
		{"roman", "\x1B(J\\~a", "¥‾a", -1, "¥‾a"},
		{"JIS of 1978", "\x1B$@F|\x1B(B.", "日.", -1, "日."},
		{"four byte sequence", "\x1B$(BF|", "日", -1, "日"},
		{"blank among two byte characters", "\x1B$BF| K\\", "日 本", -1, "日 本"},
		{"Greek half", "\x1B-F\xC1b", "Αb", -1, "Αb"},
		{"no half designated", "a\xC1", "", 1, "a\uFFFD"},
		{"byte the half has not", "\x1B-F\xFF", "", 3, "\uFFFD"},
		{"sequence unknown", "a\x1B%Gb", "", 1, "a\x1B%Gb"},
		{"sequence cut off", "a\x1B$", "", 1, "a\x1B$"},
		{"half a character", "\x1B$BF", "", 3, "\uFFFD"},
		{"katakana beyond the table", "\x1B(I`", "", 3, "\uFFFD"},
		{"cell without character", "\x1B$B)!", "", 3, "\uFFFD\uFFFD"},
		{"shift", "a\x0E", "", 1, "a\x0E"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := edifact.UNOX.Decode([]byte(test.give))
			if got != test.want || (err != nil) != (test.bad >= 0) {
				t.Errorf("decodes as %q, %v", got, err)
			}
			if at := edifact.UNOX.Valid([]byte(test.give)); at != test.bad {
				t.Errorf("first bad byte is %d, want %d", at, test.bad)
			}
			if got := edifact.UNOX.DecodeLossy([]byte(test.give)); got != test.lossy {
				t.Errorf("lossy: %q, want %q", got, test.lossy)
			}
		})
	}
}

// TestUNOXAgreesWithISO2022JP compares all of JIS X 0208 with the coding of
// mail.
func TestUNOXAgreesWithISO2022JP(t *testing.T) {
	t.Parallel()
	known := 0
	for row := byte(0x21); row < 0x7F; row++ {
		for cell := byte(0x21); cell < 0x7F; cell++ {
			b := []byte{0x1B, '$', 'B', row, cell}
			want, _ := japanese.ISO2022JP.NewDecoder().Bytes(b)
			got := edifact.UNOX.DecodeLossy(b)
			if string(want) != "\uFFFD" {
				known++
			} else if edifact.UNOX.Valid(b) < 0 {
				t.Fatalf("row %02X cell %02X decodes as %q", row, cell, got)
			}
			if got != string(want) && string(want) != "\uFFFD" {
				t.Fatalf("row %02X cell %02X decodes as %q, want %q", row, cell, got, want)
			}
		}
	}
	if known < 6879 {
		t.Errorf("%d characters; JIS X 0208 has 6879", known)
	}
}

func TestRepertoireErrorsNameTheCharacter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		err   error
		index int
		text  string
	}{
		{"encoding", second(edifact.UNOC.Append(nil, "ab€")), 2, "character U+20AC is not in UNOC"},
		{"encoding what is no character", second(edifact.UNOW.Append(nil, "ab\xC3")), 2, "byte C3 is no character of UNOW"},
		{"encoding for ISO 2022", second(edifact.UNOX.Append(nil, "ø😀")), 2, "character U+1F600 is not in UNOX"},
		{"decoding", second(edifact.UNOA.Decode([]byte("ABc"))), 2, "character U+0063 is not in UNOA"},
		{"decoding what is no character", second(edifact.UNOC.Decode([]byte("AB\x85"))), 2, "byte 85 is no character of UNOC"},
		{"decoding a control character", second(edifact.UNOY.Decode([]byte("ab\u0085"))), 2, "character U+0085 is not in UNOY"},
		{"nothing said", second(edifact.Repertoire(0).Append(nil, "€")), 0, "character U+20AC is not in UNOC"},
	} {
		var got *edifact.CharacterError
		if !errors.As(test.err, &got) || got.Index != test.index || got.Error() != test.text {
			t.Errorf("%s: error is %v at %+v, want %q", test.name, test.err, got, test.text)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDecodeLossy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		set        edifact.Repertoire
		give, want string
	}{
		{edifact.UNOA, "a\xE5\x85#", "aå\uFFFD#"},
		{edifact.UNOC, "\xE5\n\x85", "å\n\uFFFD"},
		{edifact.UNOI, "\xC7\xA1", "ا\uFFFD"},
		{edifact.UNOW, "å\xE5\n\u0085", "å\uFFFD\n\uFFFD"},
	} {
		if got := test.set.DecodeLossy([]byte(test.give)); got != test.want {
			t.Errorf("%s: %q is %q, want %q", test.set, test.give, got, test.want)
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		set  edifact.Repertoire
		give string
		want edifact.Encoding
		text string
	}{
		{"ASCII", edifact.UNOC, "Aase", edifact.EncodingLabelled, "Aase"},
		{"Latin 1", edifact.UNOC, "\xC5se \xD8st", edifact.EncodingLabelled, "Åse Øst"},
		{"UTF-8 as Latin 1", edifact.UNOC, "Åse Øst", edifact.EncodingUTF8, "Åse Øst"},
		{"UTF-8 as level A", edifact.UNOA, "ÅSE", edifact.EncodingUTF8, "ÅSE"},
		{"1252 as Latin 1", edifact.UNOC, "\x80 5 \x96 \xF8", edifact.EncodingWindows1252, "€ 5 – ø"},
		{"1252 as level B", edifact.UNOB, "\xF8l", edifact.EncodingWindows1252, "øl"},
		{"1252 as UTF-8", edifact.UNOW, "\xF8l", edifact.EncodingWindows1252, "øl"},
		{"not in 1252", edifact.UNOC, "\x81\xF8", edifact.EncodingLabelled, ""},
		{"control characters of UTF-8", edifact.UNOC, "\u0085", edifact.EncodingWindows1252, "Â…"},
		{"Cyrillic that looks like UTF-8", edifact.UNOE, "\xC2\xB0", edifact.EncodingLabelled, "ТА"},
		{"UTF-8 as Cyrillic", edifact.UNOE, "Якутия", edifact.EncodingUTF8, "Якутия"},
		{"UTF-8 as labelled", edifact.UNOW, "Øst", edifact.EncodingLabelled, "Øst"},
		{"ISO 2022", edifact.UNOX, "\x1B-A\xD8", edifact.EncodingLabelled, "Ø"},
		{"nothing said", 0, "Øst", edifact.EncodingUTF8, "Øst"},
		{"ESC is no sign of another encoding", edifact.UNOC, "\xE6\x1B", edifact.EncodingLabelled, ""},
		{"ESC is no sign of another encoding, in Greek", edifact.UNOF, "\xC3\xA6\x1B", edifact.EncodingLabelled, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.set.Detect([]byte(test.give))
			text, err := test.set.DecodeAs(got, []byte(test.give))
			if got != test.want || text != test.text || (err != nil) != (test.text == "") {
				t.Errorf("found %s: %q, %v", got, text, err)
			}
		})
	}
	if _, err := edifact.UNOC.DecodeAs(edifact.EncodingWindows1252, []byte("a\n\x80")); err == nil {
		t.Error("a control character is taken")
	}
}

func TestRepertoiresAllocateLittle(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { edifact.Transliterate(edifact.UNOC, "Åse på Ærø") }); n != 0 {
		t.Errorf("transliterating text that stays allocates %v times", n)
	}
	jis, err := edifact.UNOX.Append(nil, "日本 Øst")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		set   edifact.Repertoire
		value []byte
	}{{edifact.UNOC, []byte("B\xF8rge \xC5gesen p\xE5 \xD8er\xF8")}, {edifact.UNOW, []byte("Børge Ågesen på Øerø, 10 €")}, {edifact.UNOX, jis}} {
		if n := testing.AllocsPerRun(100, func() {
			if test.set.Valid(test.value) >= 0 || test.set.Length(test.value) == 0 {
				t.Fatal("value is wrong")
			}
		}); n != 0 {
			t.Errorf("%s: Valid and Length allocate %v times", test.set, n)
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := test.set.Decode(test.value); err != nil {
				t.Fatal(err)
			}
		}); n > 1 {
			t.Errorf("%s: Decode allocates %v times", test.set, n)
		}
	}
}

// texts draws strings with much that some repertoire has.
func texts() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(
		rapid.RuneFrom([]rune("aZ09 .,-()/=!\"%&*;<>'+:?@#[]{}|\\^_`~")),
		rapid.RuneFrom([]rune("ÅÆØåæøéßÿšŽŁł€Яяά日本ｱعש\u0301\u00ad\uFFFD😀")),
		rapid.Rune(),
	))
}

func TestAppendAndDecodeAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, s := rapid.SampledFrom(repertoires).Draw(t, "repertoire"), texts().Draw(t, "text")
		b, err := r.Append(nil, s)
		within := true
		for _, c := range s {
			within = within && r.Has(c)
		}
		if (err == nil) != within {
			t.Fatalf("Append says %v, Has %t", err, within)
		}
		if err != nil {
			return
		}
		back, err := r.Decode(b)
		if err != nil || back != s {
			t.Fatalf("%q comes back as %q, %v", s, back, err)
		}
		if r.Length(b) != utf8.RuneCountInString(s) || r.DecodeLossy(b) != s {
			t.Fatalf("%q has length %d, lossy %q", s, r.Length(b), r.DecodeLossy(b))
		}
		set := r.Bytes()
		if slices.ContainsFunc(b, func(c byte) bool { return !set[c] }) {
			t.Fatalf("%q has bytes that may not be", b)
		}
	})
}

func TestValidAgreesWithDecode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(repertoires).Draw(t, "repertoire")
		b := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(texts(), func(s string) []byte { return []byte(s) }),
			rapid.SliceOf(rapid.SampledFrom([]byte("\x1B$B(IJ-AFb \xC1\xE5!~")))).Draw(t, "bytes")
		agree(t, r, b)
	})
}

type fataler interface{ Fatalf(string, ...any) }

// agree compares everything that reads b.
func agree(t fataler, r edifact.Repertoire, b []byte) {
	at := r.Valid(b)
	s, err := r.Decode(b)
	var refused *edifact.CharacterError
	switch {
	case at < 0 && err != nil:
		t.Fatalf("%s: %q is valid, and Decode says %v", r, b, err)
	case at >= 0 && (!errors.As(err, &refused) || refused.Index != at || refused.Byte != b[at] || s != ""):
		t.Fatalf("%s: %q is refused at %d, Decode says %q, %+v", r, b, at, s, refused)
	case at < 0:
		again, err := r.Append(nil, s)
		if err != nil || !r.MultiByte() && string(again) != string(b) {
			t.Fatalf("%s: %q is written back as %q, %v", r, b, again, err)
		}
	}
	if n := r.Length(b); n > len(b) || at < 0 && n != utf8.RuneCountInString(s) {
		t.Fatalf("%s: %q has length %d", r, b, n)
	}
	if !utf8.ValidString(r.DecodeLossy(b)) {
		t.Fatalf("%s: %q is shown as %q", r, b, r.DecodeLossy(b))
	}
	if text, err := r.DecodeAs(r.Detect(b), b); err == nil && !utf8.ValidString(text) {
		t.Fatalf("%s: %q is detected as %q", r, b, text)
	}
}

func FuzzRepertoireDecode(f *testing.F) {
	for _, seed := range []string{"", "abc", "\xC5se", "Åse", "\x80", "\x1B$BF|K\\\x1B(B", "\x1B-A\xD8", "\x1B(J~\\", "\x1B(I1", "\xED\xA0\x80"} {
		f.Add(byte(3), []byte(seed))
		f.Add(byte(edifact.UNOX), []byte(seed))
		f.Add(byte(edifact.UNOW), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, set byte, b []byte) {
		agree(t, edifact.Repertoire(set%17), b)
	})
}

func BenchmarkRepertoire(b *testing.B) {
	for _, bench := range []struct {
		name string
		set  edifact.Repertoire
		text string
	}{
		{"UNOC ASCII", edifact.UNOC, "Boligstoette for august 2005, Journal 4711"},
		{"UNOC", edifact.UNOC, "Boligstøtte for august 2005, på Ærø"},
		{"UNOE", edifact.UNOE, "Жилищное пособие за август 2005"},
		{"UNOW", edifact.UNOW, "Boligstøtte for august 2005, på Ærø"},
	} {
		encoded, err := bench.set.Append(nil, bench.text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(bench.name+" Decode", func(b *testing.B) {
			b.SetBytes(int64(len(encoded)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = bench.set.Decode(encoded)
			}
		})
		b.Run(bench.name+" Valid", func(b *testing.B) {
			b.SetBytes(int64(len(encoded)))
			for b.Loop() {
				_ = bench.set.Valid(encoded)
			}
		})
		b.Run(bench.name+" Append", func(b *testing.B) {
			b.SetBytes(int64(len(encoded)))
			dst := make([]byte, 0, 256)
			for b.Loop() {
				_, _ = bench.set.Append(dst, bench.text)
			}
		})
	}
}
