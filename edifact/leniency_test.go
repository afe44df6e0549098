package edifact_test

import (
	"slices"
	"strings"
	"testing"

	"nks/edifact"
)

// TestLeniencies holds each departure against three readings: strict, which ends
// there; strict, told and gone on; and with that leniency alone.
func TestLeniencies(t *testing.T) {
	t.Parallel()
	body := "FTX+abcdef'"
	whole := open + body + end
	for _, test := range []struct {
		name     string
		leniency edifact.Leniency
		input    string
		want     []string // places, the first of which ends a strict reading
	}{
		{"breaks", edifact.LineBreaks, strings.ReplaceAll(whole, "'", "'\r\n"), []string{
			"line-break@35  0:0:0 =21", "line-break@59  0:0:0 =21", "line-break@72  0:0:0 =21", "line-break@82  0:0:0 =21", "line-break@92  0:0:0 =21"}},
		{"blanks behind breaks", edifact.LineBreaks, strings.Replace(whole, "'FTX", "'\n \t FTX", 1), []string{"line-break@57  0:0:0 =21"}},
		{"a break inside a tag", edifact.WrappedLines, strings.Replace(whole, "FTX", "F\nTX", 1), []string{"line-break@58  2:1:1 =21"}},
		{"a break inside a value", edifact.WrappedLines, strings.Replace(whole, "abc", "abc\r\n", 1), []string{"line-break@64 FTX 2:2:1 =21"}},
		{"a break before a terminator", edifact.WrappedLines, strings.Replace(whole, "f'", "f\n'", 1), []string{"line-break@67 FTX 2:2:1 =21"}},
		{"blanks between segments", edifact.Padding, strings.Replace(whole, "'FTX", "' \t FTX", 1), []string{"padding@57  0:0:0 =21"}},
		{"Ctrl-Z at the end", edifact.Padding, whole + "\x1A", []string{"padding@84  0:0:0 =21"}},
		{"blanks and NULs", edifact.Padding, "  " + whole + "\x00\x00 ", []string{"padding@0  0:0:0 =21", "padding@86  0:0:0 =21"}},
		{"a byte order mark", edifact.Preamble, "\xEF\xBB\xBF" + whole, []string{"preamble@0  0:0:0 =21"}},
		{"lines of a transport", edifact.Preamble, "From: UNBELIEVER\n\n" + whole, []string{"preamble@0  0:0:0 =21"}},
		{"UNA of eight bytes", edifact.ShortUNA, "UNA:+,?'" + whole, []string{"una@0 UNA 0:0:0 =13"}},
		{"no last terminator", edifact.MissingTerminator, strings.TrimSuffix(whole, "'"), []string{"terminator@83 UNZ 0:3:1 =13"}},
		{"a stray release character", edifact.StrayRelease, strings.Replace(whole, "abc", "a?bc", 1), []string{"release@62 FTX 2:2:1 =22"}},
		{"count of segments", edifact.WrongCounts, strings.Replace(whole, "UNT+3", "UNT+4", 1), []string{"count@72 UNT 3:2:0 =29"}},
		{"count of messages", edifact.WrongCounts, strings.Replace(whole, "UNZ+1", "UNZ+2", 1), []string{"count@80 UNZ 0:2:0 =29"}},
		{"reference of a message", edifact.WrongReferences, strings.Replace(whole, "UNT+3+1", "UNT+3+2", 1), []string{"reference@74 UNT 3:3:0 =28"}},
		{"reference of the interchange", edifact.WrongReferences, strings.Replace(whole, "UNZ+1+7", "UNZ+1+8", 1), []string{"reference@82 UNZ 0:3:0 =28"}},
		{"code page 1252", edifact.WrongRepertoire, strings.Replace(whole, "abc", "a\x80c", 1), []string{"repertoire@62 FTX 2:2:1 =21"}},
		{"UTF-8", edifact.WrongRepertoire, strings.Replace(whole, "abc", "aŁc", 1), []string{"repertoire@63 FTX 2:2:1 =21"}},
		{"a repertoire of others", edifact.WrongRepertoire, strings.Replace(whole, "UNOC:3", "IATB:1", 1), []string{"syntax@4 UNB 0:2:1 =2"}},
		{"a repertoire of a later version", edifact.LaterRepertoire, strings.Replace(whole, "UNOC:3", "UNOC:2", 1), []string{"syntax@4 UNB 0:2:1 =2"}},
		{"a date with a century", edifact.HeaderValues, strings.Replace(whole, "050811", "20050811", 1), []string{"too-long@21 UNB 0:5:1 =39"}},
		{"letters for a time", edifact.HeaderValues, strings.Replace(whole, "0600", "noon", 1), []string{"type@28 UNB 0:5:2 =37"}},
		{"a long association", edifact.HeaderValues, strings.Replace(whole, ":UN'", ":UN:LONGERTHANTHIS'", 1), []string{"too-long@57 UNH 1:3:5 =39"}},
		{"a long reference", edifact.HeaderValues, strings.NewReplacer("UNH+1+", "UNH+123456789012345+", "UNT+3+1", "UNT+3+123456789012345").Replace(whole), []string{
			"too-long@39 UNH 1:2:0 =39", "too-long@88 UNT 3:3:0 =39"}},
		{"a count that is none", edifact.WrongCounts, strings.Replace(whole, "UNT+3", "UNT+3x", 1), []string{"type@72 UNT 3:2:0 =37"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			strict := reads(strings.NewReader(test.input), edifact.ReaderOptions{}, false)
			if strict.err != test.want[0] {
				t.Errorf("strict reading ended with %q, want %q", strict.err, test.want[0])
			}
			others := reads(strings.NewReader(test.input), edifact.ReaderOptions{Lenient: edifact.Everything &^ (test.leniency | edifact.WrappedLines)}, false)
			if others.err != test.want[0] {
				t.Errorf("the other leniencies forgave it: %q", others.err)
			}
			got := reads(strings.NewReader(test.input), edifact.ReaderOptions{Lenient: test.leniency}, false)
			if got.err != "" || !slices.Equal(got.forgiven, test.want) {
				t.Errorf("forgave %q, want %q; ended with %q", got.forgiven, test.want, got.err)
			}
			if tags := got.tags(); tags != "UNB UNH FTX UNT UNZ" {
				t.Errorf("read %s", tags)
			}
		})
	}
}

// TestBlanksAndBreaksBetweenSegments tells both kinds where they are mixed, and
// takes no service character for a blank.
func TestBlanksAndBreaksBetweenSegments(t *testing.T) {
	t.Parallel()
	mixed := strings.ReplaceAll(open+"FTX+a'"+end, "'", "'  \r\n\t")
	got := reads(strings.NewReader(mixed), edifact.ReaderOptions{Lenient: edifact.LineBreaks | edifact.Padding}, false)
	if tags := got.tags(); got.err != "" || tags != "UNB UNH FTX UNT UNZ" || len(got.forgiven) != 10 {
		t.Errorf("%s, %q, %s", tags, got.forgiven, got.err)
	}
	tabs := "UNA:\t,? '" + strings.ReplaceAll(open+"FTX+a'"+end, "+", "\t")
	if got := reads(strings.NewReader(tabs), edifact.ReaderOptions{}, false); got.tags() != "UNB UNH FTX UNT UNZ" || got.err != "" {
		t.Errorf("tabs between data elements: %s, %s", got.tags(), got.err)
	}
	got = reads(strings.NewReader(strings.Replace(tabs, "'FTX", "'\tFTX", 1)), edifact.ReaderOptions{Lenient: edifact.Everything}, true)
	if len(got.faults) != 1 || got.faults[0] != "tag@66  2:1:0 =12" {
		t.Errorf("a segment that begins with a separator: %q", got.faults)
	}
}

// TestMessagesWithoutAnInterchange reads them with and without UNA, and still
// tells of a segment outside of any message.
func TestMessagesWithoutAnInterchange(t *testing.T) {
	t.Parallel()
	message := "UNH+1+PAYMUL:D:96A:UN'FTX+a'UNT+3+1'"
	o := edifact.ReaderOptions{Lenient: edifact.MissingInterchange}
	for input, want := range map[string]string{
		message:               "header@0 UNB 0:0:0 =13",
		"UNA:+,? '" + message: "header@9 UNB 0:0:0 =13",
	} {
		got := reads(strings.NewReader(input), o, false)
		if got.err != "" || got.tags() != "UNH FTX UNT" || !slices.Equal(got.forgiven, []string{want}) {
			t.Errorf("%s: %s, %q, %s", input, got.tags(), got.forgiven, got.err)
		}
		if strict := reads(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.Everything &^ o.Lenient}, false); strict.err != want {
			t.Errorf("without it: %q", strict.err)
		}
	}
	if got := reads(strings.NewReader("FTX+a'"+message), o, false); got.err != "outside@0 FTX 0:0:0 =33" {
		t.Errorf("a segment outside: %q", got.err)
	}
}

// TestCodesOfHeadersByVersion: before version 4 partners agree on what but 1
// stands for yes.
func TestCodesOfHeadersByVersion(t *testing.T) {
	t.Parallel()
	input := strings.Replace(begin, "+7'", "+7+++Z+0++9'", 1) + "UNH+1+PAYMUL:D:96A:UN'FTX+a'" + end
	if got := reads(strings.NewReader(input), edifact.ReaderOptions{}, false); got.err != "" {
		t.Errorf("version 3: %s", got.err)
	}
	input = strings.NewReplacer(":3+", ":4+", "050811", "20050811").Replace(input)
	got := reads(strings.NewReader(input), edifact.ReaderOptions{Lenient: edifact.HeaderValues}, false)
	if want := []string{"code@39 UNB 0:9:0 =12", "code@41 UNB 0:10:0 =12", "code@44 UNB 0:12:0 =12"}; got.err != "" || !slices.Equal(got.forgiven, want) {
		t.Errorf("version 4: %q, %s", got.forgiven, got.err)
	}
}

func TestLeniencyNames(t *testing.T) {
	t.Parallel()
	for l := edifact.Leniency(1); l&edifact.Everything != 0; l <<= 1 {
		name := l.String()
		if got, ok := edifact.ParseLeniency(name); !ok || got != l || name == "" {
			t.Errorf("%d is %q, which is %d", l, name, got)
		}
	}
	if got, ok := edifact.ParseLeniency("all"); !ok || got != edifact.Everything {
		t.Errorf("all is %q", got)
	}
	if got, ok := edifact.ParseLeniency(edifact.Everything.String()); !ok || got != edifact.Everything {
		t.Errorf("the names of all are %q", got)
	}
	if got, ok := edifact.ParseLeniency(""); !ok || got != 0 {
		t.Errorf("nothing is %q", got)
	}
	for _, wrong := range []string{"everything", "padding,", "Padding"} {
		if got, ok := edifact.ParseLeniency(wrong); ok {
			t.Errorf("%q is %q", wrong, got)
		}
	}
}
