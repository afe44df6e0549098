package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	ediHead = "UNB+UNOC:3+5790000000012:14+5798000016446:14+050811:0630+77++++1'"
	ediGood = ediHead + "UNH+1+BANSTA:D:96A:UN'BGM+23'DTM+137:20050811:102'LIN+1'RFF+AEK:1'SEQ++1'GIS+53'UNT+8+1'UNZ+1+77'"
)

// edi writes a file and returns its name.
func edi(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o640))
	return path
}

// piped runs nks with text as standard input.
func piped(t *testing.T, text string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}

func TestEdifactLint(t *testing.T) {
	t.Parallel()
	good := edi(t, "good.edi", ediGood)
	bad := edi(t, "bad.edi", strings.Replace(strings.ReplaceAll(ediGood, "'", "'\r\n"), "UNT+8", "UNT+9", 1))
	foreign := edi(t, "order.txt", "ISA*00*")

	p := nks(t, "edifact", "lint", good)
	p.Want(t, 0)
	if p.Out.String() != good+": 1 interchange, 1 message, 10 segments: nothing found\n" {
		t.Errorf("printed %q", p.Out.String())
	}
	p = nks(t, "edifact", "lint", good, bad, foreign)
	p.Want(t, 1)
	want := []string{
		good + ": 1 interchange, 1 message, 10 segments: nothing found",
		bad + ":1:66: -: line-break: warning: line break between segments (code 21)",
		bad + `:9:5: UNT: count: error: UNT counts 9 segments, there are 8 (message "1", segment 8, element 2, code 29)`,
		bad + ": 1 interchange, 1 message, 10 segments: 1 error, 1 warning; 9 more line breaks or padding like those told",
		foreign + ":1:1: -: not-edifact: error: not EDIFACT: it looks like ANSI X12 (code 13)",
		foreign + ": 0 interchanges, 0 messages, 0 segments: 1 error, 0 warnings",
		"3 files: 2 interchanges, 2 messages, 20 segments: 2 errors, 1 warning; 9 more line breaks or padding like those told",
	}
	if got := strings.Split(strings.TrimSuffix(p.Out.String(), "\n"), "\n"); !slices.Equal(got, want) {
		t.Errorf("printed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--lenient", "line-breaks,wrong-counts"}, 0, "0 errors, 2 warnings"},
		{[]string{"--strict"}, 1, "2 errors, 0 warnings"},
		{[]string{"--every"}, 1, "1 error, 10 warnings\n"},
		{[]string{"--max", "1"}, 1, bad + ": 1 more findings; --max 0 tells all\n"},
	} {
		p := nks(t, append([]string{"edifact", "lint", bad}, test.args...)...)
		if p.Code() != test.code || !strings.Contains(p.Out.String(), test.want) {
			t.Errorf("lint %v: code %d, printed %s", test.args, p.Code(), p.Out.String())
		}
	}
}

func TestEdifactLintForPrograms(t *testing.T) {
	t.Parallel()
	bad := edi(t, "bad.edi", strings.Replace(ediGood, "UNT+8", "UNT+9", 1))
	p := nks(t, "edifact", "lint", "--json", bad)
	p.Want(t, 1)
	var types []string
	for line := range strings.Lines(p.Out.String()) {
		var o struct {
			Type, File, Rule, Severity string
			Line, Code, Errors         int
		}
		must(t, json.Unmarshal([]byte(line), &o))
		types = append(types, o.Type)
		if o.File != bad || o.Type == "finding" && (o.Rule != "count" || o.Code != 29 || o.Line != 1 || o.Severity != "error") || o.Type == "summary" && o.Errors != 1 {
			t.Errorf("printed %s", line)
		}
	}
	if !slices.Equal(types, []string{"finding", "summary"}) {
		t.Errorf("printed %q", types)
	}
	if got := piped(t, ediGood, "edifact", "lint", "-"); got != "-: 1 interchange, 1 message, 10 segments: nothing found\n" {
		t.Errorf("of standard input it printed %q", got)
	}
}

func TestEdifactCodes(t *testing.T) {
	t.Parallel()
	file := edi(t, "codes.edi", strings.Replace(ediGood, "BGM+23", "BGM+KBG", 1))
	for name, test := range map[string]struct {
		toml string
		code int
		says string
	}{
		"added":      {"[codes.1001]\nadd = [\"KBG\"]\n", 0, "nothing found"},
		"any":        {"[codes.1001]\nany = true\n", 0, "nothing found"},
		"of others":  {"[codes.\"*\"]\nany = true\n", 0, "nothing found"},
		"only":       {"[codes.1001]\nonly = [\"KBX\"]\n", 1, "1 error"},
		"unknown":    {"[codes.1001]\nmore = [\"KBG\"]\n", 2, "line 2, column 1: unknown key codes.1001.more"},
		"two":        {"[codes.1001]\nany = true\nadd = [\"KBG\"]\n", 2, "must be one of any, only, add"},
		"no element": {"[codes.BGM]\nany = true\n", 2, `"BGM" is no data element`},
		"no TOML":    {"[codes\n", 2, "line 1"},
	} {
		p := nks(t, "edifact", "lint", "--codes", edi(t, "codes.toml", test.toml), file)
		if p.Code() != test.code || !strings.Contains(p.Out.String()+p.Err.String(), test.says) {
			t.Errorf("%s: code %d, printed %s%s", name, p.Code(), p.Out.String(), p.Err.String())
		}
	}
	p := nks(t, "edifact", "lint", "--codes", "banks", edi(t, "banks.edi", strings.Replace(ediGood, "RFF+AEK", "RFF+BID", 1)))
	p.Want(t, 0)
}

func TestEdifactShow(t *testing.T) {
	t.Parallel()
	file := edi(t, "a.edi", strings.Replace(ediGood, "AEK:1", "AEK:010170-1234", 1))
	p := nks(t, "edifact", "show", file)
	p.Want(t, 0)
	for _, want := range []string{"UNB  Interchange header\n", "\n      group 5, occurrence 1\n        RFF  Reference\n", "AEK  = Payment order number\n", "010170-1234"} {
		if !strings.Contains(p.Out.String(), want) {
			t.Errorf("printed no %q:\n%s", want, p.Out.String())
		}
	}
	p = nks(t, "edifact", "show", "--mask", "--json", "--message", "1", file)
	p.Want(t, 0)
	if got := p.Out.String(); strings.Count(got, "\n") != 8 || !strings.Contains(got, `"value":"******-****"`) || strings.Contains(got, "010170-1234") {
		t.Errorf("printed %s", got)
	}
	p = nks(t, "edifact", "show", "--message", "2", file)
	p.Want(t, 1)
	p.OneLine(t, file, `no message "2"`)
	p = nks(t, "edifact", "show", edi(t, "b.edi", ediHead+strings.Repeat("x", 70_000)))
	p.Want(t, 1)
	if !strings.Contains(p.Err.String(), "nothing behind byte 65 can be read: segment is longer than the limit") {
		t.Errorf("said %q", p.Err.String())
	}
	p = nks(t, "edifact", "show", edi(t, "c.edi", "MSH|^~\\&|"))
	p.Want(t, 1)
	p.OneLine(t, "HL7")
}

func TestEdifactFmt(t *testing.T) {
	t.Parallel()
	untidy := "\xEF\xBB\xBF" + strings.NewReplacer("BGM+23", "BGM+23::++", "UNT+8", "UNT+9").Replace(ediGood) + "\r\n"
	lines := strings.ReplaceAll(strings.Replace(ediGood, "UNT+8", "UNT+9", 1), "'", "'\n")
	file := edi(t, "a.edi", untidy)
	p := nks(t, "edifact", "fmt", file)
	p.Want(t, 0)
	if p.Out.String() != lines || p.Err.String() != "nks edifact fmt: "+file+": read over count 1, line-break 1, preamble 1\n" {
		t.Errorf("printed %q\nand %q", p.Out.String(), p.Err.String())
	}
	p = nks(t, "edifact", "fmt", "--wrap", "none", "--counts", "--una", "always", file)
	p.Want(t, 0)
	if p.Out.String() != "UNA:+,? '"+ediGood {
		t.Errorf("printed %q", p.Out.String())
	}
	p = nks(t, "edifact", "fmt", "--write", file)
	p.Want(t, 0)
	if text, err := os.ReadFile(file); err != nil || string(text) != lines || p.Out.String() != "" {
		t.Errorf("%v, wrote %q and printed %q", err, text, p.Out.String())
	}
	info, err := os.Stat(file)
	must(t, err)
	if info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	before := info.ModTime()
	nks(t, "edifact", "fmt", "--write", file).Want(t, 0)
	if info, err = os.Stat(file); err != nil || !info.ModTime().Equal(before) {
		t.Errorf("%v: written without need", err)
	}
	cut := edi(t, "cut.edi", ediGood[:100])
	p = nks(t, "edifact", "fmt", "--write", cut)
	p.Want(t, 1)
	p.OneLine(t, cut, "cannot be rewritten", "trailer", "byte 100")
	if left, err := os.ReadDir(filepath.Dir(cut)); err != nil || len(left) != 1 {
		t.Errorf("%v, left behind %v", err, left)
	}
}

func TestEdifactContrl(t *testing.T) {
	t.Parallel()
	at := []string{"--at", "2005-08-11T06:31:00+02:00", "--wrap", "segments"}
	run := func(code int, text string, args ...string) string {
		t.Helper()
		p := nks(t, append(append([]string{"edifact", "contrl", edi(t, "a.edi", text)}, at...), args...)...)
		p.Want(t, code)
		return strings.ReplaceAll(p.Out.String(), "\r", "")
	}
	const (
		begins = "UNB+UNOC:3+5798000016446:14+5790000000012:14+050811:0631+"
		uci    = "UCI+77+5790000000012:14+5798000016446:14+"
	)
	if got, want := run(0, ediGood), begins+"050811063100'\nUNH+1+CONTRL:D:3:UN'\n"+uci+"7'\nUNT+3+1'\nUNZ+1+050811063100'\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	bad := strings.Replace(ediGood, "GIS+53", "GIS+XX", 1)
	if got, want := run(1, bad, "--control-ref", "9"), begins+"9'\nUNH+1+CONTRL:D:3:UN'\n"+uci+"7'\nUCM+1+BANSTA:D:96A:UN+4'\nUCS+7'\nUCD+12+2:1'\nUNT+6+1'\nUNZ+1+9'\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got := run(0, bad, "--action", "8"); !strings.Contains(got, uci+"8'\nUNT+3+1'") {
		t.Errorf("printed %q", got)
	}
	if got := run(0, ediGood+"\n"+ediGood, "--control-ref", "9"); !strings.Contains(got, "UNZ+1+9'\n") || !strings.Contains(got, "UNZ+1+9-2'\n") {
		t.Errorf("printed %q", got)
	}
	p := nks(t, "edifact", "contrl", edi(t, "b.edi", "UNH+1+BANSTA:D:96A:UN'UNT+2+1'"))
	p.Want(t, 1)
	p.OneLine(t, "there is no interchange to answer")
}

func TestEdifactWrongUse(t *testing.T) {
	t.Parallel()
	good := edi(t, "good.edi", ediGood)
	dir := filepath.Dir(good)
	for _, test := range []struct {
		args  []string
		token string
	}{
		{[]string{}, "lint, show, fmt, contrl"},
		{[]string{"print", good}, `"print"`},
		{[]string{"lint"}, "name the files"},
		{[]string{"lint", dir}, "folder"},
		{[]string{"lint", filepath.Join(dir, "absent")}, "absent"},
		{[]string{"lint", "--lenient", "much", good}, "wrong-counts"},
		{[]string{"lint", "--repertoire", "UNOZ", good}, "UNOZ"},
		{[]string{"lint", "--codes", filepath.Join(dir, "absent"), good}, "absent"},
		{[]string{"fmt", "--wrap", "70", good}, "70"},
		{[]string{"fmt", "--una", "perhaps", good}, "perhaps"},
		{[]string{"fmt", "--separators", "none", good}, "none"},
		{[]string{"contrl", good, good}, "one file"},
		{[]string{"contrl", "--action", "4", good}, "4"},
		{[]string{"contrl", "--at", "noon", good}, "noon"},
	} {
		p := nks(t, append([]string{"edifact"}, test.args...)...)
		if p.Code() != 2 {
			t.Errorf("%q: exit code %d", test.args, p.Code())
		}
		p.OneLine(t, test.token)
	}
	p := nks(t, "edifact", "lint", filepath.Join(dir, "absent"), good)
	p.Want(t, 2)
	if !strings.Contains(p.Out.String(), "nothing found") {
		t.Errorf("the file that is there was not judged: %q", p.Out.String())
	}
	for _, name := range []string{"lint", "show", "fmt", "contrl"} {
		p := nks(t, "edifact", name, "--help")
		p.Want(t, 0)
		if !strings.HasPrefix(p.Out.String(), "usage: nks edifact "+name+" [flags] FILE") || !strings.Contains(p.Out.String(), "--lenient") {
			t.Errorf("printed %q", p.Out.String())
		}
	}
}
