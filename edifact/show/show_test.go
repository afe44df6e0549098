package show_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
	"nks/edifact/show"
)

var update = flag.Bool("update", false, "write what is shown to testdata")

const (
	head   = "UNA:+,? 'UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77++++1'\n"
	bansta = "UNH+1+BANSTA:D:96A:UN'BGM+23+ST?'1+9'DTM+137:20050811:102'LIN+1'RFF+AEK:1'SEQ++1'GIS+53'SEQ++2'GIS+53'" +
		"FTX+AAO+++Kontoen er oph\xE6vet?: ring til banken p\xE5 70 10 20 30 mellem klokken ni og seksten, undtagen fredag\x1B[31m'DTM+9'LIN+2'RFF+AEK:x'SEQ++1'GIS+53'UNT+99+1'"
	other = "UNH+2+MEDRPT:D:93A:UN'S01+01+NAD'NAD+PAT+0101701234++Anna::B'RFF+CPR:010170-1234'UNT+5+2'"
)

func options() show.Options {
	return show.Options{Directories: []*directory.Directory{d96a.Directory()}, Allowed: lint.Usual}
}

func TestShow(t *testing.T) {
	t.Parallel()
	v4 := "UNB+UNOW:4+A+B+20050811:0600+7'UNG+BANSTA+A+B+20050811:0600+G1+UN+D:96A'UNH+1+BANSTA:D:96A:UN'BGM+23*24:å'UNT+3+1'UNE+1+G1'UNO+2+ZZZ:1+XX+3'abcUNP+3+2'"
	for name, test := range map[string]struct {
		input string
		with  func(*show.Options)
		write func(show.Options, *bytes.Buffer, string) error
	}{
		"text":     {input: head + bansta + "\n" + other + "UNZ+2+77'"},
		"narrow":   {input: head + bansta + "UNZ+1+77'", with: func(o *show.Options) { o.Width = 60 }},
		"message":  {input: head + bansta + other + "UNZ+2+77'", with: func(o *show.Options) { o.Message = "2" }},
		"masked":   {input: head + other + "UNZ+1+77'", with: func(o *show.Options) { o.Mask = true }},
		"version4": {input: v4},
		"json": {input: head + bansta + other + "UNZ+2+77'", with: func(o *show.Options) { o.Mask = true },
			write: func(o show.Options, out *bytes.Buffer, in string) error {
				encoder := json.NewEncoder(out)
				return show.Each(strings.NewReader(in), o, func(s *show.Segment) error { return encoder.Encode(s) })
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options()
			if test.with != nil {
				test.with(&o)
			}
			var out bytes.Buffer
			err := error(nil)
			if test.write != nil {
				err = test.write(o, &out, test.input)
			} else {
				err = show.Text(&out, strings.NewReader(test.input), o)
			}
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("shown:\n%s\nwant:\n%s", out.Bytes(), want)
			}
			if name == "narrow" {
				for line := range strings.Lines(out.String()) {
					if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 60 {
						t.Errorf("too wide: %q", line)
					}
				}
			}
		})
	}
}

// TestNothingReachesTheTerminal shows every control character there is.
func TestNothingReachesTheTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for c := range rune(0x300) {
		if !strings.ContainsRune("\r\n+:?'*", c) {
			b.WriteRune(c)
		}
	}
	b.WriteString("\u202E\u200B\uFEFF\xFF")
	in := "UNB+UNOW:4+A+B+20050811:0600+\x1B7'UNH+\x07+\x1B[2J:D:96A:UN'FTX+" + b.String() + "'UNT+3+\x08'UNZ+1+\x1B8'"
	var out bytes.Buffer
	if err := show.Text(&out, strings.NewReader(in), options()); err != nil {
		t.Fatal(err)
	}
	for _, c := range out.String() {
		if c < ' ' && c != '\n' || c >= 0x7F && c < 0xA0 || c == 0x202E || c == 0x200B {
			t.Errorf("shows %U", c)
		}
	}
	if got := out.String(); !strings.Contains(got, "␛[2J") || !strings.Contains(got, "<U+A0>") {
		t.Errorf("shows %s", got)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"0101701234":              "**********",
		"010170-1234":             "******-****",
		"x010170 1234y":           "x****** ****y",
		"6101701234":              "**********",
		"3201701234":              "3201701234",
		"0113701234":              "0113701234",
		"00101701234":             "00101701234",
		"01017012345":             "01017012345",
		"0101701234/311299-1":     "**********/311299-1",
		"311299-1234,010170-1234": "******-****,******-****",
	} {
		in := head + "UNH+1+X:D:1:ZZ'FTX+" + value + "'UNT+3+1'UNZ+1+77'"
		for _, masked := range []bool{false, true} {
			o, got := options(), ""
			o.Mask = masked
			err := show.Each(strings.NewReader(in), o, func(s *show.Segment) error {
				if s.Tag == "FTX" {
					got = s.Values[0].Value
				}
				return nil
			})
			if err != nil || masked && got != want || !masked && got != value {
				t.Errorf("%q masked %t is shown as %q, want %q (%v)", value, masked, got, want, err)
			}
		}
	}
}

func TestWhatEndsTheShowing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := show.Text(&out, strings.NewReader(head+"FTX+"+strings.Repeat("a", 70_000)), options())
	fault, ok := errors.AsType[*edifact.ParseError](err)
	if !ok || fault.Rule != edifact.RuleLimit || !strings.HasPrefix(out.String(), "UNB  Interchange header\n") {
		t.Errorf("%v after %q", err, out.String())
	}
	full := errors.New("disk full")
	if err := show.Each(strings.NewReader(head), options(), func(*show.Segment) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	out.Reset()
	if err := show.Text(&out, strings.NewReader(head), options()); err != nil || !strings.HasSuffix(out.String(), "  ! trailer: input ends before UNZ\n") {
		t.Errorf("%v, %q", err, out.String())
	}
}
