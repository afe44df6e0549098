package edifact_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"nks/edifact"
)

// TestEnvelopeFaults tells every fault of envelopes, with its place, and which
// segments are read all the same.
// TestDecimalMarkIsToldOnce where a second interchange begins without UNA inside
// of the first.
func TestDecimalMarkIsReportedOnce(t *testing.T) {
	t.Parallel()
	got := reads(strings.NewReader("UNA:+_? '"+begin+open+"FTX+a'"+end), edifact.ReaderOptions{}, true)
	want := []string{"una@0 UNA 0:0:0 =20", "trailer@44 UNZ 0:0:0 =13"}
	if !slices.Equal(got.faults, want) || got.tags() != "UNB UNB UNH FTX UNT UNZ" {
		t.Errorf("%q, want %q; read %s", got.faults, want, got.tags())
	}
}

func TestEnvelopeFaults(t *testing.T) {
	t.Parallel()
	const (
		group = "UNG+PAYMUL+A+B+050811:0600+G1+UN+D:96A'"
		other = "UNH+2+BANSTA:D:96A:UN'BGM+1'UNT+3+2'"
		first = "UNH+1+PAYMUL:D:96A:UN'BGM+1'UNT+3+1'"
	)
	const v4 = "UNB+UNOC:4+A:1+B:1+20050811:0600+7'"
	for _, test := range []struct {
		name, input string
		want        []string
		tags        string
	}{
		{"no UNB", first, []string{"header@0 UNB 0:0:0 =13"}, "UNH BGM UNT"},
		{"no UNB, but UNZ", first + "UNZ+1+7'", []string{"header@0 UNB 0:0:0 =13"}, "UNH BGM UNT UNZ"},
		{"UNZ alone", "UNZ+1+7'", []string{"header@0 UNZ 0:0:0 =13"}, "UNZ"},
		{"no UNZ", begin + first, []string{"trailer@71 UNZ 0:0:0 =13"}, "UNB UNH BGM UNT"},
		{"no UNT at the end", begin + "UNH+1+PAYMUL:D:96A:UN'BGM+1'", []string{"trailer@63 UNT 3:0:0 =13", "trailer@63 UNZ 0:0:0 =13"}, "UNB UNH BGM"},
		{"no UNT before UNH", begin + "UNH+1+PAYMUL:D:96A:UN'BGM+1'" + other + "UNZ+2+7'", []string{"trailer@63 UNT 3:0:0 =13"}, "UNB UNH BGM UNH BGM UNT UNZ"},
		{"no UNZ before UNB", begin + first + begin + first + "UNZ+1+7'", []string{"trailer@71 UNZ 0:0:0 =13"}, "UNB UNH BGM UNT UNB UNH BGM UNT UNZ"},
		{"nothing in it", begin + "UNZ+0+7'", []string{"empty@35 UNZ 0:0:0 =32"}, "UNB UNZ"},
		{"nothing in a group", begin + group + "UNE+0+G1'UNZ+1+7'", []string{"empty@74 UNE 0:0:0 =32"}, "UNB UNG UNE UNZ"},
		{"no references", strings.Replace(begin, "+7'", "'", 1) + "UNH++PAYMUL:D:96A:UN'BGM+1'UNT+3+1'UNZ+1+7'", []string{"mandatory@32 UNB 0:6:0 =13", "mandatory@37 UNH 1:2:0 =13"}, "UNB UNH BGM UNT UNZ"},
		{"nothing said of the syntax", "UNB++A+B+050811:0600+7'" + first + "UNZ+1+7'", []string{"mandatory@4 UNB 0:2:0 =13"}, "UNB UNH BGM UNT UNZ"},
		{"small letters under UNOA", "UNB+UNOA:1+A+b:cd+050811:0600+7'" + first + "UNZ+1+7'", []string{"repertoire@13 UNB 0:4:1 =21", "repertoire@15 UNB 0:4:2 =21"}, "UNB UNH BGM UNT UNZ"},
		{"groups", begin + group + first + "UNE+1+G1'UNZ+1+7'", nil, "UNB UNG UNH BGM UNT UNE UNZ"},
		{"another type in a group", begin + group + other + "UNE+1+G1'UNZ+1+7'", []string{"group-type@80 UNH 1:3:1 =31"}, "UNB UNG UNH BGM UNT UNE UNZ"},
		{"no UNE", begin + group + first + "UNZ+1+7'", []string{"trailer@110 UNE 0:0:0 =13"}, "UNB UNG UNH BGM UNT UNZ"},
		{"UNE without UNG", begin + first + "UNE+1+G1'UNZ+1+7'", []string{"outside@71 UNE 0:0:0 =33"}, "UNB UNH BGM UNT UNE UNZ"},
		{"UNT without UNH", begin + first + "UNT+3+1'UNZ+1+7'", []string{"outside@71 UNT 0:0:0 =33"}, "UNB UNH BGM UNT UNT UNZ"},
		{"UNP without UNO", begin + first + "UNP+3+1'UNZ+1+7'", []string{"outside@71 UNP 0:0:0 =33"}, "UNB UNH BGM UNT UNP UNZ"},
		{"a message before a group", begin + other + group + first + "UNE+1+G1'UNZ+1+7'", []string{"groups@71 UNG 0:0:0 =30"}, "UNB UNH BGM UNT UNG UNH BGM UNT UNE UNZ"},
		{"a message behind a group", begin + group + first + "UNE+1+G1'" + other + "UNZ+1+7'", []string{"groups@119 UNH 1:0:0 =30"}, "UNB UNG UNH BGM UNT UNE UNH BGM UNT UNZ"},
		{"count and reference of a group", begin + group + first + "UNE+2+G2'UNZ+1+7'", []string{"count@114 UNE 0:2:0 =29", "reference@116 UNE 0:3:0 =28"}, "UNB UNG UNH BGM UNT UNE UNZ"},
		{"a reference again", begin + first + first + "UNZ+2+7'", []string{"duplicate@75 UNH 1:2:0 =26"}, "UNB UNH BGM UNT UNH BGM UNT UNZ"},
		{"the reference in another interchange", begin + first + "UNZ+1+7'" + begin + first + "UNZ+1+7'", nil, "UNB UNH BGM UNT UNZ UNB UNH BGM UNT UNZ"},
		{"a byte order mark in the middle", begin + first + "UNZ+1+7'\xEF\xBB\xBF" + begin + first + "UNZ+1+7'", []string{"preamble@79  0:0:0 =21"}, "UNB UNH BGM UNT UNZ UNB UNH BGM UNT UNZ"},
		{"outside of messages", begin + "BGM+1'" + first + "DTM+1'UNZ+1+7'", []string{"outside@35 BGM 0:0:0 =33", "outside@77 DTM 0:0:0 =33"}, "UNB BGM UNH BGM UNT DTM UNZ"},
		{"between interchanges", begin + first + "UNZ+1+7'DTM+1'", []string{"header@79 UNB 0:0:0 =13", "outside@79 DTM 0:0:0 =33"}, "UNB UNH BGM UNT UNZ DTM"},
		{"a tag that is none", begin + "UNH+1+PAYMUL:D:96A:UN'bgm+1'DT+1'UNT+4+1'UNZ+1+7'", []string{"tag@57  2:1:0 =12", "tag@63  3:1:0 =12"}, "UNB UNH ??? ??? UNT UNZ"},
		{"a released repetition separator in UNB", strings.Replace(v4, "+A:", "+?*A:", 1) + first + "UNZ+1+7'", nil, "UNB UNH BGM UNT UNZ"},
		{"a package", v4 + "UNO+1+ZZZ:1+XX+5'12'45UNP+5+1'UNZ+1+7'", nil, "UNB UNO UNP UNZ"},
		{"a package and its trailer", v4 + "UNO+1+ZZZ:1+XX+5'12345UNP+4+2'UNZ+1+7'", []string{"package@61 UNP 0:2:0 =29", "reference@63 UNP 0:3:0 =28"}, "UNB UNO UNP UNZ"},
		{"a package that does not end", v4 + "UNO+1+ZZZ:1+XX+5'12345UNZ+1+7'", []string{"trailer@57 UNP 0:0:0 =13"}, "UNB UNO UNZ"},
		{"a package in a message", v4 + "UNH+1+MEDBIN:D:93A:UN'BGM+1'UNO+1+ZZZ:1+XX+5'12'45UNP+5+1'UNT+5+1'UNZ+1+7'",
			[]string{"position@63 UNO 3:1:0 =15", "duplicate@67 UNO 3:2:0 =26"}, "UNB UNH BGM UNO UNP UNT UNZ"},
		{"a package in a message does not end", v4 + "UNH+1+MEDBIN:D:93A:UN'UNO+X+ZZZ:1+XX+1'1UNT+3+1'UNZ+1+7'",
			[]string{"position@57 UNO 2:1:0 =15", "trailer@75 UNP 0:0:0 =13"}, "UNB UNH UNO UNT UNZ"},
		{"nothing ends in a message", v4 + "UNH+1+MEDBIN:D:93A:UN'UNO+X+ZZZ:1+XX+1'1UNZ+1+7'",
			[]string{"position@57 UNO 2:1:0 =15", "trailer@75 UNP 0:0:0 =13", "trailer@75 UNT 3:0:0 =13"}, "UNB UNH UNO UNZ"},
		{"nested and repeated tags", begin + "UNH+1+PAYMUL:D:96A:UN'LIN:1:2+5'UNT+3+1'UNZ+1+7'", nil, "UNB UNH LIN UNT UNZ"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := reads(strings.NewReader(test.input), edifact.ReaderOptions{}, true)
			if got.err != "" || !slices.Equal(got.faults, test.want) {
				t.Errorf("faults %q\nwant   %q, ended with %q", got.faults, test.want, got.err)
			}
			if tags := got.tags(); tags != test.tags {
				t.Errorf("read %s, want %s", tags, test.tags)
			}
			strict := reads(strings.NewReader(test.input), edifact.ReaderOptions{}, false)
			if first := append(test.want, "")[0]; strict.err != first {
				t.Errorf("strict reading ended with %q, want %q", strict.err, first)
			}
		})
	}
}

func TestPackageIsGivenOut(t *testing.T) {
	t.Parallel()
	const input = "UNB+UNOC:4+A:14+B:14+20050811:0600+7'UNO+1+ZZZ:1+XX+5'12'45UNP+5+1'UNO+2+ZZZ:1+XX+3'abcUNP+3+2'UNZ+2+7'"
	for _, part := range []int{0, 2, 99} {
		var got []string
		o := edifact.ReaderOptions{Object: func(h edifact.UNO, in io.Reader) error {
			b, err := io.ReadAll(io.LimitReader(in, int64(part)))
			got = append(got, fmt.Sprintf("%s %d %s", h.Ref, h.Length, b))
			return err
		}}
		if r := reads(&pieces{input, 3}, o, false); r.err != "" || r.tags() != "UNB UNO UNP UNO UNP UNZ" {
			t.Errorf("read %s, ended with %q", r.tags(), r.err)
		}
		want := []string{"1 5 " + "12'45"[:min(part, 5)], "2 3 " + "abc"[:min(part, 3)]}
		if !slices.Equal(got, want) {
			t.Errorf("got objects %q, want %q", got, want)
		}
	}
	cut := reads(strings.NewReader(input[:58]), edifact.ReaderOptions{}, false)
	if cut.err != "package@58  0:0:0 =13" {
		t.Errorf("an object cut off ended with %q", cut.err)
	}
	for _, length := range []string{"", "x", "-1", "99999999999999999999"} {
		r := reads(strings.NewReader(strings.Replace(input, "XX+5", "XX+"+length, 1)), edifact.ReaderOptions{}, true)
		if r.err != "package@52 UNO 0:5:1 =12" {
			t.Errorf("length %q ended with %q", length, r.err)
		}
	}
}

func TestVersionFourRepeats(t *testing.T) {
	t.Parallel()
	const body = "UNH+1+PAYMUL:D:96A:UN'FTX+a:b*c*+d?*e'UNT+3+1'UNZ+1+7'"
	const head = "UNB+UNOC:4+A:14+B:14+20050811:0600+7'"
	for name, test := range map[string]struct{ input, want string }{
		"by default":       {head + body, "a/b^c^|d*e"},
		"as UNA has it":    {"UNA:+,?^'" + head + strings.ReplaceAll(body, "*", "^"), "a/b^c^|d^e"},
		"UNA without one":  {"UNA:+,? '" + head + strings.ReplaceAll(body, "?*", "*"), "a/b*c*|d*e"},
		"not in version 3": {strings.Replace(head, ":4", ":3", 1) + strings.ReplaceAll(body, "?*", "*"), "a/b*c*|d*e"},
	} {
		got := reads(strings.NewReader(test.input), edifact.ReaderOptions{}, true)
		if got.err != "" || len(got.faults) > 1 || !strings.HasSuffix(got.segments[2], test.want) {
			t.Errorf("%s: %q %q %q", name, got.segments, got.faults, got.err)
		}
	}
	r := edifact.NewReader(strings.NewReader(head+body), edifact.ReaderOptions{})
	for s, err := range r.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		if s.Tag != "FTX" {
			continue
		}
		if s.Repetitions(0) != 3 || s.Repetitions(1) != 1 || s.Repetitions(2) != 0 || s.Components(0) != 2 || string(s.Repeated(0, 1, 0)) != "c" || s.Repeated(0, 3, 0) != nil || s.Repeated(0, 1, 1) != nil {
			t.Errorf("%d repetitions of %d components", s.Repetitions(0), s.Components(0))
		}
	}
}

func TestServiceCharacters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, input, want string }{
		{"all others", "UNA|*.! ~UNB*UNOC|3*A*B*050811|0600*7~UNH*1*PAYMUL|D|96A|UN~FTX*a!*'+:?!~!!~UNT*3*1~UNZ*1*7~", ""},
		{"no release character", "UNA:+,  '" + open + "FTX+a?'" + end, ""},
		{"level B", strings.NewReplacer("+", "\x1D", ":", "\x1F", "'", "\x1C").Replace(strings.Replace(open+"FTX+a?b'"+end, "UNOC", "UNOB", 1)), ""},
		{"a minus sign", strings.ReplaceAll("UNA:-,? '"+open+"FTX+a'"+end, "+", "-"), ""},
		{"another decimal mark in version 4", "UNA:+_? '" + strings.NewReplacer(":3", ":4", "050811", "20050811").Replace(open) + "FTX+a'" + end, ""},
		{"a decimal mark that separates", "UNA:+:? '" + open, "una@0 UNA 0:0:0 =20"},
		{"two the same", "UNA::,? '" + open, "una@0 UNA 0:0:0 =20"},
		{"a letter", "UNA:A,? '" + open, "una@0 UNA 0:0:0 =20"},
		{"a blank", "UNA: ,? '" + open, "una@0 UNA 0:0:0 =20"},
		{"a line break", "UNA:+,? \n" + open, "una@0 UNA 0:0:0 =20"},
		{"another decimal mark", "UNA:+;? '" + open, "una@0 UNA 0:0:0 =20"},
		{"cut off", "UNA:+,?", "una@0 UNA 0:0:0 =13"},
		{"nothing behind", "UNA:+,? '", "una@9 UNA 0:0:0 =13"},
		{"unknown ones without UNA", "UNB*UNOC|3*A~", "separators@3 UNB 0:1:0 =22"},
		{"a repetition separator that is data", "UNA:+,?0'" + strings.Replace(open, ":3", ":4", 1), "una@0 UNA 0:0:0 =20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := reads(strings.NewReader(test.input), edifact.ReaderOptions{}, false)
			if got.err != test.want {
				t.Errorf("ended with %q, want %q; read %q", got.err, test.want, got.segments)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	small := edifact.Limits{Segment: 40, Elements: 5, Components: 6, References: 2, Total: 300}
	for _, test := range []struct{ name, input, want string }{
		{"a segment as long as it may be", "FTX+" + strings.Repeat("a", 36) + "'", ""},
		{"a longer one", "FTX+" + strings.Repeat("a", 37) + "'", "limit@57  0:0:0 =39"},
		{"an endless one", "FTX+" + strings.Repeat("a", 200), "limit@57  0:0:0 =39"},
		{"as many data elements", "FTX+a+b+c+d+e'", ""},
		{"one more", "FTX+a+b+c+d+e+f'", "limit@71 FTX 2:7:0 =16"},
		{"as many components", "FTX+a:b:c:d:e:f'", ""},
		{"one component more", "FTX+a:b:c:d:e:f:g'", "limit@74 FTX 2:2:7 =16"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := reads(strings.NewReader(open+test.input+end), edifact.ReaderOptions{Limits: small}, true)
			if got.err != test.want {
				t.Errorf("ended with %q, want %q", got.err, test.want)
			}
		})
	}
	long := reads(strings.NewReader(strings.Repeat(open+"FTX+a'"+end, 5)), edifact.ReaderOptions{Limits: edifact.Limits{Total: 300}}, true)
	if !strings.HasPrefix(long.err, "limit@") || !strings.HasSuffix(long.err, "=39") {
		t.Errorf("a long input ended with %q", long.err)
	}
}
