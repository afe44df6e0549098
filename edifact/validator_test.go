package edifact_test

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/directory/d96a"
)

// danish are codes that Danish banks use beside those of D.96A.
var danish = edifact.Codes{
	"4435": {Add: []string{"UKA"}}, "4461": {Add: []string{"IBB"}}, "4383": {Add: []string{"IBB"}}, "6069": {Add: []string{"LIN", "SEQ"}},
}

// paymul is a message without a fault; its UNT counts.
const paymul = `UNH+1+PAYMUL:D:96A:UN'
BGM+452+ORDER-1+9'
DTM+137:20050811:102'
LIN+1'
DTM+203:20050812:102'
RFF+AEK:GROUP-1'
BUS++DO++IBB'
MOA+9:300,75:DKK'
FII+OR+3000123456:::DKK+:::3000:80:130'
NAD+OY+++Kommunen'
SEQ++1'
MOA+9:100,25:DKK'
RFF+CR:00000001A'
PAI+::IBB:::UKA'
FII+BF+9876543+:::5432:80:130'
PRC+11'
FTX+PMD+++Advis'
SEQ++2'
MOA+9:200,5:DKK'
FII+BF+9876544+:::5432:80:130'
CNT+LIN:1'
CNT+SEQ:2'
`

// inInterchange puts messages without UNT into an interchange.
func inInterchange(messages ...string) string {
	var b strings.Builder
	b.WriteString("UNA:+,? 'UNB+UNOC:3+SENDER:14+RECIPIENT:14+050811:0605+REF1'")
	for i, m := range messages {
		m = strings.ReplaceAll(m, "\n", "")
		fmt.Fprintf(&b, "%sUNT+%d+%d'", m, strings.Count(m, "'")-strings.Count(m, "?'")+1, i+1)
	}
	fmt.Fprintf(&b, "UNZ+%d+REF1'", len(messages))
	return b.String()
}

// found are the faults of an input: rule, position, tag, element and component, code.
func found(t *testing.T, in io.Reader, schema *edifact.Schema) []string {
	t.Helper()
	var faults []string
	tell := func(e *edifact.ParseError) {
		place := strconv.Itoa(e.Position) + " " + e.Tag
		if e.Element > 0 {
			place += " " + strconv.Itoa(e.Element)
		}
		if e.Component > 0 {
			place += ":" + strconv.Itoa(e.Component)
		}
		faults = append(faults, fmt.Sprintf("%s %s (%d)", e.Rule, place, e.Code))
	}
	v := edifact.NewValidator(edifact.NewReader(in, edifact.ReaderOptions{Faults: tell}), schema)
	for _, err := range v.Segments() {
		var e *edifact.ParseError
		if errors.As(err, &e) {
			tell(e)
		} else if err != nil {
			t.Error(err)
		}
	}
	return faults
}

// TestFaultsAreFound changes one thing in a message without a fault.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	schema := edifact.NewSchema(d96a.Directory()).WithCodes(danish)
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":                      {"", "", ""},
		"mandatory segment":            {"MOA+9:100,25:DKK'", "", "missing 12 MOA (13)"},
		"mandatory group":              {"FII+OR+3000123456:::DKK+:::3000:80:130'", "", "missing 9 FII (13)"},
		"mandatory at the end":         {"SEQ++2'\nMOA+9:200,5:DKK'\nFII+BF+9876544+:::5432:80:130'", "SEQ++2'", "missing 19 MOA (13)"},
		"unknown segment":              {"PRC+11'", "XYZ+1'PRC+11'", "position 16 XYZ 1 (15)"},
		"segment in the wrong place":   {"PRC+11'", "BGM+452'PRC+11'", "position 16 BGM 1 (15)"},
		"too many segments":            {"PAI+::IBB:::UKA'", "PAI+::IBB:::UKA'PAI+::IBB:::UKA'", "segments 15 PAI 1 (35)"},
		"too many groups":              {"PRC+11'", "PRC+11'FTX+PMD'PRC+11'", "segment-group 18 PRC 1 (36)"},
		"mandatory data element":       {"DTM+137:20050811:102'", "DTM'", "mandatory 3 DTM 2 (13)"},
		"mandatory component":          {"DTM+137:20050811:102'", "DTM+:20050811:102'", "mandatory 3 DTM 2:1 (13)"},
		"stand-alone mandatory":        {"NAD+OY+++", "NAD++++", "mandatory 10 NAD 2 (13)"},
		"too many data elements":       {"PRC+11'", "PRC+11+9'", "elements 16 PRC 3 (16)"},
		"empty data elements behind":   {"PRC+11'", "PRC+11+++'", ""},
		"too many components":          {"DTM+137:20050811:102'", "DTM+137:20050811:102:9'", "components 3 DTM 2:4 (16)"},
		"components of a simple one":   {"NAD+OY+", "NAD+OY:1+", "components 10 NAD 2:2 (16)"},
		"too long":                     {"00000001A", strings.Repeat("1", 36), "too-long 13 RFF 2:2 (39)"},
		"just as long as it may":       {"00000001A", strings.Repeat("1", 35), ""},
		"length without release":       {"00000001A", strings.Repeat("?'", 35), ""},
		"no number":                    {"MOA+9:100,25", "MOA+9:1OO,25", "type 12 MOA 2:2 (37)"},
		"two decimal marks":            {"MOA+9:100,25", "MOA+9:1,00,25", "number 12 MOA 2:2 (19)"},
		"other decimal mark":           {"MOA+9:100,25", "MOA+9:100.25", "number 12 MOA 2:2 (19)"},
		"no digit before the mark":     {"MOA+9:100,25", "MOA+9:,25", "number 12 MOA 2:2 (38)"},
		"no digit behind the mark":     {"MOA+9:100,25", "MOA+9:100,", "number 12 MOA 2:2 (19)"},
		"minus and mark do not count":  {"MOA+9:100,25", "MOA+9:-1234567890123456,78", ""},
		"nineteen digits":              {"MOA+9:100,25", "MOA+9:12345678901234567,89", "too-long 12 MOA 2:2 (39)"},
		"code":                         {"BUS++DO", "BUS++XX", "code 7 BUS 3 (12)"},
		"code that was agreed":         {"BUS++DO++IBB", "BUS++DO++IBK", "code 7 BUS 5:1 (12)"},
		"code of another list":         {"BUS++DO++IBB", "BUS++DO++IBK:25:130", ""},
		"explicit nesting":             {"SEQ++2'", "SEQ:1:2++2'", "nesting 18 SEQ 1:2 (34)"},
		"character of no repertoire":   {"Advis", "Adv\x01s", "repertoire 17 FTX 5:1 (21)"},
		"message of no directory":      {"PAYMUL:D:96A", "PAYMUL:D:77A", "message-type 1 UNH 3 (14)"},
		"codes of an association":      {"PAYMUL:D:96A:UN'\nBGM+452", "PAYMUL:D:96A:UN:EAN001'\nBGM+45E", ""},
		"service segment":              {"UNH+1+PAYMUL:D:96A:UN'", "UNH+1+PAYMUL:D:96A:UNTOOLONG'", "too-long 1 UNH 3:4 (39)"},
		"format of a misplaced one":    {"PRC+11'", "DTM+999999:1'PRC+11'", "position 16 DTM 1 (15), too-long 16 DTM 2:1 (39)"},
		"two faults in one segment":    {"DTM+137:20050811:102'", "DTM+13799::1022'", "too-long 3 DTM 2:1 (39), too-long 3 DTM 2:3 (39)"},
		"conditional composite behind": {"DTM+203:20050812:102'", "DTM+203'", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(paymul, c.old, c.new)
			if c.old != "" && text == paymul {
				t.Fatal("nothing changed")
			}
			in := inInterchange(text)
			if got := strings.Join(found(t, strings.NewReader(in), schema), ", "); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			if got := strings.Join(found(t, iotest.OneByteReader(strings.NewReader(in)), schema), ", "); got != c.want {
				t.Errorf("byte by byte: found %q, want %q", got, c.want)
			}
		})
	}
}

// TestFirstFaultEnds: without Faults the first one ends the reading, for good.
func TestFirstFaultEnds(t *testing.T) {
	t.Parallel()
	in := inInterchange(strings.Replace(paymul, "MOA+9:100,25:DKK'", "", 1))
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{}), edifact.NewSchema(d96a.Directory()).WithCodes(danish))
	var last error
	for _, err := range v.Segments() {
		last = err
	}
	var e *edifact.ParseError
	if !errors.As(last, &e) || e.Rule != edifact.RuleMissing || e.Message != "1" || e.Interchange != "REF1" || e.Offset != int64(strings.Index(in, "RFF+CR")) {
		t.Errorf("ended with %v", last)
	}
	if _, again := v.Next(); again != last {
		t.Errorf("then %v", again)
	}
}

// TestPaths: a segment knows its groups and their occurrence.
func TestPaths(t *testing.T) {
	t.Parallel()
	in := inInterchange(paymul)
	v := edifact.NewValidator(edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{}), edifact.NewSchema(d96a.Directory()).WithCodes(danish))
	got := map[string]string{}
	for s, err := range v.Segments() {
		if err != nil {
			t.Fatal(err)
		}
		if n := v.Node(); s.Position > 0 && n.Segment.Tag != s.Tag {
			t.Errorf("%s stands for %s", s.Tag, n.Segment.Tag)
		}
		got[strconv.Itoa(s.Position)+s.Tag] = fmt.Sprint(v.Path())
	}
	for place, want := range map[string]string{
		"1UNH": "[]", "4LIN": "[{4 1}]", "9FII": "[{4 1} {6 1}]", "11SEQ": "[{4 1} {11 1}]", "17FTX": "[{4 1} {11 1} {16 1}]",
		"20FII": "[{4 1} {11 2} {12 1}]", "21CNT": "[]", "23UNT": "[]", "0UNZ": "[]",
	} {
		if got[place] != want {
			t.Errorf("%s in %s, want %s", place, got[place], want)
		}
	}
}

// TestForgivenElements: an empty mandatory data element can be forgiven, and is told.
func TestForgivenElements(t *testing.T) {
	t.Parallel()
	in := inInterchange(strings.Replace(paymul, "NAD+OY+++", "NAD++++", 1))
	var reported []string
	r := edifact.NewReader(strings.NewReader(in), edifact.ReaderOptions{Lenient: edifact.EmptyMandatory, Forgiven: func(e *edifact.ParseError) {
		reported = append(reported, e.Forgiven.String()+" "+e.Tag)
	}})
	for _, err := range edifact.NewValidator(r, edifact.NewSchema(d96a.Directory()).WithCodes(danish)).Segments() {
		if err != nil {
			t.Error(err)
		}
	}
	if strings.Join(reported, ",") != "empty-mandatory NAD" {
		t.Errorf("told %v", reported)
	}
}
