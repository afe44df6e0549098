package canon_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nks/edifact"
	"nks/edifact/canon"
)

const head = "UNB+UNOC:3+A:14+B:14+050811:0600+7'"

func lenient(o canon.Options) canon.Options {
	o.Lenient = edifact.Everything
	return o
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	const plain = head + "UNH+1+PAYMUL:D:96A:UN'FTX+a?+b::c?'d+?:??'UNT+3+1'UNZ+1+7'"
	for _, test := range []struct {
		name, input string
		o           canon.Options
		want        string
	}{
		{"is as it should be", plain, canon.Options{}, plain},
		{"separators that separate nothing", head + "UNH+1+PAYMUL:D:96A:UN::+'FTX+:+a::b:+++'UNS+'UNT+4+1+'UNZ+1+7'", canon.Options{},
			head + "UNH+1+PAYMUL:D:96A:UN'FTX++a::b'UNS'UNT+4+1'UNZ+1+7'"},
		{"release characters that release nothing", strings.Replace(plain, "a?+b", "?aö?z?+b", 1), lenient(canon.Options{}), strings.Replace(plain, "a?+b", "aöz?+b", 1)},
		{"other service characters", "UNA|*.! ~UNB*UNOC|3*A*B*050811|0600*7~UNH*1*X|D|1|ZZ~FTX*a+b!*c:|'?!!~UNT*3*1~UNZ*1*7~", canon.Options{},
			"UNA:+.? 'UNB+UNOC:3+A+B+050811:0600+7'UNH+1+X:D:1:ZZ'FTX+a?+b*c?::?'??!'UNT+3+1'UNZ+1+7'"},
		{"other service characters, kept", "UNA|*.!^~UNB*UNOC|3*A*B*050811|0600*7*~UNZ*0*7~", canon.Options{Separators: true},
			"UNA|*.! ~UNB*UNOC|3*A*B*050811|0600*7~UNZ*0*7~"},
		{"those of level B", strings.NewReplacer("+", "\x1D", ":", "\x1F", "'", "\x1C").Replace(strings.Replace(head, "UNOC", "UNOB", 1) + "UNH+1+X:D:1:ZZ'FTX+A?B'UNT+3+1'UNZ+1+7'"), canon.Options{Advice: canon.Never},
			strings.Replace(head, "UNOC", "UNOB", 1) + "UNH+1+X:D:1:ZZ'FTX+A??B'UNT+3+1'UNZ+1+7'"},
		{"UNA always", plain, canon.Options{Advice: canon.Always}, "UNA:+,? '" + plain},
		{"UNA never", "UNA:+,? '" + plain, canon.Options{Advice: canon.Never}, plain},
		{"repetitions", "UNA:+,? 'UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'FTX+a*b'UNT+3+1'UNZ+1+7'", canon.Options{},
			"UNA:+,?*'UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'FTX+a?*b'UNT+3+1'UNZ+1+7'"},
		{"repetitions that repeat nothing", "UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'FTX+a*b:**:c:*+*:d*'UNT+3+1'UNZ+1+7'", canon.Options{},
			"UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'FTX+a*b**:c+*:d'UNT+3+1'UNZ+1+7'"},
		{"a line for each segment", "\xEF\xBB\xBFUNA:+,? '\r\n" + strings.ReplaceAll(strings.Replace(plain, "?'", "", 1), "'", "'\r\n  ") + "\x1A", lenient(canon.Options{Wrap: edifact.WrapSegments}),
			"UNA:+,? '\n" + strings.ReplaceAll(strings.Replace(plain, "?'", "", 1), "'", "'\n")},
		{"lines of 80", plain + "UNA:+,? '" + plain, lenient(canon.Options{Wrap: edifact.Wrap80}),
			plain[:80] + "\n" + plain[80:] + "\nUNA:+,? '" + plain[:71] + "\n" + plain[71:] + "\n"},
		{"nesting in tags", head + "UNH+1+X:D:1:ZZ'LIN:1:2+5'LIN:1'UNT+4+1'UNZ+1+7'", canon.Options{}, head + "UNH+1+X:D:1:ZZ'LIN:1:2+5'LIN:1'UNT+4+1'UNZ+1+7'"},
		{"bytes of another set", head + "UNH+1+X:D:1:ZZ'FTX+\x80\xC5\x81'UNT+3+1'UNZ+1+7'", lenient(canon.Options{}), head + "UNH+1+X:D:1:ZZ'FTX+\x80\xC5\x81'UNT+3+1'UNZ+1+7'"},
		{"wrong counts", head + "UNH+1+X:D:1:ZZ'UNT+9+1'UNZ+9+7'", lenient(canon.Options{}), head + "UNH+1+X:D:1:ZZ'UNT+9+1'UNZ+9+7'"},
		{"counts mended", head + "UNG+X+A+B+050811:0600+G+UN+D:96A'UNH+1+X:D:1:ZZ'UNT+9+1'UNE+8+G'UNZ+7+7'UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'UNO+3+ZZZ:1+XX+1'1UNP+1+3'UNT+9+1'UNO+2+ZZZ:1+XX+1'1UNP+1+2'UNZ+7+7'",
			lenient(canon.Options{Counts: true}),
			head + "UNG+X+A+B+050811:0600+G+UN+D:96A'UNH+1+X:D:1:ZZ'UNT+2+1'UNE+1+G'UNZ+1+7'UNB+UNOC:4+A+B+20050811:0600+7'UNH+1+X:D:1:ZZ'UNO+3+ZZZ:1+XX+1'1UNP+1+3'UNT+4+1'UNO+2+ZZZ:1+XX+1'1UNP+1+2'UNZ+2+7'"},
		{"packages, in lines", "UNB+UNOC:4+A+B+20050811:0600+7'UNO+1+ZZZ:1+XX+9'12'\n\nUN+?UNP+9+1'UNZ+1+7'", lenient(canon.Options{Wrap: edifact.WrapSegments}),
			"UNB+UNOC:4+A+B+20050811:0600+7'\nUNO+1+ZZZ:1+XX+9'12'\n\nUN+?UNP+9+1'\nUNZ+1+7'\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := canon.Rewrite(&out, strings.NewReader(test.input), test.o); err != nil || out.String() != test.want {
				t.Errorf("%v\n%q\nwant\n%q", err, out.String(), test.want)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	const message = "UNH+1+X:D:1:ZZ'FTX+a'UNT+3+1'"
	for _, test := range []struct {
		name, input string
		o           canon.Options
		want        edifact.Rule
	}{
		{"a break that is not forgiven", head + message + "\nUNZ+1+7'", canon.Options{}, edifact.RuleLineBreak},
		{"a tag that is none", head + message + "x+1'UNZ+1+7'", lenient(canon.Options{}), edifact.RuleTag},
		{"no UNB", message, lenient(canon.Options{}), edifact.RuleHeader},
		{"no UNZ", head + message, lenient(canon.Options{}), edifact.RuleTrailer},
		{"a segment outside", head + message + "FTX+a'UNZ+1+7'", lenient(canon.Options{}), edifact.RuleOutside},
		{"a wrong count", head + message + "UNZ+2+7'", canon.Options{}, edifact.RuleCount},
		{"another character", head + strings.Replace(message, "+a", "+\x80", 1) + "UNZ+1+7'", canon.Options{}, edifact.RuleRepertoire},
	} {
		var out bytes.Buffer
		err := canon.Rewrite(&out, strings.NewReader(test.input), test.o)
		if fault, ok := errors.AsType[*edifact.ParseError](err); !ok || fault.Rule != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	in := "UNA:+.? '" + head + message + "UNZ+1+7'"
	if err := canon.Rewrite(io.Discard, strings.NewReader(in), canon.Options{Advice: canon.Never}); err == nil {
		t.Error("a decimal mark is left to be guessed")
	}
	full := errors.New("disk full")
	if err := canon.Rewrite(deaf{full}, strings.NewReader(in), canon.Options{}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type deaf struct{ err error }

func (d deaf) Write([]byte) (int, error) { return 0, d.err }

func TestTellsWhatItReadOver(t *testing.T) {
	t.Parallel()
	var rules []edifact.Rule
	o := lenient(canon.Options{})
	o.Forgiven = func(e *edifact.ParseError) { rules = append(rules, e.Rule) }
	in := "UNB+UNOC:3+A:14+B:14+20050811:0600+7'\nUNZ+1+7'"
	if err := canon.Rewrite(io.Discard, strings.NewReader(in), o); err != nil {
		t.Fatal(err)
	}
	if want := []edifact.Rule{edifact.RuleTooLong, edifact.RuleLineBreak, edifact.RuleEmpty, edifact.RuleCount}; !slices.Equal(rules, want) {
		t.Errorf("told %q, want %q", rules, want)
	}
}

// events are what a reader makes of an interchange, empty things at the end of
// anything left out.
func events(t interface{ Fatalf(string, ...any) }, in string) []string {
	var all []string
	o := edifact.ReaderOptions{Lenient: edifact.Everything, Faults: func(*edifact.ParseError) {}, Object: func(_ edifact.UNO, in io.Reader) error {
		b, err := io.ReadAll(in)
		all = append(all, string(b))
		return err
	}}
	for s, err := range edifact.NewReader(strings.NewReader(in), o).Segments() {
		if err != nil {
			t.Fatalf("%q cannot be read: %v", in, err)
		}
		e := s.Tag
		for v := range s.Values() {
			if len(v.Bytes) > 0 {
				e += fmt.Sprintf(" %d:%d:%d=%q", v.Element, v.Repetition, v.Component, v.Bytes)
			}
		}
		all = append(all, e)
	}
	return all
}

var scraps = []string{
	"UNA:+,? '", "UNA:+.?*'", "UNA:+,?'", "UNA|*.! ~", "UNB+UNOC:3+A:14+B:14+050811:0600+7'", "UNB+UNOC:4+A+B+20050811:0600+7'",
	"UNB*UNOA|1*A*B*050811|0600*7~", "UNZ+1+7'", "UNZ+1+7'", "UNH+1+PAYMUL:D:96A:UN'", "UNH+1+PAYMUL:D:96A:UN'", "UNT+3+1'", "UNT+3+1'",
	"UNO+2+ZZZ:1+XX+3'abcUNP+3+2'", "UNS+D'", "FTX+AAI+++a:b?'c", "FTX", "LIN:1:2+5'", "DTM+137:20050811:102'", "'", "??'", "?", "+", ":", "*",
	"\r\n", "\n", "  ", "\xEF\xBB\xBF", "é", "\x80", strings.Repeat("x", 90), "~",
}

// TestRewritingKeepsWhatIsRead rewrites whatever can be rewritten: what is read
// stays the same, and a second time changes nothing.
func TestRewritingKeepsWhatIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), 0, 15).Draw(t, "body"), "")
		start := rapid.SampledFrom([]string{"", head, "UNA:+.?*'UNB+UNOC:4+A+B+20050811:0600+7'", "UNA|*.! ~UNB*UNOC|3*A*B*050811|0600*7~"}).Draw(t, "start")
		ending := rapid.SampledFrom([]string{"", "UNZ+1+7'", "~UNZ*1*7~"}).Draw(t, "ending")
		keeps(t, start+body+ending, lenient(canon.Options{
			Wrap:       rapid.SampledFrom([]edifact.Wrap{edifact.WrapNone, edifact.WrapSegments, edifact.Wrap80}).Draw(t, "wrap"),
			Advice:     rapid.SampledFrom([]canon.Advice{canon.AsItWas, canon.Always, canon.Never}).Draw(t, "advice"),
			Separators: rapid.Bool().Draw(t, "separators"),
		}))
	})
}

func keeps(t interface{ Fatalf(string, ...any) }, input string, o canon.Options) {
	var once, twice bytes.Buffer
	if canon.Rewrite(&once, strings.NewReader(input), o) != nil {
		return
	}
	before, after := events(t, input), events(t, once.String())
	if !slices.Equal(before, after) {
		t.Fatalf("%q\nis rewritten to %q\nwhich is %q\nand was %q", input, once.String(), after, before)
	}
	if err := canon.Rewrite(&twice, bytes.NewReader(once.Bytes()), o); err != nil || twice.String() != once.String() {
		t.Fatalf("%q\nis rewritten to %q\nand that to    %q (%v)", input, once.String(), twice.String(), err)
	}
}

func FuzzRewrite(f *testing.F) {
	for i, start := range []string{head, "UNA:+.?*'UNB+UNOC:4+A+B+20050811:0600+7'", "UNA|*.! ~UNB*UNOC|3*A*B*050811|0600*7~"} {
		f.Add([]byte(start+"UNH+1+PAYMUL:D:96A:UN'FTX+a?'b*c:::'UNT+3+1'UNZ+1+7'"), byte(i), i == 1)
	}
	f.Fuzz(func(t *testing.T, input []byte, form byte, separators bool) {
		keeps(t, string(input), lenient(canon.Options{Wrap: edifact.Wrap(form % 3), Advice: canon.Advice(form / 3 % 3), Separators: separators}))
	})
}
