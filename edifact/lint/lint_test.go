package lint_test

import (
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nks/edifact"
	"nks/edifact/directory"
	"nks/edifact/directory/d96a"
	"nks/edifact/lint"
)

const (
	head = "UNB+UNOC:3+A:14+B:14+050811:0600+7'"
	good = head + "UNH+1+BANSTA:D:96A:UN'BGM+23'DTM+137:20050811:102'LIN+1'RFF+AEK:1'SEQ++1'GIS+53'UNT+8+1'UNZ+1+7'"
)

func options() lint.Options {
	return lint.Options{Directories: []*directory.Directory{d96a.Directory()}, Allowed: lint.Usual}
}

func judge(t *testing.T, input string, o lint.Options) ([]string, lint.Summary) {
	t.Helper()
	var got []string
	sum, err := lint.File(strings.NewReader(input), o, func(f lint.Finding) error {
		got = append(got, f.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, sum
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, input string
		want        []string
		summary     string
	}{
		{"nothing", good, nil, "1 interchange, 1 message, 10 segments: nothing found"},
		{"lines", strings.ReplaceAll(good, "'", "'\n"), []string{"1:36: -: line-break: warning: line break between segments (code 21)"},
			"1 interchange, 1 message, 10 segments: 0 errors, 1 warning; 9 more line breaks or padding like those told"},
		{"a count, in lines of every kind", strings.Replace(strings.NewReplacer("'L", "'\rL", "'D", "'\r\nD", "'", "'\n").Replace(good), "UNT+8", "UNT+9", 1), []string{
			"1:36: -: line-break: warning: line break between segments (code 21)",
			`9:5: UNT: count: error: UNT counts 9 segments, there are 8 (message "1", segment 8, element 2, code 29)`,
		}, "1 interchange, 1 message, 10 segments: 1 error, 1 warning; 9 more line breaks or padding like those told"},
		{"several in one segment, in order", strings.Replace(good, "DTM+137:20050811:102", "DTM+137:2?0050811:102:1+2", 1), []string{
			`1:74: DTM: release: error: release character before a character that is no service character (message "1", segment 3, element 2, component 2, code 22)`,
			`1:87: DTM: components: error: composite C507 has more components than it may (message "1", segment 3, element 2, component 4, code 16)`,
			`1:89: DTM: elements: error: more data elements than the segment has (message "1", segment 3, element 3, code 16)`,
		}, "1 interchange, 1 message, 10 segments: 3 errors, 0 warnings"},
		{"no directory of it", strings.Replace(strings.Replace(good, "96A", "04A", 1), "UNZ+1", "UNH+2+BANSTA:D:04A:UN'BGM+1'UNT+3+2'UNZ+2", 1), []string{
			`1:42: UNH: message-type: note: message type "BANSTA:D:04A" is in none of the directories (message "1", segment 1, element 3, code 14)`,
		}, "1 interchange, 2 messages, 13 segments: 0 errors, 0 warnings, 1 note"},
		{"not in its directory", strings.Replace(good, "BANSTA", "BANSTU", 1), []string{
			`1:42: UNH: message-type: error: message type "BANSTU:D:96A" is in none of the directories (message "1", segment 1, element 3, code 14)`,
		}, "1 interchange, 1 message, 10 segments: 1 error, 0 warnings"},
		{"ends too early", strings.TrimSuffix(good, "'"), []string{
			`1:131: UNZ: terminator: error: input ends inside a segment (element 3, component 1, code 13)`,
		}, ""},
		{"too long to go on", head + strings.Repeat("a", 70_000), []string{
			`1:36: -: limit: error: segment is longer than the limit; nothing behind it was read (code 39)`,
		}, "1 interchange, 0 messages, 1 segment: 1 error, 0 warnings"},
		{"a text in UTF-8", strings.Replace(good, "AEK:1", "AEK:ŁŁŁŁ", 1), []string{
			`1:101: RFF: repertoire: error: value is UTF-8 and not UNOC (message "1", segment 5, element 2, component 2, code 21)`,
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, sum := judge(t, test.input, options())
			if !slices.Equal(got, test.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if test.summary != "" && sum.String() != test.summary {
				t.Errorf("summary %q, want %q", sum, test.summary)
			}
		})
	}
}

func TestNotEDIFACT(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ input, want string }{
		{"", "nothing in it"},
		{"\r\n \x1A", "nothing in it"},
		{"ISA*00*          *00*", "it looks like ANSI X12"},
		{"STX=ANA:1+5000000000000:SOME STORES'", "it looks like TRADACOMS"},
		{"\xEF\xBB\xBF<?xml version='1.0'?><UNB/>", "it looks like XML"},
		{"MSH|^~\\&|LAB", "it looks like HL7 version 2"},
		{"\x1F\x8B\x08\x00\x00", "it looks like compressed by gzip"},
		{"PK\x03\x04\x14\x00", "it looks like a ZIP archive"},
		{"{\"UNB\":1}", "it looks like JSON"},
		{"\xFF\xFEU\x00N\x00B\x00+\x00", "it looks like UTF-16: EDIFACT is read byte by byte"},
		{"\xE4\xD5\xC2\x4E\xE4\xD5\xD6\xC3", "it looks like EBCDIC"},
		{"{1:F01BANKDKKKAXXX", "it looks like SWIFT FIN"},
		{"To whom it may concern", "there is no UNA, UNB or UNH at its beginning"},
		{"UNIVERSAL BANK LTD", "there is no UNA, UNB or UNH at its beginning"},
	} {
		got, sum := judge(t, test.input, options())
		want := []string{"1:1: -: not-edifact: error: not EDIFACT: " + test.want + " (code 13)"}
		if !slices.Equal(got, want) || sum.Errors != 1 {
			t.Errorf("%q: found %q, want %q", test.input, got, want)
		}
	}
}

func TestSeverities(t *testing.T) {
	t.Parallel()
	wrapped := "\xEF\xBB\xBF" + good[:50] + "\n" + good[50:90] + "\n" + strings.Replace(good[90:], "UNT+8", "UNT+7", 1)
	for allowed, want := range map[edifact.Leniency][3]int{
		0:                                     {3, 0, 0},
		lint.Usual:                            {3, 0, 0},
		edifact.WrappedLines:                  {2, 1, 0},
		edifact.Preamble | edifact.LineBreaks: {2, 1, 0},
		edifact.Everything:                    {0, 3, 0},
	} {
		o := options()
		o.Allowed = allowed
		got, sum := judge(t, wrapped, o)
		if [3]int{sum.Errors, sum.Warnings, sum.Notes} != want || sum.Unreported != 1 {
			t.Errorf("allowed %q: %+v\n%s", allowed, sum, strings.Join(got, "\n"))
		}
	}
	o := options()
	o.Every = true
	if got, sum := judge(t, strings.ReplaceAll(good, "'", "'\r\n"), o); len(got) != 10 || sum.Unreported != 0 || !strings.HasPrefix(got[9], "10:9: ") {
		t.Errorf("%d told: %q", len(got), got)
	}
}

func TestCodesAgreed(t *testing.T) {
	t.Parallel()
	o := options()
	input := strings.Replace(good, "BGM+23", "BGM+KBG", 1)
	if _, sum := judge(t, input, o); sum.Errors != 1 {
		t.Errorf("a code of nobody: %v", sum)
	}
	o.Codes = edifact.Codes{"1001": {Add: []string{"KBG"}}}
	if got, sum := judge(t, input, o); sum.Errors != 0 {
		t.Errorf("an agreed one: %q", got)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var got []string
	_, err := lint.File(strings.NewReader("\n"+strings.Replace(good, "UNT+8", "UNT+9", 1)), options(), func(f lint.Finding) error {
		b, err := json.Marshal(f.Fields())
		got = append(got, string(b))
		return err
	})
	want := []string{
		`{"line":1,"column":1,"offset":0,"severity":"warning","tag":"","rule":"line-break","code":21,"text":"line break between segments","interchange":"","group":"","message":"","position":0,"element":0,"component":0,"repetition":0,"leniency":"line-breaks"}`,
		`{"line":2,"column":120,"offset":120,"severity":"error","tag":"UNT","rule":"count","code":29,"text":"UNT counts 9 segments, there are 8","interchange":"7","group":"","message":"1","position":8,"element":2,"component":0,"repetition":0,"leniency":"wrong-counts"}`,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestErrorsThatAreNotAboutTheContent(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	for name, in := range map[string]io.Reader{
		"at once": iotest.ErrReader(broken),
		"later":   io.MultiReader(strings.NewReader(head+strings.Repeat("BGM+1'", 2000)), iotest.ErrReader(broken)),
	} {
		if _, err := lint.File(in, options(), func(lint.Finding) error { return nil }); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := lint.File(strings.NewReader("x"), options(), func(lint.Finding) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("who is told: %v", err)
	}
}

// endless gives the same bytes again and again, and notes how much memory is in
// use while it does.
type endless struct {
	left int64
	peak uint64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, strings.Repeat("\n", len(p)))
	if e.left -= int64(n); e.left>>12%256 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		e.peak = max(e.peak, m.HeapAlloc)
	}
	return n, nil
}

// TestEmptyLinesWithoutEnd needs no memory for lines that nobody asks for. It is
// not parallel, for it looks at the memory of all.
func TestEmptyLinesWithoutEnd(t *testing.T) {
	const size = 12 << 20
	lines := &endless{left: size}
	var last lint.Finding
	in := io.MultiReader(strings.NewReader(head), lines, strings.NewReader("UNZ+1+7'"))
	if _, err := lint.File(in, options(), func(f lint.Finding) error { last = f; return nil }); err != nil {
		t.Fatal(err)
	}
	if lines.peak == 0 || lines.peak > 64<<20 {
		t.Errorf("%d MB in use", lines.peak>>20)
	}
	if last.Tag != "UNZ" || last.Column != 5 || last.Line < size {
		t.Errorf("the last finding stands at %d:%d: %v", last.Line, last.Column, last)
	}
}

// TestPlacesInAnEndlessFile reads more lines than are remembered.
func TestPlacesInAnEndlessFile(t *testing.T) {
	t.Parallel()
	const segments = 300_000
	body := strings.Repeat("FTX+AAI\n'\n", segments/100)
	parts := []io.Reader{strings.NewReader(head + "UNH+1+XXX:D:1:ZZ'\n")}
	for range 100 {
		parts = append(parts, strings.NewReader(body))
	}
	parts = append(parts, strings.NewReader("UNT+1+1'\nUNZ+1+7'"))
	var last string
	sum, err := lint.File(io.MultiReader(parts...), options(), func(f lint.Finding) error {
		last = f.String()
		return nil
	})
	want := `600002:5: UNT: count: error: UNT counts 1 segments, there are 300002 (message "1", segment 300002, element 2, code 29)`
	if err != nil || last != want || sum.Segments != segments+4 {
		t.Errorf("%v, %+v, last %q", err, sum, last)
	}
}
