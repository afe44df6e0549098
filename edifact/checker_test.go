package edifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"nks/edifact"
)

// check reads one interchange of known messages and returns what the checkers
// say.
func check(in io.Reader) ([]*edifact.Error, error) {
	x := edifact.NewInterchange(in, edifact.Limits{})
	var faults []*edifact.Error
	x.Lenient(func(*edifact.Error) {})
	if _, err := x.Begin(); err != nil {
		return nil, err
	}
	for {
		h, err := x.Message()
		if errors.Is(err, io.EOF) {
			return faults, nil
		}
		if err != nil {
			return nil, err
		}
		spec := edifact.SpecOf(h)
		if spec == nil {
			return nil, errors.New("no structure for " + h.Type)
		}
		c := x.Checker(spec, func(e *edifact.Error) { faults = append(faults, e) })
		for {
			s, err := x.Segment()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			c.Segment(&s)
		}
		c.End()
	}
}

func TestCheckerTakesWhatIsRight(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"paymul", "bansta", "contrl"} {
		data, err := os.ReadFile("testdata/" + name + ".edi")
		if err != nil {
			t.Fatal(err)
		}
		faults, err := check(bytes.NewReader(data))
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", name, faults, err)
		}
		if _, err := walk(edifact.NewInterchange(bytes.NewReader(data), edifact.Limits{})); err != nil {
			t.Errorf("%s: envelope: %v", name, err)
		}
	}
}

func TestCheckerFindsFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, old, new string
		want                 string // position tag element component code, one per fault
	}{
		{"segment missing", "paymul", "BGM+452+00000000000042-1+9'\n", "", "2 BGM 0 0 13"},
		{"segment out of place", "paymul", "DTM+203:20050812:102'\nRFF+AEK:G1'", "RFF+AEK:G1'\nDTM+203:20050812:102'", "6 DTM 1 0 15"},
		{"segment that the message lacks", "paymul", "BUS++DO++IBB'", "ALC+A'", "7 ALC 1 0 15"},
		{"too many references", "paymul", "RFF+CR:00000001BIL 1'", "RFF+CR:1'\nRFF+CR:2'\nRFF+CR:3'\nRFF+CR:4'", "16 RFF 1 0 35"},
		{"too many groups", "paymul", "NAD+BE+++O?'NEIL, PÆR'", strings.Repeat("NAD+BE'", 4), "19 NAD 1 0 36"},
		{"mandatory group missing", "paymul", "FII+OR+1234567890:::DKK+:::4321:80:130'\nNAD+OY+++KOMMUNEN VED ÅEN'\n", "", "9 FII 0 0 13"},
		{"mandatory segment of the last group missing", "bansta", "GIS+4'\n", "", "11 GIS 0 0 13"},
		{"element missing", "paymul", "FII+BF+0009876543", "FII++0009876543", "15 FII 2 0 13"},
		{"account may be missing", "paymul", "PAI+::IBB:::UKA'\nFII+BF+0009876543", "PAI+::IBB:::UKA'\nFII+BF+:a", ""},
		{"component mandatory in its composite", "paymul", "MOA+9:100,50:DKK", "MOA+:100,50:DKK", "12 MOA 2 1 13"},
		{"too long", "paymul", "RFF+CR:00000001BIL 1", "RFF+CR:" + strings.Repeat("x", 36), "13 RFF 2 2 39"},
		{"too many elements", "paymul", "PRC+11'", "PRC+11+1'", "17 PRC 3 0 16"},
		{"empty elements too many do no harm", "paymul", "PRC+11'", "PRC+11++++'", ""},
		{"too many components", "paymul", "DTM+137:20050811:102", "DTM+137:20050811:102:x", "3 DTM 2 4 16"},
		{"components of a simple element", "paymul", "BGM+452+00000000000042-1+9", "BGM+452+00000000000042-1:2+9", "2 BGM 3 0 16"},
		{"decimal point where the comma rules", "paymul", "MOA+9:100,50", "MOA+9:100.50", "12 MOA 2 2 19"},
		{"two decimal marks", "paymul", "MOA+9:100,50", "MOA+9:1,0,5", "12 MOA 2 2 19"},
		{"no digit before the mark", "paymul", "MOA+9:100,50", "MOA+9:,50", "12 MOA 2 2 38"},
		{"no digit after the mark", "paymul", "MOA+9:100,50", "MOA+9:100,", "12 MOA 2 2 19"},
		{"letters in a number", "paymul", "MOA+9:100,50", "MOA+9:1O0", "12 MOA 2 2 37"},
		{"minus alone", "paymul", "MOA+9:100,50", "MOA+9:-", "12 MOA 2 2 37"},
		{"eighteen digits, minus and mark", "paymul", "MOA+9:100,50", "MOA+9:-1234567890123456,78", ""},
		{"nineteen digits", "paymul", "MOA+9:100,50", "MOA+9:12345678901234567,89", "12 MOA 2 2 39"},
		{"control character", "paymul", "BOLIGST", "BOLIG\x07ST", "18 FTX 5 1 21"},
		{"nesting in the tag", "paymul", "LIN+1'", "LIN:1+1'", "4 LIN 1 2 34"},
		{"digits in an alphabetic element", "contrl", "7'\nUCM", "7++9A1'\nUCM", "2 UCI 7 0 37"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("testdata/" + test.file + ".edi")
			if err != nil {
				t.Fatal(err)
			}
			old, err := edifact.UNOC.Append(nil, strings.ReplaceAll(test.old, "\n", ""))
			if err != nil {
				t.Fatal(err)
			}
			plain := bytes.ReplaceAll(data, []byte("\n"), nil)
			changed := bytes.Replace(plain, old, []byte(strings.ReplaceAll(test.new, "\n", "")), 1)
			if bytes.Equal(changed, plain) {
				t.Fatal("nothing was changed")
			}
			faults, err := check(bytes.NewReader(changed))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range faults {
				got = append(got, fmt.Sprint(e.Position, " ", e.Tag, " ", e.Element, " ", e.Component, " ", e.Code))
				if e.Message != "1" {
					t.Errorf("fault without message: %v", e)
				}
			}
			if strings.Join(got, "; ") != test.want {
				t.Errorf("found %q (%v), want %q", got, faults, test.want)
			}
		})
	}
}

func TestCheckerGroupLimits(t *testing.T) {
	t.Parallel()
	bansta := func(lines, sequences int) string {
		var b strings.Builder
		b.WriteString("UNB+UNOC:3+A+B+050811:0630+77'UNH+1+BANSTA:D:96A:UN'BGM+XZ8'DTM+137:20050811:102'")
		for range lines {
			b.WriteString("LIN'" + strings.Repeat("SEQ'GIS+2'", sequences))
		}
		b.WriteString("UNT+0+1'UNZ+1+77'")
		return b.String()
	}
	for _, test := range []struct{ lines, sequences, want int }{{99, 1, 0}, {1, 99, 0}, {100, 0, 1}, {1, 101, 4}} {
		faults, err := check(strings.NewReader(bansta(test.lines, test.sequences)))
		if err != nil || len(faults) != test.want {
			t.Errorf("%d LIN of %d SEQ: %d faults %v, %v", test.lines, test.sequences, len(faults), faults, err)
		}
	}
}
