package autack_test

import (
	"crypto/sha256"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/autack"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestSignedIsVerified(t *testing.T) {
	t.Parallel()
	levels := map[string]autack.Level{
		"interchange": autack.LevelInterchange, "group": autack.LevelGroup, "message": autack.LevelMessage, "package": autack.LevelPackage,
	}
	for _, test := range []struct {
		input  string
		levels string
	}{
		{interchange3, "interchange message"},
		{interchange4, "interchange message package"},
		{grouped, "interchange group message"},
	} {
		for level := range strings.FieldsSeq(test.levels) {
			for _, version := range []int{1, 2, 3, 4} {
				for _, filter := range []autack.Filter{autack.Hex, autack.Base64} {
					for _, padding := range []autack.Padding{autack.PKCS1v15, autack.PSS} {
						o := autack.SignOptions{Filter: filter, Padding: padding, KeyName: "K1", Time: autack.Time{Date: "20260301", Time: "060000"}}
						got := signed(t, test.input, levels[level], version, o)
						checkSigned(t, test.input, got, levels[level])
					}
				}
			}
		}
	}
}

// checkSigned verifies an AUTACK of all structures of a level.
func checkSigned(t *testing.T, input, signature string, level autack.Level) {
	t.Helper()
	d, _ := mustRead(t, input)
	_, messages := mustRead(t, signature)
	_, public := loadKey(t, keyFile)
	if len(messages) != 1 {
		t.Fatalf("%d AUTACKs", len(messages))
	}
	covered, err := autack.Verify(messages[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)})
	if err != nil {
		t.Fatalf("%v of %q", err, signature)
	}
	want := of(d, level)
	if len(covered) != len(want) || len(want) == 0 {
		t.Fatalf("%d covered, want %d", len(covered), len(want))
	}
	for i, c := range covered {
		if c.Digest != want[i] || c.Service != "7" || c.KeyName != "K1" || c.Header != "1" || c.SignedAt.Date != "20260301" {
			t.Errorf("covered %+v, want %+v", c, want[i])
		}
		if sum := sha256.Sum256([]byte(input[c.From:c.To])); sum != c.SHA256 {
			t.Errorf("%v: digest is not that of bytes %d to %d", c.Reference, c.From, c.To)
		}
	}
}

func TestRangesAreExact(t *testing.T) {
	t.Parallel()
	lines := strings.ReplaceAll(strings.ReplaceAll(interchange3, "'", "'\r\n"), "?'\r\n", "?'")
	message1 := func(s string) string { return s[strings.Index(s, "UNH+M1"):strings.Index(s, "UNH+M2")] }
	trim := func(s string) string { return strings.TrimRight(s, "\r\n") }
	for name, test := range map[string]struct {
		input     string
		lenient   edifact.Leniency
		o         autack.HashOptions
		ref, want string
	}{
		"message":              {input: interchange3, ref: "M1", want: message1(interchange3)},
		"interchange":          {input: interchange3, want: interchange3},
		"interchange from UNB": {input: interchange3, o: autack.HashOptions{WithoutUNA: true}, want: interchange3[9:]},
		"no UNA":               {input: interchange4, want: interchange4},
		"line breaks":          {input: lines, lenient: edifact.LineBreaks, ref: "M1", want: trim(message1(lines))},
		"all with line breaks": {input: lines, lenient: edifact.LineBreaks, want: trim(lines)},
		"short UNA":            {input: "UNA:+.?'" + interchange3[9:], lenient: edifact.ShortUNA, want: "UNA:+.?'" + interchange3[9:]},
		"preamble":             {input: "HEAD U NA UNA \r\n" + interchange3, lenient: edifact.Preamble, want: interchange3},
		"padding":              {input: "  " + interchange4 + "\x1A\x1A", lenient: edifact.Padding, want: interchange4},
		"no last terminator":   {input: strings.TrimSuffix(interchange4, "'"), lenient: edifact.MissingTerminator, want: strings.TrimSuffix(interchange4, "'")},
		"wrapped":              {input: wrap(interchange3[9:], 7), lenient: edifact.WrappedLines, ref: "M2", want: wrappedFrom(interchange3[9:], 7, "UNH+M2", "UNZ")},
		"wrapped everywhere":   {input: wrap(interchange3[9:], 1), lenient: edifact.WrappedLines | edifact.LineBreaks, ref: "M1", want: wrappedFrom(interchange3[9:], 1, "UNH+M1", "UNH+M2")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _, err := read(iotest.OneByteReader(strings.NewReader(test.input)), edifact.ReaderOptions{Lenient: test.lenient}, test.o)
			if err != nil {
				t.Fatal(err)
			}
			u := "REF'7"
			if strings.Contains(test.input, "UNOW") {
				u = "REF7"
			}
			got, err := d.Find(autack.Reference{Interchange: u, Message: autack.MessageID{Ref: test.ref}})
			if err != nil {
				t.Fatal(err)
			}
			if in := test.input[got.From:got.To]; in != test.want {
				t.Errorf("range is %q, want %q", in, test.want)
			}
			if got.SHA256 != sha256.Sum256([]byte(test.want)) {
				t.Errorf("digest is not that of %q", test.want)
			}
		})
	}
}

// wrap breaks lines at a column.
func wrap(s string, column int) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%column == 0 {
			b.WriteString("\n")
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// wrappedFrom is what wrap makes of a part of s, the line breaks before and
// after it left out.
func wrappedFrom(s string, column int, from, to string) string {
	at := func(i int) int { return i + i/column }
	i, j := strings.Index(s, from), strings.Index(s, to)
	return wrap(s, column)[at(i) : at(j-1)+1]
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		input   string
		level   autack.Level
		version int
		o       autack.SignOptions
	}{
		"version3.edi": {interchange3, autack.LevelInterchange, 3, autack.SignOptions{KeyName: "K1", Time: autack.Time{Date: "20260301", Time: "060102", Offset: "0100"}}},
		"version4.edi": {interchange4, autack.LevelMessage, 4, autack.SignOptions{
			Message: edifact.UNH{Ref: "A1", Function: autack.FunctionAuthentication}, Header: "H1", Service: autack.ServiceOrigin, Scope: autack.ScopeMessage,
			Response: "2", Filter: autack.Base64, Certificate: "CERT", Sequence: "17",
		}},
	} {
		got := strings.ReplaceAll(signed(t, test.input, test.level, test.version, test.o), "'U", "'\nU") + "\n"
		path := "testdata/" + name
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: signed\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestOneByteAtATimeIsTheSame(t *testing.T) {
	t.Parallel()
	for _, input := range []string{interchange3, interchange4, grouped} {
		want, _ := mustRead(t, input)
		got, _, err := read(iotest.OneByteReader(strings.NewReader(input)), edifact.ReaderOptions{}, autack.HashOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.All()) != len(want.All()) {
			t.Fatalf("%d digests, want %d", len(got.All()), len(want.All()))
		}
		for i, d := range got.All() {
			w := want.All()[i]
			if d.Reference != w.Reference || d.SHA256 != w.SHA256 || d.From != w.From || d.To != w.To {
				t.Errorf("digest %+v, want %+v", d, w)
			}
		}
	}
}

func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	for _, version := range []int{1, 2, 3, 4} {
		m := full()
		if version < 4 {
			// S009 and UNH of the older versions have fewer components.
			m.UNH.CodeList, m.UNH.Function = "", ""
		}
		_, got := mustRead(t, mustOwn(t, m, version))
		if len(got) != 1 || !reflect.DeepEqual(got[0], m) {
			t.Errorf("version %d: read %+v, want %+v", version, got, m)
		}
	}
}

// full is a message that has every field.
func full() *autack.Message {
	at := autack.Time{Qualifier: "1", Date: "20260301", Time: "060102", Offset: "0100"}
	party := autack.Party{Qualifier: "1", KeyName: "K'1", ID: "ID", List: "1", Agency: "ZZZ", Names: [3]string{"A", "", "C"}}
	value := []autack.Value{{Qualifier: "2", Value: "r?"}, {Qualifier: "3", Value: "s+"}}
	algorithm := autack.Algorithm{
		Use: "1", Mode: autack.Code{Value: "16", List: "1"}, Code: autack.Code{Value: "48", List: "1"}, Padding: autack.Code{Value: "16", List: "1"},
		Parameters: []autack.Parameter{{Qualifier: "12", Value: "modulus"}, {Qualifier: "13", Value: "exponent"}},
	}
	h := autack.Header{
		Service: "7", Ref: "1", Scope: "3", Response: "1", Filter: "2", Encoding: "1", Role: "1",
		Parties: []autack.Party{party, {Qualifier: "2", ID: "B"}}, Sequence: "12", Time: at,
		Algorithms: []autack.Algorithm{algorithm, {Use: "2"}, {Use: "8"}},
		Certificates: []autack.Certificate{{
			Ref: "C1", Parties: []autack.Party{{Qualifier: "3"}, party}, Syntax: "3", Filter: "7", Encoding: "1", Level: "L",
			ServiceCharacters: []autack.Parameter{{Qualifier: "1", Value: "'"}, {Qualifier: "2", Value: ":"}},
			Times:             []autack.Time{at, {Qualifier: "3", Date: "20200101"}}, Status: "1", Revocation: "2",
			Algorithms: []autack.Algorithm{{Use: "6", Code: autack.Code{Value: "10"}}}, Signature: value,
		}, {Ref: "C2"}},
	}
	id := edifact.Party{ID: "S", Qualifier: "14", Internal: "I", Sub: "T"}
	return &autack.Message{
		UNH:     edifact.UNH{Ref: "1", Type: "AUTACK", Version: "4", Release: "1", Agency: "UN", Association: "EAN001", CodeList: "D01B", Function: "SECACK"},
		Headers: []autack.Header{h, {Service: "1", Ref: "2"}}, Response: "1", Time: at, Sender: id, Recipient: edifact.Party{ID: "R"},
		Secured: []autack.Secured{{
			Reference: autack.Reference{
				Interchange: "I1", Sender: id, Recipient: id, Group: "G", GroupSender: edifact.Party{ID: "A", Qualifier: "1"}, GroupRecipient: edifact.Party{ID: "B"},
				Message: autack.MessageID{Ref: "M", Type: "PAYMUL", Version: "D", Release: "96A", Agency: "UN", Association: "A", CodeList: "C", Function: "F"}, Package: "P",
			}, Time: at, Results: []autack.Result{{Header: "1", Values: value, Error: "1"}, {Header: "2", Error: "4"}},
		}, {Reference: autack.Reference{Interchange: "I2"}, Results: []autack.Result{{Header: "1", Values: value[:1]}}}},
		Trailers: []autack.Trailer{{Header: "1", Segments: 10}, {Header: "2", Segments: 3, Signature: value}},
	}
}

func TestNewCodesAreAgreed(t *testing.T) {
	t.Parallel()
	codes := autack.Codes{Hash: autack.Code{Value: "SHA", List: "ZZZ"}}
	got := signed(t, interchange3, autack.LevelInterchange, 3, autack.SignOptions{Codes: codes})
	if !strings.Contains(got, "USA+1:::SHA:ZZZ'") {
		t.Fatalf("signed %q", got)
	}
	d, _ := mustRead(t, interchange3)
	_, m := mustRead(t, got)
	_, public := loadKey(t, keyFile)
	if _, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public)}); err == nil {
		t.Error("verified with a code that was not agreed")
	}
	if _, err := autack.Verify(m[0], d, autack.VerifyOptions{Keys: autack.OneKey(public), Codes: codes}); err != nil {
		t.Error(err)
	}
}
